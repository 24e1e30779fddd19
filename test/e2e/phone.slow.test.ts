/*
 * The desk on a phone: what comes first, what times say, and whether a finger hits its buttons.
 */
import type { Page } from 'playwright-core'
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { allowWriting, beginSignIn, openAlert, PORTAL, signIn, signOut } from './steps.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

const PHONE = { width: 390, height: 844 }
const FINGER = 44

/** Buttons, and what looks like one, and how high they are. */
async function pressable(page: Page): Promise<[string, number][]> {
  return await page.evaluate<[string, number][]>(`
    [...document.querySelectorAll('button, .button, select, .filters a, .menu a')]
      .map((one) => [one.textContent.trim().slice(0, 40), Math.round(one.getBoundingClientRect().height)])`)
}

needs('chromium')('on a phone', () => {
  it('the first thing is until when one is on call', async () => {
    const desk = await startDesk()
    const { page } = await visit({ viewport: PHONE })
    await signIn(page, desk.url)
    const duty = page.getByText(/^You are on call until /)
    const [box, list] = [await duty.boundingBox(), await page.locator('#alerts').boundingBox()]
    expect(box?.y).toBeLessThan(list?.y ?? 0)
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(PHONE.height / 2)
  })

  it.each([
    [
      'the reader’s zone and language',
      { timezoneId: 'Asia/Tokyo', locale: 'de-DE' },
      /^[A-Z][a-z]\., \d+\. [A-Z].*GMT\+9$/,
    ],
    [
      'ilert’s zone of the user, without JavaScript',
      { javaScriptEnabled: false },
      /^[A-Z][a-z]{2} \d+ [A-Z].* (CES?T|GMT\+\d)$/,
    ],
  ])('times name the day, in %s', async (_name, options, shape) => {
    const desk = await startDesk()
    const { page } = await visit({ viewport: PHONE, ...options })
    await signIn(page, desk.url)
    const shown = await page.locator('time:not([data-ago])').allTextContents()
    expect(shown.length).toBeGreaterThan(3)
    for (const text of shown) expect(text).toMatch(shape)
    for (const title of await page.locator('time[data-ago]').all()) {
      expect(await title.getAttribute('title')).toMatch(shape)
    }
  })

  it('whatever can be pressed is as high as a finger is wide', async () => {
    const desk = await startDesk()
    const { page } = await visit({ viewport: PHONE })
    const found: [string, number][] = []
    const look = async () => void found.push(...(await pressable(page)))
    await page.goto(desk.url)
    await look()
    await signIn(page, desk.url)
    await look()
    await allowWriting(page)
    await look()
    await openAlert(page, PORTAL)
    await look()
    await page.getByRole('link', { name: 'Resolve …' }).click()
    await page.getByRole('heading', { name: 'Resolve this alert?' }).waitFor()
    await look()
    await page.goto(`${desk.url}/session`)
    await look()
    expect(found.length).toBeGreaterThan(30)
    expect(found.filter(([, height]) => height < FINGER)).toEqual([])
  })
})

needs('chromium')('the consent page', () => {
  it('has chosen who signed in here the last time', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url, "Aoife O'Brien")
    await signOut(page)
    await beginSignIn(page, desk.url)
    expect(await page.getByRole('radio', { name: "Aoife O'Brien" }).isChecked()).toBe(true)
    const other = await visit()
    await beginSignIn(other.page, desk.url)
    expect(await other.page.getByRole('radio', { name: 'Mara Lindqvist' }).isChecked()).toBe(true)
  })
})
