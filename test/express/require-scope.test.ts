import { jest } from '@jest/globals'
import type { Request } from 'express'
import {
  type IlertStrategyOptions,
  InsufficientScope,
  MemoryTokenStore,
  NetworkError,
  type StoredTokens,
} from '../../src/index.ts'
import { CONSENT_PATH } from '../../src/sandbox/consent-page.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import {
  type AppOptions,
  type Browser,
  closeApps,
  isAlive,
  LASTING,
  type Page,
  rememberTokens,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(async () => {
  jest.restoreAllMocks()
  await closeApps()
})

const NAVIGATION = { 'sec-fetch-mode': 'navigate', accept: 'text/html,application/xhtml+xml' }
const FETCH = { 'sec-fetch-mode': 'cors', accept: '*/*' }

/** An app with a page for each scope, and one that only wants a sign-in. */
async function pages({ routes, ...options }: AppOptions = {}): Promise<TestApp> {
  return await startApp({
    ...options,
    routes: (web, app) => {
      const pageFor = (path: string, ...scopes: string[]) =>
        web.all(path, app.ilert.requireScope(...scopes), (req, res) => {
          res.json({ page: req.originalUrl, scope: req.ilert.scope })
        })
      pageFor('/anyone')
      pageFor('/alerts', 'alert')
      pageFor('/alerts/new', 'alert:w')
      pageFor('/teams', 'team:w')
      pageFor('/both', 'alert', 'team')
      pageFor('/delete', 'alert:d service:d')
      web.get('/cart', (req: Request & { session: { cart?: unknown } }, res) => {
        req.session.cart = ['a book']
        res.end()
      })
      routes?.(web, app)
    },
  })
}

const open = (browser: Browser, path: string) => browser.send(path, NAVIGATION)

/** What a URL of ilert's asks for. */
const asks = (url: string) => (new URL(url).searchParams.get('scope') ?? '').split(' ').sort()

/** The same URL, as if the user had unticked all but these scopes. */
function only(url: string, scope: string): string {
  const changed = new URL(url)
  changed.searchParams.set('scope', scope)
  return changed.href
}

/** Answers the consent page. Resolves to the callback's URL. */
async function answer(app: TestApp, url: string, username: string, decision = 'allow'): Promise<string> {
  const form = new URLSearchParams(new URL(url).search)
  form.set('user', username)
  form.set('decision', decision)
  const response = await fetch(app.sandbox.appURL + CONSENT_PATH, { method: 'POST', body: form, redirect: 'manual' })
  return response.headers.get('location') ?? ''
}

/** From ilert back to where the user was, through the app's redirects. */
async function comeBack(browser: Browser, authorizeURL: string): Promise<Page> {
  const back = await browser.visit(await browser.consent(authorizeURL))
  expect(back.status).toBe(302)
  return await open(browser, back.location)
}

describe('a request goes through', () => {
  it('whose grant covers the scopes', async () => {
    const app = await pages({ strategy: { scope: 'alert:d team:w service:d' } })
    const browser = app.browser()
    await browser.signIn()
    for (const path of ['/anyone', '/alerts', '/alerts/new', '/teams', '/both', '/delete']) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        expect((await browser.send(path, FETCH, method)).status).toBe(200)
      }
      expect((await open(browser, path)).status).toBe(200)
    }
    expect(app.errors).toEqual([])
  })

  it('without scopes, who is signed in with ilert', async () => {
    const app = await pages()
    const browser = app.browser()
    expect((await browser.send('/anyone', FETCH)).status).toBe(401)
    await browser.signIn()
    expect((await browser.send('/anyone', FETCH)).status).toBe(200)
  })

  it('and costs no call to ilert and none to the store while the token is good', async () => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    const grants = jest.spyOn(app.store, 'get')
    const before = app.sandbox.requests.length
    for (let i = 0; i < 5; i++) expect((await browser.send('/alerts', FETCH)).status).toBe(200)
    expect(app.sandbox.requests).toHaveLength(before)
    expect(grants).toHaveBeenCalledTimes(5) // express-session's own
  })

  it('after a refresh, when the token has expired', async () => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(3_600_001)
    expect((await open(browser, '/alerts')).status).toBe(200)
    expect(app.count(TOKEN)).toBe(2)
  })
})

