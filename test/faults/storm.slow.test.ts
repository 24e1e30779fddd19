import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { agreed, type Fleet, type FleetOptions, HOUR, startFleet } from './fleet.ts'
import { expectNobodyWaits, expectOneRefresh } from './storms.ts'

const MODES = ['reuse', 'add', 'rotate'] as const

let fleet: Fleet
afterEach(() => fleet?.close())

/** A server of tokens, with what stands in front of it. */
interface Server {
  readonly url: string
  stop(): Promise<void>
}

type Client = NonNullable<FleetOptions['client']>

/** @param clients for the behaviours of ilert in turn, if the store has several */
function fourProcesses(start: () => Promise<Server>, clients: readonly Client[] = ['redis']): void {
  let tokens: Server
  let sessions: Server
  beforeAll(async () => {
    tokens = await start()
    sessions = await startRedis()
  })
  afterAll(async () => {
    await tokens?.stop()
    await sessions?.stop()
  })

  // ilert hangs until all requests are there, which takes a busy machine a while.
  const overStore = (o: FleetOptions) =>
    startFleet({ processes: 4, timeoutMs: 60_000, tokens: tokens.url, sessions: sessions.url, ...o })

  it.each(MODES.map((refreshTokens, i) => ({ refreshTokens, client: clients[i % clients.length] ?? 'redis' })))(
    'refresh once for 2 000 requests at once with an expired token ($refreshTokens)',
    async (o) => {
      fleet = await overStore(o)
      await expectOneRefresh(fleet, 2000)
    },
    120_000,
  )

  it('refresh in the background of 2 000 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await overStore({ client: clients.at(-1) ?? 'redis' })
    await expectNobodyWaits(fleet, 2000)
  }, 120_000)

  it('share one grant between two browsers and a job in a fifth process: still one refresh', async () => {
    fleet = await overStore({ sharedKey: true })
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
  }, 120_000)
}

describe('one process', () => {
  it.each(['reuse', 'add'] as const)(
    'refreshes once for 200 requests at once with an expired token (%s)',
    async (refreshTokens) => {
      fleet = await startFleet({ refreshTokens })
      await expectOneRefresh(fleet, 200)
    },
  )
})

needs('redis-server')('four processes with Redis', () => fourProcesses(startRedis, ['redis', 'ioredis']))

needs('postgres')('four processes with PostgreSQL', () => fourProcesses(startPostgres))

needs('pgbouncer')('four processes with PostgreSQL behind PgBouncer in transaction mode', () =>
  fourProcesses(async () => {
    const postgres = await startPostgres()
    const bouncer = await startPgBouncer(postgres)
    return { url: bouncer.url, stop: () => bouncer.stop().then(postgres.stop) }
  }),
)
