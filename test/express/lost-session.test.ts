/*
 * A session that does not come back: the browser is not sent round for ever, and the app's developer is told why.
 */
import { jest } from '@jest/globals'
import type { Express } from 'express'
import session from 'express-session'
import {
  type AppOptions,
  type Browser,
  closeApps,
  isAlive,
  LASTING,
  optionsOf,
  type Page,
  rememberTokens,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { until } from '../support/until.ts'

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(async () => {
  jest.restoreAllMocks()
  await closeApps()
})

/** The codes of the warnings, with their messages. */
function warned(): [string, string][] {
  const { calls } = (process.emitWarning as unknown as jest.Mock<(message: string, o: { code: string }) => void>).mock
  return calls.map(([message, { code }]) => [code, message])
}

const SESSION = { secret: 'keyboard cat', resave: false, saveUninitialized: false }
const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

const guarded = (web: Express, app: TestApp) => {
  web.get('/alerts', app.ilert.requireScope('alert'), (_req, res) => res.send('alerts'))
  web.get('/guarded', app.ilert.requireScope(), (_req, res) => res.send('guarded'))
  web.post('/logout', app.ilert.logout())
  web.post('/app-logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.end())))
  web.post('/disconnect', (req, res, next) => void req.ilert.disconnect().then(() => res.end(), next))
  web.post('/destroy', (req, res) => req.session.destroy(() => res.end()))
}

/** Follows redirects as a browser does that never shows a page of ilert's. */
async function follow(browser: Browser, path: string, most = 20): Promise<Page & { hops: number }> {
  let page = await browser.send(path, NAVIGATION)
  let hops = 0
  while (page.location !== '' && hops++ < most) {
    const url = new URL(page.location, page.url)
    page = await browser.send(url.href.replace('https:', 'http:'), NAVIGATION)
  }
  return Object.assign(page, { hops })
}

/** Drops the session's cookie on its way to the browser, as a CDN may; and another way to lose it. */
const dropSetCookie: AppOptions['before'] = (web) => {
  web.use((_req, res, next) => {
    const { writeHead } = res
    res.writeHead = ((...args: unknown[]) => {
      const kept = [res.getHeader('set-cookie') ?? []].flat().map(String)
      res.removeHeader('set-cookie')
      for (const cookie of kept.filter((each) => !each.startsWith('connect.sid')))
        res.appendHeader('set-cookie', cookie)
      return (writeHead as (...args: unknown[]) => unknown).apply(res, args)
    }) as typeof res.writeHead
    next()
  })
}
const LOST: [string, AppOptions][] = [
  ['a proxy removes its Set-Cookie', { before: dropSetCookie }],
  [
    'the store has lost it',
    {
      before: (_web, app) =>
        void Object.assign(app.store, { get: (_id: string, done: (e: null, s: null) => void) => done(null, null) }),
    },
  ],
  [
    'a browser or a proxy keeps its cookie back',
    {
      before: (web) => {
        web.use((req, _res, next) => {
          req.headers.cookie = req.headers.cookie?.replace(/connect\.sid=[^;]*(?:; )?/, '') ?? ''
          next()
        })
      },
    },
  ],
]

describe.each(LOST)('a session that does not come back, because %s', (_, options) => {
  it.each(['/alerts', '/guarded'])(
    'ends with an error that names the likely causes, and its tokens are revoked: %s',
    async (path) => {
      const { seen, verify } = rememberTokens()
      const app = await startApp({ ...options, sandbox: LASTING, strategy: { verify }, routes: guarded })
      const page = await follow(app.browser(), path)
      expect([page.status, page.json.code]).toEqual([500, 'session_lost'])
      for (const cause of ['cookie.secure', "'trust proxy'", 'cookie.sameSite', 'Set-Cookie', 'session store'])
        expect(page.json.message).toContain(cause)
      expect(warned()).toEqual([['ILERT_SESSION_LOST', page.json.message]])
      expect(page.hops).toBeLessThan(8)
      expect(app.count(TOKEN)).toBe(1)
      await until(async () => !(await isAlive(app, seen[0]?.refreshToken)), 'revoked')
      // Trying again is possible, and ends in the same way.
      expect((await follow(app.browser(), path)).json.code).toBe('session_lost')
    },
  )

  it('and a sign-in that the user begins again within seconds is told so as well', async () => {
    const app = await startApp(options)
    const browser = app.browser()
    await browser.signIn()
    const page = await browser.visit('/auth/ilert')
    expect([page.status, page.json.code, page.location]).toEqual([500, 'session_lost', ''])
  })

  it('and one later is a sign-in as any other', async () => {
    const app = await startApp(options)
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(10_000)
    expect((await browser.visit('/auth/ilert')).status).toBe(302)
    expect(warned()).toEqual([])
  })
})

describe('whose session comes back is not disturbed', () => {
  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ['at once', async () => {}],
    ['after a page', (browser) => browser.home()],
    ['after ilert.logout()', (browser) => browser.visit('/logout', { method: 'POST' })],
    ['after req.logout()', (browser) => browser.visit('/app-logout', { method: 'POST' })],
    ['after the end of the session', (browser) => browser.visit('/destroy', { method: 'POST' })],
  ])('by signing in again within seconds: %s', async (_, meanwhile) => {
    const app = await startApp({ routes: guarded })
    const browser = app.browser()
    for (let i = 0; i < 3; i++) {
      expect((await browser.signIn()).location).toBe('/')
      await meanwhile(browser)
    }
    expect((await follow(browser, '/alerts')).text).toBe('alerts')
    expect(warned()).toEqual([])
    expect(app.errors).toEqual([])
  })

  it.each<[string, AppOptions['strategy']]>([
    ['/logout', {}],
    ['/app-logout', {}],
    ['/destroy', {}],
    ['/disconnect', {}],
    ['/app-logout', { tokenKey: ({ profile }) => profile.id }],
  ])('by signing in again at another process after %s, within seconds: %j', async (path, strategy = {}) => {
    const app = await startApp({ strategy, routes: guarded })
    const { sessions } = app.store as unknown as { sessions: object }
    const other = await startApp({
      strategy: { ...optionsOf(app.sandbox), clock: app.sandbox.clock, ...strategy },
      session: { ...SESSION, store: Object.assign(new session.MemoryStore(), { sessions }) },
    })
    const browser = app.browser()
    await browser.signIn()
    const { cookies, headers } = await browser.visit(path, { method: 'POST' })
    expect((await browser.visit(`${other.origin}/auth/ilert`)).status).toBe(302)
    expect(cookies.filter((cookie) => cookie.startsWith('ilert.back='))).toEqual([
      expect.stringContaining('=; Max-Age=0'),
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(warned()).toEqual([])
  })

  it('by tabs that begin and end at once', async () => {
    const app = await startApp({ routes: guarded })
    const browser = app.browser()
    const tabs = await Promise.all([1, 2, 3].map(() => browser.send('/guarded', NAVIGATION)))
    const callbacks = await Promise.all(tabs.map(({ location }) => browser.consent(location)))
    const pages = await Promise.all(callbacks.map((callback) => browser.visit(callback)))
    expect(pages.map(({ location }) => location)).toEqual(['/guarded', '/guarded', '/guarded'])
    expect((await follow(browser, '/alerts')).text).toBe('alerts')
    expect(warned()).toEqual([])
  })

  it('by the marker, which ends by itself after ten seconds and changes no other answer', async () => {
    const app = await startApp({ routes: guarded })
    const browser = app.browser()
    const { cookies } = await browser.signIn()
    const marker = cookies.find((cookie) => cookie.startsWith('ilert.back='))
    expect(marker).toMatch(/^ilert\.back=[\w.-]{50,200}; Max-Age=10; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/)
    expect((await browser.visit('/')).cookies).toEqual([])
    // Another process has not seen it come back.
    await browser.visit('/logout', { method: 'POST' })
    expect(browser.cookies).not.toMatch(/ilert\./)
  })

  it.each<[string, AppOptions]>([
    ['without ilert.session()', { middleware: false, routes: (web) => web.get('/plain', (_req, res) => res.end()) }],
    ['without a session', { end: { session: false, successRedirect: '/' } }],
  ])('by a marker that nobody would take back: %s', async (_, options) => {
    const app = await startApp(options)
    const browser = app.browser()
    await browser.signIn()
    expect(browser.cookies).not.toMatch(/ilert\./)
  })
})

it("a marker is of its own browser's making: none that was copied from a cookie of an attempt, or is made up, counts", async () => {
  const app = await startApp()
  const browser = app.browser()
  await browser.begin()
  const value = browser.cookies.split('=')[1] ?? ''
  for (const marker of [value, 'x', '', 'a.b.c']) {
    const headers = { cookie: `ilert.back=${marker}` }
    expect((await app.browser().visit('/auth/ilert', { headers })).status).toBe(302)
  }
})

it('tokens under a key of the app stay: other sessions and jobs use them', async () => {
  const app = await startApp({
    before: dropSetCookie,
    routes: guarded,
    strategy: { tokenKey: ({ profile }) => profile.id },
  })
  expect((await follow(app.browser(), '/guarded')).json.code).toBe('session_lost')
  expect(app.store.grants()).toHaveLength(1)
})

describe('a Secure session cookie on a request that Express takes for insecure', () => {
  const secure: AppOptions = {
    strategy: { callbackURL: 'https://127.0.0.1/auth/ilert/callback' },
    session: { secret: 'x', resave: false, saveUninitialized: false, cookie: { secure: true } },
  }
  const headers = { 'x-forwarded-proto': 'https' }

  it('is warned of when a sign-in begins, once', async () => {
    const app = await startApp(secure)
    for (let i = 0; i < 3; i++) await app.browser().visit('/auth/ilert', { headers })
    expect(warned()).toEqual([['ILERT_INSECURE_SESSION', expect.stringMatching(/cookie\.secure.*'trust proxy'/)]])
  })

  it.each<[string, AppOptions]>([
    ['Express trusts the proxy', { ...secure, before: (web) => web.set('trust proxy', true) }],
    [
      'cookie.secure is auto',
      { ...secure, session: { ...(secure.session as object), secret: 'x', cookie: { secure: 'auto' } } },
    ],
    ['the callback URL is not https', { session: secure.session as never }],
    ['cookie.secure is not set', { strategy: secure.strategy as never }],
  ])('is not if %s', async (_, options) => {
    const app = await startApp(options)
    await app.browser().visit('/auth/ilert', { headers })
    expect(warned()).toEqual([])
  })
})