describe('what is no navigation of a browser is told so in JSON:', () => {
  it('401 where nobody is signed in, with everything that is demanded', async () => {
    const app = await pages()
    for (const [path, scope] of [
      ['/anyone', ''],
      ['/alerts/new', 'alert:w'],
      ['/both', 'alert team'],
    ] as const) {
      const page = await app.browser().send(path, FETCH)
      expect([page.status, page.json]).toEqual([401, { error: 'unauthorized', scope }])
      // RFC 6750, section 3: at least one parameter, and no error where there were no credentials.
      expect(page.headers.get('www-authenticate')).toMatch(/^Bearer \w+="/)
      expect(page.headers.get('www-authenticate')).not.toContain('error')
      expect(page.headers.get('content-type')).toMatch(/^application\/json/)
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.cookies).toEqual([])
    }
    expect(app.sandbox.requests).toEqual([])
  })

  it('403 where scopes are missing, with those', async () => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    for (const [path, scope] of [
      ['/alerts/new', 'alert:w'],
      ['/both', 'team'],
      ['/delete', 'alert:d service:d'],
    ] as const) {
      const page = await browser.send(path, FETCH)
      expect([page.status, page.json]).toEqual([403, { error: 'insufficient_scope', scope }])
      const challenge = page.headers.get('www-authenticate') ?? ''
      expect(challenge).toMatch(/^Bearer /)
      expect(challenge).toContain('error="insufficient_scope"')
      expect(challenge).toContain(`scope="${scope}"`)
      expect(page.cookies).toEqual([])
    }
  })

  it.each<[string, string, Record<string, string>]>([
    ['a fetch', 'GET', FETCH],
    ['a fetch that takes text/html', 'GET', { ...FETCH, accept: 'text/html' }],
    ['a POST of a form', 'POST', NAVIGATION],
    ['a HEAD', 'HEAD', NAVIGATION],
    ['a PUT', 'PUT', NAVIGATION],
    ['a DELETE', 'DELETE', NAVIGATION],
    ['a prefetch', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch' }],
    ['a prerender', 'GET', { ...NAVIGATION, 'sec-purpose': 'prefetch;prerender' }],
    ["an old browser's prefetch", 'GET', { ...NAVIGATION, purpose: 'prefetch' }],
    ["Firefox's prefetch", 'GET', { accept: 'text/html', 'x-moz': 'prefetch' }],
    ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', accept: 'image/*' }],
    ['a web socket', 'GET', { 'sec-fetch-mode': 'websocket' }],
    ['curl', 'GET', { accept: '*/*' }],
    ['a client that takes text/*', 'GET', { accept: 'text/*' }],
    ['a client that takes JSON', 'GET', { accept: 'application/json' }],
    ['a client that takes something like HTML', 'GET', { accept: 'text/html-sandboxed, x-text/html' }],
    ['an empty mode', 'GET', { 'sec-fetch-mode': '', accept: 'text/html' }],
  ])('%s, signed in or not', async (_, method, headers) => {
    const app = await pages()
    const browser = app.browser()
    expect((await browser.send('/alerts', headers, method)).status).toBe(401)
    await browser.signIn()
    const page = await browser.send('/alerts', headers, method)
    expect([page.status, page.cookies]).toEqual([403, []])
    if (method !== 'HEAD') expect(page.json).toEqual({ error: 'insufficient_scope', scope: 'alert' })
  })

  it('9 fetches at once disturb no attempt under way', async () => {
    const app = await pages()
    const browser = app.browser()
    const toIlert = await open(browser, '/alerts')
    const { cookies } = browser
    const answers = await Promise.all(Array.from({ length: 9 }, () => browser.send('/alerts', FETCH)))
    expect(answers.map(({ status, cookies }) => [status, cookies])).toEqual(Array(9).fill([401, []]))
    expect(browser.cookies).toBe(cookies)
    expect((await comeBack(browser, toIlert.location)).json.page).toBe('/alerts')

    const stepUp = await open(browser, '/teams')
    const more = await Promise.all(Array.from({ length: 9 }, () => browser.send('/teams', FETCH)))
    expect(more.map(({ status, cookies }) => [status, cookies])).toEqual(Array(9).fill([403, []]))
    expect((await comeBack(browser, stepUp.location)).json.page).toBe('/teams')
  })
})

