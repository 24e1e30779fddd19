/*
 * Whether everybody can use the desk: by contrast, by names, by keyboard, on a small phone.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { reportAlert, signedIn } from '../sandbox/api-support.ts'
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { closeBrowsers, scrollsSideways, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { allowWriting, beginSignIn, focused, openAlert, openAlerts, PORTAL, signIn } from './steps.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

const DESKTOP = { width: 1280, height: 900 }
/** The same window at 200 %. */
const ENLARGED = { width: 640, height: 450 }
const SMALL_PHONE = { width: 320, height: 568 }

/** Chromium mentions every page that comes with an error. */
const tolerate = /40[34] \(/

/** Goes through all pages, and looks at each of them. */
async function everyPage(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const { url, sandbox } = await startDesk()
  const call = await signedIn(sandbox, 'alert:w source')
  const summary = `https://ci.example/${'a-very-long-path-without-a-space/'.repeat(6)} failed`
  await reportAlert(call, { summary, priority: 'HIGH' })

  await page.goto(url)
  await look('landing')
  await page.goto(`${url}/${'nowhere'.repeat(20)}`)
  await look('no such page')
  await beginSignIn(page, url)
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.getByRole('link', { name: 'Try again' }).waitFor()
  await look('declined')
  await signIn(page, url)
  await look('desk')
  await allowWriting(page)
  await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
  await page.getByRole('status').filter({ hasText: 'You have accepted' }).waitFor()
  await look('desk with buttons and a notice')
  await openAlert(page, PORTAL)
  await look('alert')
  await page.getByRole('link', { name: 'Resolve …' }).click()
  await page.getByRole('heading', { name: 'Resolve this alert?' }).waitFor()
  await look('resolve')
  await page.goto(`${url}/last-day`)
  await look('last day')
  await page.goto(url)
  const fault = sandbox.fault({ path: '*', kind: 503 })
  await page.reload()
  await look('desk without ilert')
  fault.clear()
  await page.goto(`${url}/session`)
  await look('session')
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByText('Not connected.').waitFor()
  await look('session that is not connected')
  await page.goto(url)
  await page.getByRole('link', { name: 'Connect' }).waitFor()
  await look('desk that is not connected')
}

const PAGES = 12

needs('chromium')('accessibility', () => {
  it.each([
    ['light', DESKTOP],
    ['light', SMALL_PHONE],
    ['dark', DESKTOP],
    ['dark', SMALL_PHONE],
    ['light', ENLARGED],
  ] as const)(
    'has no serious flaw on any page, %s, %j',
    async (colorScheme, viewport) => {
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      const { page } = await visit({ colorScheme, viewport, tolerate })
      const found: string[] = []
      let looks = 0
      await everyPage(page, async (name) => {
        await page.evaluate(axe)
        const { violations, passes } = await page.evaluate<AxeResults>('axe.run()')
        expect(passes.map(({ id }) => id)).toContain('color-contrast')
        for (const { id, impact, nodes } of violations) {
          if (impact !== 'serious' && impact !== 'critical') continue
          found.push(
            ...nodes.map(({ target, failureSummary }) => `${name}: ${id} at ${target.join(' ')}: ${failureSummary}`),
          )
        }
        looks += 1
      })
      expect(found).toEqual([])
      expect(looks).toBe(PAGES)
    },
    180_000,
  )

  it('fits on a small phone, every page of it', async () => {
    const { page } = await visit({ viewport: SMALL_PHONE, tolerate })
    const widths: [string, boolean][] = []
    await everyPage(page, async (name) => {
      widths.push([name, await scrollsSideways(page)])
    })
    expect(widths.filter(([, isTooWide]) => isTooWide)).toEqual([])
    expect(widths).toHaveLength(PAGES)
  }, 180_000)

  it('needs no mouse', async () => {
    const { url } = await startDesk()
    const { page } = await visit()
    const tab = async () => {
      await page.keyboard.press('Tab')
      return await focused(page)
    }
    await page.goto(url)
    expect([await tab(), await tab(), await tab()]).toEqual([
      'Skip to the content',
      'On-call desk',
      'Sign in with ilert',
    ])
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Allow' }).focus()
    await page.keyboard.press('Enter')
    await openAlerts(page).waitFor()

    expect(await tab()).toBe('Skip to the content')
    const place = await page.getByRole('link', { name: 'Skip to the content' }).boundingBox()
    expect(place?.x).toBeGreaterThanOrEqual(0) // it can be seen
    expect([await tab(), await tab(), await tab()]).toEqual(['On-call desk', 'History', 'Mara Lindqvist'])
    expect(await tab()).toBe('Sign out')

    await page.goto(url)
    expect(await tab()).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    for (const choice of ['All', 'Mine', 'Open', 'Pending', 'Accepted', 'Any', 'High', 'Low']) {
      expect(await tab()).toBe(choice)
    }
    expect(await tab()).toContain('portal')
    expect(await tab()).toContain(`Accept: ${PORTAL}`)
  })
})
