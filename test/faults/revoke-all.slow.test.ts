/*
 * revokeAll() in one process while another one refreshes tokens of that user.
 */
import { needs } from '../support/needs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { useRedis } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { type Fleet, HOUR, startFleet, TOKEN } from './fleet.ts'

const REVOKE = '/api/developers/oauth2/revoke'
const CASES = ['reuse', 'add', 'rotate'].flatMap((refreshTokens) =>
  [false, true].flatMap((sharedKey) => [false, true].map((processed) => ({ refreshTokens, sharedKey, processed }))),
) as { refreshTokens: 'reuse' | 'add' | 'rotate'; sharedKey: boolean; processed: boolean }[]

let fleet: Fleet
afterEach(() => fleet?.close())

/** @param processed whether ilert has issued the next tokens already */
async function expectNothingAlive(
  o: { tokens: string; sessions: string },
  { processed, ...options }: (typeof CASES)[0],
): Promise<void> {
  fleet = await startFleet({ processes: 2, ...o, ...options })
  const { apps, sandbox, refreshes } = fleet
  const [refreshing, other] = apps as [(typeof apps)[0], (typeof apps)[0]]
  const [mara, next] = sandbox.users
  const userID = String(mara?.id)
  const sessions = [await fleet.signIn(), await fleet.signIn()]
  const another = await fleet.signIn(next?.username)
  await fleet.advance(HOUR)
  const before = refreshes().length
  const { clear } = sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed })
  const answer = refreshing.get('/token', sessions[0] as string)
  await until(() => refreshes().length > before)

  const done = await other.call<object>('revokeAll', userID)
  const shared = { ended: 1, sessions: 2 }
  expect(done).toEqual({
    ...(options.sharedKey ? shared : { ended: 2, sessions: 0 }),
    pending: 0,
    unreadable: 0,
    complete: true,
  })
  clear()

  expect(await answer).toMatchObject({ status: 401, code: 'reauthentication_required' })
  // What the refresh brought, too.
  // Two sign-ins: under a key that they share the second one has had the tokens of the first revoked.
  // A refresh token that goes on has been revoked with them; another one that the refresh has brought is the third.
  const revocations = processed && options.refreshTokens !== 'reuse' ? 3 : 2
  await until(() => sandbox.requests.filter(({ path }) => path === REVOKE).length === revocations)
  if (processed) expect(await refreshing.call('tryNewest')).toBe('invalid_grant')
  await fleet.advance(61_000) // what one process knows the other one knows a minute later
  for (const app of apps) {
    for (const cookie of sessions) {
      expect(await app.get('/token', cookie)).toMatchObject({ status: 401 })
      // The session has ended, too.
      expect(await app.get('/', cookie)).toEqual({ status: 200, connected: false })
    }
    expect(await app.get('/token', another)).toMatchObject({ status: 200 })
  }
  const revoked = sandbox.requests.filter(({ path }) => path === REVOKE)
  expect(revoked.map(({ status }) => status)).toEqual(revoked.map(() => 200))
  expect(await other.call('revokeAll', userID)).toMatchObject({ ended: 0, sessions: 0, pending: 0 })
}

needs('redis-server')('with Redis', () => {
  const redis = useRedis()

  it.each(CASES)('leaves nothing alive (%o)', async (o) => {
    await expectNothingAlive({ tokens: redis.url, sessions: redis.url }, o)
  })

  needs('postgres')('and PostgreSQL', () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(() => server?.stop())

    it.each(CASES.filter(({ refreshTokens }) => refreshTokens !== 'add'))('leaves nothing alive (%o)', async (o) => {
      await expectNothingAlive({ tokens: server.url, sessions: redis.url }, o)
    })
  })
})
