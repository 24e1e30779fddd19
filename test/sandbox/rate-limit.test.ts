import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { RateLimit } from '../../src/sandbox/rate-limit.ts'
import { apiError, signedIn } from './api-support.ts'
import { AUTHORIZE, authorizeParams, CURRENT_USER, defaultApp, getAuthorize, refresh, tokensFor } from './support.ts'

const MINUTE = 60_000

let sandbox: Sandbox
async function start(options?: SandboxOptions): Promise<void> {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 }, ...options })
}
afterEach(() => sandbox.close())

async function many(count: number, work: () => Promise<{ status: number }>): Promise<Set<number>> {
  const seen = new Set<number>()
  for (let i = 0; i < count; i += 50) {
    const answers = await Promise.all(Array.from({ length: Math.min(50, count - i) }, work))
    for (const { status } of answers) seen.add(status)
  }
  return seen
}

test('120 requests with one token in a minute of the clock, then 429 until the minute has ended', async () => {
  await start() // 20 seconds into a minute
  const call = await signedIn(sandbox, 'alert profile')
  expect((await call('GET', '/api/alerts')).status).toBe(200)
  sandbox.clock.advance(10_000)
  expect(await many(119, () => call('GET', '/api/alerts?max-results=1'))).toEqual(new Set([200]))
  const refused = await call('GET', '/api/alerts')
  expect(refused).toMatchObject(apiError(429, 'TOO_MANY_REQUESTS'))
  // As ilert has it: nothing says how long to wait.
  expect(refused.headers.get('retry-after')).toBeNull()
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  expect((await call('GET', CURRENT_USER)).status).toBe(429)
  const other = await signedIn(sandbox, 'alert')
  expect((await other('GET', '/api/alerts?max-results=1')).status).toBe(200)
  sandbox.clock.advance(29_999)
  expect((await call('GET', '/api/alerts')).status).toBe(429)
  sandbox.clock.advance(1)
  expect((await call('GET', '/api/alerts')).status).toBe(200)
  expect(sandbox.requests.at(-2)).toMatchObject({ path: '/api/alerts', status: 429, note: 'TOO_MANY_REQUESTS' })
}, 60_000)

test('what was refused does not count for the next minute', async () => {
  await start({ requestsPerMinute: 2 })
  const statuses: number[] = []
  for (let i = 0; i < 10; i++) {
    statuses.push((await fetch(`${sandbox.apiURL}${CURRENT_USER}`)).status)
    if (i === 4) sandbox.clock.advance(MINUTE)
  }
  expect(statuses).toEqual([401, 401, 429, 429, 429, 401, 401, 429, 429, 429])
})

test('counts the API alone, whatever it answers; signing in and refreshing go on', async () => {
  await start({ requestsPerMinute: 3, refreshLimitSeconds: 0 })
  const tokens = await tokensFor(sandbox)
  const statuses: number[] = []
  for (const path of [CURRENT_USER, '/api/alerts', '/api/nothing', '/api/nothing', '/api/alerts']) {
    statuses.push((await fetch(`${sandbox.apiURL}${path}`)).status)
  }
  expect(statuses).toEqual([401, 401, 404, 429, 429])
  expect((await refresh(sandbox, tokens.refresh_token)).status).toBe(200)
  expect((await getAuthorize(sandbox, authorizeParams(defaultApp(sandbox)))).status).toBe(200)
  expect((await fetch(`${sandbox.apiURL}${AUTHORIZE}`)).status).toBe(400)
  expect((await fetch(`${sandbox.apiURL}/elsewhere`)).status).toBe(404)
  expect((await fetch(`${sandbox.apiURL}/api/alerts`, { method: 'OPTIONS' })).status).toBe(204)
})

test('0 is no limit', async () => {
  await start({ requestsPerMinute: 0 })
  expect((await fetch(`${sandbox.apiURL}${CURRENT_USER}`)).status).toBe(401)
  const limit = new RateLimit(sandbox.clock, 0)
  for (let i = 0; i < 2000; i++) expect(limit.admits('a')).toBe(true)
})

test('each sender has a window of its own, and a clock that goes back makes nobody wait', async () => {
  await start()
  const { clock } = sandbox
  const limit = new RateLimit(clock, 2)
  expect(['a', 'a', 'a', 'b'].map((sender) => limit.admits(sender))).toEqual([true, true, false, true])
  clock.advance(-MINUTE)
  expect(['a', 'a', 'a'].map((sender) => limit.admits(sender))).toEqual([true, true, false])
})
