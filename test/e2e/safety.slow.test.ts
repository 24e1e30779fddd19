/*
 * What keeps people and their sessions safe: from other sites, from what others have written, and from each other.
 */
import { signedIn } from '../sandbox/api-support.ts'
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { cookieOf, deskOwner, get, post } from './http.ts'
import { alertRow, change, notice, openAlerts, signIn, signInLink, signOut } from './steps.ts'
import { walk } from './walk.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

needs('chromium')('what others have written', () => {
  it('is shown as it is, and never as markup', async () => {
    const summary = `"><img src=x onerror="document.title='taken over'"> & O'Brien's <script>1</script>`
    const name = "<b>Bold</b> & 'quoted'"
    const desk = await startDesk()
    const call = await signedIn(desk.sandbox, 'profile alert:w source:w policy', 'aoife.obrien')
    const [{ id }] = (await call('GET', '/api/escalation-policies')).body
    const source = { name, integrationType: 'API', escalationPolicy: { id } }
    const { body: alertSource } = await call('POST', '/api/alert-sources', source)
    const { status } = await call('POST', '/api/alerts', { summary, priority: 'HIGH', alertSource })
    expect(status).toBe(201)

    const { page } = await visit()
    await signIn(page, desk.url, "Aoife O'Brien")
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe("On-call desk of Aoife O'Brien")
    const row = alertRow(page, summary)
    expect(await row.textContent()).toContain(name)
    await alertRow(page, summary).getByRole('link', { name: 'Accept: ' }).click()
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    await page.getByRole('radio', { name: "Aoife O'Brien" }).check()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'Accept this alert?' }).waitFor()
    expect(await page.locator('main img, main script, main b').count()).toBe(0)
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.getByRole('heading', { level: 1 }).filter({ hasText: summary }).waitFor()
    expect(await page.locator('main img, main script, main b').count()).toBe(0)
    await page.getByRole('link', { name: 'Back to the alerts' }).click()

    await change(page, 'Accept', summary)
    expect(await notice(page).textContent()).toBe(`You have accepted: ${summary}`)
    expect(await page.locator('main img, main script, main b').count()).toBe(0)
    expect(await page.title()).not.toContain('taken over')
  })
})

needs('chromium')('after the sign-out', () => {
  it('the back button shows nothing', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await signOut(page)
    await page.goBack({ waitUntil: 'commit' })
    await signInLink(page).waitFor()
    expect(await openAlerts(page).count()).toBe(0)
  })
})

