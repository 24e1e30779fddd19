import type { Locator, Page } from 'playwright-core'

/** Open alerts of the sandbox that nobody has taken on, by a part of their summaries. */
export const PORTAL = 'portal.nordwind.example is down'
export const SEPA = 'SEPA mandates'

/* What people do on the desk, each step up to where they see that it is done. */

/** Two clicks from the landing page. */
export async function signIn(page: Page, url: string, name?: string): Promise<void> {
  await beginSignIn(page, url)
  if (name !== undefined) await page.getByRole('radio', { name }).check()
  await allow(page)
}

/** Up to where ilert asks. */
export async function beginSignIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByRole('link', { name: 'Sign in with ilert' }).click()
  await page.getByRole('button', { name: 'Allow' }).waitFor()
}

/** Says yes to ilert's question. */
export async function allow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Allow' }).click()
  await openAlerts(page).waitFor()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signInLink(page).waitFor()
}

/** Lets ilert ask whether alerts may be written, and says yes. */
export async function allowWriting(page: Page): Promise<void> {
  await page.getByRole('link', { name: `Accept: ${PORTAL}` }).click()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Accept this alert?' }).waitFor()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.getByRole('link', { name: 'Back to the alerts' }).click()
  await page.getByRole('button', { name: `Accept: ${PORTAL}` }).waitFor()
}

/** Accepts an alert in the list, or resolves it on its page, and waits for what the desk says of it. */
export async function change(page: Page, how: 'Accept' | 'Resolve', summary: string): Promise<void> {
  if (how === 'Accept') await page.getByRole('button', { name: `Accept: ${summary}` }).click()
  else {
    await openAlert(page, summary)
    await page.getByRole('link', { name: 'Resolve …' }).click()
    await page.getByRole('heading', { name: 'Resolve this alert?' }).waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
  }
  await notice(page)
    .filter({ hasText: how === 'Accept' ? /^You have accepted: / : /^You have resolved: / })
    .filter({ hasText: summary })
    .waitFor()
}

/** Goes to the page of an alert. */
export async function openAlert(page: Page, summary: string): Promise<void> {
  await alertRow(page, summary).locator('.summary a').click()
  await page.getByRole('heading', { level: 1 }).filter({ hasText: summary }).waitFor()
}

/** Has half a minute pass for an open page whose clock is Playwright's, and waits for what the page then asks for. */
export async function passHalfAMinute(page: Page): Promise<void> {
  await page.waitForLoadState() // the script of the page has run, and knows when to begin
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/')
  await page.clock.fastForward(30_000)
  await (await answered).finished()
}

/* Where things are. */

export function openAlerts(page: Page): Locator {
  return page.getByRole('heading', { name: 'Open alerts' })
}

export function signInLink(page: Page): Locator {
  return page.getByRole('link', { name: 'Sign in with ilert' })
}

export async function idOf(page: Page, summary: string): Promise<string> {
  return (await alertRow(page, summary).getAttribute('id'))?.replace('alert-', '') ?? ''
}

/** Whose name the header shows. */
export async function signedInUser(page: Page): Promise<string | null> {
  return await page.locator('.menu a[href="/session"]').textContent()
}

export function notice(page: Page): Locator {
  return page.getByRole('status')
}

export function alertRow(page: Page, summary: string): Locator {
  return page.locator('.row').filter({ hasText: summary })
}

/** What the session's page says, asked beside the page that is open. */
export async function sessionPage(page: Page): Promise<string> {
  return await (await page.request.get(new URL('/session', page.url()).href)).text()
}

/** What it says on the number of refreshes. */
export async function renewals(page: Page): Promise<number> {
  return Number(/Renewed (\d+) times? since you signed in/.exec(await sessionPage(page))?.[1])
}

/** A page that is loaded anew forgets a mark. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate('globalThis.isMarked = true')
}

export async function isMarked(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>('globalThis.isMarked === true')
}

/** The name of what has the focus; empty where nothing has. */
export async function focused(page: Page): Promise<string> {
  return await page.evaluate<string>(`(() => {
    const { activeElement, body } = document
    if (activeElement === body) return ''
    return activeElement.getAttribute('aria-label') ?? activeElement.textContent.trim()
  })()`)
}
