/* Whose req.ilert is when another user than the session's is on the request: nobody's. */
import { jest } from '@jest/globals'
import type { Request, RequestHandler } from 'express'
import { Strategy } from 'passport-strategy'
import { type AppOptions, closeApps, startApp, type TestApp } from '../support/app.ts'

let warnings: unknown[][] = []
beforeEach(() => {
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {}).mock.calls as unknown[][]
})
afterEach(async () => {
  jest.restoreAllMocks()
  await closeApps()
})

const STAFF = { id: 1, type: 'staff' }

/** Knows its users by a key, as an API does. */
class Key extends Strategy {
  name = 'key'
  override authenticate(req: Request): void {
    const user = JSON.parse(req.get('x-user') ?? 'null') as object
    ;(this as unknown as { success(user: object): void }).success(user)
  }
}

type Replace = (app: TestApp) => RequestHandler

/** Replaces the user as an app's own middleware would. */
function put(user: (req: Request) => unknown): Replace {
  return () => (req, _res, next) => {
    Object.assign(req, { user: user(req) })
    next()
  }
}

const byKey: Replace = (app) => app.passport.authenticate('key', { session: false }) as RequestHandler

async function signedIn(replace: Replace, options: AppOptions = {}) {
  const app = await startApp({
    strategy: { scope: 'alert', verify: async () => STAFF as never },
    ...options,
    routes: (web, app) => {
      app.passport.use(new Key() as never)
      const answer: RequestHandler = async (req, res) => {
        const { connected, scope } = req.ilert
        const called = await req.ilert.get('/api/alerts').then(
          () => 'called',
          (error: { code: string; status: number }) => [error.status, error.code],
        )
        res.json({ user: req.user, connected, scope, called })
      }
      web.get('/me', replace(app), answer)
      web.get('/page', replace(app), app.ilert.requireScope('alert'), answer)
      options.routes?.(web, app)
    },
  })
  const browser = app.browser()
  await browser.signIn()
  return { app, browser }
}

const OTHERS: readonly [string, object][] = [
  ['another id', { id: 'bob', provider: 'key' }],
  ['the same id of another type', { id: 1, type: 'customer' }],
  ['the same id and fewer fields', { id: 1 }],
  ['no field at all', {}],
]

describe.each<[string, Replace]>([
  ['passport.authenticate without a session', byKey],
  ["the app's own middleware", put((req) => JSON.parse(req.get('x-user') ?? 'null'))],
])('a user that %s has put on the request', (_, replace) => {
  it.each(OTHERS)('and who has %s is not connected', async (_, user) => {
    const { app, browser } = await signedIn(replace)
    const headers = { 'x-user': JSON.stringify(user), accept: 'application/json' }
    const me = await browser.visit('/me', { headers })
    expect(me.json).toEqual({ user, connected: false, scope: [], called: [401, 'user_replaced'] })

    const refused = await browser.visit('/page', { headers })
    expect([refused.status, refused.json]).toEqual([401, { error: 'unauthorized', scope: 'alert' }])
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/)
    // Not to ilert: it would bring the same session back, for ever.
    const page = await browser.send('/page', { ...headers, 'sec-fetch-mode': 'navigate' })
    expect([page.status, page.location, page.json.code]).toEqual([401, '', 'user_replaced'])
    // The session's own user goes on.
    expect(await browser.home()).toMatchObject({ connected: true, user: STAFF })
    expect(app.count('/api/alerts')).toBe(0)
  })
})

it('a user whom the app changes in the session is not connected, and not sent to ilert', async () => {
  const change: Replace = () => (req, _res, next) => {
    Object.assign(req.user as object, { type: 'customer' })
    next()
  }
  const { browser } = await signedIn(change)
  const page = await browser.send('/page', { 'sec-fetch-mode': 'navigate' })
  expect([page.status, page.location, page.json.code]).toEqual([401, '', 'user_replaced'])
})

it('one warning says where ilert.session() belongs', async () => {
  const { browser } = await signedIn(byKey)
  const headers = { 'x-user': '{"id":"bob"}' }
  for (let requests = 0; requests < 2; requests++) await browser.visit('/me', { headers })
  const said = warnings.filter(([, options]) => (options as { code?: string }).code === 'ILERT_USER_REPLACED')
  expect(said.length).toBeLessThanOrEqual(1) // once for a process
})

it('a request without a user is not connected', async () => {
  const { browser } = await signedIn(put(() => undefined))
  expect((await browser.visit('/me')).json).toMatchObject({ connected: false, called: [401, 'user_replaced'] })
})

it.each<[string, Replace]>([
  ['whose user an app has added to', put((req) => Object.assign(req.user as object, { roles: ['admin'] }))],
  ['whose user an app has copied and added to', put((req) => ({ ...req.user, roles: ['admin'] }))],
  ['whose user an app has put into an object of a class', put((req) => Object.assign(new Key(), req.user))],
  ['who is on the request once more', byKey],
])('the same user is connected, %s', async (_, replace) => {
  const { browser } = await signedIn(replace)
  const headers = { 'x-user': JSON.stringify(STAFF) }
  expect((await browser.visit('/me', { headers })).json).toMatchObject({ connected: true, called: 'called' })
  expect((await browser.visit('/page', { headers })).json).toMatchObject({ connected: true, called: 'called' })
})

it('a user of whom Passport knows the id alone is connected when an app puts the row in its place', async () => {
  const { browser } = await signedIn(
    put((req) => ({ id: Number(req.user), name: 'Mara' })),
    {
      serializeUser: (user) => String((user as { id: number }).id),
    },
  )
  expect((await browser.visit('/me')).json).toMatchObject({ connected: true, called: 'called' })
})

it('the session’s user is connected also with ilert.session() before passport.session(), and another one is not', async () => {
  const early: Replace = (app) => (req, res, next) => {
    const { user } = req
    Object.assign(req, { user: undefined })
    app.ilert.session()(req, res, (error?: unknown) => {
      Object.assign(req, { user })
      if (error || !req.get('x-user')) next(error)
      else byKey(app)(req, res, next)
    })
  }
  const { browser } = await signedIn(early)
  expect((await browser.visit('/me')).json).toMatchObject({ connected: true, called: 'called' })
  const headers = { 'x-user': '{"id":"bob"}' }
  expect((await browser.visit('/me', { headers })).json).toMatchObject({ connected: false })
})

it('a user whom the request itself signs in is connected at once', async () => {
  const login: Replace = () => (req, _res, next) => req.login({ ...STAFF } as never, next)
  const { browser } = await signedIn(login)
  expect((await browser.visit('/me')).json).toMatchObject({ connected: true, called: 'called' })
})
