/* What the proxy passes on, in both directions. */
import express from 'express'
import { closeApps } from '../support/app.ts'
import { closeServers, json } from '../support/server.ts'
import { ALERTS, ask, PROXY, startBackend, startScene, tokenNumber } from './support.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

test('a page gets what ilert says to its user', async () => {
  const app = await startBackend()
  const browser = app.browser()
  await browser.signIn()
  const page = await ask(browser, `${ALERTS}?max-results=2`)
  expect(page.status).toBe(200)
  expect(page.json).toHaveLength(2)
  expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
})

test('a page changes what its user may change', async () => {
  const app = await startBackend()
  const browser = app.browser()
  await browser.signIn()
  const pending = await ask(browser, `${ALERTS}?states=PENDING`)
  const [{ id }] = pending.json as unknown as [{ id: number }]
  const accepted = await ask(browser, `${ALERTS}/${id}/accept`, { method: 'PUT' })
  expect(accepted).toMatchObject({ status: 200, json: { id, status: 'ACCEPTED' } })
  const body = JSON.stringify({ summary: 'Disk full', alertSource: { id: 1 } })
  const created = await ask(browser, ALERTS, { method: 'POST', body })
  expect(created.json).toMatchObject({ code: expect.any(String) }) // ilert's own words: there is no such source
  expect(created.status).toBe(400)
})

test('path, query, method, body and the listed headers arrive as they were sent', async () => {
  const { browser, calls } = await startScene()
  const headers = { 'if-match': '"7"', 'accept-language': 'de', 'team-context': '-1' }
  await ask(browser, `${ALERTS}?states=PENDING&states=ACCEPTED&x=%C3%A4`, { method: 'POST', headers, body: '{"a": 1}' })
  expect(calls).toHaveLength(1)
  expect(calls[0]).toMatchObject({
    method: 'POST',
    path: '/api/alerts?states=PENDING&states=ACCEPTED&x=%C3%A4',
    body: '{"a": 1}',
  })
  expect(calls[0]?.headers).toMatchObject({
    ...headers,
    'content-length': '8',
    authorization: `Bearer ${tokenNumber(1)}`,
  })
})

test('status, ETag, Retry-After and next-cursor of an answer are passed on', async () => {
  const { browser } = await startScene((response) => {
    json(response, 203, [1], {
      'content-length': 3,
      etag: '"v1"',
      'next-cursor': 'abc=',
      'retry-after': '7',
      'last-modified': 'now',
    })
  })
  const page = await ask(browser, `${PROXY}/api/heartbeat-monitors`)
  expect(page.status).toBe(203)
  expect(page.text).toBe('[1]')
  expect(Object.fromEntries(page.headers)).toMatchObject({
    etag: '"v1"',
    'next-cursor': 'abc=',
    'retry-after': '7',
    'last-modified': 'now',
    'content-length': '3',
  })
})

test('HEAD goes with GET, and has no body', async () => {
  const { browser, calls } = await startScene((response) =>
    json(response, 200, [], { 'content-length': 2, etag: '"v"' }),
  )
  const page = await ask(browser, ALERTS, { method: 'HEAD' })
  expect(page).toMatchObject({ status: 200, text: '' })
  expect(page.headers.get('etag')).toBe('"v"')
  expect(page.headers.get('content-length')).toBe('2')
  expect(calls.map(({ method }) => method)).toEqual(['HEAD'])
})

test('an answer without a body has none', async () => {
  const { browser } = await startScene((response) => response.writeHead(204).end())
  const page = await ask(browser, `${PROXY}/api/schedules/7`, { method: 'DELETE' })
  expect(page).toMatchObject({ status: 204, text: '' })
  expect(page.headers.get('content-type')).toBeNull()
})

test('a browser that knows an answer already is told that it is still good', async () => {
  const { browser, calls } = await startScene(
    (response, { headers }) => {
      if (headers['if-none-match'] === '"v1"') response.writeHead(304, { etag: '"v1"' }).end()
      else json(response, 200, [1], { etag: '"v1"' })
    },
    { proxy: { cacheControl: 'private, no-cache' } },
  )
  const first = await ask(browser, ALERTS)
  expect(first.headers.get('cache-control')).toBe('private, no-cache')
  expect(first.headers.get('vary')).toContain('Cookie') // for the next user of the same browser
  const second = await ask(browser, ALERTS, { headers: { 'if-none-match': '"v1"' } })
  expect(second).toMatchObject({ status: 304, text: '' })
  expect(second.headers.get('etag')).toBe('"v1"')
  expect(calls).toHaveLength(2)
})

test('Range is not passed on, so that JSON comes whole', async () => {
  const { browser, calls } = await startScene()
  expect((await ask(browser, ALERTS, { headers: { range: 'bytes=0-1', 'if-range': '"v"' } })).status).toBe(200)
  expect(calls[0]?.headers.range).toBeUndefined()
  expect(calls[0]?.headers['if-range']).toBeUndefined()
})

