/*
 * The one visit that `npm test` makes, in a real browser. All others: visit.slow.test.ts.
 */
import { needs } from '../support/needs.ts'
import { NPM_START, startApp } from './app-process.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { alertRow, PORTAL } from './steps.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)

needs('chromium')('the first visit to the desk', () => {
  it('takes one command and two clicks until alerts are seen', async () => {
    const app = await startApp({}, NPM_START)
    expect(app.stdout).toContain('Sandbox: no ilert account is used')
    const { page } = await visit()
    await page.goto(app.url)
    expect(await page.textContent('.banner')).toContain('no ilert account is used')

    await page.getByRole('link', { name: 'Sign in with ilert' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await alertRow(page, PORTAL).waitFor()
    expect(page.url()).toBe(`${app.url}/`)
  })
})
