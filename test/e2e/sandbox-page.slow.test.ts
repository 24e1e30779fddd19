/*
 * The sandbox's own page, at /_sandbox/, in a real browser.
 *
 *   SCREENSHOTS=/some/folder npm test -- test/e2e/sandbox-page
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { currentUser, tokensFor } from '../sandbox/support.ts'
import { needs } from '../support/needs.ts'
import { closeServers, serve } from '../support/server.ts'
import { closeBrowsers, scrollsSideways, visit } from './browser.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { eventually, sleep } from './wait.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await createSandbox()
  atEnd(() => sandbox.close())
})
afterEach(cleanUp)
afterEach(closeServers)
afterAll(closeBrowsers)

needs('chromium')('the page of the sandbox', () => {
  it('shows people, tokens by their ends and requests as they come', async () => {
    const { page } = await visit()
    await page.goto(`${sandbox.appURL}/_sandbox/`)
    await page.getByText('Mara Lindqvist').waitFor()
    const { access_token } = await tokensFor(sandbox)
    await page.locator('#requests td').getByText('/api/developers/oauth2/token').waitFor()
    await page
      .locator('#tokens')
      .getByText(`access …${access_token.slice(-6)}`)
      .waitFor()
    expect(await page.content()).not.toContain(access_token.slice(-12))
    await page.getByRole('button', { name: 'Revoke the grants of Mara Lindqvist' }).click()
    await page.locator('#tokens').getByText('refresh …').waitFor({ state: 'detached' })
  })

  it('moves the clock, and back', async () => {
    const { page } = await visit()
    await page.goto(`${sandbox.appURL}/_sandbox/`)
    await page.getByRole('button', { name: '+ 1 hour' }).click()
    await page.getByText('ahead by 1 h').waitFor()
    expect(sandbox.clock.now() - Date.now()).toBeGreaterThan(3_590_000)
    await page.getByRole('button', { name: 'Back to now' }).click()
    await page.getByText('ahead by').waitFor({ state: 'hidden' })
    expect(Math.abs(sandbox.clock.now() - Date.now())).toBeLessThan(5000)
  })

  it('switches faults on and off, says why not, and begins anew', async () => {
    const { page } = await visit({ tolerate: /400 \(Bad Request\)/ })
    await page.goto(`${sandbox.appURL}/_sandbox/`)
    await page.getByRole('button', { name: 'Switch on' }).click()
    await page.locator('#faults').getByText('503 at *').waitFor()
    expect((await currentUser(sandbox, 'x')).status).toBe(503)
    await page.getByRole('button', { name: 'Clear 503 at *' }).click()
    await page.locator('#faults li').waitFor({ state: 'detached' })
    expect((await currentUser(sandbox, 'x')).status).toBe(401)
    await page.getByRole('button', { name: 'Begin anew' }).click()
    await eventually(async () => expect(sandbox.requests).toEqual([]))
  })

  it('says when the sandbox has gone', async () => {
    const { page } = await visit({ tolerate: /ERR_CONNECTION_REFUSED|Failed to fetch/ })
    await page.goto(`${sandbox.appURL}/_sandbox/`)
    await page.getByText('Mara Lindqvist').waitFor()
    await sandbox.close()
    await page.getByRole('alert').filter({ hasText: 'The sandbox does not answer.' }).waitFor()
  })

  it('takes no orders from other pages in the same browser', async () => {
    const { page } = await visit({ tolerate: /./ })
    const other = await serve((response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Other</h1>'),
    )
    await page.goto(`http://127.0.0.1:${other.port}/`)
    const before = sandbox.clock.now()
    await page.evaluate(`(async () => {
      const url = ${JSON.stringify(`${sandbox.appURL}/_sandbox`)}
      for (const mode of ['cors', 'no-cors']) {
        for (const type of ['application/json', 'text/plain']) {
          await fetch(url + '/clock', { method: 'POST', mode, headers: { 'content-type': type }, body: '{"advance": 3600000}' }).catch(() => {})
        }
        await fetch(url + '/reset', { method: 'POST', mode }).catch(() => {})
      }
      const form = document.createElement('form')
      Object.assign(form, { method: 'POST', action: url + '/reset', target: 'nowhere' })
      document.body.append(form)
      form.submit()
    })()`)
    await currentUser(sandbox, 'x')
    await sleep(500)
    expect(sandbox.clock.now() - before).toBeLessThan(60_000)
    expect(sandbox.requests.length).toBeGreaterThan(0) // nothing was reset
  })

  it.each(['light', 'dark'] as const)('has no serious flaw, %s', async (colorScheme) => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    const { page } = await visit({ colorScheme, viewport: { width: 1200, height: 900 } })
    await tokensFor(sandbox)
    await currentUser(sandbox, 'x')
    sandbox.fault({ path: '/api/on-calls', kind: 'hang' })
    sandbox.clock.advance(3_600_000 - 60_000)
    await page.goto(`${sandbox.appURL}/_sandbox/`)
    await page.locator('#tokens li').first().waitFor()
    await page.locator('#requests tr').first().waitFor()
    const shots = process.env.SCREENSHOTS
    if (shots) await page.screenshot({ path: join(shots, `sandbox-${colorScheme}.png`), fullPage: true })
    await page.evaluate(axe)
    const { violations } = await page.evaluate<AxeResults>('axe.run()')
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
    await page.setViewportSize({ width: 320, height: 568 })
    expect(await scrollsSideways(page)).toBe(false)
    if (shots) await page.screenshot({ path: join(shots, `sandbox-phone-${colorScheme}.png`) })
  })
})
