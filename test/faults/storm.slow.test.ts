import { needs } from '../support/needs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { agreed, type Fleet, type FleetOptions, HOUR, INTO_THE_WINDOW, startFleet, TOKEN } from './fleet.ts'

const MODES = ['reuse', 'add', 'rotate'] as const

let fleet: Fleet
afterEach(() => fleet?.close())

/** So many requests over all processes at once. ilert answers when all of them are waiting, so that none comes late. */
async function stormAtExpiry(count: number, cookie: string): Promise<string> {
  const { apps, sandbox, refreshes } = fleet
  const each = count / apps.length
  const before = refreshes().length
  const hang = sandbox.fault({ path: TOKEN, kind: 'hang' })
  const answers = Promise.all(apps.map((app) => app.storm(each, '/token', cookie)))
  await Promise.all(apps.map((app) => app.inside(each)))
  await until(() => refreshes().length > before)
  hang.clear()
  return agreed((await answers).flat())
}

/** So many requests over all processes at once, as fast as they come. */
async function stormAtOnce(count: number, cookie: string): Promise<string> {
  const { apps } = fleet
  return agreed((await Promise.all(apps.map((app) => app.storm(count / apps.length, '/token', cookie)))).flat())
}

async function expectOneRefresh(count: number): Promise<void> {
  const cookie = await fleet.signIn()
  const [app] = fleet.apps
  const { hash: first } = (await app?.get('/token', cookie)) ?? {}
  const rounds = [() => stormAtExpiry(count, cookie), () => stormAtOnce(200, cookie)]
  for (const [round, storm] of rounds.entries()) {
    await fleet.advance(HOUR)
    const newest = await storm()
    expect(newest).toMatch(/^200 [\w-]{43}$/)
    expect(newest).not.toBe(`200 ${first}`)
    expect(fleet.refreshes()).toHaveLength(round + 1)
    for (const each of fleet.apps) {
      expect(await each.get('/', cookie)).toMatchObject({ user: 'mara.lindqvist', connected: true })
      expect(await each.get('/me', cookie)).toMatchObject({ status: 200, firstName: 'Mara' })
    }
  }
}

async function expectNobodyWaits(count: number): Promise<void> {
  const { apps, sandbox, refreshes } = fleet
  const cookie = await fleet.signIn()
  const before = await stormAtOnce(apps.length, cookie)
  await fleet.advance(INTO_THE_WINDOW)
  const hang = sandbox.fault({ path: TOKEN, kind: 'hang' })
  expect(await stormAtOnce(count, cookie)).toBe(before)
  await until(() => refreshes().length > 0)
  expect(refreshes()).toMatchObject([{ status: 0 }])
  hang.clear()
  await until(async () => (await stormAtOnce(apps.length, cookie)) !== before)
  expect(refreshes()).toMatchObject([{ status: 200 }])
}

describe('one process', () => {
  it.each(MODES)('refreshes once for 200 requests at once with an expired token (%s)', async (refreshTokens) => {
    fleet = await startFleet({ refreshTokens })
    await expectOneRefresh(200)
  })

  it('refreshes behind 200 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await startFleet()
    await expectNobodyWaits(200)
  })
})

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
    await expectOneRefresh(2000)
  })

  it('refresh behind 2 000 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await overRedis({ client: 'ioredis' })
    await expectNobodyWaits(2000)
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