describe('a navigation of a user who is not signed in', () => {
  it.each<[string, Record<string, string>]>([
    ['with Sec-Fetch-Mode', { 'sec-fetch-mode': 'navigate' }],
    ['without, whose Accept names text/html', { accept: 'text/html' }],
    ['without, whose Accept names text/html among others', { accept: 'application/json, text/html;q=0.9,*/*;q=0.8' }],
    ['without, in capitals', { accept: 'TEXT/HTML' }],
  ])('goes to ilert and comes back: %s', async (_, headers) => {
    const app = await pages({ strategy: { scope: 'service' } })
    const browser = app.browser()
    const page = await browser.send('/alerts/new?from=1&to=%2F2', headers)
    expect(page.status).toBe(302)
    expect(new URL(page.location).origin).toBe(app.sandbox.appURL)
    // What the app asks everybody for, and what the page demands.
    expect(asks(page.location)).toEqual(['alert:w', 'profile', 'service'])
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('vary')).toMatch(/Sec-Fetch-Mode/)
    const back = await comeBack(browser, page.location)
    expect([back.status, back.json.page]).toEqual([200, '/alerts/new?from=1&to=%2F2'])
    expect((back.json.scope as string[]).sort()).toEqual(['alert:w', 'profile', 'service'])
  })

  it('without scopes asks for those of the app', async () => {
    const app = await pages({ strategy: { scope: 'service' } })
    const page = await open(app.browser(), '/anyone')
    expect(asks(page.location)).toEqual(['profile', 'service'])
  })

  it('asks for the widest of a resource, once', async () => {
    const app = await pages({ strategy: { scope: 'alert team:d' } })
    expect(asks((await open(app.browser(), '/alerts/new')).location)).toEqual(['alert:w', 'profile', 'team:d'])
    expect(asks((await open(app.browser(), '/teams')).location)).toEqual(['alert', 'profile', 'team:d'])
  })

  it.each(['//evil.example/alerts', '/\\evil.example/alerts', `/alerts?${'x'.repeat(600)}`])(
    'never comes back to anywhere but this site: %s',
    async (path) => {
      const app = await pages({
        before: (web) =>
          web.use((req, _res, next) => {
            if (req.headers['x-path']) {
              req.url = '/alerts'
              req.originalUrl = String(req.headers['x-path'])
            }
            next()
          }),
      })
      const browser = app.browser()
      const page = await browser.send('/alerts', { ...NAVIGATION, 'x-path': path })
      expect(page.status).toBe(302)
      expect((await browser.visit(await browser.consent(page.location))).location).toBe('/')
    },
  )

  it('whose grant has ended is a new sign-in, as the user who comes back', async () => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    const [first, second] = app.sandbox.users
    app.sandbox.revoke(first?.username ?? '')
    app.sandbox.clock.advance(3_600_001)
    const page = await open(browser, '/alerts')
    expect(page.status).toBe(302)
    const back = await browser.visit(await answer(app, page.location, second?.username ?? ''))
    expect(back.location).toBe('/alerts')
    expect((await open(browser, '/alerts')).status).toBe(200)
    expect((await browser.home()).user).toMatchObject({ username: second?.username })
  })

  it('comes back once: what ilert does not grant at the sign-in is not asked for again', async () => {
    const app = await pages()
    const browser = app.browser()
    const page = await open(browser, '/alerts')
    const back = await comeBack(browser, only(page.location, 'profile'))
    expect([back.status, back.json.code]).toEqual([403, 'insufficient_scope'])
  })
})

