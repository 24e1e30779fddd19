import { parseSetCookie } from 'cookie'
import { closeApps, type Page, startApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

const ATTEMPT = /^(?:__Host-)?ilert\.[\w-]{22}$/

/** The attempts' cookies that a page sets, parsed, with what a browser would keep of them. */
function attemptCookies(page: Page) {
  return page.cookies
    .map((header) => ({ ...parseSetCookie(header), header }))
    .filter(({ name }) => ATTEMPT.test(name))
    .map((cookie) => ({
      ...cookie,
      value: cookie.value ?? '',
      bytes: cookie.name.length + 1 + (cookie.value ?? '').length,
    }))
}

/** The attempts that a Cookie header holds. */
const pending = (header: string) => header.split('; ').filter((pair) => ATTEMPT.test(pair.split('=')[0] ?? ''))

describe("an attempt's cookie", () => {
  it('is named after its state, out of reach of scripts and of other sites, and ends after ten minutes', async () => {
    const app = await startApp()
    const page = await app.browser().visit('/auth/ilert')
    const [cookie, ...others] = attemptCookies(page)
    expect(others).toEqual([])
    expect(cookie).toMatchObject({ path: '/', httpOnly: true, sameSite: 'lax', maxAge: 600 })
    expect(cookie?.expires?.getTime()).toBeGreaterThan(Date.now() + 590_000)
    expect(cookie?.expires?.getTime()).toBeLessThanOrEqual(Date.now() + 600_000)
    expect(cookie?.secure).toBeUndefined()
    expect(cookie?.domain).toBeUndefined()
    expect(cookie?.name).toBe(`ilert.${new URL(page.location).searchParams.get('state')}`)
  })

  it.each<[string, object, object]>([
    ['is configured so', { callbackURL: 'https://app.example/auth/ilert/callback' }, {}],
    ['is known from a trusted proxy', { callbackURL: '/auth/ilert/callback' }, { 'x-forwarded-proto': 'https' }],
  ])('is Secure and bound to the host where the callback URL is https, which %s', async (_, strategy, headers) => {
    const app = await startApp({ strategy, before: (web) => web.set('trust proxy', true) })
    const page = await app.browser().visit('/auth/ilert', { headers: headers as Record<string, string> })
    const [cookie] = attemptCookies(page)
    expect(cookie).toMatchObject({ path: '/', httpOnly: true, sameSite: 'lax', secure: true })
    expect(cookie?.domain).toBeUndefined()
    expect(cookie?.name).toBe(`__Host-ilert.${new URL(page.location).searchParams.get('state')}`)
  })

  it('that is Secure finishes its sign-in, and is taken back with the same attributes', async () => {
    const app = await startApp({
      strategy: { callbackURL: '/auth/ilert/callback' },
      callbackURL: (origin) => `${origin.replace('http:', 'https:')}/auth/ilert/callback`,
      before: (web) => web.set('trust proxy', true),
    })
    const headers = { 'x-forwarded-proto': 'https' }
    const browser = app.browser()
    const callback = await browser.consent((await browser.visit('/auth/ilert', { headers })).location)
    const page = await browser.visit(callback.replace('https:', 'http:'), { headers })
    expect(page.location).toBe('/')
    const [cookie] = attemptCookies(page)
    expect(cookie).toMatchObject({ value: '', path: '/', httpOnly: true, sameSite: 'lax', secure: true })
    expect(cookie?.expires?.getTime()).toBe(0)
    expect(pending(browser.cookies)).toEqual([])
  })

  it.each([
    ['/x', `/${'r'.repeat(511)}`, true],
    ['/auth/ilert/callback', `/${'r'.repeat(511)}`, true],
    [`/${'c'.repeat(220)}`, `/${'r'.repeat(511)}`, false],
    [`/${'c'.repeat(220)}`, `/${'ü'.repeat(511)}`, false],
    [`/${'c'.repeat(220)}`, `/${'r'.repeat(300)}`, true],
  ])('holds at most 1 KB, whatever the callback URL and returnTo: %#', async (path, returnTo, comesBack) => {
    const app = await startApp({
      begin: { returnTo },
      callbackURL: (origin) => `${origin}${path}`,
      routes: (web, app) => {
        web.get(path, app.passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
      },
    })
    const browser = app.browser()
    const page = await browser.visit('/auth/ilert')
    expect(attemptCookies(page)[0]?.bytes).toBeLessThanOrEqual(1024)
    const { location } = await browser.visit(await browser.consent(page.location))
    expect(location).toBe(comesBack ? returnTo : '/')
  })

  it('tells nobody what is in it', async () => {
    const app = await startApp({ begin: { returnTo: '/secret-place' } })
    const page = await app.browser().visit('/auth/ilert')
    const value = attemptCookies(page)[0]?.value ?? ''
    const readings = [value, ...value.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))]
    for (const reading of readings) expect(reading).not.toMatch(/secret-place|callback|127\.0\.0\.1|http/)
    const again = attemptCookies(await app.browser().visit('/auth/ilert'))[0]?.value ?? ''
    expect(again.slice(0, 20)).not.toBe(value.slice(0, 20))
  })

  it('lasts for ten minutes, and not longer', async () => {
    const app = await startApp()
    const browser = app.browser()
    const begun = [await browser.begin(), await browser.begin()]
    app.sandbox.clock.advance(599_000)
    expect((await browser.visit(await browser.consent(begun[0] ?? ''))).location).toBe('/')
    app.sandbox.clock.advance(2000)
    const calls = app.count(TOKEN)
    expect((await browser.visit(await browser.consent(begun[1] ?? ''))).status).toBe(403)
    expect(app.count(TOKEN)).toBe(calls)
  })

  it('is good for its own state alone', async () => {
    const app = await startApp()
    const browser = app.browser()
    const [a, b] = [await browser.callback(), await browser.callback()]
    const [first = '', second = ''] = pending(browser.cookies)
    const swapped = [`${first.split('=')[0]}=${second.split('=')[1]}`, `${second.split('=')[0]}=${first.split('=')[1]}`]
    for (const callback of [a, b]) {
      const page = await app.browser().visit(callback, { headers: { cookie: swapped.join('; ') } })
      expect(page.status).toBe(403)
    }
    expect(app.count(TOKEN)).toBe(0)
  })

  it('is good for its own app alone, even where apps have one key', async () => {
    const shared = { encryptionKey: 'k'.repeat(32) }
    const app = await startApp({ strategy: shared })
    const other = await startApp({ strategy: shared })
    const browser = app.browser()
    const callback = await browser.callback()
    const { search } = new URL(callback)
    const stolen = { headers: { cookie: browser.cookies } }
    expect((await other.browser().visit(`/auth/ilert/callback${search}`, stolen)).status).toBe(403)
    expect(other.count(TOKEN)).toBe(0)
    expect((await browser.visit(callback)).location).toBe('/')
  })

  it('goes with the attempt, also where that fails', async () => {
    const app = await startApp()
    const browser = app.browser()
    const callback = new URL(await browser.callback())
    callback.searchParams.set('code', '')
    expect((await browser.visit(callback)).status).toBe(400)
    expect(pending(browser.cookies)).toEqual([])
  })

  it('opens as long as its key is listed', async () => {
    const [older, newer] = ['o'.repeat(32), 'n'.repeat(32)]
    for (const [encryptionKey, status] of [
      [[newer, older], 302],
      [[newer], 403],
    ] as const) {
      const before = await startApp({ strategy: { encryptionKey: older, clientID: 'the-app' } })
      const after = await startApp({ strategy: { encryptionKey, clientID: 'the-app' } })
      const browser = before.browser()
      const state = new URL(await browser.begin()).searchParams.get('state')
      const url = `/auth/ilert/callback?error=access_denied&state=${state}`
      const page = await after.browser().visit(url, { headers: { cookie: browser.cookies } })
      // Known, and denied; or not known.
      expect([page.status, page.cookies.length]).toEqual([403, 1])
      expect(after.errors).toEqual([])
      expect(status).toBeTruthy()
    }
  })
})

