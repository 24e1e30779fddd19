import { createConnection } from 'node:net'
import {
  type AppOptions,
  CURRENT_USER,
  closeApps,
  isAlive,
  LASTING,
  type Page,
  REVOKE,
  rememberTokens,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

/** Sends a request and goes away as soon as ilert is asked. */
async function visitAndLeave(app: TestApp, url: string, cookie: string, asked: () => boolean): Promise<void> {
  const { hostname, port, pathname, search, host } = new URL(url)
  const socket = createConnection(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`)
  await until(asked, 'the call to ilert')
  const closed = new Promise((resolve) => app.server.once('left', resolve))
  socket.destroy()
  await closed
}

/** Tells when a client has gone before its answer. */
const announceLeaving: Pick<AppOptions, 'before'> = {
  before: (web, app) => {
    web.use((_req, res, next) => {
      res.once('close', () => {
        if (!res.writableFinished) setImmediate(() => app.server.emit('left'))
      })
      next()
    })
  },
}

describe('the same callback twice at once', () => {
  it.each([2, 5])('signs in every request with one code, one grant and one verify: %d', async (times) => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify } })
    const browser = app.browser()
    const callback = await browser.callback()
    const { cookies } = browser
    const visits = Array.from({ length: times }, async () => {
      const each = app.browser()
      const page = await each.visit(callback, { headers: { cookie: cookies } })
      return { page, home: await each.home() }
    })
    for (const { page, home } of await Promise.all(visits)) {
      expect(page.location).toBe('/')
      expect(home).toMatchObject({ connected: true, scope: ['profile'], user: { provider: 'ilert' } })
    }
    expect([app.count(TOKEN), app.count(CURRENT_USER), app.count(REVOKE)]).toEqual([1, 1, 0])
    expect(seen).toHaveLength(1)
    expect(app.store.grants()).toHaveLength(1)
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
    expect(app.errors).toEqual([])
  })

  it('signs in a browser that was signed in before, and ends the former grant once', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify } })
    const browser = app.browser()
    await browser.signIn()
    const callback = await browser.callback()
    const pages = await Promise.all([browser.visit(callback), browser.visit(callback)])
    expect(pages.map(({ location }) => location)).toEqual(['/', '/'])
    expect(await browser.home()).toMatchObject({ connected: true })
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
    expect(await isAlive(app, seen[1]?.refreshToken)).toBe(true)
    expect(app.count(TOKEN)).toBeGreaterThanOrEqual(2)
    expect(app.store.grants()).toHaveLength(1)
  })

  it('answers both with the same error where it fails', async () => {
    const app = await startApp()
    app.sandbox.fault({ path: TOKEN, kind: 'html', times: 1 })
    const browser = app.browser()
    const callback = await browser.callback()
    const pages = await Promise.all([browser.visit(callback), browser.visit(callback)])
    expect(pages.map(({ status }) => status)).toEqual([503, 503])
    expect(app.count(TOKEN)).toBe(1)
  })

  it('keeps to one code where the second comes when the first is answered, and the browser still has the cookie', async () => {
    const app = await startApp()
    const browser = app.browser()
    const callback = await browser.callback()
    const { cookies } = browser
    await browser.visit(callback)
    const other = app.browser()
    expect((await other.visit(callback, { headers: { cookie: cookies } })).location).toBe('/')
    expect(await other.home()).toMatchObject({ connected: true })
    expect([app.count(TOKEN), app.count(REVOKE)]).toEqual([1, 0])
  })

  it.each([
    ['while ilert is asked for the tokens', TOKEN],
    ['while ilert is asked for the user', CURRENT_USER],
  ])('signs in the second request where the first has gone %s, as with a double click', async (_, path) => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify }, ...announceLeaving })
    const fault = app.sandbox.fault({ path, kind: 'hang', times: 1 })
    const browser = app.browser()
    const callback = await browser.callback()
    await visitAndLeave(app, callback, browser.cookies, () => app.count(path) === 1)
    const second = browser.visit(callback)
    fault.clear()
    expect((await second).location).toBe('/')
    expect(await browser.home()).toMatchObject({ connected: true, user: { provider: 'ilert' } })
    expect([app.count(TOKEN), app.count(CURRENT_USER), app.count(REVOKE)]).toEqual([1, 1, 0])
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
    expect(app.store.grants()).toHaveLength(1)
  })

  it('signs in the second request also where the first has gone and its sign-in has ended before', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify }, ...announceLeaving })
    const fault = app.sandbox.fault({ path: CURRENT_USER, kind: 'hang', times: 1 })
    const browser = app.browser()
    const callback = await browser.callback()
    await visitAndLeave(app, callback, browser.cookies, () => app.count(CURRENT_USER) === 1)
    fault.clear()
    await until(() => app.store.grants().length === 1, 'the first request')
    expect((await browser.visit(callback)).location).toBe('/')
    expect(await browser.home()).toMatchObject({ connected: true })
    expect([app.count(TOKEN), app.count(REVOKE)]).toEqual([1, 0])
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
  })

  it('keeps the tokens for the request that attaches them, when another has no use for them and ends first', async () => {
    let first: Promise<unknown> | undefined
    const { seen, verify } = rememberTokens()
    const app = await startApp({
      sandbox: LASTING,
      strategy: { verify },
      callback: (app) => (req, res, next) => {
        const done = async (_error: unknown, user: Express.User) => {
          if (req.get('purpose') === 'prefetch') return res.end('later')
          await first
          await until(() => app.server.listenerCount('ended') === 0)
          req.logIn(user, (error) => (error ? next(error) : next()))
        }
        if (req.get('purpose') === 'prefetch') res.once('close', () => setImmediate(() => app.server.emit('ended')))
        app.passport.authenticate('ilert', done)(req, res, next)
      },
    })
    app.server.once('ended', () => {})
    const browser = app.browser()
    const callback = await browser.callback()
    const { cookies } = browser
    first = app.browser().visit(callback, { headers: { cookie: cookies, purpose: 'prefetch' } })
    const page = await browser.visit(callback)
    expect(((await first) as Page).text).toBe('later')
    expect(page.json).toMatchObject({ connected: true })
    expect(app.count(TOKEN)).toBe(1)
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
    expect(app.count(REVOKE)).toBe(0)
  })

  it('never attaches tokens that were let go because the first request had no use for them', async () => {
    let logsIn = false
    const { seen, verify } = rememberTokens()
    const app = await startApp({
      sandbox: LASTING,
      strategy: { verify },
      callback: (app) => (req, res, next) => {
        const done = (error: unknown, user: Express.User) => {
          if (error) next(error)
          else if (logsIn) req.logIn(user, (error) => (error ? next(error) : next()))
          else res.end('no')
        }
        app.passport.authenticate('ilert', done)(req, res, next)
      },
    })
    const browser = app.browser()
    const callback = await browser.callback()
    const { cookies } = browser
    expect((await browser.visit(callback)).text).toBe('no')
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
    logsIn = true
    const other = app.browser()
    const page: Page = await other.visit(callback, { headers: { cookie: cookies } })
    expect(page.status).toBe(401)
    expect((await other.home()).user).toBeNull()
  })
})
