import { parseSetCookie } from 'cookie'
import { closeApps, optionsOf, type Page, startApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

const ATTEMPT = /^(?:__Host-Http-)?ilert\.[0-5]$/
const MAX_BYTES = 960

/** The attempts' cookies that a page sets, parsed, with what a browser would keep of them. */
function attemptCookies(page: Page) {
  return page.cookies
    .map((header) => ({ ...parseSetCookie(header), header }))
    .filter(({ name }) => ATTEMPT.test(name))
    .map((cookie) => ({
      ...cookie,
      value: cookie.value ?? '',
      bytes: cookie.name.length + (cookie.value ?? '').length,
    }))
}

/** The slot of the attempt that a page begins: the first character of the state. */
const slotOf = ({ location }: Page) => new URL(location).searchParams.get('state')?.[0]

/** The attempts that a Cookie header holds. */
const pending = (header: string) => header.split('; ').filter((pair) => ATTEMPT.test(pair.split('=')[0] ?? ''))

describe("an attempt's cookie", () => {
  it('is named after its slot, out of reach of scripts and of other sites, and ends after ten minutes', async () => {
    const app = await startApp()
    const page = await app.browser().visit('/auth/ilert')
    const [cookie, ...others] = attemptCookies(page)
    expect(others).toEqual([])
    expect(cookie).toMatchObject({ path: '/', httpOnly: true, sameSite: 'lax', maxAge: 600 })
    expect(cookie?.expires?.getTime()).toBeGreaterThan(Date.now() + 590_000)
    expect(cookie?.expires?.getTime()).toBeLessThanOrEqual(Date.now() + 600_000)
    expect(cookie?.secure).toBeUndefined()
    expect(cookie?.domain).toBeUndefined()
    expect(cookie?.name).toBe(`ilert.${slotOf(page)}`)
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
    expect(cookie?.name).toBe(`__Host-Http-ilert.${slotOf(page)}`)
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
  ])('holds at most 960 bytes, whatever the callback URL and returnTo: %#', async (path, returnTo, comesBack) => {
    const app = await startApp({
      begin: { returnTo },
      callbackURL: (origin) => `${origin}${path}`,
      routes: (web, app) => {
        web.get(path, app.passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
      },
    })
    const browser = app.browser()
    const page = await browser.visit('/auth/ilert')
    expect(attemptCookies(page)[0]?.bytes).toBeLessThanOrEqual(MAX_BYTES)
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
    const [browser, late] = [app.browser(), app.browser()]
    const begun = [await browser.begin(), await late.begin()]
    app.sandbox.clock.advance(590_000)
    expect((await browser.visit(await browser.consent(begun[0] ?? ''))).location).toBe('/')
    app.sandbox.clock.advance(11_000)
    const calls = app.count(TOKEN)
    expect((await late.visit(await late.consent(begun[1] ?? ''))).status).toBe(403)
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
    for (const [encryptionKey, usedUp] of [
      [[newer, older], 1],
      [[newer], 0],
    ] as const) {
      const before = await startApp({ strategy: { encryptionKey: older } })
      const after = await startApp({ strategy: { ...optionsOf(before.sandbox), encryptionKey } })
      const browser = before.browser()
      const state = new URL(await browser.begin()).searchParams.get('state')
      const url = `/auth/ilert/callback?error=access_denied&state=${state}`
      const page = await after.browser().visit(url, { headers: { cookie: browser.cookies } })
      // Known, and denied; or not known, and perhaps another app's.
      expect([page.status, page.cookies.length]).toEqual([403, usedUp])
      expect(after.errors).toEqual([])
    }
  })
})

describe('all pending attempts together', () => {
  const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
  const WIDE = `status=PENDING,ACCEPTED&service=${'checkout,'.repeat(40)}`

  it.each<[string, object, Record<string, string>]>([
    ['without TLS', {}, {}],
    ['over TLS', { strategy: { callbackURL: '/auth/ilert/callback' } }, { 'x-forwarded-proto': 'https' }],
  ])(
    'take less than 6 KB of the header, however many begin at once, and the next one succeeds: %s',
    async (_, o, tls) => {
      const scheme = 'x-forwarded-proto' in tls ? 'https:' : 'http:'
      const app = await startApp({
        ...o,
        before: (web) => web.set('trust proxy', true),
        callbackURL: (origin) => `${origin.replace('http:', scheme)}/auth/ilert/callback`,
        routes: (web, app) => {
          web.get('/alerts/:id', app.ilert.requireScope('alert'), (_req, res) => res.send('alerts'))
        },
      })
      // Without a jar that keeps the attributes of the one scheme from the other.
      const jar = new Map<string, string>()
      const header = () => [...jar].map((pair) => pair.join('=')).join('; ')
      const keep = (page: Page) => {
        for (const { name, value = '', maxAge } of page.cookies.map((cookie) => parseSetCookie(cookie))) {
          if (maxAge === 0) jar.delete(name)
          else jar.set(name, value)
        }
        return page
      }
      const visit = async (url: string, cookie = header()) => {
        const headers = { ...NAVIGATION, ...tls, ...(cookie && { cookie }) }
        return keep(await app.browser().send(url.replace('https:', 'http:'), headers))
      }
      await Promise.all(Array.from({ length: 40 }, (_, i) => visit(`/alerts/${1000 + i}?${WIDE}`, '')))
      expect(jar.size).toBe(6)
      expect(header().length).toBeGreaterThan(3000)
      expect(header().length).toBeLessThan(6000)
      const { location } = await visit('/alerts/7')
      expect(header().length).toBeLessThan(6000)
      const back = await visit(await app.browser().consent(location))
      expect(back.location).toBe('/alerts/7')
      expect((await visit('/alerts/7')).text).toBe('alerts')
    },
  )

  it('are bounded in every process, also if it has not seen the others', async () => {
    const shared = { encryptionKey: 'k'.repeat(32), clientID: 'the-app' }
    const apps = [await startApp({ strategy: shared }), await startApp({ strategy: shared })]
    const names = new Set<string>()
    for (const app of apps) {
      const pages = await Promise.all(Array.from({ length: 20 }, () => app.browser().visit('/auth/ilert')))
      for (const page of pages) for (const { name } of attemptCookies(page)) names.add(name)
    }
    expect([...names].sort()).toEqual([0, 1, 2, 3, 4, 5].map((slot) => `ilert.${slot}`))
  })

  it('never delete a cookie to make room', async () => {
    const app = await startApp()
    const browser = app.browser()
    for (let i = 0; i < 12; i++) {
      expect(attemptCookies(await browser.visit('/auth/ilert'))).toMatchObject([{ maxAge: 600 }])
    }
  })

  it('are six: the oldest goes first', async () => {
    const app = await startApp()
    const browser = app.browser()
    const begun: string[] = []
    for (let i = 0; i < 8; i++) {
      begun.push(await browser.begin())
      app.sandbox.clock.advance(1000)
    }
    const statuses: number[] = []
    for (const url of begun) statuses.push((await browser.visit(await browser.consent(url))).status)
    expect(statuses).toEqual([403, 403, 302, 302, 302, 302, 302, 302])
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
