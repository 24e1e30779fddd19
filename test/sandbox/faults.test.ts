import { createSandbox, type Fault, type Sandbox } from '../../src/sandbox/index.ts'
import { until } from '../support/until.ts'
import { AUTHORIZE, CURRENT_USER, currentUser, exchange, getCode, refresh, TOKEN, tokensFor } from './support.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await createSandbox({ refreshLimitSeconds: 0 })
})
afterEach(() => sandbox.close())

const get = (path: string, signal?: AbortSignal) => fetch(`${sandbox.apiURL}${path}`, signal ? { signal } : {})
const statusOf = async (path: string) => (await get(path)).status

test.each([
  [429, 'too_many_requests', 'TOO_MANY_REQUESTS', '10'],
  [500, 'server_error', 'INTERNAL_SERVER_ERROR', null],
  [503, 'server_error', 'SERVICE_UNAVAILABLE', null],
] as const)('%i, in the form of each endpoint', async (kind, oauth, api, retryAfter) => {
  const { access_token, refresh_token } = await tokensFor(sandbox)
  sandbox.fault({ path: '*', kind })
  const refused = await refresh(sandbox, refresh_token)
  expect(refused).toMatchObject({ status: kind, body: { code: oauth, error: expect.any(String) } })
  expect(refused.headers.get('retry-after')).toBe(retryAfter)
  expect(await currentUser(sandbox, access_token)).toEqual({
    status: kind,
    body: { status: kind, code: api, message: expect.any(String) },
  })
  expect(sandbox.requests.at(-1)).toMatchObject({ status: kind, note: `fault: ${kind}` })
})

test('ms says when to try again', async () => {
  sandbox.fault({ path: '/api/a', kind: 429, ms: 2500 })
  sandbox.fault({ path: '/api/b', kind: 503, ms: 1000 })
  expect((await get('/api/a')).headers.get('retry-after')).toBe('3')
  expect((await get('/api/b')).headers.get('retry-after')).toBe('1')
})

test('html: a page of a proxy', async () => {
  sandbox.fault({ path: TOKEN, kind: 'html' })
  const response = await get(TOKEN)
  expect(response.status).toBe(502)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(await response.text()).toContain('<!doctype html>')
})

test('hits its path alone, as often as it should', async () => {
  sandbox.fault({ path: CURRENT_USER, kind: 500, times: 2 })
  expect(await statusOf(TOKEN)).toBe(405)
  expect(await statusOf(`${CURRENT_USER}?a=b`)).toBe(500)
  expect(await statusOf(`${CURRENT_USER}/`)).toBe(404)
  expect(await statusOf(CURRENT_USER)).toBe(500)
  expect(await statusOf(CURRENT_USER)).toBe(401)
})

test('without a number it stays until it is cleared', async () => {
  const { clear } = sandbox.fault({ path: CURRENT_USER, kind: 500 })
  for (let i = 0; i < 3; i++) expect(await statusOf(CURRENT_USER)).toBe(500)
  clear()
  clear()
  expect(await statusOf(CURRENT_USER)).toBe(401)
})

test('of several, the oldest comes first', async () => {
  sandbox.fault({ path: CURRENT_USER, kind: 500, times: 1 })
  sandbox.fault({ path: '*', kind: 503, times: 1 })
  expect([await statusOf(CURRENT_USER), await statusOf(CURRENT_USER)]).toEqual([500, 503])
})

test('a preflight meets none', async () => {
  sandbox.fault({ path: TOKEN, kind: 500, times: 1 })
  expect((await fetch(`${sandbox.apiURL}${TOKEN}`, { method: 'OPTIONS' })).status).toBe(204)
  expect(await statusOf(TOKEN)).toBe(500)
})

test('delay: the answer comes later', async () => {
  sandbox.fault({ path: CURRENT_USER, kind: 'delay', ms: 60 })
  const start = performance.now()
  expect(await statusOf(CURRENT_USER)).toBe(401)
  expect(performance.now() - start).toBeGreaterThanOrEqual(58)
  expect(sandbox.requests).toMatchObject([{ status: 401, note: 'fault: delay' }])
})

test('delay: a client that leaves before has changed nothing', async () => {
  const code = await getCode(sandbox)
  sandbox.fault({ path: TOKEN, kind: 'delay', ms: 30_000, times: 1 })
  const leaving = new AbortController()
  const lost = fetch(`${sandbox.apiURL}${TOKEN}`, { method: 'POST', signal: leaving.signal })
  setTimeout(() => leaving.abort(), 30)
  await expect(lost).rejects.toThrow()
  await until(() => sandbox.requests.at(-1)?.note === 'fault: delay, client left')
  expect((await exchange(sandbox, code)).status).toBe(200)
})