describe('without a browser', () => {
  it('what makes no sense is answered with a page, never with a stack', async () => {
    const desk = await startDesk()
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/%ff', 404],
      ['/desk.js/../../package.json', 404],
      ['/alerts/1/delete', 404],
      ['/alerts/x', 404],
      ['/auth/ilert/callback?code=made-up&state=made-up', 400],
      [`/auth/ilert/callback?code=made-up&state=0${'A'.repeat(22)}`, 403],
      ['/auth/ilert/callback?code=one&code=two&state=made-up', 400],
      ['/auth/ilert/callback?error=access_denied', 403],
      ['/auth/ilert?returnTo=a&returnTo=b', 302],
    ] as const) {
      const { status: actual, headers, text } = await get(desk.url + path)
      expect([path, actual]).toEqual([path, status])
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('cache-control')).toBe('no-store')
      if (status !== 302) expect(text).toContain('class="button"')
      expect(text).not.toMatch(/^\s+at |node_modules|made-up/m)
    }
    const cookie = await cookieOf(desk)
    for (const [path, status] of [
      ['/alerts/x/accept', 404],
      ['/alerts/1/delete', 404],
      ['/alerts/%ff/accept', 400],
      ['/nowhere', 404],
    ] as const) {
      const answer = await post(desk.url + path, { cookie })
      expect([path, answer.status]).toEqual([path, status])
      expect(answer.text).toContain('class="button"')
    }
    expect(desk.apps[0].stderr).toBe('')
  })

  it("ilert's words are escaped", async () => {
    const desk = await startDesk()
    const begun = await get(`${desk.url}/auth/ilert`)
    const query = new URLSearchParams({
      error: 'invalid_scope',
      error_description: `<img src="x" onerror='y'>&amp;`,
      state: new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '',
    })
    const cookie = begun.headers.getSetCookie().map((line) => line.split(';')[0])
    const { status, text } = await get(`${desk.url}/auth/ilert/callback?${query.toString()}`, {
      cookie: cookie.join('; '),
    })
    expect(status).toBe(400)
    expect(text).toContain('ilert refused the sign-in')
    expect(text).toContain('&lt;img src=&#34;x&#34; onerror=&#39;y&#39;&gt;&amp;amp;')
  })

  it('forms are taken from its own pages only', async () => {
    const desk = await startDesk()
    const cookie = await cookieOf(desk)
    for (const path of ['/logout', '/disconnect', '/alerts/1/accept']) {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: '' },
      ] as Record<string, string>[]) {
        expect([path, headers, (await post(desk.url + path, { cookie, ...headers })).status]).toEqual([
          path,
          headers,
          403,
        ])
      }
    }
    const page = await get(desk.url, { cookie })
    expect(deskOwner(page)).toBe('Mara Lindqvist')
    expect(page.text).not.toContain('Not connected')

    expect((await get(`${desk.url}/logout`, { cookie })).status).toBe(404)
    expect(deskOwner(await get(desk.url, { cookie }))).toBe('Mara Lindqvist')
    expect((await post(`${desk.url}/logout`, { cookie })).status).toBe(303)
    expect(deskOwner(await get(desk.url, { cookie }))).toBeUndefined()
  })

  it('what needs a sign-in is refused without one', async () => {
    const desk = await startDesk()
    for (const path of ['/disconnect', '/alerts/1/accept']) expect((await post(desk.url + path)).status).toBe(401)
    const { status, headers } = await get(`${desk.url}/alerts/1/accept`, { 'sec-fetch-mode': 'navigate' })
    expect([status, new URL(headers.get('location') ?? '').origin]).toEqual([302, desk.sandbox.appURL])
    expect(desk.sandbox.requests.filter(({ path }) => path.startsWith('/api/alerts'))).toEqual([])
  })

  it('cookies are out of the reach of scripts and other sites', async () => {
    const desk = await startDesk()
    const { answer, cookies } = await walk(`${desk.url}/auth/ilert`)
    expect(deskOwner(answer)).toBe('Mara Lindqvist')
    expect(cookies.filter((cookie) => cookie.startsWith('session='))).not.toEqual([])
    for (const cookie of cookies) {
      expect(cookie).toMatch(/; Path=\//)
      expect(cookie).toMatch(/; HttpOnly/)
      expect(cookie).toMatch(/; SameSite=Lax/)
    }
    expect(answer.headers.get('strict-transport-security')).toBeNull()
  })

  it('cookies are for https alone, and for this host alone, where browsers use it', async () => {
    const desk = await startDesk()
    const origin = 'https://desk.example'
    const redirectURI = `${origin}/auth/ilert/callback`
    const { clientID, clientSecret } = desk.sandbox.register({ redirectURI })
    const app = await startApp({
      ...desk.sandbox.env,
      ILERT_CLIENT_ID: clientID,
      ILERT_CLIENT_SECRET: clientSecret,
      ILERT_CALLBACK_URL: redirectURI,
      TRUST_PROXY: '1',
    })
    const { answer, cookies } = await walk(`${origin}/auth/ilert`, { [origin]: app.url })
    expect(deskOwner(answer)).toBe('Mara Lindqvist')
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(cookies.some((cookie) => cookie.startsWith('__Host-session='))).toBe(true)
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-.*; Path=\/;.*; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('sign-ins have a limit for each address, and nothing else has', async () => {
    const desk = await startDesk({ env: { TRUST_PROXY: '1' } })
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const statuses: number[] = []
    for (let i = 0; i < 61; i++) statuses.push((await get(`${desk.url}/auth/ilert`, from('192.0.2.1'))).status)
    expect(statuses).toEqual([...Array(60).fill(302), 429])

    for (const path of ['/auth/ilert', '/auth/ilert/callback']) {
      const { status, headers, text } = await get(desk.url + path, from('192.0.2.1'))
      expect([status, Number(headers.get('retry-after'))]).toEqual([429, expect.any(Number)])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(text).toContain('Slow down')
    }
    expect((await get(desk.url, from('192.0.2.1'))).status).toBe(200)
    expect((await get(`${desk.url}/auth/ilert`, from('192.0.2.2'))).status).toBe(302)
  })

  it('an address that any visitor could have made up is not believed', async () => {
    const desk = await startDesk()
    const statuses: number[] = []
    for (let i = 0; i < 61; i++) {
      statuses.push((await get(`${desk.url}/auth/ilert`, { 'x-forwarded-for': `192.0.2.${i}` })).status)
    }
    expect(statuses.at(-1)).toBe(429)
  })
})