describe('a navigation of a user who has not granted the scope', () => {
  async function signedIn(options: AppOptions = {}) {
    const { seen, verify } = rememberTokens()
    const app = await pages({
      ...options,
      sandbox: { ...LASTING, ...options.sandbox },
      strategy: { scope: 'service', verify, ...options.strategy } as IlertStrategyOptions,
    })
    const browser = app.browser()
    await browser.signIn()
    return { app, browser, seen }
  }

  it('asks for what there was and for what is missing, and comes back to the page', async () => {
    const { app, browser } = await signedIn()
    const page = await open(browser, '/alerts/new?a=1')
    expect(asks(page.location)).toEqual(['alert:w', 'profile', 'service'])
    const back = await comeBack(browser, page.location)
    expect([back.status, back.json.page]).toEqual([200, '/alerts/new?a=1'])
    // And again: everything it had before is still granted.
    const more = await open(browser, '/teams')
    expect(asks(more.location)).toEqual(['alert:w', 'profile', 'service', 'team:w'])
    expect((await comeBack(browser, more.location)).json.page).toBe('/teams')
    for (const path of ['/alerts', '/alerts/new', '/teams', '/both']) {
      expect((await open(browser, path)).status).toBe(200)
    }
    expect(app.errors).toEqual([])
  })

  it("keeps the rest of the session, under a new session's id", async () => {
    const { app, browser } = await signedIn()
    await browser.visit('/cart')
    const before = browser.cookies
    const page = await open(browser, '/alerts')
    await comeBack(browser, page.location)
    expect(browser.cookies).not.toBe(before)
    const home = await browser.home()
    expect(home.session).toMatchObject({ cart: ['a book'] })
    expect(home.user).toMatchObject({ username: app.sandbox.users[0]?.username })
    // The old id leads nowhere.
    const old = await app.browser().visit('/', { headers: { cookie: before } })
    expect(old.json).toMatchObject({ user: null, connected: false })
  })

  it('has the tokens revoked that it replaces, and none of them is left in the store', async () => {
    const { app, browser, seen } = await signedIn()
    const page = await open(browser, '/alerts')
    await comeBack(browser, page.location)
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
    expect(await isAlive(app, seen[1]?.refreshToken)).toBe(true)
    await until(() => app.store.grants().length === 1)
  })

  it('fails where another ilert user comes back, who is revoked, and the user stays signed in as before', async () => {
    const { app, browser, seen } = await signedIn()
    const before = await browser.home()
    const { cookies } = browser
    const page = await open(browser, '/alerts')
    const callback = await answer(app, page.location, app.sandbox.users[1]?.username ?? '')
    const back = await browser.visit(callback)
    expect(back.status).toBe(403)
    expect(browser.cookies).toBe(cookies)
    expect(await browser.home()).toEqual(before)
    // Before anybody was asked who it is.
    expect(seen).toHaveLength(1)
    await until(() => app.sandbox.requests.some(({ path }) => path.endsWith('/revoke')))
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
    expect((await open(browser, '/alerts')).status).toBe(302)
  })

  it('gets a 403 for declining, not a loop, and stays signed in as before', async () => {
    const { app, browser } = await signedIn()
    const before = await browser.home()
    const page = await open(browser, '/alerts')
    const back = await browser.visit(await answer(app, page.location, app.sandbox.users[0]?.username ?? '', 'deny'))
    expect([back.status, back.location]).toEqual([403, ''])
    expect(await browser.home()).toEqual(before)
    expect((await browser.send('/alerts', FETCH)).status).toBe(403)
  })

  it('is asked once for what ilert does not grant, then gets a 403, as a page and as JSON', async () => {
    const { app, browser } = await signedIn()
    const page = await open(browser, '/alerts/new')
    const back = await comeBack(browser, only(page.location, 'profile service'))
    expect([back.status, back.json.code]).toEqual([403, 'insufficient_scope'])
    expect(app.errors).toEqual([expect.any(InsufficientScope)])
    expect(app.errors[0]).toMatchObject({ scope: 'alert:w', status: 403 })
    for (let i = 0; i < 3; i++) expect((await open(browser, '/alerts/new')).status).toBe(403)
    const json = await browser.send('/alerts/new', FETCH)
    expect([json.status, json.json]).toEqual([403, { error: 'insufficient_scope', scope: 'alert:w' }])
    // Less than what was refused may yet be granted, and so may more of something else.
    expect((await open(browser, '/teams')).status).toBe(302)
    expect(asks((await open(browser, '/alerts')).location)).toEqual(['alert', 'profile', 'service'])
  })

  it('is not asked again for one scope because another was asked for since', async () => {
    const { browser } = await signedIn()
    await comeBack(browser, only((await open(browser, '/alerts/new')).location, 'profile service'))
    await comeBack(browser, only((await open(browser, '/teams')).location, 'profile service'))
    expect((await open(browser, '/alerts/new')).status).toBe(403)
    expect((await open(browser, '/teams')).status).toBe(403)
  })

  it('is asked for with another one that was never refused', async () => {
    const { browser } = await signedIn()
    await comeBack(browser, only((await open(browser, '/alerts')).location, 'profile service'))
    expect((await open(browser, '/alerts')).status).toBe(403)
    expect(asks((await open(browser, '/both')).location)).toEqual(['alert', 'profile', 'service', 'team'])
  })

  it('is asked again after signing in anew', async () => {
    const { browser } = await signedIn()
    await comeBack(browser, only((await open(browser, '/alerts/new')).location, 'profile service'))
    await browser.signIn()
    const page = await open(browser, '/alerts/new')
    expect((await comeBack(browser, page.location)).status).toBe(200)
  })

  it('where ilert grants one of two, is let in nowhere, and asked no more', async () => {
    const { browser } = await signedIn()
    const page = await open(browser, '/both')
    const back = await comeBack(browser, only(page.location, 'profile service team'))
    expect(back.status).toBe(403)
    const json = await browser.send('/both', FETCH)
    expect(json.json).toEqual({ error: 'insufficient_scope', scope: 'alert' })
  })

  it('in two tabs for different scopes at once: each comes back to its page, and nothing goes round', async () => {
    const { app, browser } = await signedIn()
    const [one, two] = [await open(browser, '/alerts/new'), await open(browser, '/teams')]
    expect(asks(one.location)).toEqual(['alert:w', 'profile', 'service'])
    expect(asks(two.location)).toEqual(['profile', 'service', 'team:w'])
    expect((await comeBack(browser, one.location)).json.page).toBe('/alerts/new')
    expect((await comeBack(browser, two.location)).json.page).toBe('/teams')
    // ilert's consent is for what was asked: the first tab's page asks once more, for both.
    const again = await open(browser, '/alerts/new')
    expect(asks(again.location)).toEqual(['alert:w', 'profile', 'service', 'team:w'])
    expect((await comeBack(browser, again.location)).status).toBe(200)
    expect((await open(browser, '/teams')).status).toBe(200)
    expect((await browser.home()).session).not.toHaveProperty('passport-ilert.declined')
    await until(() => app.store.grants().length === 1)
  })

  it('whose two tabs come back at the same moment stays signed in', async () => {
    const { browser } = await signedIn()
    const [one, two] = [await open(browser, '/alerts/new'), await open(browser, '/teams')]
    const callbacks = await Promise.all([browser.consent(one.location), browser.consent(two.location)])
    const back = await Promise.all(callbacks.map((url) => browser.visit(url)))
    expect(back.map(({ location }) => location)).toEqual(['/alerts/new', '/teams'])
    const { connected, user, scope } = await browser.home()
    expect([connected, user === null, scope.includes('service')]).toEqual([true, false, true])
  })

  it('with tokenKey has the shared tokens replaced, for every session that uses the key', async () => {
    const { app, browser, seen } = await signedIn({ strategy: { tokenKey: ({ profile }) => `user-${profile.id}` } })
    const other = app.browser()
    await other.signIn()
    const page = await open(browser, '/alerts/new')
    expect((await comeBack(browser, page.location)).status).toBe(200)
    expect((await open(other, '/alerts/new')).status).toBe(200)
    expect(await isAlive(app, seen.at(-1)?.refreshToken)).toBe(true)
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
  })

  it('with tokenKey is let in though another session has signed in with less since then', async () => {
    const { app, browser } = await signedIn({ strategy: { tokenKey: ({ profile }) => `user-${profile.id}` } })
    await comeBack(browser, (await open(browser, '/alerts/new')).location)
    await app.browser().signIn()
    expect((await open(browser, '/alerts/new')).status).toBe(200)
  })

  it('with tokenKey is asked again for what was granted, and is gone since the app has saved other tokens', async () => {
    const { app, browser, seen } = await signedIn({ strategy: { tokenKey: ({ profile }) => `user-${profile.id}` } })
    await comeBack(browser, (await open(browser, '/alerts/new')).location)
    await app.browser().signIn()
    await app.ilert.tokens.save(`user-${app.sandbox.users[0]?.id}`, seen.at(-1) as never)
    const again = await open(browser, '/alerts/new')
    expect(again.status).toBe(302)
    expect((await comeBack(browser, again.location)).status).toBe(200)
  })
})

