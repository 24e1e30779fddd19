/*
 * An attempt belongs to the Passport user who began it: what Alice grants at ilert is never connected to Bob, who has
 * signed in meanwhile in the same browser.
 */
import type { Express, RequestHandler } from 'express'
import { Strategy } from 'passport-strategy'
import { type AppOptions, type Browser, closeApps, startApp, type TestApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

/** A strategy of the app's own: signs in whoever says who they are. */
class Local extends Strategy {
  name = 'local'
  override authenticate(req: { query: { as?: string } }): void {
    ;(this as unknown as { success(user: object): void }).success({ id: req.query.as })
  }
}

const customCallback =
  (app: TestApp): RequestHandler =>
  (req, res, next) => {
    const done = (error: unknown, user: Express.User | false, info?: { message?: string }, status?: number) => {
      if (error || !user) return error ? next(error) : res.status(status ?? 401).send(info?.message)
      req.logIn(user, (failure) => (failure ? next(failure) : res.redirect('/')))
    }
    app.passport.authenticate('ilert', done)(req, res, next)
  }

/** Each way to begin a sign-in while a user is signed in, and to end it. */
const WAYS: [string, AppOptions, string][] = [
  ['passport.authorize', { callback: (app) => app.passport.authorize('ilert') as RequestHandler }, '/link'],
  ['passport.authenticate', {}, '/auth/ilert'],
  ['a step-up', {}, '/alerts'],
  ['a custom callback', { callback: customCallback }, '/auth/ilert'],
]

async function start(options: AppOptions) {
  return await startApp({
    ...options,
    routes: (web: Express, app: TestApp) => {
      app.passport.use(new Local() as never)
      web.get('/local', app.passport.authenticate('local'), (_req, res) => res.end())
      web.get('/out', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
      web.post('/logout', app.ilert.logout())
      web.get('/link', app.passport.authorize('ilert'))
      web.get('/alerts', app.ilert.requireScope('alert'), (_req, res) => res.send('alerts'))
    },
  })
}

/** A callback that is yet to be visited. */
async function callbackOf(browser: Browser, path: string): Promise<string> {
  const { location } = await browser.send(path, { accept: 'text/html', 'sec-fetch-mode': 'navigate' })
  return await browser.consent(location)
}

describe.each(WAYS)('an attempt of %s', (_, options, path) => {
  it('that Alice began ends with her', async () => {
    const app = await start(options)
    const browser = app.browser()
    await browser.visit('/local?as=alice')
    expect((await browser.visit(await callbackOf(browser, path))).status).toBeLessThan(400)
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    [
      'Bob, after the app has signed her out',
      async (browser) => {
        await browser.visit('/out')
        await browser.visit('/local?as=bob')
      },
    ],
    ['Bob, who has signed in on top', (browser) => browser.visit('/local?as=bob')],
    ['nobody', (browser) => browser.visit('/out')],
    ['nobody, and ilert.logout() has taken it back', (browser) => browser.visit('/logout', { method: 'POST' })],
  ])('that Alice began is refused under %s, and changes nothing', async (who, meanwhile) => {
    const app = await start(options)
    const browser = app.browser()
    await browser.visit('/local?as=alice')
    const callback = await callbackOf(browser, path)
    await meanwhile(browser)
    const before = await browser.home()
    const page = await browser.visit(callback)
    expect(page.status).toBe(403)
    expect(await browser.home()).toEqual(before)
    expect(before).toMatchObject({ connected: false, user: who.startsWith('Bob') ? { id: 'bob' } : null })
    expect(app.count(TOKEN)).toBe(0)
  })

  it('that nobody began may end under a user who has signed in meanwhile, as in two login tabs', async () => {
    const app = await start(options)
    const browser = app.browser()
    const callback = await callbackOf(browser, path)
    await browser.visit('/local?as=alice')
    expect((await browser.visit(callback)).status).toBeLessThan(400)
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('may be finished twice at once, also if the first has replaced the session before the second comes', async () => {
    const app = await start(options)
    const browser = app.browser()
    await browser.visit('/local?as=alice')
    const callback = await callbackOf(browser, path)
    const headers = { cookie: browser.cookies }
    expect((await browser.visit(callback)).status).toBeLessThan(400)
    expect((await app.browser().visit(callback, { headers })).status).toBeLessThan(400)
    expect(app.count(TOKEN)).toBe(1)
  })
})

it('the refusal says what has happened and what to do', async () => {
  const app = await start({ callback: customCallback })
  const browser = app.browser()
  await browser.visit('/local?as=alice')
  const callback = await browser.callback()
  await browser.visit('/local?as=bob')
  expect((await browser.visit(callback)).text).toBe(
    'The user who began this sign-in is not signed in here any more. Nothing was changed. Start again from the sign-in page.',
  )
})

it("who Alice is is what the app's userKey says, as everywhere", async () => {
  let seen = 0
  const app = await startApp({
    strategy: { userKey: ({ id }: { id: string }) => id },
    serializeUser: (user) => ({ ...(user as object), seen: seen++ }),
    routes: (web, app) => {
      app.passport.use(new Local() as never)
      web.get('/local', app.passport.authenticate('local'), (_req, res) => res.end())
    },
  })
  const browser = app.browser()
  await browser.visit('/local?as=alice')
  const callback = await browser.callback()
  await browser.visit('/local?as=alice')
  expect((await browser.visit(callback)).status).toBe(302)
})
