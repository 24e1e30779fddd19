/*
 * The desk as people use it, in a real browser.
 */
import { needs } from '../support/needs.ts'
import { startPostgres } from '../support/postgres.ts'
import { removeBuiltApp } from './app-copy.ts'
import type { AppProcess } from './app-process.ts'
import { closeBrowsers, visit } from './browser.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { startDesk, startTwoDesks } from './desk.ts'
import {
  alertRow,
  allow,
  allowWriting,
  beginSignIn,
  change,
  focused,
  idOf,
  isMarked,
  mark,
  notice,
  openAlerts,
  PORTAL,
  SEPA,
  signedInUser,
  signIn,
  signInLink,
  signOut,
} from './steps.ts'
import { SHORT, wholeVisit } from './whole-visit.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

needs('chromium')('a visit to the desk', () => {
  it('lasts a whole shift, in one process', async () => {
    const desk = await startDesk({ sandbox: SHORT })
    const { page } = await visit()
    await wholeVisit(desk, page)
  })

  it.each([
    ["Aoife O'Brien", 'aoife.obrien at bluepeak · stakeholder', 'hut booking portal shows no rooms'],
    ['Tunde Okafor', 'tunde.okafor at nordwind · user', PORTAL],
  ])('shows %s what is theirs', async (name, description, alert) => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url, name)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`On-call desk of ${name}`)
    expect(await alertRow(page, alert).count()).toBe(1)
    await page.goto(`${desk.url}/session`)
    expect(await page.locator('.person').textContent()).toContain(description)
    for (const scope of ['profile', 'alert', 'schedule']) {
      expect(await page.locator('.scopes').getByText(scope, { exact: true }).count()).toBe(1)
    }
  })

  it('shows its session on a page of its own, which the name in the header leads to', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    const session = page.getByText('The access token ends')
    expect(await session.count()).toBe(0)
    await page.getByRole('link', { name: 'Mara Lindqvist' }).click()
    await session.waitFor()
    expect(new URL(page.url()).pathname).toBe('/session')
    expect(await openAlerts(page).count()).toBe(0)
  })

  it('is of one person, though another one signs in by its side, and after', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    const other = await visit()
    await signIn(page, desk.url)
    await other.page.goto(desk.url)
    await signInLink(other.page).waitFor()
    await signIn(other.page, desk.url, "Aoife O'Brien")
    await page.reload()
    expect(await signedInUser(page)).toBe('Mara Lindqvist')

    await signOut(page)
    await signIn(page, desk.url, 'Tunde Okafor')
    expect(await signedInUser(page)).toBe('Tunde Okafor')
  })

  it('refuses, with a reason, a user whose account is not among the allowed ones', async () => {
    const desk = await startDesk({ env: { ILERT_ALLOWED_TENANTS: 'nordwind' } })
    const { page } = await visit({ tolerate: /403 \(Forbidden\)/ })
    await beginSignIn(page, desk.url)
    await page.getByRole('radio', { name: "Aoife O'Brien" }).check()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'You are not signed in' }).waitFor()

    await page.getByRole('link', { name: 'Try again' }).click()
    await page.getByRole('radio', { name: 'Mara Lindqvist' }).check() // the browser remembers the other one
    await allow(page)
  })

  it('says so kindly when the user declines, and lets them try again', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: /403 \(Forbidden\)/ })
    await beginSignIn(page, desk.url)
    const answered = page.waitForResponse((response) => response.url().includes('/auth/ilert/callback'))
    await page.getByRole('button', { name: 'Deny' }).click()
    expect((await answered).status()).toBe(403)
    await page.getByRole('heading', { name: 'You declined the request' }).waitFor()
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0)

    await page.getByRole('link', { name: 'Try again' }).click()
    await allow(page)
  })

  it.each(['in the order of their beginning', 'in the other order'])('signs in two tabs at once, %s', async (order) => {
    const desk = await startDesk()
    const { context, page } = await visit()
    const tabs = [page, await context.newPage()]
    await Promise.all(tabs.map((tab) => beginSignIn(tab, desk.url)))
    if (order === 'in the other order') tabs.reverse()
    for (const tab of tabs) await allow(tab)
    for (const tab of tabs) {
      await tab.reload()
      await openAlerts(tab).waitFor()
    }
  })

  it('never goes on to another site', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    for (const returnTo of ['https://evil.example/', '//evil.example/', '/\\evil.example']) {
      await page.goto(`${desk.url}/auth/ilert?returnTo=${encodeURIComponent(returnTo)}`)
      await allow(page)
      expect(page.url()).toBe(`${desk.url}/`)
    }
  })
})