describe('where it cannot be told now the answer is 503, never a sign-in:', () => {
  const expectAway = async (app: TestApp, browser: Browser) => {
    for (const headers of [NAVIGATION, FETCH]) {
      const page = await browser.send('/alerts', headers)
      expect([page.status, page.location, page.cookies]).toEqual([503, '', []])
    }
    expect(app.errors.every((error) => error instanceof NetworkError)).toBe(true)
  }

  it.each([500, 503, 429, 'html', 'reset'] as const)('the token has expired, and ilert answers %p', async (kind) => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(3_600_001)
    const fault = app.sandbox.fault({ path: TOKEN, kind })
    await expectAway(app, browser)
    fault.clear()
    app.sandbox.clock.advance(3_600_000)
    expect((await open(browser, '/alerts')).status).toBe(200)
  })

  it('the token has expired, and ilert is silent', async () => {
    const app = await pages({ strategy: { scope: 'alert', timeoutMs: 100 } })
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(3_600_001)
    app.sandbox.fault({ path: TOKEN, kind: 'hang' })
    await expectAway(app, browser)
  })

  it('the store is unavailable, and the tokens are not at hand', async () => {
    class Away extends MemoryTokenStore {
      away = false
      override async get(key: string): Promise<StoredTokens | undefined> {
        if (this.away) throw new Error('the store is away')
        return await super.get(key)
      }
    }
    const tokenStore = new Away()
    const app = await pages({ strategy: { scope: 'alert', tokenStore } })
    const browser = app.browser()
    await browser.signIn()
    // Another process, so to say: nothing is at hand.
    const peek = jest.spyOn(appTokensOf(app.ilert.tokens), 'peek').mockReturnValue(undefined)
    tokenStore.away = true
    await expectAway(app, browser)
    tokenStore.away = false
    peek.mockRestore()
    expect((await open(browser, '/alerts')).status).toBe(200)
  })

  it('and the present token is used while it is good', async () => {
    const app = await pages({ strategy: { scope: 'alert' } })
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(3_599_000)
    app.sandbox.fault({ path: TOKEN, kind: 503 })
    expect((await open(browser, '/alerts')).status).toBe(200)
  })
})

