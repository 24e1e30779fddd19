/* A request that began before tokens were attached to its session, and saves the session afterwards as it knows it. */
import { Strategy } from 'passport-strategy'
import { type AppOptions, type Browser, closeApps, REVOKE, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

class Local extends Strategy {
  name = 'local'
  override authenticate(): void {
    ;(this as unknown as { success(user: object): void }).success({ provider: 'local', id: '7' })
  }
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** An app with a request that waits for a word, and writes to its session or leaves it as it is. */
async function startSlowApp({ rolling = false, ...options }: AppOptions & { rolling?: boolean } = {}) {
  const gate = signal()
  const arrived = signal()
  const app = await startApp({
    ...options,
    session: { secret: 'keyboard cat', rolling, cookie: { maxAge: 3_600_000 } },
    routes: (web, app) => {
      app.passport.use(new Local() as never)
      web.get('/local', app.passport.authenticate('local'), (_req, res) => {
        res.end()
      })
      web.get('/link', app.passport.authorize('ilert', { returnTo: '/linked' } as object))
      web.get('/policies', app.ilert.requireScope('policy'), (_req, res) => {
        res.end('policies')
      })
      web.get('/slow/:does', async (req, res) => {
        arrived.resolve()
        await gate.promise
        if (req.params.does === 'writes') Object.assign(req.session, { slow: true })
        res.end()
      })
      web.get('/mark', (req, res) => {
        Object.assign(req.session, { mark: true })
        res.end()
      })
    },
  })
  const browser = app.browser()
  /** Does something while a slow request is under way, and lets that one end afterwards. */
  const beside = async (does: 'writes' | 'reads', work: () => Promise<unknown>) => {
    const slow = browser.visit(`/slow/${does}`)
    await arrived.promise
    await work()
    gate.resolve()
    return await slow
  }
  return { app, browser, beside }
}

async function stepUp(app: TestApp, browser: Browser): Promise<void> {
  const page = await browser.send('/policies', { 'sec-fetch-mode': 'navigate' })
  expect(page.location).toContain(app.sandbox.appURL)
  const back = await browser.visit(await browser.consent(page.location))
  expect(back.location).toBe('/policies')
}

it.each(['fails', 'throws', 'hangs'])(
  'a session is written though the store that is to be read first %s',
  async (how) => {
    const { app, browser } = await startSlowApp()
    await browser.visit('/local')
    const { get } = app.store
    let reads = 0
    app.store.get = (id, done) => {
      reads++
      if (reads === 1)
        get.call(app.store, id, done) // express-session's own
      else if (how === 'fails') done(new Error('away'))
      else if (how === 'throws') throw new Error('away')
    }
    expect((await browser.visit('/mark')).status).toBe(200)
    expect(reads).toBe(2)
    app.store.get = get
    expect(await browser.home()).toMatchObject({ session: { mark: true } })
  },
)

it('what reads its session, or signs in, costs no read of the store more', async () => {
  const { app, browser } = await startSlowApp()
  await browser.visit('/local')
  let reads = 0
  const { get } = app.store
  app.store.get = (id, done) => {
    reads++
    get.call(app.store, id, done)
  }
  await browser.visit('/')
  expect(reads).toBe(1)
  const callback = await browser.callback()
  reads = 0
  await browser.visit(callback)
  expect(reads).toBe(1)
})

describe.each([false, true])('with rolling: %p', (rolling) => {
  describe.each(['writes', 'reads'] as const)('a slow request that %s its session', (does) => {
    it('leaves passport.authorize its tokens', async () => {
      const callback: AppOptions['callback'] = (app) => app.passport.authorize('ilert') as never
      const { app, browser, beside } = await startSlowApp({ rolling, callback })
      await browser.visit('/local')
      await beside(does, () => browser.signIn('/link'))
      expect(await browser.home()).toMatchObject({ connected: true, user: { id: '7' } })
      // Whatever is saved from here on.
      await browser.visit('/mark')
      expect(await browser.home()).toMatchObject({ connected: true, session: { mark: true } })
      expect(app.count(REVOKE)).toBe(0)
    })

    it('leaves passport.authorize its tokens when they replace others', async () => {
      const callback: AppOptions['callback'] = (app) => app.passport.authorize('ilert') as never
      const { app, browser, beside } = await startSlowApp({ rolling, callback })
      await browser.visit('/local')
      await browser.signIn('/link')
      const before = (await browser.visit('/token')).text
      await beside(does, () => browser.signIn('/link'))
      expect(await browser.home()).toMatchObject({ connected: true, user: { id: '7' } })
      expect((await browser.visit('/token')).text).not.toBe(before)
      await until(() => app.store.grants().length === 1)
    })

    it('leaves a step-up its tokens, and the browser its session', async () => {
      const { app, browser, beside } = await startSlowApp({ rolling })
      await browser.signIn()
      const slow = await beside(does, () => stepUp(app, browser))
      expect(slow.cookies).toEqual([])
      expect(await browser.home()).toMatchObject({ connected: true, scope: ['profile', 'policy'] })
      expect((await browser.visit('/policies')).text).toBe('policies')
    })

    it('leaves a sign-in its tokens, and the browser its session', async () => {
      const { browser, beside } = await startSlowApp({ rolling })
      await browser.visit('/mark')
      await beside(does, () => browser.signIn())
      expect(await browser.home()).toMatchObject({ connected: true })
    })

    it("leaves the app's own callback its tokens, and the browser its session", async () => {
      const callback: AppOptions['callback'] = (app) => (req, res, next) => {
        app.passport.authenticate('ilert', (error: unknown, user: Express.User) => {
          if (error) next(error)
          else req.logIn(user, (failed) => (failed ? next(failed) : res.end()))
        })(req, res, next)
      }
      const { browser, beside } = await startSlowApp({ rolling, callback })
      await browser.visit('/mark')
      await beside(does, () => browser.signIn())
      expect(await browser.home()).toMatchObject({ connected: true })
    })
  })
})
