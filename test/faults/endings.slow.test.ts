import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { useRedis } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { type Answer, agreed, type Fleet, type FleetOptions, HOUR, startFleet, TOKEN } from './fleet.ts'

const REVOKE = '/api/developers/oauth2/revoke'

let fleet: Fleet
afterEach(() => fleet?.close())

/** ilert withholds its answer to the next refresh, which one process is in the middle of then. */
async function refreshUnderWay(
  cookie: string,
  processed = false,
): Promise<{ clear: () => void; answer: Promise<Answer> }> {
  const { apps, sandbox, refreshes } = fleet
  const before = refreshes().length
  await fleet.advance(HOUR)
  const { clear } = sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed })
  const answer = (apps[0] as (typeof apps)[0]).get('/token', cookie)
  answer.catch(() => {}) // some are killed
  await until(() => refreshes().length > before)
  return { clear, answer }
}

/** The first process, which refreshes, is killed. */
async function expectFreshTokensElsewhere(): Promise<void> {
  const cookie = await fleet.signIn()
  const { answer } = await refreshUnderWay(cookie)
  const [holder, ...others] = fleet.apps
  const waiting = Promise.all(others.map((app) => app.storm(10, '/token', cookie)))
  await Promise.all(others.map((app) => app.inside(10)))
  const killedAt = performance.now()
  await holder?.kill()
  expect(agreed((await waiting).flat())).toMatch(/^200 [\w-]{43}$/)
  expect(performance.now() - killedAt).toBeLessThan(17_000)
  await expect(answer).rejects.toThrow()
  expect(fleet.refreshes()).toMatchObject([{ status: 0 }, { status: 200 }])
}

needs('redis-server')('processes that share a grant in Redis', () => {
  const redis = useRedis()

  const overRedis = (o: FleetOptions = {}) => startFleet({ processes: 2, tokens: redis.url, sessions: redis.url, ...o })

  describe('when the one that refreshes is killed', () => {
    it('another has fresh tokens within 15 s, with the lease as it is by default', async () => {
      fleet = await overRedis({ processes: 4 })
      await expectFreshTokensElsewhere()
    }, 40_000)

    it.each(['reuse', 'add'] as const)(
      'after ilert had answered, nobody is signed out where the old refresh token lives on (%s)',
      async (refreshTokens) => {
        fleet = await overRedis({ refreshTokens, leaseMs: 1000 })
        const cookie = await fleet.signIn()
        await refreshUnderWay(cookie, true)
        const [holder, other] = fleet.apps
        await holder?.kill()
        await fleet.advance(15_000) // what it had begun is waited for no longer
        expect(await other?.get('/token', cookie)).toMatchObject({ status: 200 })
        expect(await other?.get('/', cookie)).toMatchObject({ connected: true })
      },
    )
  })

  it('a process that is asked to end stores what its refresh brings before it does', async () => {
    fleet = await overRedis()
    const cookie = await fleet.signIn()
    const { clear, answer } = await refreshUnderWay(cookie, true)
    const [leaving, staying] = fleet.apps
    const { exited } = (await leaving?.terminate()) ?? {}
    clear()
    expect(await exited).toBe(0)
    const { status, hash } = await answer
    expect(status).toBe(200)
    expect(await staying?.get('/token', cookie)).toEqual({ status: 200, hash })
    expect(fleet.refreshes()).toHaveLength(1)
  })

  describe('when the grant is ended in one while another refreshes it', () => {
    it.each([
      { when: 'ilert has answered', processed: true, answered: [200] },
      { when: 'ilert has not answered', processed: false, answered: [401] },
    ])('it stays ended, and the newest refresh token is revoked ($when)', async ({ processed, answered }) => {
      fleet = await overRedis({ processes: 4, sharedKey: true })
      const { apps, sandbox, refreshes } = fleet
      const cookie = await fleet.signIn()
      const key = `user:${sandbox.users[0]?.id}`
      for (const app of apps) expect(await app.get('/token', cookie)).toMatchObject({ status: 200 })
      const { clear, answer } = await refreshUnderWay(cookie, processed)
      const others = apps.slice(1)
      // One of them waits for the same refresh.
      const waiting = others[1]?.storm(5, '/token', cookie)
      await others[1]?.inside(5)
      await others[0]?.call('revoke', key)
      clear()

      const ended = '401 reauthentication_required'
      expect(agreed([await answer, ...((await waiting) ?? [])])).toBe(ended)
      for (const app of apps) {
        expect(agreed([await app.get('/token', cookie)])).toBe(ended)
        expect(await app.get('/', cookie)).toMatchObject({ connected: false, user: 'mara.lindqvist' })
        await expect(app.call('job', key)).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
      }
      expect(await redis.client.get(`${fleet.prefix}tokens:${key}`)).toBe('ended')
      expect(refreshes().map(({ status }) => status)).toEqual(answered)
      if (!processed) return
      // What the refresh brought was revoked by itself, too.
      await until(() => sandbox.requests.filter(({ path }) => path === REVOKE).length === 2)
      expect(await apps[0]?.call('tryNewest')).toBe('invalid_grant')
    })

    it('the session of a sign-out does not come back either', async () => {
      fleet = await overRedis()
      const cookie = await fleet.signIn()
      const { clear, answer } = await refreshUnderWay(cookie, true)
      expect(await fleet.apps[1]?.post('/revoke', cookie)).toEqual({ status: 200 })
      clear()
      expect(await answer).toMatchObject({ status: 401 })
      await fleet.advance(HOUR)
      const late = await fleet.add()
      for (const app of [...fleet.apps, late]) {
        expect(await app.get('/token', cookie)).toMatchObject({ status: 401 })
      }
      expect(await fleet.apps[0]?.call('tryNewest')).toBe('invalid_grant')
    })
  })

  it.each(['redis', 'ioredis'] as const)(
    'a slow request that saves its session after a refresh changes nothing about the tokens (%s)',
    async (client) => {
      fleet = await overRedis({ client })
      await expectSlowRequestHarmless()
    },
  )

  it('neither does it where the tokens are beside the sessions in connect-redis', async () => {
    fleet = await startFleet({ processes: 2, sessions: redis.url })
    await expectSlowRequestHarmless()
  })
})