describe('at set-up', () => {
  const strategy = async () => (await pages()).ilert

  it.each(['alert:write', 'alert:', ':w', 'alert,team', 'ä', 'alert"', 'alert\n', 'offline_access:w', '', ' '])(
    'a scope that is none throws a TypeError: %p',
    async (scope) => {
      const ilert = await strategy()
      expect(() => ilert.requireScope(scope)).toThrow(TypeError)
      expect(() => ilert.requireScope('alert', scope)).toThrow(/^scope: /)
    },
  )

  it.each([undefined, null, 7, {}, ['alert'], [[]]])('what is no text throws a TypeError: %p', async (scope) => {
    const ilert = await strategy()
    expect(() => ilert.requireScope(scope as string)).toThrow(TypeError)
    expect(() => ilert.requireScope(scope as string)).toThrow(/^scope: /)
  })

  it('what looks like a spelling mistake is warned of', async () => {
    const ilert = await strategy()
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    ilert.requireScope('incidents:w', 'service')
    expect(warnings.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/'incidents:w'.*'incident:w'/),
    ])
  })

  it('names of what every object has are scopes like others', async () => {
    const app = await startApp({
      routes: (web, app) => {
        for (const scope of ['__proto__', 'constructor', 'toString:w']) {
          web.get(`/${scope}`, app.ilert.requireScope(scope), (_req, res) => res.json({}))
        }
      },
    })
    const browser = app.browser()
    await browser.signIn()
    for (const scope of ['__proto__', 'constructor', 'toString:w']) {
      const page = await browser.visit(`/${scope}`, { headers: FETCH })
      expect([page.status, page.json]).toEqual([403, { error: 'insufficient_scope', scope }])
      expect(asks((await open(browser, `/${scope}`)).location)).toEqual([scope, 'profile'].sort())
    }
  })

  it('the order of requireScope and session() is checked by the first request, in words that help', async () => {
    const app = await pages({ middleware: false })
    const page = await open(app.browser(), '/alerts')
    expect([page.status, page.json.code]).toEqual([500, 'session_missing'])
    expect(page.json.message).toContain('ilert.session()')
  })

  it('a missing express-session is an error in words that help', async () => {
    const app = await startApp({
      session: false,
      before: (web, app) => {
        web.get('/page', app.ilert.session(), app.ilert.requireScope('alert'), (_req, res) => res.json({}))
      },
      routes: () => {},
    })
    const response = await fetch(`${app.origin}/page`, { headers: NAVIGATION })
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('express-session')
  })
})

