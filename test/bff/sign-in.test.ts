/* How a page has its user sign in, and asked for more, and comes back. */
import { closeApps, LOGIN, startApp } from '../support/app.ts'
import { closeServers, json } from '../support/server.ts'
import { ALERTS, ask, PROXY, startBackend, startScene } from './support.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

/** A backend whose users grant reading first. */
const startReading = (options: Parameters<typeof startBackend>[0] = {}) =>
  startBackend({ ...options, strategy: { scope: 'alert', ...options.strategy } })

/** What ilert is asked for. */
const scopeOf = (url: string) => new URL(url).searchParams.get('scope')

describe('the URL of a sign-in', () => {
  it.each([
    ['/board', '/board'],
    ['/board?alert=7#top', '/board?alert=7#top'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['/\t/evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['', '/'],
    [`/${'x'.repeat(600)}`, '/'],
  ])('says where the user goes afterwards, if that is a path on this site: %s', async (returnTo, expected) => {
    const app = await startReading()
    const page = await app.browser().signIn(`${LOGIN}?returnTo=${encodeURIComponent(returnTo)}`)
    expect(page.location).toBe(expected)
  })

  it('says nothing if it says it twice, or is endless', async () => {
    const app = await startReading()
    for (const query of ['returnTo=/a&returnTo=/b', `returnTo=/a&x=${'x'.repeat(5000)}`]) {
      expect((await app.browser().signIn(`${LOGIN}?${query}`)).location).toBe('/')
    }
  })

  it('has less to say than the route', async () => {
    const app = await startReading({ begin: { returnTo: '/home' } })
    expect((await app.browser().signIn(`${LOGIN}?returnTo=/board`)).location).toBe('/home')
  })
})

describe('a page whose user has not granted enough', () => {
  it('is told the scope and where to send the browser, and the call goes through afterwards', async () => {
    const app = await startReading()
    const browser = app.browser()
    await browser.signIn()
    const { json: pending } = await ask(browser, `${ALERTS}?states=PENDING`)
    const [{ id }] = pending as unknown as [{ id: number }]
    const path = `${ALERTS}/${id}/accept`
    const refused = await ask(browser, path, { method: 'PUT' })
    expect(refused.status).toBe(403)
    expect(refused.json).toEqual({
      error: 'insufficient_scope',
      scope: 'alert:w',
      loginURL: '/auth/ilert?scope=alert%3Aw',
    })
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(app.count(`/api/alerts/${id}/accept`)).toBe(0)

    const session = browser.cookies
    const url = `${refused.json.loginURL as string}&returnTo=${encodeURIComponent('/board?alert=7')}`
    const authorizeURL = await browser.begin(url)
    expect(scopeOf(authorizeURL)).toBe('profile alert:w')
    const back = await browser.visit(await browser.consent(authorizeURL))
    expect(back.location).toBe('/board?alert=7')
    expect(browser.cookies).not.toBe(session) // a new session, as after each sign-in
    expect((await ask(browser, path, { method: 'PUT' })).status).toBe(200)
  })

  it('is not sent round in circles once the user has declined', async () => {
    const app = await startReading()
    const browser = app.browser()
    await browser.signIn()
    const { loginURL } = (await ask(browser, `${ALERTS}/41177/accept`, { method: 'PUT' })).json
    const authorizeURL = new URL(await browser.begin(loginURL as string))
    authorizeURL.searchParams.set('scope', 'profile alert') // what the user leaves of it
    await browser.visit(await browser.consent(authorizeURL.href))
    const again = await ask(browser, `${ALERTS}/41177/accept`, { method: 'PUT' })
    expect(again.status).toBe(403)
    expect(again.json).toEqual({ error: 'insufficient_scope', scope: 'alert:w' })
  })

  it.each([
    ['alert:w', { loginURL: '/auth/ilert?scope=alert%3Aw' }],
    ['user', {}], // which the app does not offer to its pages
    [undefined, {}],
  ])('is told so by ilert itself, of a path whose scope nobody knows: %s', async (scope, more) => {
    const { browser } = await startScene((response) => json(response, 403, { code: 'OAUTH2_SCOPE_ERROR', scope }))
    const page = await ask(browser, `${PROXY}/api/heartbeat-monitors`)
    expect(page.status).toBe(403)
    expect(page.json).toEqual({ error: 'insufficient_scope', scope: scope ?? '', ...more })
  })
})

describe('a scope in the URL of a sign-in', () => {
  it.each([
    ['what no route of the app needs', 'user:d'],
    ['more than a route of the app needs', 'alert:d'],
    ['one of several', 'alert:w user'],
    ['everything', 'wildcard:d'],
    ['no scope', 'a"b'],
  ])('is refused if the app does not offer it: %s', async (_, scope) => {
    const app = await startReading()
    const page = await app.browser().visit(`${LOGIN}?scope=${encodeURIComponent(scope)}`)
    expect(page.status).toBe(400)
    expect(page.json).toMatchObject({ code: 'invalid_scope' })
    expect(page.text).not.toContain(scope)
  })

  it('has no say in an app without a proxy', async () => {
    const app = await startApp()
    expect(scopeOf(await app.browser().begin(`${LOGIN}?scope=user%3Ad`))).toBe('profile')
  })

  it('cannot take from a user what they have granted', async () => {
    const app = await startBackend()
    const browser = app.browser()
    await browser.signIn()
    expect(scopeOf(await browser.begin(`${LOGIN}?scope=alert`))).toBe('profile alert:w schedule:d')
  })
})