test("ilert's refusals are passed on in its own words", async () => {
  const refusal = { status: 404, message: 'Not found', code: 'NOT_FOUND', details: { id: 7 } }
  const { browser } = await startScene((response) => json(response, 404, refusal))
  const page = await ask(browser, `${ALERTS}/7`)
  expect(page.status).toBe(404)
  expect(page.json).toEqual(refusal)
  expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
})

test('a page is told how long to wait after a 429, also where ilert does not say so', async () => {
  const headers: Record<string, string>[] = [{ 'retry-after': '17' }, { date: 'Mon, 30 Nov 2026 12:00:20 GMT' }]
  const { browser } = await startScene((response) =>
    json(response, 429, { status: 429, code: 'TOO_MANY_REQUESTS' }, headers.shift()),
  )
  for (const wait of ['17', '40']) {
    const page = await ask(browser, ALERTS)
    expect(page.status).toBe(429)
    expect(page.headers.get('retry-after')).toBe(wait)
  }
})

test('what stands before ilert and answers with a page is said in JSON', async () => {
  const { browser, calls } = await startScene((response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<script>alert(1)</script>'),
  )
  const page = await ask(browser, ALERTS)
  expect(page.status).toBe(502)
  expect(page.json).toEqual({ error: 'api_error', message: "ilert's API answered 502 api_error" })
  expect(calls).toHaveLength(2) // as every call that may be repeated
})

test('an answer that was compressed unasked is passed on as it was', async () => {
  const { gzipSync } = await import('node:zlib')
  const { browser } = await startScene((response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync('[1,2]')),
  )
  const page = await ask(browser, ALERTS)
  expect(page.text).toBe('[1,2]')
  expect(page.headers.get('content-encoding')).toBeNull()
})

describe('a token that ilert takes no more', () => {
  const once = (response: Parameters<typeof json>[0], authorization: string | undefined) => {
    if (authorization === `Bearer ${tokenNumber(1)}`) json(response, 401, { status: 401, code: 'UNAUTHORIZED' })
    else json(response, 200, { ok: true })
  }

  it('is refreshed, once, and the call repeated with its body', async () => {
    const { browser, calls, refreshes } = await startScene((response, { headers }) =>
      once(response, headers.authorization),
    )
    const page = await ask(browser, ALERTS, { method: 'POST', body: '{"summary":"x"}' })
    expect(page).toMatchObject({ status: 200, json: { ok: true } })
    expect(calls.map(({ body }) => body)).toEqual(['{"summary":"x"}', '{"summary":"x"}'])
    expect(calls[1]?.headers.authorization).toBe(`Bearer ${tokenNumber(2)}`)
    expect(refreshes()).toBe(1)
  })

  it('is refreshed once for all who wait for an answer', async () => {
    const { browser, calls, refreshes } = await startScene((response, { headers }) =>
      once(response, headers.authorization),
    )
    const pages = await Promise.all(['?a', '?b', '?a', '?b'].map((query) => ask(browser, `${ALERTS}${query}`)))
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(refreshes()).toBe(1)
    expect(calls.length).toBeLessThanOrEqual(4)
  })

  it('and whose successor is not taken either, is answered as a sign-in that has ended', async () => {
    const { browser, calls, refreshes } = await startScene((response) => json(response, 401, { code: 'UNAUTHORIZED' }))
    const page = await ask(browser, ALERTS)
    expect(page.status).toBe(401)
    expect(page.json).toEqual({ error: 'unauthorized', loginURL: '/auth/ilert' })
    expect(page.headers.get('www-authenticate')).toBe('Bearer realm="ilert"')
    expect([calls.length, refreshes()]).toEqual([2, 1])
  })
})

test('nobody who is not signed in reaches ilert', async () => {
  const { app, calls } = await startScene()
  const page = await ask(app.browser(), ALERTS)
  expect(page.status).toBe(401)
  expect(page.json).toEqual({ error: 'unauthorized', loginURL: '/auth/ilert' })
  expect(calls).toEqual([])
})

test('a proxy without ilert.session() before it says what is missing', async () => {
  const app = await startBackend({ middleware: false })
  expect((await ask(app.browser(), ALERTS)).json).toMatchObject({ code: 'session_missing' })
})

describe('a body that a middleware has read before', () => {
  it.each([
    ['express.json()', express.json()],
    ['express.text()', express.text({ type: '*/*' })],
    ['express.raw()', express.raw({ type: '*/*' })],
  ])('%s is passed on all the same', async (_, parser) => {
    const { browser, calls } = await startScene(undefined, { before: (app) => app.use(parser) })
    const page = await ask(browser, ALERTS, { method: 'POST', body: '{"summary":"Grüße"}' })
    expect(page.status).toBe(200)
    expect(calls[0]?.body).toBe('{"summary":"Grüße"}')
    expect((await ask(browser, `${ALERTS}/7/accept`, { method: 'PUT' })).status).toBe(200)
  })

  it('and left nothing of is a mistake of the app, which is told', async () => {
    const { app, browser } = await startScene(undefined, {
      before: (app) => app.use((req, _res, next) => void req.resume().once('end', next)),
    })
    await ask(browser, ALERTS, { method: 'POST', body: '{}' })
    expect(app.errors).toEqual([expect.objectContaining({ code: 'body_gone' })])
  })
})