it('a grant that was ended elsewhere is no sign-in any more, for pages and for fetches', async () => {
  const app = await pages({ strategy: { scope: 'alert' } })
  const browser = app.browser()
  await browser.signIn()
  const { key } = (await browser.home()).session['passport-ilert'] as { key: string }
  await app.ilert.tokens.revoke(key)
  const both = await Promise.all([open(browser, '/alerts'), browser.send('/alerts', FETCH)])
  expect(both.map(({ status }) => status)).toEqual([302, 401])
})

describe('a step-up that comes back to another session than it was begun in', () => {
  /** Two users of a sandbox that asks, and a step-up of the first. */
  async function startStepUp() {
    const app = await pages({ sandbox: { approve: false } })
    const browser = app.browser()
    const [first = '', second = ''] = app.sandbox.users.map(({ username }) => username)
    // Begun before anybody is signed in: a user who is connected must sign out first.
    const begun = [await browser.begin(), await browser.begin()]
    const signIn = async (username: string) => browser.visit(await answer(app, begun.pop() ?? '', username))
    await signIn(first)
    const { location } = await open(browser, '/teams')
    return { browser, second, signIn, callback: await answer(app, location, first) }
  }

  it('is refused under another user who has signed in meanwhile, and changes nothing', async () => {
    const { browser, second, signIn, callback } = await startStepUp()
    await signIn(second)
    await browser.visit('/cart')
    expect(await browser.home()).toMatchObject({ user: { username: second }, session: { cart: ['a book'] } })
    expect((await browser.visit(callback)).status).toBe(403)
    expect(await browser.home()).toMatchObject({ user: { username: second }, session: { cart: ['a book'] } })
  })

  it('is refused if that session has ended: nobody is signed in any more', async () => {
    const { browser, callback } = await startStepUp()
    const attempt = browser.cookies.split('; ').filter((cookie) => /^ilert\.\d=/.test(cookie))
    expect(attempt).toHaveLength(2)
    const page = await browser.visit(callback, { headers: { cookie: attempt.join('; ') } })
    expect(page.status).toBe(403)
    expect(page.cookies).toEqual([expect.stringMatching(/^ilert\.\d=;/)])
  })
})
