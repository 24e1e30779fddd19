import type { Request } from 'express'
import type { IlertStrategyOptions } from '../../src/index.ts'
import {
  type AppOptions,
  closeApps,
  isAlive,
  LASTING,
  REVOKE,
  rememberTokens,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

type SessionRequest = Request & { session: Record<string, unknown> }

/** An app with somebody who has signed in, with ways out, and with a request that is as slow as a test wants. */
async function signedIn({ strategy, routes, ...options }: AppOptions = {}) {
  const { seen, verify } = rememberTokens()
  let proceed = () => {}
  let arrived = () => {}
  const gate = new Promise<void>((resolve) => {
    proceed = resolve
  })
  const atGate = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const app = await startApp({
    sandbox: LASTING,
    ...options,
    strategy: { verify, ...strategy } as IlertStrategyOptions,
    routes: (web, app) => {
      web.all('/logout', app.ilert.logout())
      web.post('/logout/home', app.ilert.logout({ redirect: '/?bye' }))
      web.get('/slow', async (req, res) => {
        arrived()
        await gate
        ;(req as SessionRequest).session.slow = Date.now()
        res.end()
      })
      web.get('/cart', (req, res) => {
        ;(req as SessionRequest).session.cart = ['a book']
        res.end()
      })
      web.post('/disconnect', (req, res, next) => {
        req.ilert.disconnect().then(() => res.status(204).end(), next)
      })
      routes?.(web, app)
    },
  })
  const browser = app.browser()
  await browser.signIn()
  const out = (path = '/logout') => browser.visit(path, { method: 'POST' })
  /** What whoever kept the cookie gets. */
  const with_ = async (cookie: string) => (await app.browser().visit('/', { headers: { cookie } })).json
  return { app, browser, seen, out, with_, cookie: browser.cookies, proceed, atGate }
}

/** The sessions that somebody is signed in with. */
function signedInSessions(app: TestApp): string[] {
  return Object.values(app.store.entries()).filter((text) => isSession(text) && JSON.parse(text).passport?.user)
}

/** Records of tokens carry Passport's user, too. */
function isSession(text: string): boolean {
  return JSON.parse(text).ilert === undefined
}

const NOBODY = { user: null, connected: false, scope: [] }

describe('logout', () => {
  it('ends the session, forgets the tokens and revokes them at ilert', async () => {
    const { app, browser, seen, out, with_, cookie } = await signedIn()
    expect(app.store.grants()).toHaveLength(1)
    const page = await out()
    expect([page.status, page.text, page.location]).toEqual([204, '', ''])
    expect(app.count(REVOKE)).toBe(1)
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
    expect(await browser.home()).toMatchObject(NOBODY)
    // The cookie is useless, and so is what is stored.
    expect(await with_(cookie)).toMatchObject(NOBODY)
    expect(app.store.grants()).toEqual([])
    expect(signedInSessions(app)).toEqual([])
    expect(JSON.stringify(app.store.entries())).not.toContain(app.sandbox.users[0]?.username)
    expect(app.errors).toEqual([])
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('takes POST only, not %s', async (method) => {
    const { app, browser } = await signedIn()
    const page = await browser.visit('/logout', { method })
    expect([page.status, page.headers.get('allow')]).toEqual([405, 'POST'])
    expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(page.text).toBe(method === 'HEAD' ? '' : 'Sign out with a POST.')
    expect(app.count(REVOKE)).toBe(0)
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('redirects where it is told to, with a GET', async () => {
    const { browser, out } = await signedIn()
    const page = await out('/logout/home')
    expect([page.status, page.location]).toEqual([303, '/?bye'])
    expect(await browser.home()).toMatchObject(NOBODY)
  })

  it.each([null, '', 7, {}, true])('refuses at set-up to redirect to %p', async (redirect) => {
    const { app } = await signedIn()
    expect(() => app.ilert.logout({ redirect: redirect as string })).toThrow(TypeError)
    expect(() => app.ilert.logout({ redirect: redirect as string })).toThrow(/^redirect: /)
  })

  it('without a sign-in, and twice, is no error, and ends the session', async () => {
    const { app, browser, out } = await signedIn()
    const other = app.browser()
    await other.visit('/cart')
    expect((await other.visit('/logout', { method: 'POST' })).status).toBe(204)
    expect((await other.home()).session).not.toHaveProperty('cart')
    expect((await out()).status).toBe(204)
    expect((await out()).status).toBe(204)
    expect(await browser.home()).toMatchObject(NOBODY)
    expect(app.count(REVOKE)).toBe(1)
    expect(app.errors).toEqual([])
  })

  it('leaves other sessions alone', async () => {
    const { app, out } = await signedIn()
    const other = app.browser()
    await other.signIn()
    await out()
    expect(await other.home()).toMatchObject({ connected: true })
    expect(app.store.grants()).toHaveLength(1)
  })

  it('twice at once ends once', async () => {
    const { app, browser, out } = await signedIn()
    const pages = await Promise.all([out(), out(), out()])
    expect(pages.map(({ status }) => status)).toEqual([204, 204, 204])
    expect(await browser.home()).toMatchObject(NOBODY)
    expect(app.store.grants()).toEqual([])
  })

  it('says what is missing where there is no express-session', async () => {
    const app = await startApp({
      session: false,
      before: (web, app) => web.post('/logout', app.ilert.logout()),
    })
    const response = await fetch(`${app.origin}/logout`, { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('express-session')])
  })

  it('works without ilert.session()', async () => {
    const { app, out, with_, cookie } = await signedIn({ middleware: false })
    expect((await out()).status).toBe(204)
    expect(app.store.grants()).toEqual([])
    expect(await with_(cookie)).toMatchObject({ user: null })
  })
})

describe('with a refresh under way', () => {
  it('logout revokes what the refresh brings, and nothing of it is kept', async () => {
    const { app, browser, out } = await signedIn({ sandbox: { refreshTokens: 'rotate' } })
    app.sandbox.clock.advance(3_600_001)
    const fault = app.sandbox.fault({ path: TOKEN, kind: 'hang', processed: true })
    const waiting = browser.visit('/token')
    await until(() => app.sandbox.requests.some(({ note }) => note?.startsWith('fault: hang')))
    expect((await out()).status).toBe(204)
    const revoked = app.count(REVOKE)
    fault.clear()
    expect((await waiting).status).toBe(401)
    await until(() => app.count(REVOKE) > revoked)
    const notes = app.sandbox.requests.filter(({ path }) => path === REVOKE).map(({ note }) => note)
    expect(notes.at(-1)).not.toBe('unknown token')
    expect(app.store.grants()).toEqual([])
    expect(await browser.home()).toMatchObject(NOBODY)
  })

  it('a refresh in the background of a request that came before: the same', async () => {
    const { app, browser, out } = await signedIn({ sandbox: { refreshTokens: 'rotate' } })
    app.sandbox.clock.advance(3_300_000)
    const fault = app.sandbox.fault({ path: TOKEN, kind: 'hang', processed: true })
    expect((await browser.home()).connected).toBe(true)
    await until(() => app.sandbox.requests.some(({ note }) => note?.startsWith('fault: hang')))
    expect((await out()).status).toBe(204)
    const revoked = app.count(REVOKE)
    fault.clear()
    await until(() => app.count(REVOKE) > revoked)
    expect(app.store.grants()).toEqual([])
  })

  it('after a refresh logout revokes the newest token', async () => {
    const { app, browser, out } = await signedIn({ sandbox: { refreshTokens: 'add' } })
    app.sandbox.clock.advance(3_600_001)
    await browser.visit('/token')
    await out()
    const [revocation] = app.sandbox.requests.filter(({ path }) => path === REVOKE)
    expect(revocation).toMatchObject({ status: 200 })
    expect(revocation?.note).toBeUndefined()
  })
})

describe('while ilert is unavailable', () => {
  it.each(['hang', 'reset', 500, 503, 'html', 429] as const)(
    'logout signs out here at once, and tries the revocation again: %p',
    async (kind) => {
      const { app, browser, seen, out, with_, cookie } = await signedIn({ strategy: { timeoutMs: 300 } })
      const fault = app.sandbox.fault({ path: REVOKE, kind, ...(kind === 429 && { ms: 0 }) })
      const begun = performance.now()
      expect((await out()).status).toBe(204)
      expect(performance.now() - begun).toBeLessThan(2000)
      expect(await browser.home()).toMatchObject(NOBODY)
      expect(await with_(cookie)).toMatchObject(NOBODY)
      expect(app.store.grants()).toEqual([])
      expect(app.errors).toEqual([])
      // A hang that is cleared gets its answer; these are the tries that were not met by the fault.
      const tries = app.count(REVOKE)
      fault.clear()
      await until(() => app.count(REVOKE) > tries)
      await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
    },
  )

  it('a refusal of the revocation signs out all the same', async () => {
    const { app, browser, seen, out } = await signedIn()
    app.sandbox.revoke(app.sandbox.users[0]?.username ?? '')
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
    expect((await out()).status).toBe(204)
    expect(await browser.home()).toMatchObject(NOBODY)
  })
})

describe('a slow request that saves its session after logout', () => {
  it('does not bring the session back', async () => {
    const { app, browser, out, with_, cookie, proceed, atGate } = await signedIn()
    const slow = browser.visit('/slow')
    await atGate
    expect((await out()).status).toBe(204)
    proceed()
    expect((await slow).cookies).toEqual([])
    expect(signedInSessions(app)).toEqual([])
    expect(await with_(cookie)).toMatchObject(NOBODY)
    expect(app.store.grants()).toEqual([])
  })

  it('in another process brings back neither the user nor the tokens: the session is ended when it shows up again', async () => {
    const { app, browser, out, with_, cookie } = await signedIn()
    await browser.visit('/cart')
    const saved = app.store.entries()
    expect((await out()).status).toBe(204)
    for (const [id, text] of Object.entries(saved)) {
      if (isSession(text) && JSON.parse(text).passport) app.store.set(id, JSON.parse(text))
    }
    // It has been saved over its own end.
    expect(signedInSessions(app)).toHaveLength(1)
    expect(await with_(cookie)).toMatchObject(NOBODY)
    expect(signedInSessions(app)).toEqual([])
    const again = await with_(cookie)
    expect(again).toMatchObject(NOBODY)
    expect(again.session).not.toHaveProperty('cart')
    expect(app.store.grants()).toEqual([])
  })

  it('keeps no page from being answered, and lets the user sign in again', async () => {
    const { browser, out, cookie, proceed, atGate } = await signedIn()
    const slow = browser.visit('/slow')
    await atGate
    await out()
    proceed()
    await slow
    expect(browser.cookies).toBe(cookie.replace(/ilert\.back=[^;]*; /, ''))
    await browser.signIn()
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('is ended also in an app where Passport has put no logout on the request', async () => {
    const { app, browser, out, with_, cookie, proceed, atGate } = await signedIn({
      before: (web) =>
        web.use((req, _res, next) => {
          Object.defineProperty(req, 'logout', { get: () => undefined, set: () => {} })
          next()
        }),
    })
    const slow = browser.visit('/slow')
    await atGate
    await out()
    proceed()
    await slow
    expect((await with_(cookie)).session).not.toHaveProperty('slow')
    expect(signedInSessions(app)).toEqual([])
  })

  it('is refused by requireScope', async () => {
    const { browser, out, proceed, atGate } = await signedIn({
      routes: (web, app) => web.get('/page', app.ilert.requireScope(), (_req, res) => res.json({})),
    })
    const slow = browser.visit('/slow')
    await atGate
    await out()
    proceed()
    await slow
    expect((await browser.visit('/page')).status).toBe(401)
  })
})

describe('with tokenKey', () => {
  const strategy: IlertStrategyOptions = { tokenKey: ({ profile }) => `user-${profile.id}` }

  it('the tokens survive logout, for other sessions and for jobs', async () => {
    const { app, seen, out, with_, cookie } = await signedIn({ strategy })
    const other = app.browser()
    await other.signIn()
    expect((await out()).status).toBe(204)
    expect(await with_(cookie)).toMatchObject(NOBODY)
    expect(await other.home()).toMatchObject({ connected: true })
    const key = `user-${app.sandbox.users[0]?.id}`
    expect(await app.ilert.tokens.accessToken(key)).toBe(seen[1]?.accessToken)
    expect(await isAlive(app, seen[1]?.refreshToken)).toBe(true)
  })

  it('they end with disconnect(), for every session that uses the key', async () => {
    const { app, browser, seen } = await signedIn({ strategy })
    const other = app.browser()
    await other.signIn()
    expect((await browser.visit('/disconnect', { method: 'POST' })).status).toBe(204)
    const still = { user: { username: app.sandbox.users[0]?.username }, connected: false }
    expect(await browser.home()).toMatchObject(still)
    expect(await other.home()).toMatchObject(still)
    expect(await isAlive(app, seen[1]?.refreshToken)).toBe(false)
  })
})

describe('disconnect()', () => {
  it('revokes and forgets the tokens, and keeps the session and its user', async () => {
    const { app, browser, seen, cookie } = await signedIn()
    await browser.visit('/cart')
    expect((await browser.visit('/disconnect', { method: 'POST' })).status).toBe(204)
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
    expect(app.store.grants()).toEqual([])
    expect(browser.cookies).toBe(cookie.replace(/ilert\.back=[^;]*; /, '')) // the session's own
    const home = await browser.home()
    expect(home).toMatchObject({ user: { username: app.sandbox.users[0]?.username }, connected: false, scope: [] })
    expect(home.session).toMatchObject({ cart: ['a book'] })
    expect(home.session).not.toHaveProperty('passport-ilert')
    expect((await browser.visit('/token')).json).toMatchObject({ code: 'reauthentication_required' })
  })

  it('twice, and without a sign-in, is no error', async () => {
    const { app, browser } = await signedIn()
    for (const each of [browser, browser, app.browser()]) {
      expect((await each.visit('/disconnect', { method: 'POST' })).status).toBe(204)
    }
    expect(app.count(REVOKE)).toBe(1)
  })

  it('is not undone by a slow request that saves its session afterwards, which goes on', async () => {
    const { app, browser, proceed, atGate } = await signedIn()
    const slow = browser.visit('/slow')
    await atGate
    await browser.visit('/disconnect', { method: 'POST' })
    proceed()
    await slow
    const user = { username: app.sandbox.users[0]?.username }
    expect(await browser.home()).toMatchObject({ user, connected: false, scope: [] })
    expect(await browser.home()).toMatchObject({ user, connected: false })
  })

  it('deletes the tokens while ilert is unavailable, and tries the revocation again', async () => {
    const { app, browser, seen } = await signedIn({ strategy: { timeoutMs: 300 } })
    const fault = app.sandbox.fault({ path: REVOKE, kind: 503 })
    expect((await browser.visit('/disconnect', { method: 'POST' })).status).toBe(204)
    expect(await browser.home()).toMatchObject({ connected: false })
    expect(app.store.grants()).toEqual([])
    fault.clear()
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
  })

  it('keeps the tokens of a session whose store is unavailable, and says so', async () => {
    const { app, browser } = await signedIn()
    app.store.fails = (_id, data) => 'ilert' in data
    expect((await browser.visit('/disconnect', { method: 'POST' })).status).toBe(503)
    app.store.fails = () => false
    expect((await browser.visit('/disconnect', { method: 'POST' })).status).toBe(204)
    expect(await browser.home()).toMatchObject({ connected: false })
    expect(app.store.grants()).toEqual([])
  })
})
