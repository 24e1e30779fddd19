/*
 * Takes the pictures of the example app's README anew:
 *
 *   SCREENSHOTS=1 npm test -- test/e2e/screenshots
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EXAMPLE_APP, removeBuiltApp } from './app-copy.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { allowWriting, beginSignIn, openAlert, PORTAL, signIn } from './steps.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

const FOLDER = join(EXAMPLE_APP, 'docs')
const DESKTOP = { width: 1200, height: 600 }
const PHONE = { width: 390, height: 844 }
const MAX_TOTAL_BYTES = 1_000_000

const when = process.env.SCREENSHOTS ? it : it.skip

when(
  'pictures of the desk, light and dark',
  async () => {
    await mkdir(FOLDER, { recursive: true })
    const { url } = await startDesk()
    const paths: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await visit({ colorScheme, viewport: DESKTOP, tolerate: /403 \(/ })
      const shoot = async (name: string, fullPage = false) => {
        const path = join(FOLDER, `${name}-${colorScheme}.png`)
        await page.screenshot({ path, fullPage, animations: 'disabled' })
        paths.push(path)
      }
      await page.goto(url)
      await shoot('landing')
      await beginSignIn(page, url)
      await page.getByRole('button', { name: 'Deny' }).click()
      await page.getByRole('link', { name: 'Try again' }).waitFor()
      await shoot('error')
      await signIn(page, url)
      await allowWriting(page)
      await page.evaluate('scrollTo(0, 0)')
      await shoot('desk', true)
      await openAlert(page, PORTAL)
      await shoot('alert', true)
      await page.goto(url)
      await page.setViewportSize(PHONE)
      await shoot('desk-phone')
    }
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    expect(sizes.reduce((total, size) => total + size, 0)).toBeLessThan(MAX_TOTAL_BYTES)
  },
  180_000,
)
