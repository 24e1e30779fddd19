/* The example of a page with a backend, in a real browser. */
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { createApp } from '../../example-spa/app.js'
import { createSandbox } from '../../src/sandbox/index.ts'
import { closeBrowsers, visit } from '../e2e/browser.ts'
import { atEnd, cleanUp } from '../e2e/clean-up.ts'
import { needs } from '../support/needs.ts'

const environment = { ...process.env }
afterEach(cleanUp)
afterAll(async () => {
  await closeBrowsers()
  process.env = environment
})

const PORTAL = 'portal.nordwind.example is down'
const HOUR_MS = 3_600_000

async function startSpa() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback` })
  Object.assign(process.env, sandbox.env)
  const { app, ilert } = createApp({ secret: 'only for this test', clock: sandbox.clock })
  server.on('request', app)
  atEnd(async () => {
    server.closeAllConnections()
    server.close()
    await ilert.tokens.close()
    await ilert.client.close()
    await sandbox.close()
  })
  const refreshes = () => sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length
  return { url, sandbox, refreshes }
}

const acceptButton = (page: Page) => page.getByRole('button', { name: `Accept: ${PORTAL}` })
const accepted = (page: Page) =>
  page.getByRole('listitem').filter({ hasText: PORTAL }).filter({ hasText: '(accepted)' })
const allow = (page: Page) => page.getByRole('button', { name: 'Allow' }).click()

needs('chromium')('the example of a page with a backend', () => {
  it('signs in, lists, accepts with a step-up and back, crosses an expiry, signs out', async () => {
    const { url, sandbox, refreshes } = await startSpa()
    const { page, context } = await visit({ tolerate: /the server responded with a status of 403/ })
    await page.goto(url)
    await page.getByText('Nobody is signed in.').waitFor()
    await page.getByRole('button', { name: 'Sign in with ilert' }).click()
    await allow(page)
    await page.getByText('Signed in as Mara Lindqvist').waitFor()
    await acceptButton(page).waitFor()

    // Reading is granted, and writing is not yet: ilert asks, and the user comes back to the same alert.
    await acceptButton(page).click()
    await allow(page)
    await acceptButton(page).waitFor()
    expect(new URL(page.url()).search).toMatch(/^\?alert=\d+$/)
    await page.locator('button:focus', { hasText: 'Accept' }).waitFor()
    await page.keyboard.press('Enter')
    await page
      .getByRole('status')
      .filter({ hasText: `Accepted: ${PORTAL}` })
      .waitFor()
    await accepted(page).waitFor()
    expect(await acceptButton(page).count()).toBe(0)

    // Two hours later the page is as good as before.
    expect(refreshes()).toBe(0)
    sandbox.clock.advance(2 * HOUR_MS)
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/ilert/api/alerts')
    await page.getByRole('button', { name: 'Reload' }).click()
    expect((await answered).status()).toBe(200)
    expect(refreshes()).toBe(1)
    expect(await accepted(page).count()).toBe(1)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Nobody is signed in.').waitFor()
    expect(await page.locator('#alerts li').count()).toBe(0)
    await page.goBack().catch(() => {})
    await page.goto(url)
    await page.getByText('Nobody is signed in.').waitFor()

    // All the while nothing that a script could read was a token.
    const readable = await page.evaluate<string>(
      'document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })',
    )
    expect(readable).toBe('{}')
    for (const cookie of await context.cookies()) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
  })

  it('serves no page of another origin: not even one of the same site', async () => {
    const { url, sandbox } = await startSpa()
    const { page } = await visit({ tolerate: /./ })
    await page.goto(url)
    await page.getByRole('button', { name: 'Sign in with ilert' }).click()
    await allow(page)
    await acceptButton(page).waitFor()

    // Another port is another origin of the same site: the session's cookie goes along.
    const neighbour = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<title>neighbour</title>')
    }).listen(0, '127.0.0.1')
    atEnd(() => neighbour.close())
    await once(neighbour, 'listening')
    await page.goto(`http://localhost:${(neighbour.address() as AddressInfo).port}/`)
    const seen = sandbox.requests.length
    const statuses: number[] = []
    page.on('response', (response) => statuses.push(response.status()))
    await page.evaluate(`Promise.allSettled([
      fetch('${url}/api/ilert/api/alerts', { credentials: 'include', mode: 'no-cors' }),
      fetch('${url}/me', { credentials: 'include', mode: 'no-cors' }),
      fetch('${url}/api/ilert/api/alerts', { credentials: 'include', headers: { 'X-Requested-With': 'x' } }),
      new Promise((resolve) => {
        const script = document.createElement('script')
        script.onload = script.onerror = resolve
        script.src = '${url}/api/ilert/api/alerts'
        document.head.append(script)
      }),
    ])`)
    await page.goto(`${url}/api/ilert/api/alerts`) // typed into the address bar
    expect(await page.textContent('body')).toContain('cross_site')
    expect(statuses.length).toBeGreaterThanOrEqual(3)
    expect(statuses.filter((status) => status < 400)).toEqual([])
    expect(sandbox.requests.length).toBe(seen)
  })
})

test('the example starts with one command, and no account', async () => {
  const { spawn } = await import('node:child_process')
  const { freePort } = await import('../support/port.ts')
  const port = await freePort()
  const { ILERT_CLIENT_ID, ...env } = environment
  const child = spawn(process.execPath, ['example-spa/server.js'], { env: { ...env, PORT: String(port) } })
  atEnd(() => child.kill())
  let output = ''
  for await (const part of child.stdout) {
    output += String(part)
    if (output.includes(`The page is up at http://localhost:${port}`)) break
  }
  expect(output).toContain('Sandbox: no ilert account is used')
  const [response] = await once(get(`http://localhost:${port}/`), 'response')
  response.resume()
  expect(response.statusCode).toBe(200)
})