needs('postgres')('processes that share a grant in PostgreSQL', () => {
  let server: PostgresServer
  let sessions: RedisServer
  beforeAll(async () => {
    server = await startPostgres()
    sessions = await startRedis()
  })
  afterAll(async () => {
    await server?.stop()
    await sessions?.stop()
  })

  it('when the one that refreshes is killed, another has fresh tokens within 15 s', async () => {
    fleet = await startFleet({ processes: 4, tokens: server.url, sessions: sessions.url })
    await expectFreshTokensElsewhere()
  }, 120_000)

  needs('pgbouncer')('through PgBouncer', () => {
    it('when the one that refreshes is killed, another has fresh tokens within 15 s', async () => {
      const bouncer = await startPgBouncer(server)
      fleet = await startFleet({ processes: 4, tokens: bouncer.url, sessions: sessions.url })
      await expectFreshTokensElsewhere()
      await bouncer.stop()
    }, 120_000)
  })
})

describe('one process with a MemoryStore', () => {
  it('a slow request that saves its session after a refresh changes nothing about the tokens', async () => {
    fleet = await startFleet()
    await expectSlowRequestHarmless()
  })
})

/** A single-use refresh token shows it: with an older one the next refresh would fail. */
async function expectSlowRequestHarmless(): Promise<void> {
  const { apps, refreshes } = fleet
  const [slow] = apps
  const quick = apps.at(-1)
  const cookie = await fleet.signIn()
  const saved = slow?.get('/slow', cookie)
  await slow?.inside(1)
  await fleet.advance(HOUR)
  const { hash } = (await quick?.get('/token', cookie)) ?? {}
  await slow?.call('release')
  expect(await saved).toEqual({ status: 200, seen: ['slow'] })
  expect(await quick?.get('/seen', cookie)).toEqual({ status: 200, seen: ['slow'] })
  for (const app of apps) expect(await app.get('/token', cookie)).toEqual({ status: 200, hash })
  expect(refreshes()).toHaveLength(1)

  await fleet.advance(HOUR)
  const next = []
  for (const app of apps) next.push(await app.get('/token', cookie))
  expect(agreed(next)).toMatch(/^200 [\w-]{43}$/)
  expect(next[0]?.hash).not.toBe(hash)
  expect(refreshes().map(({ status }) => status)).toEqual([200, 200])
}
