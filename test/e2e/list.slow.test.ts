/*
 * The list of alerts while somebody works with it: nothing moves under the finger, nothing is done twice or by mistake.
 */
import type { Page, Route } from 'playwright-core'
import { reportAlert, signedIn } from '../sandbox/api-support.ts'
import { needs } from '../support/needs.ts'
import { removeBuiltApp } from './app-copy.ts'
import { closeBrowsers, visit } from './browser.ts'
import { cleanUp } from './clean-up.ts'
import { type Desk, startDesk } from './desk.ts'
import { cookieOf, get } from './http.ts'
import {
  alertRow,
  allowWriting,
  idOf,
  isMarked,
  mark,
  notice,
  openAlert,
  PORTAL,
  passHalfAMinute,
  SEPA,
  signIn,
} from './steps.ts'

afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

const PHONE = { width: 390, height: 844 }

/** As another user of the account, at ilert itself. */
async function colleague({ sandbox }: Desk) {
  return await signedIn(sandbox, 'alert:w source', 'tunde.okafor')
}

async function report(desk: Desk, count: number): Promise<void> {
  const call = await colleague(desk)
  const [alertSource] = (await call('GET', '/api/alert-sources')).body as [{ id: number }]
  for (let n = 1; n <= count; n++) {
    const alert = { alertSource: { id: alertSource.id }, summary: `Disk ${n} is full`, priority: 'LOW' }
    expect((await call('POST', '/api/alerts', alert)).status).toBe(201)
  }
}

async function top(page: Page, summary: string): Promise<number> {
  return (await alertRow(page, summary).boundingBox())?.y ?? Number.NaN
}

async function scrolled(page: Page): Promise<number> {
  return await page.evaluate<number>('scrollY')
}

needs('chromium')('a list with many alerts, on a phone', () => {
  it('shows more than three alerts on the first screen', async () => {
    const desk = await startDesk()
    const { page } = await visit({ viewport: PHONE })
    await signIn(page, desk.url)
    const boxes = await Promise.all((await page.locator('.row').all()).map((row) => row.boundingBox()))
    expect(boxes.filter((box) => box && box.y + box.height <= PHONE.height).length).toBeGreaterThan(3)
  })

  it('stays where it is when an alert is accepted, and a double tap accepts one', async () => {
    const desk = await startDesk()
    await report(desk, 40)
    const { page } = await visit({ viewport: PHONE, hasTouch: true })
    await signIn(page, desk.url)
    await allowWriting(page)
    const summary = 'Disk 20 is full'
    await alertRow(page, summary).scrollIntoViewIfNeeded()
    const [place, before] = [await scrolled(page), await top(page, summary)]
    const button = page.getByRole('button', { name: `Accept: ${summary}` })
    const box = await button.boundingBox()
    const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 20]
    await page.touchscreen.tap(x, y)
    await page.touchscreen.tap(x, y)
    await notice(page).filter({ hasText: summary }).waitFor()
    await page.touchscreen.tap(x, y)

    expect([await scrolled(page), await top(page, summary)]).toEqual([place, before])
    expect(page.url()).toContain(desk.url)
    const accepted = desk.sandbox.requests.filter(({ path }) => path.endsWith('/accept'))
    expect(accepted).toMatchObject([{ status: 200 }])
  })
})

