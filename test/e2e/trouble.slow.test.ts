/*
 * The desk while something is wrong, in a real browser: what people see, and that it passes.
 */
import { reportAlert, signedIn } from '../sandbox/api-support.ts'
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { startDesk } from './desk.ts'
import { startProxy } from './proxy.ts'
import {
  alertRow,
  allow,
  allowWriting,
  beginSignIn,
  focused,
  idOf,
  isMarked,
  mark,
  notice,
  openAlerts,
  PORTAL,
  passHalfAMinute,
  SEPA,
  sessionPage,
  signedInUser,
  signIn,
  signInLink,
  signOut,
} from './steps.ts'
import { eventually, sleep } from './wait.ts'
import { crossExpiry, SHORT } from './whole-visit.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

const UNAVAILABLE = /503 \(Service Unavailable\)/
const REFUSED = /ERR_CONNECTION_REFUSED/

needs('chromium')('an open page', () => {
  it('goes on beyond the end of the access token, and is never loaded anew', async () => {
    const desk = await startDesk({ sandbox: SHORT })
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await mark(page)
    await crossExpiry(desk, page)
    await crossExpiry(desk, page)
    expect(await isMarked(page)).toBe(true)
  })

  it('shows within half a minute what others have done', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await mark(page)
    const call = await signedIn(desk.sandbox, 'alert:w source', 'tunde.okafor')
    await reportAlert(call, { summary: 'The coffee machine is on fire' })
    await passHalfAMinute(page)
    await alertRow(page, 'The coffee machine is on fire').waitFor()
    expect(await isMarked(page)).toBe(true)
  })

  it('keeps the focus where it is while it renews itself', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    for (const control of [
      page.getByRole('link', { name: `Accept: ${SEPA}` }),
      page.getByRole('link', { name: 'Mine' }),
      page.getByRole('button', { name: 'Sign out' }),
    ]) {
      await control.focus()
      const before = await focused(page)
      const old = await page.locator('#as-of').elementHandle()
      await passHalfAMinute(page)
      await page.waitForFunction((element) => !element?.isConnected, old)
      expect(await focused(page)).toBe(before)
    }
  })

  it('leads to the landing page when the session has ended', async () => {
    const desk = await startDesk()
    const { context, page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await context.clearCookies()
    await passHalfAMinute(page)
    await signInLink(page).waitFor()
  })

  it('leads to the landing page where the user signs out in another tab', async () => {
    const desk = await startDesk()
    const { context, page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    const tab = await context.newPage()
    await tab.goto(desk.url)
    await signOut(tab)
    await page.bringToFront()
    await passHalfAMinute(page)
    await signInLink(page).waitFor()
    expect(await openAlerts(page).count()).toBe(0)
  })

  it('leads to the landing page where a button is pressed after the session', async () => {
    const desk = await startDesk()
    const { context, page } = await visit({ tolerate: /401 \(Unauthorized\)/ })
    await signIn(page, desk.url)
    await allowWriting(page)
    await context.clearCookies()
    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
    await signInLink(page).waitFor()
  })

  it('says so while the app is unavailable, and leads to the landing page when it comes back without its memory', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: REFUSED })
    await page.clock.install()
    await signIn(page, desk.url)
    await page.waitForLoadState()
    const [app] = desk.apps
    await app.stop()

    await page.clock.fastForward(30_000)
    await page.getByRole('alert').filter({ hasText: 'The desk does not answer.' }).waitFor()
    expect(await alertRow(page, PORTAL).count()).toBe(1)

    await startApp({ ...desk.sandbox.env, PORT: String(app.port) })
    await passHalfAMinute(page)
    await signInLink(page).waitFor()
  })
})

