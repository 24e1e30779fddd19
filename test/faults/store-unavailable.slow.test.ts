import { createClient } from 'redis'
import { needs } from '../support/needs.ts'
import { startPostgres } from '../support/postgres.ts'
import { type FragileStore, type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
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
} from './fleet.ts'

const GOOD = /^200 [\w-]{43}$/
const away = { status: 503, name: 'NetworkError' }

let tokens: FragileStore
let sessions: RedisServer
let fleet: Fleet

const start = (o: FleetOptions = {}) =>
  startFleet({
    processes: 2,
    tokens: tokens.url,
    sessions: sessions.url,
    leaseMs: 1000,
    // A new connection is a new process of PostgreSQL, which takes a busy machine a while.
    ...(tokens.url.startsWith('redis') && { storeTimeoutMs: 500 }),
    ...o,
  })

/** One request for the token to each process. */
const fromAll = (cookie: string): Promise<Answer[]> => Promise.all(fleet.apps.map((app) => app.get('/token', cookie)))

async function expectAllConnected(cookie: string): Promise<void> {
  for (const app of fleet.apps) {
    expect(await app.get('/', cookie)).toEqual({ status: 200, user: 'mara.lindqvist', connected: true })
  }
}

/**
 * What holds whatever the store is. The sessions are in a Redis of their own, which stays: without a session no request has
 * a user whose tokens it could need.
 */
function goesAway(
  startTokens: () => Promise<FragileStore>,
  clients: readonly ('redis' | 'ioredis')[],
  killed: string,
): void {
  beforeAll(async () => {
    sessions = await startRedis()
    tokens = await startTokens()
  })
  afterAll(async () => {
    await sessions?.stop()
    await tokens?.stop()
  })
  afterEach(async () => {
    await tokens.resume()
    await tokens.start()
    await fleet?.close()
  })

  const outages = {
    silent: { begin: () => tokens.pause(), end: () => tokens.resume() },
    [killed]: { begin: () => tokens.kill(), end: () => tokens.start() },
  }
  const cases = clients.flatMap((client) =>
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
    await Promise.all(fleet.apps.map((app) => app.call('hasStore')))
    await fleet.advance(PAST_BACK_OFF)
    const next = agreed((await Promise.all(fleet.apps.map((app) => app.storm(20, '/token', cookie)))).flat())
    expect(next).toMatch(GOOD)
    expect(next).not.toBe(first)
    expect(fleet.refreshes()).toHaveLength(1)
  })

  it.each(cases)('loses nothing between the answer of ilert and the write: $name ($client)', async (o) => {
    fleet = await start({ client: o.client })
    const { sandbox, refreshes } = fleet
    const [holder, other] = fleet.apps
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
    await other?.call('hasStore')
    // The other is asked at once, when the new tokens may not be there yet: it is never told that all is over.
    expect([200, 503]).toContain((await other?.get('/token', cookie))?.status)
    await expectAllConnected(cookie)
    await until(async () => GOOD.test(agreed(await fromAll(cookie))))
    expect(fleet.successful()).toHaveLength(1)
  })

  it('says neither yes nor no about a grant that it has not seen while the store is silent', async () => {
    fleet = await start()
    const cookie = await fleet.signIn()
    await tokens.pause()
    const unseen = fleet.apps[1]
    expect(await unseen?.get('/', cookie)).toEqual({ status: 200, user: 'mara.lindqvist', connected: true })
    expect(await unseen?.get('/token', cookie)).toMatchObject(away)
    await tokens.resume()
    await unseen?.call('hasStore')
    expect(await unseen?.get('/token', cookie)).toMatchObject({ status: 200 })
  })
}

needs('redis-server')('a Redis that becomes unavailable to two processes', () => {
  goesAway(() => startRedis(), ['redis', 'ioredis'], 'killed, and back empty')

  it.each([
    { name: 'who refreshed', first: 0 },
    { name: 'another', first: 1 },
  ])('takes back what it has lost where it falls back to before a refresh, seen first by $name', async ({ first }) => {
    fleet = await start()
    const [one, other] = fleet.apps
    const redis = createClient({ url: tokens.url })
    redis.on('error', () => {})
    await redis.connect()
    try {
      const cookie = await fleet.signIn()
      await fromAll(cookie)
      const [name = ''] = await redis.keys(`${fleet.prefix}tokens:*`)
      const old = (await redis.get(name)) ?? ''
      await fleet.advance(HOUR)
      const newest = agreed([(await one?.get('/token', cookie)) as Answer])
      expect(newest).toMatch(GOOD)
      await redis.set(name, old, { expiration: { type: 'PX', value: HOUR } })
      // The other knows the old refresh token alone, which is used up, and asks ilert with it.
      if (first === 1) {
        await other?.get('/token', cookie)
        expect(fleet.refreshes()).toHaveLength(2)
      }

      // Each process looks once a minute, behind a request.
      await fleet.advance(PAST_BACK_OFF)
      expect(agreed([(await one?.get('/token', cookie)) as Answer])).toBe(newest)
      await until(async () => agreed([(await other?.get('/token', cookie)) as Answer]) === newest)
      const late = await fleet.add()
      expect(agreed([await late.get('/token', cookie)])).toBe(newest)
    } finally {
      redis.destroy()
    }
  })
})

needs('postgres')('a PostgreSQL that becomes unavailable to two processes', () => {
  goesAway(startPostgres, ['redis'], 'killed, and back with what it had acknowledged')
})
