import { jest } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { needs } from '../support/needs.ts'
import { closeServers, freePort, serve } from '../support/server.ts'
import { type AppProcess, runApp, startApp, stopApps } from './app-process.ts'
import { scrollsSideways, type Visit, visit } from './browser.ts'

jest.setTimeout(60_000)
afterAll(stopApps)

needs('chromium')('a visit to the example app', () => {
  let app: AppProcess
  let browser: Visit

  beforeAll(async () => {
    app = await startApp()
  })
  afterEach(() => browser.close())

  /** Begins the sign-in on the start page, up to where the sandbox asks. */
  async function begin(page: Page): Promise<void> {
    await page.goto(app.url)
    await page.getByRole('link', { name: 'Sign in with ilert' }).click()
    await page.getByRole('button', { name: 'Allow' }).waitFor()
  }

  async function signIn(page: Page, name?: string): Promise<void> {
    await begin(page)
    if (name !== undefined) await page.getByRole('radio', { name }).check()
    await allow(page)
  }

  async function allow(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'What you have granted' }).waitFor()
  }

  it('signs in, shows who it is, and signs out', async () => {
    browser = await visit()
    const { page } = browser
    await page.goto(app.url)
    expect(await page.textContent('.banner')).toContain('no ilert account is used')

    await signIn(page, "Aoife O'Brien")
    expect(page.url()).toBe(`${app.url}/me`)
    const text = await page.textContent('main')
    for (const part of ["Aoife O'Brien", 'aoife.obrien', 'STAKEHOLDER', 'bluepeak', 'profile', 'Connected']) {
      expect(text).toContain(part)
    }
    expect(text).toMatch(/access token ends in (59|60) minutes, at \d\d:\d\d UTC/)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in with ilert' }).waitFor()
    expect(page.url()).toBe(`${app.url}/`)

    // The page from before, by the back button and by its address: the sandbox asks who it is.
    await page.goBack()
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    await page.goto(`${app.url}/me`)
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    expect(browser.complaints).toEqual([])
  })

  it('keeps a person signed in over pages, and leaves another browser alone', async () => {
    browser = await visit()
    await signIn(browser.page)
    await browser.page.goto(app.url)
    await browser.page.getByRole('link', { name: 'Your page' }).click()
    await browser.page.getByRole('heading', { name: 'Mara Lindqvist' }).waitFor()

    const other = await visit()
    try {
      await other.page.goto(`${app.url}/me`)
      await other.page.getByRole('button', { name: 'Allow' }).waitFor()
    } finally {
      await other.close()
    }
    expect(browser.complaints).toEqual([])
  })

  it('says so kindly when the user declines, and lets them try again', async () => {
    browser = await visit()
    const { page } = browser
    await begin(page)
    const answered = page.waitForResponse((response) => response.url().includes('/auth/ilert/callback'))
    await page.getByRole('button', { name: 'Deny' }).click()
    expect((await answered).status()).toBe(403)
    await page.getByRole('heading', { name: 'You declined the request' }).waitFor()

    await page.getByRole('link', { name: 'Try again' }).click()
    await allow(page)
    // Chromium itself mentions every page that comes with a 4xx.
    expect(browser.complaints).toEqual([expect.stringContaining('403 (Forbidden)')])
  })

  it.each(['in the order of their beginning', 'in the other order'])('signs in two tabs at once, %s', async (order) => {
    browser = await visit()
    const tabs = [browser.page, await browser.context.newPage()]
    await Promise.all(tabs.map(begin))
    if (order === 'in the other order') tabs.reverse()
    for (const tab of tabs) await allow(tab)
    for (const tab of tabs) {
      await tab.reload()
      expect(tab.url()).toBe(`${app.url}/me`)
    }
    expect(browser.complaints).toEqual([])
  })

  it('comes back to the page that needed the sign-in', async () => {
    browser = await visit()
    const { page } = browser
    await page.goto(`${app.url}/me?from=a+mail&then=%2Felsewhere`)
    await allow(page)
    expect(page.url()).toBe(`${app.url}/me?from=a+mail&then=%2Felsewhere`)
    expect(browser.complaints).toEqual([])
  })

  it('never goes on to another site', async () => {
    browser = await visit()
    const { page } = browser
    for (const returnTo of ['https://evil.example/', '//evil.example/', '/\\evil.example']) {
      await page.goto(`${app.url}/auth/ilert?returnTo=${encodeURIComponent(returnTo)}`)
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByRole('link', { name: 'Your page' }).waitFor()
      expect(page.url()).toBe(`${app.url}/`)
    }
  })

  it('fits on a small phone, every page of it', async () => {
    browser = await visit()
    const { page } = browser
    await page.setViewportSize({ width: 320, height: 568 })
    const widths: Record<string, boolean> = {}
    const look = async (name: string) => {
      widths[name] = await scrollsSideways(page)
    }

    await page.goto(app.url)
    await look('start page')
    await begin(page)
    await look('consent')
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('link', { name: 'Try again' }).waitFor()
    await look('declined')
    await signIn(page)
    await look('profile')
    await page.goto(`${app.url}/${'nowhere'.repeat(20)}`)
    await look('no such page')
    expect(widths).toEqual({
      'start page': false,
      consent: false,
      declined: false,
      profile: false,
      'no such page': false,
    })
  })
})

