/* Equal GETs of one user that are under way share one call. */
import type { ServerResponse } from 'node:http'
import { closeApps } from '../support/app.ts'
import { closeServers, json } from '../support/server.ts'
import { until } from '../support/until.ts'
import { ALERTS, ask, type BackendOptions, FROM_PAGE, startScene } from './support.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

/** A scene in which answers to GETs wait for the test; changes are answered at once. */
async function startWaiting(options?: BackendOptions) {
  const waiting: ServerResponse[] = []
  const scene = await startScene((response, { method, headers }) => {
    if (method === 'GET') waiting.push(response)
    else if (headers['if-match'] === '"break"') response.destroy()
    else json(response, 200, { ok: true })
  }, options)
  const answerAll = () => {
    for (const [i, response] of waiting.splice(0).entries()) json(response, 200, [i])
  }
  let asked = 0
  scene.app.server.on('request', () => asked++)
  /** So many requests are in the app, and have come as far as they can: it needs no I/O up to ilert. */
  const arrived = async (count: number) => {
    await until(() => asked >= count)
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...scene, waiting, answerAll, arrived }
}

/** A request that the test can end, by its browser's cookies. */
function abortable(cookie: string, url: string) {
  const controller = new AbortController()
  const page = fetch(url, { headers: { cookie, ...FROM_PAGE }, signal: controller.signal }).then(
    (response) => response.text(),
    () => 'aborted',
  )
  return { page, abort: () => controller.abort() }
}

test('ten at once are one call, and all get its answer', async () => {
  const { browser, calls, waiting, answerAll, arrived } = await startWaiting()
  const pages = Array.from({ length: 10 }, () => ask(browser, ALERTS))
  await arrived(10)
  answerAll()
  expect((await Promise.all(pages)).map(({ text }) => text)).toEqual(Array(10).fill('[0]'))
  expect(calls).toHaveLength(1)
  await Promise.all([ask(browser, ALERTS), until(() => waiting.length > 0).then(answerAll)])
  expect(calls).toHaveLength(2) // what is over is nothing to share
})

test('another path, query or language is another call', async () => {
  const { browser, calls, waiting, answerAll } = await startWaiting()
  const pages = [
    ask(browser, ALERTS),
    ask(browser, `${ALERTS}?x=1`),
    ask(browser, `${ALERTS}/7`),
    ask(browser, ALERTS, { headers: { 'accept-language': 'de' } }),
    ask(browser, ALERTS, { headers: { 'if-none-match': '"v"' } }),
  ]
  await until(() => waiting.length === 5)
  answerAll()
  await Promise.all(pages)
  expect(calls).toHaveLength(5)
})

test('another user, and another session of the same user, makes a call of their own', async () => {
  const { app, browser, calls, waiting, answerAll } = await startWaiting()
  const other = app.browser()
  await other.signIn()
  const pages = [ask(browser, ALERTS), ask(other, ALERTS)]
  await until(() => waiting.length === 2)
  answerAll()
  await Promise.all(pages)
  expect(new Set(calls.map(({ headers }) => headers.authorization)).size).toBe(2)
})

test('one who goes does not end the call of the others; the last one does', async () => {
  const { app, api, browser, calls, waiting, answerAll, arrived } = await startWaiting()
  const url = `${app.origin}${ALERTS}`
  const [first, second] = [abortable(browser.cookies, url), abortable(browser.cookies, url)]
  await arrived(2)
  first.abort()
  expect(await first.page).toBe('aborted')
  await arrived(2)
  answerAll()
  expect(await second.page).toBe('[0]')
  expect(calls).toHaveLength(1)

  const [third, fourth] = [abortable(browser.cookies, url), abortable(browser.cookies, url)]
  await arrived(4)
  third.abort()
  fourth.abort()
  await until(() => waiting[0]?.destroyed === true)
  expect(calls).toHaveLength(2)
  await api.ended(1)
})

describe('a change lies between', () => {
  it('through the proxy: what was begun before is not served to who asks after', async () => {
    const { browser, calls, waiting, answerAll } = await startWaiting()
    const before = ask(browser, ALERTS)
    await until(() => waiting.length === 1)
    expect((await ask(browser, `${ALERTS}/7/accept`, { method: 'PUT' })).status).toBe(200)
    const after = ask(browser, ALERTS)
    await until(() => waiting.length === 2)
    answerAll()
    expect([(await before).text, (await after).text]).toEqual(['[0]', '[1]'])
    expect(calls).toHaveLength(3)
  })

  it('by a route of the app', async () => {
    const { browser, waiting, answerAll } = await startWaiting({
      routes: (express) => {
        express.post('/accept', (req, res, next) => {
          req.ilert.put('/api/alerts/7/accept', undefined).then(() => res.json({}), next)
        })
      },
    })
    const before = ask(browser, ALERTS)
    await until(() => waiting.length === 1)
    expect((await ask(browser, '/accept', { method: 'POST' })).status).toBe(200)
    const after = ask(browser, ALERTS)
    await until(() => waiting.length === 2)
    answerAll()
    expect([(await before).text, (await after).text]).toEqual(['[0]', '[1]'])
  })

  it('whose outcome nobody knows', async () => {
    const { browser, waiting, answerAll } = await startWaiting()
    const before = ask(browser, ALERTS)
    await until(() => waiting.length === 1)
    const lost = await ask(browser, `${ALERTS}/7/accept`, { method: 'PUT', headers: { 'if-match': '"break"' } })
    expect(lost).toMatchObject({ status: 503, json: { error: 'connection_lost' } })
    const after = ask(browser, ALERTS)
    await until(() => waiting.length === 2)
    answerAll()
    expect([(await before).text, (await after).text]).toEqual(['[0]', '[1]'])
  })
})

test('one who joins while the answer arrives gets it from its beginning', async () => {
  const { app, browser, calls, waiting, arrived } = await startWaiting()
  const url = `${app.origin}${ALERTS}`
  const first = abortable(browser.cookies, url)
  await until(() => waiting.length === 1)
  waiting[0]?.writeHead(200, { 'content-type': 'application/json' }).write('[1,')
  const second = abortable(browser.cookies, url)
  await arrived(2)
  waiting[0]?.end('2]')
  expect(await Promise.all([first.page, second.page])).toEqual(['[1,2]', '[1,2]'])
  expect(calls).toHaveLength(1)
})
