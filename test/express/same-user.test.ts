/* A session that Passport makes anew: the same user keeps the tokens, and what nobody has any more is revoked at ilert. */
import { jest } from '@jest/globals'
import type { Request, RequestHandler } from 'express'
import { MemoryTokenStore } from '../../src/index.ts'
import { type AppOptions, closeApps, REVOKE, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

type Change = (req: Request, done: (error?: unknown) => void) => void
type User = { id: string; theme: string; [field: string]: unknown }

/** The user as the app has changed it. `deserializeUser` leaves an id what it is. */
const dark = ({ user }: Request) => {
  const { id = user } = user as unknown as Partial<User>
  return { id, theme: 'dark' } as never
}
const customer = { id: '1', type: 'customer' } as never
const keep = { keepSessionInfo: true } as never

/** An app whose user is signed in with ilert, and a route that does something to its session. */
async function signedIn(change: Change, options: AppOptions = {}) {
  const app = await startApp({
    ...options,
    strategy: {
      scope: 'alert',
      verify: async ({ profile }) => ({ id: profile.id, theme: 'light' }) as never,
      ...options.strategy,
    },
    routes: (web) => {
      web.post('/change', ((req, res, next) => {
        change(req, (error) => (error ? next(error) : res.json({ connected: req.ilert.connected })))
      }) as RequestHandler)
      web.get('/mark', (req, res) => {
        Object.assign(req.session, { mark: 'kept' })
        res.end()
      })
    },
  })
  const browser = app.browser()
  await browser.signIn()
  const token = (await browser.visit('/token')).text
  const cookie = browser.cookies
  const page = await browser.visit('/change', { method: 'POST' })
  return { app, browser, token, cookie, page }
}

const ids: AppOptions = { serializeUser: (user) => (user as User).id }
const numbers: AppOptions = { serializeUser: (user) => Number((user as User).id) }
const keyed: AppOptions = { strategy: { userKey: (user: User) => user.id } }

describe('the same user keeps the tokens', () => {
  it.each<[string, Change, AppOptions]>([
    ['is logged in again with other fields, and serialized as an id', (req, done) => req.login(dark(req), done), ids],
    ['is serialized as a number', (req, done) => req.login(dark(req), done), numbers],
    ['has a userKey', (req, done) => req.login(dark(req), done), keyed],
    ['has changed nothing', (req, done) => req.login({ ...req.user } as never, done), {}],
    ['keeps the rest of the session', (req, done) => req.login(dark(req), keep, done), keyed],
    [
      'has passed a second factor, after which the session is made anew',
      (req, done) => {
        const { user } = req
        req.session.regenerate((error) => (error ? done(error) : req.login(user as never, done)))
      },
      {},
    ],
    [
      'goes with what Passport has stored into a session that the app makes anew',
      (req, done) => {
        const { passport } = req.session as never
        req.session.regenerate((error) => {
          Object.assign(req.session, { passport })
          done(error)
        })
      },
      {},
    ],
    [
      'is logged out and in again within a request',
      (req, done) => {
        const { user } = req
        req.logout((error) => (error ? done(error) : req.login(user as never, done)))
      },
      {},
    ],
    [
      'is logged in twice within a request',
      (req, done) => req.login(dark(req), (error) => (error ? done(error) : req.login(dark(req), done))),
      keyed,
    ],
  ])('who %s', async (_, change, options) => {
    const { app, browser, token, cookie, page } = await signedIn(change, options)
    expect(page.status).toBe(200)
    expect(browser.cookies).not.toBe(cookie)
    expect(await browser.home()).toMatchObject({ connected: true, scope: ['profile', 'alert'] })
    expect((await browser.visit('/token')).text).toBe(token)
    expect(app.count(REVOKE)).toBe(0)
    expect(app.store.grants()).toHaveLength(1)
  })

  it('already in the request that logs in', async () => {
    const { page } = await signedIn((req, done) => req.login(dark(req), done), keyed)
    expect(page.json).toEqual({ connected: true })
  })

  it('who is added to within the session, as middleware does whose deserializeUser returns what is there', async () => {
    const { app, browser, token } = await signedIn((req, done) => {
      Object.assign(req.user as unknown as User, { roles: ['admin'] })
      done()
    })
    await browser.visit('/change', { method: 'POST' })
    expect(await browser.home()).toMatchObject({ connected: true, user: { theme: 'light', roles: ['admin'] } })
    expect((await browser.visit('/token')).text).toBe(token)
    expect(app.count(REVOKE)).toBe(0)
  })

  it('under a key of the app', async () => {
    const shared = { tokenKey: () => 'team', tokenStore: new MemoryTokenStore() }
    const { browser } = await signedIn((req, done) => req.login(dark(req), done), {
      strategy: { ...keyed.strategy, ...shared },
    })
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('while the session store cannot end the former session', async () => {
    let app: TestApp | undefined
    const failing: Change = (req, done) => {
      const { store } = app as TestApp
      const { destroy } = store
      store.destroy = ((_id: string, cb: (error: unknown) => void) => cb(new Error('unavailable'))) as never
      req.login(dark(req), (error) => {
        store.destroy = destroy
        done(error)
      })
    }
    app = await startApp({
      routes: (web) => {
        web.post('/change', ((req, res) => failing(req, () => res.end())) as RequestHandler)
      },
    })
    const browser = app.browser()
    await browser.visit('/') // from here on the store is known
    await browser.signIn()
    const cookie = browser.cookies
    await browser.visit('/change', { method: 'POST' })
    const old = await app.browser().visit('/', { headers: { cookie } })
    expect(old.json).toMatchObject({ connected: true })
    expect(app.count(REVOKE)).toBe(0)
  })
})

const ends: readonly [string, Change][] = [
  ['another user is logged in', (req, done) => req.login(customer, done)],
  ['another user is logged in who keeps the rest of the session', (req, done) => req.login(customer, keep, done)],
  ['the app logs the user out', (req, done) => req.logout(done)],
  ['the app logs the user out and keeps the rest of the session', (req, done) => req.logout(keep, done)],
  ['the session is made anew, and nobody is logged in', (req, done) => req.session.regenerate(done)],
  [
    'another user is written into the session',
    (req, done) => {
      Object.assign((req.session as never as { passport: object }).passport, { user: customer })
      done()
    },
  ],
  [
    'a field of the user is changed in the session',
    (req, done) => {
      Object.assign((req.session as never as { passport: { user: object } }).passport.user, { theme: 'customer' })
      done()
    },
  ],
]

describe('the tokens are revoked, and nobody has them, when', () => {
  it.each(ends)('%s', async (_, change) => {
    const { app, browser } = await signedIn(change)
    expect(await browser.home()).toMatchObject({ connected: false, scope: [] })
    expect((await browser.visit('/token')).json).toMatchObject({ code: 'reauthentication_required' })
    await until(() => app.count(REVOKE) === 1 && app.store.grants().length === 0, 'revoked')
  })

  it('another user is logged in, and the first one later', async () => {
    const { app, browser } = await signedIn((req, done) => {
      if ((req.user as unknown as User).theme) req.login(customer, keep, done)
      else req.login({ id: String(app.sandbox.users[0]?.id), theme: 'light' } as never, keep, done)
    })
    await until(() => app.count(REVOKE) === 1, 'revoked')
    await browser.visit('/change', { method: 'POST' })
    expect(await browser.home()).toMatchObject({ connected: false, user: { theme: 'light' } })
  })
})

it.each(ends.slice(0, 5))(
  'the tokens under a key of the app are nobody’s in the session when %s, and stay',
  async (_, change) => {
    const { app, browser } = await signedIn(change, {
      strategy: { tokenKey: () => 'team', tokenStore: new MemoryTokenStore() },
    })
    expect(await browser.home()).toMatchObject({ connected: false, scope: [] })
    expect(await app.ilert.tokens.accessToken('team')).toEqual(expect.any(String))
    expect(app.count(REVOKE)).toBe(0)
  },
)

describe('when only other fields than the id differ', () => {
  let warnings: unknown[][] = []
  beforeEach(() => {
    const { calls } = jest.spyOn(process, 'emitWarning').mockImplementation(() => {}).mock
    warnings = calls as unknown[][]
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  it.each<[string, Change]>([
    ['req.login', (req, done) => req.login(dark(req), done)],
    ['req.login with keepSessionInfo', (req, done) => req.login(dark(req), keep, done)],
    [
      'writing to the session',
      (req, done) => {
        Object.assign((req.session as never as { passport: { user: object } }).passport.user, { theme: 'dark' })
        done()
      },
    ],
  ])('the tokens are revoked, and one warning names userKey: %s', async (_, change) => {
    const { app, browser } = await signedIn(change)
    expect(await browser.home()).toMatchObject({ connected: false, user: { theme: 'dark' } })
    await until(() => app.count(REVOKE) === 1, 'revoked')
    await browser.signIn()
    await browser.visit('/change', { method: 'POST' })
    await until(() => app.count(REVOKE) === 2, 'revoked again')
    const code = 'ILERT_USER_CHANGED'
    expect(warnings).toEqual([[expect.stringMatching(/userKey/), { type: 'IlertWarning', code }]])
  })

  it.each<[string, Change, AppOptions]>([
    ['another user is logged in', (req, done) => req.login(customer, done), {}],
    ['the user is logged out', (req, done) => req.logout(done), {}],
    [
      'there is a userKey',
      (req, done) => req.login({ ...(req.user as unknown as User), id: '1' } as never, done),
      keyed,
    ],
  ])('nothing is said when %s', async (_, change, options) => {
    const { app } = await signedIn(change, options)
    await until(() => app.count(REVOKE) === 1, 'revoked')
    expect(warnings).toEqual([])
  })
})