describe('the example app without a browser', () => {
  let sandbox: Sandbox | undefined

  afterEach(async () => {
    await stopApps()
    await closeServers()
    await sandbox?.close()
    sandbox = undefined
  })

  /** Starts the app on a test's own sandbox. */
  async function startOnSandbox(env: Record<string, string> = {}): Promise<AppProcess & { sandbox: Sandbox }> {
    const port = await freePort()
    sandbox = await createSandbox({ redirectURI: `http://localhost:${port}/auth/ilert/callback`, approve: true })
    const app = await startApp({ ...sandbox.env, PORT: String(port), ...env })
    return Object.assign(app, { sandbox })
  }

  it('names a port that is taken, and the command that takes another', async () => {
    const other = await serve((response) => response.end('somebody else'))
    const app = await runApp({ PORT: String(other.port) })
    expect(await app.ended).toBe(1)
    expect(app.stderr).toContain(`Port ${other.port} is taken`)
    expect(app.stderr).toContain(`PORT=${other.port + 1} npm start`)
    expect(app.stderr).not.toMatch(/^\s+at /m)
  })

  it('says which settings are missing in production', async () => {
    const app = await runApp({ NODE_ENV: 'production' })
    expect(await app.ended).toBe(1)
    expect(app.stderr).toContain('SESSION_SECRET: missing')
    expect(app.stderr).toContain('ILERT_CLIENT_ID: missing')
    expect(app.stderr).not.toMatch(/^\s+at /m)
  })

  it('says what is wrong with a setting of ilert', async () => {
    const app = await runApp({
      ILERT_CLIENT_ID: 'some-id',
      ILERT_CLIENT_SECRET: 's3cret',
      ILERT_API_URL: 'http://a.b',
    })
    expect(await app.ended).toBe(1)
    expect(app.stderr).toContain('ILERT_API_URL')
    expect(app.stderr).not.toMatch(/^\s+at |s3cret/m)
  })

  it('ends at a signal, also with connections open', async () => {
    const app = await startApp()
    expect(app.stdout).toContain('Sandbox: no ilert account is used')
    const open = await fetch(app.url) // its connection stays open, as a browser's does
    expect(open.status).toBe(200)
    const began = performance.now()
    await app.stop()
    expect(performance.now() - began).toBeLessThan(5000) // before any connection is cut, or process killed
    await expect(fetch(app.url)).rejects.toThrow()
  })

  it('shows a page with a way on while ilert is away, and works again afterwards', async () => {
    const app = await startOnSandbox()
    expect(app.stdout).not.toContain('Sandbox')
    for (const kind of [503, 'reset', 'html'] as const) {
      const fault = app.sandbox.fault({ path: '/api/developers/oauth2/token', kind })
      const { response } = await walk(`${app.url}/auth/ilert`)
      expect(response.status).toBe(503)
      const text = await response.text()
      expect(text).toContain('ilert does not answer right now')
      expect(text).toContain('href="/auth/ilert"')
      expect(text).not.toContain('Sandbox')
      fault.clear()
    }
    expect(app.stderr).not.toContain(app.sandbox.env.ILERT_CLIENT_SECRET)

    const cookie = await app.sandbox.signIn(`${app.url}/auth/ilert`)
    const me = await fetch(`${app.url}/me`, { headers: { cookie } })
    expect(me.status).toBe(200)
    expect(await me.text()).toContain('Mara Lindqvist')
  })

  it('answers what makes no sense with a page, never with a stack', async () => {
    const app = await startOnSandbox()
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/%ff', 404],
      ['/auth/ilert/callback?code=made-up&state=made-up', 403],
      ['/auth/ilert/callback?code=one&code=two&state=made-up', 400],
      ['/auth/ilert/callback?error=access_denied', 403],
    ] as const) {
      const response = await fetch(app.url + path)
      expect([path, response.status]).toEqual([path, status])
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      const text = await response.text()
      expect(text).toContain('class="button"')
      expect(text).not.toMatch(/^\s+at |node_modules|made-up/m)
    }
  })

  it('escapes what others have written', async () => {
    const app = await startOnSandbox()
    const begun = await fetch(`${app.url}/auth/ilert`, { redirect: 'manual' })
    const query = new URLSearchParams({
      error: 'invalid_scope',
      error_description: `<img src="x" onerror='y'>&amp;`,
      state: new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '',
    })
    const cookie = begun.headers.getSetCookie().map((line) => line.split(';')[0])
    const response = await fetch(`${app.url}/auth/ilert/callback?${query.toString()}`, {
      headers: { cookie: cookie.join('; ') },
    })
    expect(response.status).toBe(400)
    const text = await response.text()
    expect(text).toContain('ilert refused the sign-in')
    expect(text).toContain('&#60;img src=&#34;x&#34; onerror=&#39;y&#39;&#62;&#38;amp;')
  })

  it('takes the form that signs out from its own pages only', async () => {
    const app = await startOnSandbox()
    const cookie = await app.sandbox.signIn(`${app.url}/auth/ilert`)
    const post = (headers: Record<string, string>) =>
      fetch(`${app.url}/logout`, { method: 'POST', redirect: 'manual', headers: { cookie, ...headers } })
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: app.url },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      {},
    ]) {
      expect((await post(headers as Record<string, string>)).status).toBe(403)
    }
    const stillThere = await fetch(`${app.url}/me`, { redirect: 'manual', headers: { cookie } })
    expect(stillThere.status).toBe(200)

    expect((await post({ origin: app.url })).status).toBe(303)
    const gone = await fetch(`${app.url}/me`, { redirect: 'manual', headers: { cookie } })
    expect(gone.headers.get('location')).toBe('/auth/ilert?returnTo=%2Fme')
  })

  it('sets cookies that scripts and other sites cannot use, and that need https where browsers use it', async () => {
    const plain = await startOnSandbox()
    const { response: page, cookies } = await walk(`${plain.url}/auth/ilert`)
    expect(await page.text()).toContain('Mara Lindqvist')
    const sessions = cookies.filter((cookie) => cookie.startsWith('session='))
    expect(sessions).not.toEqual([])
    for (const cookie of sessions) expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/)
    await plain.stop()

    const origin = 'https://desk.example'
    const { sandbox } = plain
    const env = { ...sandbox.env, ...envOf(sandbox.register({ redirectURI: `${origin}/auth/ilert/callback` })) }
    const secure = await startApp({ ...env, ILERT_CALLBACK_URL: `${origin}/auth/ilert/callback` })
    // As a proxy passes it on.
    const { response, cookies: safe } = await walk(`${origin}/auth/ilert`, { [origin]: secure.url })
    expect(await response.text()).toContain('Mara Lindqvist')
    expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(safe.some((cookie) => cookie.startsWith('__Host-session='))).toBe(true)
    for (const cookie of safe) expect(cookie).toMatch(/^__Host-.*; Path=\/;.*; Secure/)
  })
})

function envOf({ clientID, clientSecret }: { clientID: string; clientSecret: string }): Record<string, string> {
  return { ILERT_CLIENT_ID: clientID, ILERT_CLIENT_SECRET: clientSecret }
}

/**
 * Goes where the redirects lead, with cookies, as a browser does. `proxies` says which origins are served by which app
 * behind the end of TLS.
 */
async function walk(start: string, proxies: Record<string, string> = {}) {
  const jar = new Map<string, string>()
  const cookies: string[] = []
  let url = start
  for (let step = 0; step < 10; step++) {
    const { origin, pathname, search } = new URL(url)
    const headers: Record<string, string> = { cookie: [...jar.values()].join('; ') }
    if (proxies[origin]) headers['x-forwarded-proto'] = 'https'
    const response = await fetch((proxies[origin] ?? origin) + pathname + search, { redirect: 'manual', headers })
    for (const line of response.headers.getSetCookie()) {
      cookies.push(line)
      const [pair = ''] = line.split(';')
      jar.set(pair.split('=')[0] ?? '', pair)
    }
    const location = response.headers.get('location')
    if (location === null) return { response, cookies }
    url = new URL(location, url).href
  }
  throw new Error('The redirects have no end.')
}