needs('chromium')('while ilert is unavailable', () => {
  it.each([['hang'], [503], ['reset'], ['html']] as const)(
    'the page says so and its user stays signed in (%s)',
    async (kind) => {
      const desk = await startDesk()
      const { page } = await visit()
      await signIn(page, desk.url)
      const fault = desk.sandbox.fault({ path: '*', kind })
      await page.reload()
      expect(await signedInUser(page)).toBe('Mara Lindqvist')
      expect(await page.locator('#alerts .problem').textContent()).toBe('ilert does not answer right now.')
      expect(await page.locator('.problem').count()).toBe(2)
      expect(await sessionPage(page)).toContain('The access token ends')

      fault.clear()
      await page.reload()
      await alertRow(page, PORTAL).waitFor()
      expect(await page.locator('.problem').count()).toBe(0)
    },
  )

  it('nobody is signed out by the end of the access token', async () => {
    const desk = await startDesk({ sandbox: SHORT })
    const { page } = await visit()
    await signIn(page, desk.url)
    const fault = desk.sandbox.fault({ path: '*', kind: 503 })
    await sleep(1000 * SHORT.accessTokenSeconds + 500)
    await page.reload()
    expect(await signedInUser(page)).toBe('Mara Lindqvist')
    expect(await sessionPage(page)).not.toContain('Not connected')

    fault.clear()
    await eventually(async () => {
      await page.reload()
      expect(await alertRow(page, PORTAL).count()).toBe(1)
    })
  })

  it('a button says that it did not work, and can be pressed again', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: UNAVAILABLE })
    await signIn(page, desk.url)
    await allowWriting(page)
    await mark(page)
    const fault = desk.sandbox.fault({ path: '*', kind: 'reset' })
    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).focus()
    await page.keyboard.press('Enter')
    await notice(page).filter({ hasText: 'That did not work' }).waitFor()
    expect(await focused(page)).toMatch(/^Accept: portal/)

    fault.clear()
    await page.keyboard.press('Enter')
    await notice(page).filter({ hasText: 'You have accepted: portal' }).waitFor()
    expect(await isMarked(page)).toBe(true)
  })

  it('a sign-in ends on a page with a way on, and a sign-out works', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: UNAVAILABLE })
    await beginSignIn(page, desk.url)
    const fault = desk.sandbox.fault({ path: '/api/developers/oauth2/token', kind: 503 })
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'ilert does not answer right now' }).waitFor()
    expect(await page.getByRole('main').textContent()).not.toContain('still signed in') // nobody is
    fault.clear()

    await signIn(page, desk.url)
    desk.sandbox.fault({ path: '*', kind: 503 })
    await signOut(page)
  })
})

needs('chromium')('an alert that cannot be changed', () => {
  it('says why: another user was faster', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await allowWriting(page)
    const call = await signedIn(desk.sandbox, 'alert:w', 'tunde.okafor')
    const id = await idOf(page, PORTAL)
    expect((await call('PUT', `/api/alerts/${id}/resolve`)).status).toBe(200)

    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
    await notice(page).filter({ hasText: 'ilert refused it: ' }).waitFor()
    expect(await alertRow(page, PORTAL).textContent()).toContain('No longer in this list')
    expect(await alertRow(page, PORTAL).getByRole('button').count()).toBe(0)
  })

  it('says why: ilert does not let the user, with JavaScript and without', async () => {
    const proxy = await startProxy()
    const desk = await startDesk({ env: { ILERT_API_URL: proxy.url } })
    proxy.targets.push(desk.sandbox.apiURL)
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await visit({ javaScriptEnabled, tolerate: /403 \(Forbidden\)/ })
      await signIn(page, desk.url)
      await allowWriting(page)
      const id = await idOf(page, PORTAL)
      // ilert may refuse by role, which the sandbox does not.
      const body = { status: 403, code: 'FORBIDDEN', message: 'Your role does not allow this' }
      proxy.instead.set(`/api/alerts/${id}/accept`, { status: 403, body })
      await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
      await page.getByText(/not allowed|does not allow/).waitFor()
    }
  })
})

needs('chromium')('who has disconnected', () => {
  it('is told so, and connects again', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await page.goto(`${desk.url}/session`)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await notice(page).filter({ hasText: 'You are still signed in to this desk' }).waitFor()
    await page.goto(desk.url)
    expect(await page.locator('#alerts').textContent()).toContain('This desk is not connected to ilert.')
    expect(desk.sandbox.requests.filter(({ path }) => path.endsWith('/revoke'))).toMatchObject([{ status: 200 }])

    await page.getByRole('link', { name: 'Connect' }).click()
    await allow(page)
    await alertRow(page, PORTAL).waitFor()
  })

  it('in ilert’s own settings is told so once the access token has expired', async () => {
    const desk = await startDesk({ sandbox: SHORT })
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    desk.sandbox.revoke('mara.lindqvist')
    await sleep(1000 * SHORT.accessTokenSeconds + 500)
    await passHalfAMinute(page)
    await page.locator('#alerts').getByText('This desk is not connected to ilert.').waitFor()
    expect(await signedInUser(page)).toBe('Mara Lindqvist')
  })
})
