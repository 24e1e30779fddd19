/*
 * What the app writes while people use it: no token, no code, no secret, however talkative it is.
 */
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { type Exchange, startProxy } from './proxy.ts'
import { signIn, signOut } from './steps.ts'
import { SHORT, wholeVisit } from './whole-visit.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

needs('chromium')('the log, at its most talkative', () => {
  it('holds no secret of a whole visit, with things going wrong', async () => {
    const SESSION_SECRET = 'a-secret-for-the-cookies-of-this-test-0123456789'
    const proxy = await startProxy()
    const env = { LOG_LEVEL: 'trace', ILERT_API_URL: proxy.url, SESSION_SECRET }
    const desk = await startDesk({ sandbox: SHORT, env })
    proxy.targets.push(desk.sandbox.apiURL)
    const { context, page } = await visit({ tolerate: /50[023] \(|40[013] \(/ })
    const seen = new Set([SESSION_SECRET, desk.sandbox.env.ILERT_CLIENT_SECRET as string])
    const states = new Set<string>()
    page.on('request', (request) => {
      const { searchParams } = new URL(request.url())
      for (const name of ['code', 'state', 'code_challenge']) states.add(searchParams.get(name) ?? '')
    })
    context.on('response', async (response) => {
      for (const { name, value } of await response.headersArray().catch(() => [])) {
        if (name.toLowerCase() === 'set-cookie') for (const secret of cookieSecrets(value)) seen.add(secret)
      }
    })
    const startAgain = async () => {
      await page.goto(`${desk.url}/auth/ilert`)
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByRole('link', { name: /Try again|Go to the desk|Sign in/ }).waitFor()
    }
    await wholeVisit(desk, page)

    // Errors are written with all that hangs on them.
    await signIn(page, desk.url)
    const fault = desk.sandbox.fault({ path: '*', kind: 503 })
    await page.reload()
    await page.goto(`${desk.url}/auth/ilert/callback?code=a-code-that-is-made-up&state=made-up`)
    fault.clear()
    const away = desk.sandbox.fault({ path: '/api/developers/oauth2/token', kind: 'html' })
    await startAgain()
    away.clear()
    for (const body of [
      { error: 'invalid_grant' },
      { access_token: '<' },
      { access_token: 'half-a-token', scope: 1 },
    ]) {
      proxy.instead.set('/api/developers/oauth2/token', { status: 'error' in body ? 400 : 200, body })
      await startAgain()
    }
    proxy.instead.clear()
    await page.goto(desk.url)
    await signOut(page)
    await desk.apps[0].stop()

    for (const exchange of proxy.exchanges) for (const secret of tokenSecrets(exchange)) seen.add(secret)
    for (const secret of [...states, 'a-code-that-is-made-up', 'half-a-token']) if (secret !== '') seen.add(secret)
    const [cookies, tokens] = [/^s:/, /^eyJ/].map((form) => [...seen].filter((secret) => form.test(secret)))
    expect(cookies?.length).toBeGreaterThan(1)
    expect(tokens?.length).toBeGreaterThan(5)
    expect(seen.size).toBeGreaterThan(20) // codes and verifiers, too

    const { stdout, stderr } = desk.apps[0]
    const written = stdout + stderr
    expect(written).toContain('"path":"/auth/ilert/callback"')
    expect(written).toContain('the tokens of a user were refreshed')
    expect(written).toContain('"level":50')
    const parts = [...seen].flatMap((secret) => [secret, encodeURIComponent(secret), decodeURIComponent(secret)])
    expect(parts.filter((secret) => written.includes(secret))).toEqual([])
  })
})

/** What a request to the token endpoint and its answer hold. */
function tokenSecrets({ request, body }: Exchange): string[] {
  if (!request.path.startsWith('/api/developers/oauth2/')) return []
  const form = new URLSearchParams(request.body)
  const sent = ['code', 'code_verifier', 'refresh_token', 'client_secret', 'token'].map((name) => form.get(name) ?? '')
  const { access_token = '', refresh_token = '' } = body.startsWith('{') ? JSON.parse(body) : {}
  return [...sent, access_token, refresh_token].filter((secret) => secret !== '')
}

/** The value of a cookie, and the id in it. */
function cookieSecrets(header: string): string[] {
  return header.split('\n').flatMap((line) => {
    const value = decodeURIComponent(line.slice(line.indexOf('=') + 1).split(';')[0] ?? '')
    const id = /^s:([^.]+)\./.exec(value)?.[1]
    return [value, id ?? ''].filter((secret) => secret !== '')
  })
}