needs('chromium')('writing alerts', () => {
  it('asks ilert first for what it needs, once, and comes back to what was to be done', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    expect(await page.getByRole('button', { name: 'Accept' }).count()).toBe(0)

    await page.getByRole('link', { name: `Accept: ${PORTAL}` }).click()
    const asked = page.getByRole('list', { name: 'The app may use' })
    await asked.getByText('alert:w', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'Accept this alert?' }).waitFor()
    await page.getByRole('button', { name: 'Accept' }).click()
    await notice(page).filter({ hasText: 'You have accepted: portal' }).waitFor()
    await page.goto(desk.url)
    expect(await page.getByRole('button', { name: `Accept: ${SEPA}` }).count()).toBe(1)
    await page.goto(`${desk.url}/session`)
    expect(await page.locator('.scopes').getByText('alert:w', { exact: true }).count()).toBe(1)
  })

  it('is left as it was where the user declines, who stays signed in', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: /403 \(Forbidden\)/ })
    await signIn(page, desk.url)
    await page.getByRole('link', { name: `Accept: ${PORTAL}` }).click()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'You declined the request' }).waitFor()
    expect(await page.getByRole('main').textContent()).not.toContain('not signed in')

    await page.goto(desk.url)
    await openAlerts(page).waitFor()
    expect(await page.getByRole('link', { name: `Accept: ${PORTAL}` }).count()).toBe(1)
  })

  it('fails without harm when another user answers instead', async () => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: /403 \(Forbidden\)/ })
    await signIn(page, desk.url)
    await page.getByRole('link', { name: `Accept: ${PORTAL}` }).click()
    await page.getByRole('radio', { name: 'Tunde Okafor' }).check()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor() // still
    expect(await page.getByRole('main').textContent()).not.toContain('not signed in')
    await page.goto(desk.url)
    expect(await signedInUser(page)).toBe('Mara Lindqvist')
  })

  it('accepts without loading the page, and Enter pressed twice does nothing more', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await allowWriting(page)
    await mark(page)

    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).focus()
    for (let n = 0; n < 5; n++) await page.keyboard.down('Enter') // held: it repeats
    await page.keyboard.up('Enter')
    await notice(page).filter({ hasText: 'You have accepted: portal' }).waitFor()
    expect(await alertRow(page, PORTAL).textContent()).toContain('Accepted by you')
    expect(await focused(page)).toContain('portal') // the row, and no control
    expect(await page.evaluate('document.activeElement.tagName')).toBe('LI')
    await page.keyboard.press('Enter')
    expect(page.url()).toBe(`${desk.url}/#alert-${await idOf(page, PORTAL)}`)
    expect(await isMarked(page)).toBe(true)
    const changes = desk.sandbox.requests.filter(
      ({ method, path }) => method === 'PUT' && path.startsWith('/api/alerts/'),
    )
    expect(changes.map(({ path }) => path.replace(/.*\//, ''))).toEqual(['accept'])
  })

  it('works with JavaScript switched off', async () => {
    const desk = await startDesk()
    const { page } = await visit({ javaScriptEnabled: false })
    await signIn(page, desk.url)
    await allowWriting(page)
    await change(page, 'Accept', SEPA)
    expect(await alertRow(page, SEPA).textContent()).toContain('Accepted by you')
    expect(page.url()).toMatch(/\/#alert-\d+$/)
    await change(page, 'Resolve', SEPA)
    expect(await alertRow(page, SEPA).count()).toBe(0)

    await page.reload()
    expect(await notice(page).textContent()).toBe('')
  })
})

needs('chromium')('two processes behind a proxy', () => {
  async function expectOneDesk(env: Record<string, string>): Promise<void> {
    const desk = await startTwoDesks({ sandbox: SHORT, env })
    const [first, second] = desk.apps
    const { page } = await visit()
    const answeredBy = (app: AppProcess) => desk.proxy.exchanges.filter(({ target }) => target === app.url).length
    await wholeVisit(desk, page, async () => {
      expect(answeredBy(first)).toBeGreaterThan(2)
      expect(answeredBy(second)).toBeGreaterThan(2)
      first.signal('SIGKILL')
      await first.ended
    })
  }

  needs('redis-server')('that share a Redis', () => {
    it('are one desk, for a whole shift in which one of them is killed', () => expectOneDesk({}))
  })

  needs('postgres')('that share a PostgreSQL', () => {
    it('are one desk, for a whole shift in which one of them is killed', async () => {
      const postgres = await startPostgres()
      atEnd(() => postgres.stop())
      await expectOneDesk({ DATABASE_URL: postgres.url })
    })
  })
})
