import { needs } from '../support/needs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { agreed, type Fleet, type FleetOptions, HOUR, startFleet } from './fleet.ts'
import { expectNobodyWaits, expectOneRefresh } from './storms.ts'

let fleet: Fleet
afterEach(() => fleet?.close())

needs('redis-server')('four processes with Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis?.stop())

  const overRedis = (o: FleetOptions) => startFleet({ processes: 4, tokens: redis.url, sessions: redis.url, ...o })

  it.each([
    { refreshTokens: 'reuse', client: 'redis' },
    { refreshTokens: 'add', client: 'ioredis' },
    { refreshTokens: 'rotate', client: 'redis' },
  ] as const)('refresh once for 2 000 requests at once with an expired token ($refreshTokens)', async (o) => {
    fleet = await overRedis(o)
    await expectOneRefresh(fleet, 2000)
  })

  it('refresh behind 2 000 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await overRedis({ client: 'ioredis' })
    await expectNobodyWaits(fleet, 2000)
  })

  it('share one grant between two browsers and a job in a fifth process: still one refresh', async () => {
    fleet = await overRedis({ sharedKey: true })
    const { sandbox, apps, refreshes } = fleet
    const browsers = [await fleet.signIn(), await fleet.signIn()]
    const [user] = sandbox.users
    const worker = await fleet.add()
    const before = await worker.call<string>('job', `user:${user?.id}`)
    await fleet.advance(HOUR)

    const jobs = Promise.all(Array.from({ length: 50 }, () => worker.call<string>('job', `user:${user?.id}`)))
    const storms = apps.slice(0, 4).flatMap((app) => browsers.map((cookie) => app.storm(100, '/token', cookie)))
    const newest = agreed((await Promise.all(storms)).flat())
    expect(newest).toMatch(/^200 [\w-]{43}$/)
    expect(newest).not.toBe(`200 ${before}`)
    expect(new Set((await jobs).map((hash) => `200 ${hash}`))).toEqual(new Set([newest]))
    expect(refreshes()).toHaveLength(1)
  })
})