test('hang: no answer until it is cleared, and logged from the beginning', async () => {
  const { clear } = sandbox.fault({ path: CURRENT_USER, kind: 'hang', times: 1 })
  const answers: number[] = []
  const hanging = statusOf(CURRENT_USER).then((status) => answers.push(status))
  await until(() => sandbox.requests.length === 1)
  expect(sandbox.requests).toMatchObject([{ path: CURRENT_USER, status: 0, note: 'fault: hang' }])
  expect(await statusOf(CURRENT_USER)).toBe(401) // times: 1, the next one is not hit
  expect(answers).toEqual([])
  clear()
  await hanging
  expect(answers).toEqual([401])
  expect(sandbox.requests[0]).toMatchObject({ status: 401, note: 'fault: hang, cleared' })
  expect(sandbox.requests).toHaveLength(2)
})

test('reset: the connection breaks', async () => {
  sandbox.fault({ path: TOKEN, kind: 'reset', times: 1 })
  await expect(get(TOKEN)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
  expect(sandbox.requests).toMatchObject([{ path: TOKEN, status: 0, note: 'fault: reset' }])
})

test('trickle: bytes without an end, until the client leaves', async () => {
  sandbox.fault({ path: CURRENT_USER, kind: 'trickle', ms: 2 })
  const leaving = new AbortController()
  const response = await get(CURRENT_USER, leaving.signal)
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  let bytes = 0
  await expect(async () => {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > 5) leaving.abort()
    }
  }).rejects.toThrow()
  expect(bytes).toBeGreaterThan(5)
})

test('trickle: ends when it is cleared', async () => {
  const { clear } = sandbox.fault({ path: CURRENT_USER, kind: 'trickle', ms: 2 })
  const response = await get(CURRENT_USER)
  clear()
  expect((await response.text()).trim()).toBe('')
})

test.each(['reset', 'html', 500] as const)('%s, processed: it is the answer that gets lost', async (kind) => {
  const { refresh_token } = await tokensFor(sandbox)
  sandbox.fault({ path: TOKEN, kind, times: 1, processed: true })
  await refresh(sandbox, refresh_token).catch(() => undefined)
  expect(sandbox.requests.at(-1)?.note).toBe(`fault: ${kind}, processed`)
  expect((await refresh(sandbox, refresh_token)).body.code).toBe('invalid_grant')
})

test('not processed: nothing has happened', async () => {
  const { refresh_token } = await tokensFor(sandbox)
  sandbox.fault({ path: TOKEN, kind: 500, times: 1 })
  expect((await refresh(sandbox, refresh_token)).status).toBe(500)
  expect((await refresh(sandbox, refresh_token)).status).toBe(200)
})

test('closing ends what hangs, trickles and waits', async () => {
  sandbox.fault({ path: TOKEN, kind: 'hang' })
  sandbox.fault({ path: AUTHORIZE, kind: 'delay', ms: 60_000 })
  sandbox.fault({ path: CURRENT_USER, kind: 'trickle' })
  const ends = [TOKEN, AUTHORIZE, CURRENT_USER].map((path) => get(path).then((response) => response.text()))
  await Promise.all([
    expect(ends[0]).rejects.toThrow(),
    expect(ends[1]).rejects.toThrow(),
    expect(ends[2]).rejects.toThrow(),
    closeSoon(),
  ])

  async function closeSoon() {
    await until(() => sandbox.requests.length === 2) // what is delayed is logged when it ends
    await sandbox.close()
  }
})

test.each([
  ['fault.path', { path: 'api', kind: 500 }],
  ['fault.path', { path: '/api?x=1', kind: 500 }],
  ['fault.kind', { path: '*', kind: 502 }],
  ['fault.ms', { path: '*', kind: 'delay', ms: -1 }],
  ['fault.ms', { path: '*', kind: 'delay', ms: Number.POSITIVE_INFINITY }],
  ['fault.times', { path: '*', kind: 500, times: 0 }],
  ['fault.times', { path: '*', kind: 500, times: 1.5 }],
  ['fault.processed', { path: '*', kind: 500, processed: 'yes' }],
])('%s is checked: %j', (name, fault) => {
  expect(() => sandbox.fault(fault as Fault)).toThrow(TypeError)
  expect(() => sandbox.fault(fault as Fault)).toThrow(name)
})
