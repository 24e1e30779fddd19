import { createClient } from 'redis'
import { needs } from '../support/needs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import {
  type Answer,
  agreed,
  type Fleet,
  type FleetOptions,
  HOUR,
  INTO_THE_WINDOW,
  PAST_BACK_OFF,
  startFleet,
  TOKEN,
  until,
} from './fleet.ts'
import { type FragileRedis, startFragileRedis } from './redis.ts'

const GOOD = /^200 [\w-]{43}$/
const away = { status: 503, name: 'NetworkError' }

// The sessions are in a Redis of their own, which stays: without a session no request has a user whose tokens it could
// need.
needs('redis-server')('a Redis that goes away under four processes', () => {
  let sessions: RedisServer
  let tokens: FragileRedis
  let fleet: Fleet
  beforeAll(async () => {
    sessions = await startRedis()
  })
  afterAll(() => sessions?.stop())
  beforeEach(async () => {
    tokens = await startFragileRedis()
  })
  afterEach(async () => {
    tokens.resume()
    try {
      await fleet?.close()
    } finally {
      await tokens.kill()
    }
  })

  const start = (o: FleetOptions = {}) =>
    startFleet({ processes: 4, tokens: tokens.url, sessions: sessions.url, leaseMs: 1000, storeTimeoutMs: 500, ...o })

  /** One request for the token to each process. */
  const fromAll = (cookie: string): Promise<Answer[]> => Promise.all(fleet.apps.map((app) => app.get('/token', cookie)))

  async function expectAllConnected(cookie: string): Promise<void> {
    for (const app of fleet.apps) {
      expect(await app.get('/', cookie)).toEqual({ status: 200, user: 'mara.lindqvist', connected: true })
    }
  }

  const outages = {
    silent: { begin: async () => tokens.pause(), end: async () => tokens.resume() },
    'killed, and back empty': { begin: () => tokens.kill(), end: () => tokens.start() },
  }
  const cases = (['redis', 'ioredis'] as const).flatMap((client) =>
    Object.entries(outages).map(([name, outage]) => ({ name, client, ...outage })),
  )

  it.each(cases)('signs nobody out, and good tokens go on working: $name ($client)', async ({ client, begin, end }) => {
    fleet = await start({ client })
    const cookie = await fleet.signIn()
    const first = agreed(await fromAll(cookie))
    expect(first).toMatch(GOOD)

    await begin()
    // Not due, then due.
    expect(agreed(await fromAll(cookie))).toBe(first)
    await fleet.advance(INTO_THE_WINDOW)
    expect(agreed((await Promise.all(fleet.apps.map((app) => app.storm(20, '/token', cookie)))).flat())).toBe(first)

    await fleet.advance(HOUR - INTO_THE_WINDOW)
    for (const answer of await fromAll(cookie)) expect(answer).toMatchObject(away)
    await expectAllConnected(cookie)
    expect(fleet.refreshes()).toHaveLength(0)

    await end()
    await fleet.advance(PAST_BACK_OFF)
    const next = agreed((await Promise.all(fleet.apps.map((app) => app.storm(20, '/token', cookie)))).flat())
    expect(next).toMatch(GOOD)
    expect(next).not.toBe(first)
    expect(fleet.refreshes()).toHaveLength(1)
  })

  it.each(cases)('loses nothing between the answer of ilert and the write: $name ($client)', async (o) => {
    fleet = await start({ client: o.client })
    const { sandbox, refreshes } = fleet
    const [holder, ...others] = fleet.apps
    const cookie = await fleet.signIn()
    await fromAll(cookie)
    await fleet.advance(HOUR)
    const hang = sandbox.fault({ path: TOKEN, kind: 'hang' })
    const answer = holder?.get('/token', cookie)
    await until(() => refreshes().length > 0)
    await o.begin()
    hang.clear()
    // Nobody uses what is not stored.
    expect(await answer).toMatchObject(away)
    expect(refreshes()).toMatchObject([{ status: 200 }])
    expect(await holder?.get('/token', cookie)).toMatchObject(away)

    await o.end()
    // The others are asked at once, when the new tokens may not be there yet; they are never told that it is over.
    const early = await Promise.all(others.map((app) => app.get('/token', cookie)))
    for (const { status } of early) expect([200, 503]).toContain(status)
    await expectAllConnected(cookie)
    await until(async () => (await holder?.get('/token', cookie))?.status === 200)
    await fleet.advance(PAST_BACK_OFF)
    expect(agreed(await fromAll(cookie))).toMatch(GOOD)
    expect(fleet.successful()).toHaveLength(1)
  })

  it('says neither yes nor no about a grant that it has not seen while Redis is silent', async () => {
    fleet = await start()
    const cookie = await fleet.signIn()
    tokens.pause()
    const unseen = fleet.apps[3]
    expect(await unseen?.get('/', cookie)).toEqual({ status: 200, user: 'mara.lindqvist', connected: true })
    expect(await unseen?.get('/token', cookie)).toMatchObject(away)
    tokens.resume()
    expect(await unseen?.get('/token', cookie)).toMatchObject({ status: 200 })
  })

  it('takes back what it has lost where it comes back with what it held before a refresh', async () => {
    fleet = await start()
    const redis = createClient({ url: tokens.url })
    redis.on('error', () => {})
    await redis.connect()
    try {
      const cookie = await fleet.signIn()
      await fromAll(cookie)
      const [name = ''] = await redis.keys(`${fleet.prefix}tokens:*`)
      const old = (await redis.get(name)) ?? ''
      await fleet.advance(HOUR)
      const newest = agreed(await fromAll(cookie))
      expect(newest).toMatch(GOOD)
      await redis.set(name, old, { expiration: { type: 'PX', value: HOUR } })
      // Each process looks once a minute, behind a request.
      await fleet.advance(2 * 60_000)
      expect(agreed(await fromAll(cookie))).toBe(newest)
      await until(async () => (await redis.get(name)) !== old)
      const late = await fleet.add()
      expect(agreed([await late.get('/token', cookie)])).toBe(newest)
    } finally {
      redis.destroy()
    }
  })
})
