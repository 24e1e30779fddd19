import type { Page } from 'playwright-core'
import { type Desk, refreshesOf } from './desk.ts'
import {
  alertRow,
  allow,
  allowWriting,
  change,
  openAlerts,
  PORTAL,
  passHalfAMinute,
  renewals,
  SEPA,
  signedInUser,
  signIn,
  signInLink,
  signOut,
} from './steps.ts'
import { sleep } from './wait.ts'

/** How long access tokens last where a visit waits for their end. */
export const SHORT = { accessTokenSeconds: 8 }

/**
 * A shift on the desk, from the first click to the last, however many processes there are. For a desk with `SHORT`
 * tokens. `midway` may do to it what it likes.
 */
export async function wholeVisit(desk: Desk, page: Page, midway: () => Promise<void> = async () => {}): Promise<void> {
  await page.clock.install()
  await signIn(page, desk.url)
  expect(await signedInUser(page)).toBe('Mara Lindqvist')
  expect(await page.locator('#on-calls').textContent()).toContain('(you)')

  await allowWriting(page)
  await change(page, 'Accept', PORTAL)
  await midway()
  await change(page, 'Resolve', PORTAL)
  await change(page, 'Accept', SEPA)
  expect(await alertRow(page, SEPA).textContent()).toContain('Accepted by you')

  await crossExpiry(desk, page)

  await page.goto(`${desk.url}/session`)
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByText('Not connected.').waitFor()
  expect(await signedInUser(page)).toBe('Mara Lindqvist')
  await page.getByRole('link', { name: 'Connect' }).click()
  await allow(page)
  expect(await alertRow(page, PORTAL).count()).toBe(0)

  await signOut(page)
  await page.goBack()
  await signInLink(page).waitFor()
  expect(await openAlerts(page).count()).toBe(0)
}

/** Leaves the page open for longer than an access token lasts. */
export async function crossExpiry(desk: Desk, page: Page): Promise<void> {
  const before = await renewals(page)
  const end = performance.now() + 2 * 1000 * SHORT.accessTokenSeconds
  while ((await renewals(page)) === before) {
    if (performance.now() > end) throw new Error('The tokens were not renewed.')
    await sleep(500)
    await passHalfAMinute(page)
    expect(await openAlerts(page).count()).toBe(1)
    expect(await page.locator('.problem').count()).toBe(0)
  }
  expect(await renewals(page)).toBeLessThanOrEqual(refreshesOf(desk))
}