describe('all pending attempts together', () => {
  it('hold at most 4 KB: the oldest go first', async () => {
    const app = await startApp({ begin: { returnTo: `/${'r'.repeat(400)}` } })
    const browser = app.browser()
    const states: string[] = []
    for (let i = 0; i < 9; i++) {
      states.push(new URL(await browser.begin()).searchParams.get('state') ?? '')
      app.sandbox.clock.advance(1000)
      expect(pending(browser.cookies).join('; ').length).toBeLessThanOrEqual(4096)
    }
    const kept = pending(browser.cookies).map((pair) => pair.split('=')[0]?.split('.')[1])
    expect(kept.length).toBeGreaterThan(3)
    expect(kept.sort()).toEqual(states.slice(-kept.length).sort())
  })

  it('drop what they cannot read before what they can', async () => {
    const app = await startApp()
    const browser = app.browser()
    const callback = await browser.callback()
    for (const letter of 'abcde') {
      browser.jar.keep(new URL(app.origin), [`ilert.${letter.repeat(22)}=${'x'.repeat(1000)}; Path=/`])
    }
    await browser.begin()
    expect((await browser.visit(callback)).location).toBe('/')
  })

  it('leave the cookies of the app alone', async () => {
    const app = await startApp({ begin: { returnTo: `/${'r'.repeat(500)}` } })
    const browser = app.browser()
    browser.jar.keep(new URL(app.origin), [`theme=${'d'.repeat(3000)}; Path=/`, 'ilert.x=1; Path=/', 'ilert=1; Path=/'])
    for (let i = 0; i < 8; i++) await browser.begin()
    expect(browser.cookies).toMatch(/theme=d{3000}; ilert\.x=1; ilert=1/)
  })
})

it('attempts that begin at once in a browser without any cookie all succeed, in any order', async () => {
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
  ]
  for (const order of orders) {
    const app = await startApp()
    const browser = app.browser()
    const begun = await Promise.all([0, 1, 2, 3].map(() => browser.begin()))
    for (const i of order) {
      expect((await browser.visit(await browser.consent(begun[i] ?? ''))).location).toBe('/')
      expect(await browser.home()).toMatchObject({ connected: true, user: { provider: 'ilert' } })
    }
    expect(app.count(TOKEN)).toBe(4)
    expect(app.errors).toEqual([])
  }
})

it('attempts that begin at once may end at once', async () => {
  const app = await startApp()
  const browser = app.browser()
  const begun = await Promise.all([0, 1, 2, 3].map(() => browser.begin()))
  const callbacks = await Promise.all(begun.map((url) => browser.consent(url)))
  const pages = await Promise.all(callbacks.map((callback) => browser.visit(callback)))
  expect(pages.map(({ location }) => location)).toEqual(['/', '/', '/', '/'])
  expect(await browser.home()).toMatchObject({ connected: true, user: { provider: 'ilert' } })
})