needs('chromium')('a live update', () => {
  it.each([['at the top'], ['further down']])('moves no row, and says what is new, %s', async (place) => {
    const desk = await startDesk()
    await report(desk, 20)
    const { page } = await visit({ viewport: PHONE })
    await page.clock.install()
    await signIn(page, desk.url)
    await mark(page)
    const summary = place === 'at the top' ? PORTAL : 'Disk 3 is full'
    await alertRow(page, summary).scrollIntoViewIfNeeded()
    const before = await top(page, summary)
    const call = await colleague(desk)
    await reportAlert(call, { summary: 'The coffee machine is on fire', priority: 'HIGH' })
    expect((await call('PUT', `/api/alerts/${await idOf(page, SEPA)}/resolve`)).status).toBe(200)
    await passHalfAMinute(page)
    await alertRow(page, 'The coffee machine is on fire').waitFor({ state: 'attached' })

    expect(Math.abs((await top(page, summary)) - before)).toBeLessThanOrEqual(1)
    expect(await notice(page).textContent()).toContain('The coffee machine is on fire')
    expect(await page.title()).toMatch(/^\(27\) /)
    expect(await alertRow(page, SEPA).textContent()).toContain('No longer in this list')
    expect(await alertRow(page, SEPA).getByRole('link', { name: 'Accept' }).count()).toBe(0)
    expect(await isMarked(page)).toBe(true)
  })

  it('leaves a selection alone', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector('.row .summary'))`)
    const selected = await page.evaluate<string>('String(getSelection())')
    await reportAlert(await colleague(desk), { summary: 'The coffee machine is on fire' })
    await passHalfAMinute(page)
    await alertRow(page, 'The coffee machine is on fire').waitFor({ state: 'attached' })
    expect(await page.evaluate<string>('String(getSelection())')).toBe(selected)
  })

  it('that is older never overwrites a newer one', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await allowWriting(page)
    // The update has read the alerts before one is accepted, and arrives after.
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let read = () => {}
    const updateRead = new Promise<void>((resolve) => {
      read = resolve
    })
    const hold = async (route: Route) => {
      const response = await route.fetch()
      read()
      await held
      await route.fulfill({ response })
    }
    await page.route(`${desk.url}/`, hold, { times: 1 })
    await page.waitForLoadState()
    await page.clock.fastForward(30_000)
    await updateRead
    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
    await notice(page).filter({ hasText: 'You have accepted: portal' }).waitFor()
    release()
    await page.waitForLoadState('networkidle')
    expect(await alertRow(page, PORTAL).textContent()).toContain('Accepted by you')
  })

  it.each([[503], [429]] as const)('that fails keeps the alerts and says how old they are (%i)', async (status) => {
    const desk = await startDesk()
    const { page } = await visit({ tolerate: /status of (429|503)/ })
    await page.clock.install()
    await signIn(page, desk.url)
    await page.route(`${desk.url}/`, (route) => route.fulfill({ status, body: 'no' }))
    await page.waitForLoadState() // the script of the page has run
    await page.clock.fastForward(60_000)
    await page
      .getByRole('alert')
      .filter({ hasText: /These are the alerts of .*ago/ })
      .waitFor()
    expect(await alertRow(page, PORTAL).count()).toBe(1)
    await page.unroute(`${desk.url}/`)
    await passHalfAMinute(page)
    await page.waitForFunction(`document.getElementById('stale').textContent === ''`)
  })

  it('while ilert is unavailable keeps the alerts and says how old they are', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    desk.sandbox.fault({ path: '*', kind: 503 })
    await passHalfAMinute(page)
    await page.getByRole('alert').filter({ hasText: 'ilert does not answer right now.' }).waitFor()
    expect(await alertRow(page, PORTAL).count()).toBe(1)
  })

  it('fills a page that was loaded while ilert was unavailable', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    const fault = desk.sandbox.fault({ path: '*', kind: 503 })
    await page.reload()
    await page.locator('#alerts').getByText('ilert does not answer right now.').waitFor()
    fault.clear()
    await passHalfAMinute(page)
    await alertRow(page, PORTAL).waitFor()
  })

  it('fills a list that was empty', async () => {
    const desk = await startDesk()
    const call = await colleague(desk)
    const open = (await call('GET', '/api/alerts?states=PENDING&states=ACCEPTED')).body as { id: number }[]
    for (const { id } of open) expect((await call('PUT', `/api/alerts/${id}/resolve`)).status).toBe(200)
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    await page.getByText('No alert here.').waitFor()
    await passHalfAMinute(page)
    await reportAlert(call, { summary: 'The coffee machine is on fire' })
    await passHalfAMinute(page)
    await alertRow(page, 'The coffee machine is on fire').waitFor()
    expect(await page.getByText('No alert here.').count()).toBe(0)
  })

  it('that hangs ends after 15 s, and says so', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await allowWriting(page)
    await page.route(/accept/, () => {}) // never answered
    await page.evaluate('AbortSignal.timeout = () => AbortSignal.abort(new DOMException("late", "TimeoutError"))')
    await page.getByRole('button', { name: `Accept: ${PORTAL}` }).click()
    await notice(page).filter({ hasText: 'That did not work' }).waitFor()
    expect(await page.getByRole('button', { name: `Accept: ${PORTAL}` }).isEnabled()).toBe(true)
  })
})

needs('chromium')('an alert', () => {
  it('is resolved on its page after a question, which Enter held down does not answer', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await allowWriting(page)
    await openAlert(page, PORTAL)
    await page.getByRole('link', { name: 'Resolve …' }).focus()
    for (let n = 0; n < 5; n++) await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    await page.getByRole('heading', { name: 'Resolve this alert?' }).waitFor()
    expect(desk.sandbox.requests.filter(({ path }) => path.endsWith('/resolve'))).toEqual([])
  })

  it.each([
    ['Resolve …', (page: Page) => page.getByRole('heading', { name: 'Resolve this alert?' })],
    ['Join as a responder', (page: Page) => page.getByRole('heading', { name: 'Join as a responder?' })],
    ['Reassign …', (page: Page) => page.getByLabel('Reassign to')],
  ])(
    'is where one comes back to after ilert has asked for permission, with what was pressed: %s',
    async (name, next) => {
      const desk = await startDesk()
      const { page } = await visit()
      await signIn(page, desk.url)
      await openAlert(page, PORTAL)
      const { pathname } = new URL(page.url())
      await page.getByRole('link', { name }).click()
      await page.getByRole('button', { name: 'Allow' }).click()
      await next(page).waitFor()
      expect(new URL(page.url()).pathname).toMatch(new RegExp(`^${pathname}(/resolve|/join)?$`))
      expect(await page.getByRole('main').textContent()).toContain(PORTAL)
      expect(desk.sandbox.requests.filter(({ method, path }) => method !== 'GET' && /alerts/.test(path))).toEqual([])
    },
  )

  it('is accepted, joined and reassigned on its page, which tells what happened', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await allowWriting(page)
    await openAlert(page, PORTAL)
    expect(await page.getByRole('main').textContent()).toContain('Push notification sent to')
    await page.getByRole('button', { name: 'Join as a responder' }).click()
    await notice(page).filter({ hasText: 'You are a responder of this alert now.' }).waitFor()
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByText('Mara Lindqvist accepted the alert').waitFor()
    await page.getByLabel('Reassign to').selectOption({ label: 'Priya Raman' })
    await page.getByRole('button', { name: 'Reassign' }).click()
    await page.getByText('Mara Lindqvist assigned the alert to Priya Raman').waitFor()
  })

  it('leads back to the same place in the list', async () => {
    const desk = await startDesk()
    await report(desk, 60)
    const { page } = await visit({ viewport: PHONE })
    await signIn(page, desk.url)
    await page.getByRole('link', { name: 'Older' }).click()
    await page.getByText('Page 2 of 2').waitFor()
    const summary = 'Disk 5 is full'
    await openAlert(page, summary)
    await page.getByRole('link', { name: 'Back to the alerts' }).click()
    await page.getByText('Page 2 of 2').waitFor()
    const box = await alertRow(page, summary).boundingBox()
    expect(box?.y).toBeGreaterThanOrEqual(-1)
    expect(box?.y).toBeLessThan(PHONE.height)
  })
})

needs('chromium')('the filter', () => {
  /** Of each row: what it says of its alert, and the alert's id. */
  async function rows(page: Page): Promise<{ id: number; pending: boolean; high: boolean }[]> {
    return await page.evaluate(`[...document.querySelectorAll('.row')].map((row) => ({
      id: Number(row.id.replace('alert-', '')),
      pending: row.querySelector('.state').textContent === 'Pending',
      high: row.querySelector('.badge.high') !== null,
    }))`)
  }

  /** The ids of the open alerts for which a user is a responder, as ilert says. */
  async function alertsOf(desk: Desk, username: string): Promise<number[]> {
    const { id } = desk.sandbox.users.find((user) => user.username === username) ?? {}
    const { body } = await (await colleague(desk))('GET', '/api/alerts?states=PENDING&states=ACCEPTED')
    const isOf = (alert: { responders?: { user: { id: number } }[] }) =>
      alert.responders?.some((responder) => String(responder.user.id) === String(id))
    return body.filter(isOf).map((alert: { id: number }) => alert.id)
  }

  it('shows exactly what was chosen: whose, in which state, how urgent', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    const all = await rows(page)
    const own = await alertsOf(desk, 'mara.lindqvist')
    for (const [choice, isChosen] of [
      ['Mine', ({ id }) => own.includes(id)],
      ['Pending', ({ pending }) => pending],
      ['Accepted', ({ pending }) => !pending],
      ['High', ({ high }) => high],
      ['Low', ({ high }) => !high],
    ] satisfies [string, (row: (typeof all)[number]) => boolean][]) {
      await page.goto(desk.url)
      await page.getByRole('link', { name: choice, exact: true }).click()
      await page.locator('.filters [aria-current]', { hasText: choice }).waitFor()
      const shown = await rows(page)
      expect([choice, shown]).toEqual([choice, all.filter(isChosen)])
      expect(shown.length).toBeGreaterThan(0)
      expect(shown.length).toBeLessThan(all.length)
    }
  })

  it('adds up, and survives an update', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await page.clock.install()
    await signIn(page, desk.url)
    for (const choice of ['Mine', 'Pending', 'High', 'Accepted', 'Low']) {
      await page.getByRole('link', { name: choice, exact: true }).click()
      await page.locator('.filters [aria-current]', { hasText: choice }).waitFor()
    }
    expect(page.url()).toBe(`${desk.url}/?mine=1&state=ACCEPTED&priority=LOW`)
    await page.goto(`${desk.url}/?priority=HIGH`)
    const high = await rows(page)
    await passHalfAMinute(page)
    await page.waitForLoadState('networkidle')
    expect(await rows(page)).toEqual(high)
  })

  it.each(['?page=-1', '?page=99999999', '?state=x&state=y&mine[]=1', '?priority=__proto__'])(
    'takes what makes no sense for nothing: %s',
    async (query) => {
      const desk = await startDesk()
      const { status } = await get(`${desk.url}/${query}`, { cookie: await cookieOf(desk) })
      expect(status).toBe(200)
    },
  )
})

/** Of several, the fastest: the machine may be busy. */
async function msToFirstByte(url: string, cookie: string): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < 5; n++) {
    const began = performance.now()
    const { body } = await fetch(url, { headers: { cookie } }) // resolves with the headers
    times.push(performance.now() - began)
    await body?.cancel()
  }
  return Math.min(...times)
}

it('a page of the desk stays small with 500 alerts, is there at once, and costs five calls', async () => {
  const desk = await startDesk({ sandbox: { requestsPerMinute: 0 } })
  const cookie = await cookieOf(desk)
  await report(desk, 500)
  const before = desk.sandbox.requests.length
  const { text } = await get(desk.url, { cookie })
  expect(text.length).toBeLessThan(150_000)
  expect(text).toContain('Page 1 of 11')
  expect(desk.sandbox.requests.length - before).toBeLessThanOrEqual(5)
  const low = (await get(`${desk.url}/?priority=LOW`, { cookie })).text
  expect([low.length < 150_000, low.match(/Page 1 of \d+/)?.[0], low.split('class="row"').length - 1]).toEqual([
    true,
    'Page 1 of 10',
    50,
  ])
  expect(await msToFirstByte(desk.url, cookie)).toBeLessThan(300)
})
