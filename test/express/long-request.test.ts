/*
 * What is under way survives the same user's next consent: an export, a stream, a slow request that saves its session.
 */
import type { Request } from 'express'
import session from 'express-session'
import { MemoryTokenStore } from '../../src/index.ts'
import { type AppOptions, type Browser, closeApps, LASTING, optionsOf, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

const MINUTE = 60_000
const HOUR = 3_600_000
const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

type SessionRequest = Request & { session: Record<string, unknown> }

/** Where requests stop, and what they find when they go on. */
class Gate {
  #open: () => void = () => {}
  readonly opened = new Promise<void>((resolve) => {
    this.#open = resolve
  })
  arrived = 0

  async pass(): Promise<void> {
    this.arrived++
    await this.opened
  }

  open(): void {
    this.#open()
  }
}

function routesWith(gate: Gate): NonNullable<AppOptions['routes']> {
  return (web, { ilert }) => {
    web.get('/alerts', ilert.requireScope('alert'), (req, res) => res.json(req.ilert.scope))
    web.get('/policies', ilert.requireScope('policy'), (req, res) => res.json(req.ilert.scope))
    web.post('/logout', ilert.logout())
    web.post('/disconnect', (req, res, next) => {
      req.ilert.disconnect().then(() => res.end(), next)
    })
    // An export that pages through ilert, or a stream.
    web.get('/export', ilert.requireScope('alert'), async (req, res) => {
      const { get } = req.ilert
      await gate.pass()
      const answer = await get.call(req.ilert, '/api/users/current').then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
      res.json({ answer, connected: req.ilert.connected })
    })
    web.get('/slow', async (req, res) => {
      await gate.pass()
      ;(req as SessionRequest).session.slow = Date.now()
      res.end()
    })
  }
}

/** A user who has granted alerts, and a gate for what they have under way. */
async function signedIn(options: AppOptions = {}, before?: (browser: Browser) => Promise<void>) {
  const gate = new Gate()
  const app = await startApp({ sandbox: LASTING, ...options, routes: routesWith(gate) })
  const browser = app.browser()
  await before?.(browser)
  await follow(browser, '/alerts')
  return { app, browser, gate }
}

/** The session store of another process, over the same sessions. */
function otherProcess({ store }: TestApp): session.MemoryStore {
  const { sessions } = store as unknown as { sessions: object }
  return Object.assign(new session.MemoryStore(), { sessions })
}

/** As a browser does: to ilert where it is sent there, and back. */
async function follow(browser: Browser, path: string) {
  let page = await browser.send(path, NAVIGATION)
  while (page.location) page = await browser.send(new URL(page.location, page.url), NAVIGATION)
  return page
}

const CONSENTS: [string, (browser: Browser) => Promise<unknown>][] = [
  ['a step-up', (browser) => follow(browser, '/policies')],
  ['a second sign-in', (browser) => browser.signIn()],
  [
    'three step-ups and sign-ins',
    async (browser) => {
      await follow(browser, '/policies')
      await browser.signIn()
      await follow(browser, '/policies')
    },
  ],
]

describe.each(CONSENTS)('%s of the same user', (_, consent) => {
  it('leaves what is under way alone', async () => {
    const { app, browser, gate } = await signedIn()
    const running = [browser.visit('/export'), browser.visit('/export')]
    await until(() => gate.arrived === 2, 'under way')
    await consent(browser)
    app.sandbox.clock.advance(2 * HOUR) // the former access token has ended long ago
    gate.open()
    for (const page of await Promise.all(running)) expect(page.json).toEqual({ answer: 'done', connected: true })
  })

  it.each(['in another process', 'in another app of this process'])(
    'leaves what is under way %s alone',
    async (where) => {
      const gate = new Gate()
      const tokenStore = new MemoryTokenStore({ clock: { now: () => first.sandbox.clock.now() } })
      const first: TestApp = await startApp({ sandbox: LASTING, strategy: { tokenStore }, routes: routesWith(gate) })
      const browser = first.browser()
      await follow(browser, '/alerts')
      const second = await startApp({
        strategy: { ...optionsOf(first.sandbox), clock: first.sandbox.clock, tokenStore },
        session: {
          secret: 'keyboard cat',
          resave: false,
          saveUninitialized: false,
          store: where === 'in another process' ? otherProcess(first) : first.store,
        },
        routes: routesWith(gate),
      })
      const headers = { cookie: browser.cookies }
      const running = [1, 2].map(() => second.browser().visit('/export', { headers }))
      await until(() => gate.arrived === 2, 'under way')
      await consent(browser)
      first.sandbox.clock.advance(2 * MINUTE)
      gate.open()
      for (const page of await Promise.all(running)) expect(page.json).toEqual({ answer: 'done', connected: true })
    },
  )

  it.each([false, true])(
    'beside a slow request that saves its session leaves the user connected (rolling: %s)',
    async (rolling) => {
      const { app, browser, gate } = await signedIn({
        session: { secret: 'keyboard cat', resave: false, saveUninitialized: false, rolling },
      })
      const slow = browser.visit('/slow')
      await until(() => gate.arrived === 1, 'under way')
      await consent(browser)
      const { scope } = await browser.home()
      gate.open()
      await slow
      for (let i = 0; i < 2; i++) {
        expect(await browser.home()).toMatchObject({ connected: true, scope })
        app.sandbox.clock.advance(HOUR)
      }
      expect((await browser.visit('/token')).status).toBe(200)
      if (!rolling) return // the slow request has saved a session that nobody has the cookie of
      // What was saved is mended: the former grant need not be known for ever.
      const grants = Object.values(app.store.entries()).map((text) => JSON.parse(text)['passport-ilert']?.key)
      expect(new Set(grants.filter(Boolean)).size).toBe(1)
    },
  )

  it.each(['/logout', '/disconnect'])(
    'ends with all that is under way, and with what a slow request has saved: %s',
    async (path) => {
      const { app, browser, gate } = await signedIn()
      const before = browser.cookies
      const running = browser.visit('/export')
      const slow = app.browser().visit('/slow', { headers: { cookie: before } })
      await until(() => gate.arrived === 2, 'under way')
      await consent(browser)
      expect((await browser.visit(path, { method: 'POST' })).status).toBeLessThan(300)
      gate.open()
      expect((await running).json).toEqual({ answer: 'reauthentication_required', connected: false })
      await slow
      const { json } = await app.browser().visit('/', { headers: { cookie: before } })
      expect(json).toMatchObject({ connected: false, scope: [] })
      if (path === '/logout') expect(json.user).toBeNull()
    },
  )
})

it("another user's sign-in in the same browser ends what was under way at once, and is never what it goes on with", async () => {
  let begun: URL | undefined
  const { app, browser, gate } = await signedIn({}, async (browser) => {
    // Before anybody is signed in: from a signed-in user's own sign-in the same user must come back.
    begun = new URL(await browser.begin())
  })
  const running = browser.visit('/export')
  await until(() => gate.arrived === 1, 'under way')
  const url = begun as URL
  const user = app.sandbox.users[1]?.username ?? ''
  const form = new URLSearchParams({ ...Object.fromEntries(url.searchParams), user, decision: 'allow' })
  const consent = await browser.visit(`${app.sandbox.appURL}/consent`, { method: 'POST', body: form })
  await browser.visit(consent.location)
  expect(await browser.home()).toMatchObject({ connected: true, user: { username: user } })
  await until(() => app.count('/api/developers/oauth2/revoke') === 1, 'ended')
  gate.open()
  expect((await running).json).toEqual({ answer: 'reauthentication_required', connected: false })
})
