/*
 * TokenManager when ilert says that a grant is over, when answers get lost, and when the store is away: rules 3 and 4.
 */

import { Agent, buildConnector } from 'undici'
import { NetworkError, ReauthenticationRequired, type TokenManager } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'
import { beyond, closeDesks, type Desk, FragileStore, HOUR, INTO_THE_WINDOW, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)
afterEach(closeServers)

/** A grant under `a` that two managers have at hand, of which the second has a store that can be away. */
async function twoManagers(desk: Desk) {
  const store = new FragileStore(desk.store)
  const [first, second] = [desk.manager(), desk.manager({ tokenStore: store })]
  const tokens = await desk.signIn()
  await first.save('a', tokens)
  expect(await second.accessToken('a')).toBe(tokens.accessToken)
  return { first, second, store, tokens }
}

const isOver = (manager: TokenManager) =>
  Promise.all([
    expect(manager.accessToken('a')).rejects.toThrow(ReauthenticationRequired),
    expect(manager.get('a')).rejects.toMatchObject({ status: 401, code: 'reauthentication_required' }),
    expect(manager.api('a').get('/api/users/current')).rejects.toThrow(ReauthenticationRequired),
  ])

const away = { name: 'NetworkError', status: 503, code: 'store_unavailable' }
const backingOff = { name: 'NetworkError', status: 503, code: 'backing_off' }

describe('an invalid_grant', () => {
  /** The first manager's refresh reaches ilert after the second one's, which has waited long enough to take over. */
  async function overtaken(desk: Desk, first: TokenManager, second: TokenManager) {
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const answer = first.accessToken('a')
    await until(() => desk.refreshes().length === 1)
    desk.advance(16_000)
    const other = await second.accessToken('a').catch((error: unknown) => error)
    hang.clear()
    return { answer, other }
  }

  it('is explained by newer tokens in the store, which are used from then on', async () => {
    const desk = await startDesk()
    const { first, second } = await twoManagers(desk)
    const { answer, other } = await overtaken(desk, first, second)
    expect(other).toEqual(expect.any(String))
    expect(await answer).toBe(other)
    expect(desk.refreshes().map(({ note, status }) => note ?? status)).toEqual(['fault: hang, cleared', 200])
    expect(desk.sandbox.requests.at(-1)).toMatchObject({ path: TOKEN })
  })

  it('is explained by newer tokens also if these have expired by now: they are refreshed', async () => {
    const desk = await startDesk()
    const { first, second } = await twoManagers(desk)
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const answer = first.accessToken('a')
    await until(() => desk.refreshes().length === 1)
    desk.advance(16_000)
    const newer = await second.accessToken('a')
    desk.advance(HOUR)
    hang.clear()
    expect(await answer).not.toBe(newer)
    expect(await first.get('a')).toMatchObject({ expiresAt: desk.sandbox.clock.now() + HOUR })
    expect(desk.refreshes().at(-1)).toMatchObject({ status: 200 })
  })

  it('is also explained by tokens that come into the store within 2 s', async () => {
    const desk = await startDesk()
    const { first, second, store } = await twoManagers(desk)
    store.fate = beyond(1, 'set', 'fail') // its claim is written, its tokens are held
    const { answer, other } = await overtaken(desk, first, second)
    expect(other).toMatchObject(away)
    store.fate = () => 'work'
    expect(await desk.passing(answer)).toBe(await second.accessToken('a'))
    expect(desk.refreshes()).toHaveLength(2)
  })

  it('otherwise ends the grant: the token is used while it lasts, and ilert is not asked again', async () => {
    const desk = await startDesk()
    const { first, tokens } = await twoManagers(desk)
    desk.sandbox.revoke(desk.sandbox.users[0]?.username ?? '')
    desk.advance(INTO_THE_WINDOW)
    expect(await first.accessToken('a')).toBe(tokens.accessToken)
    await desk.passing(desk.quiet(first))
    expect(desk.refreshes()).toMatchObject([{ status: 401 }])
    desk.advance(tokens.expiresAt - desk.sandbox.clock.now() - 1)
    expect(await first.accessToken('a')).toBe(tokens.accessToken)
    expect(await first.get('a')).toEqual(tokens)
    desk.advance(1)
    await isOver(first)
    desk.advance(HOUR)
    await isOver(first)
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('that was taken for the end yields to a successor that arrives after all', async () => {
    const desk = await startDesk()
    const { first, second, store } = await twoManagers(desk)
    desk.advance(HOUR)
    store.fate = beyond(1, 'set', 'fail')
    await expect(second.accessToken('a')).rejects.toMatchObject(away)
    desk.advance(15_001)
    await expect(desk.passing(first.accessToken('a'))).rejects.toMatchObject(backingOff)
    desk.advance(5 * MINUTE)
    await expect(desk.passing(first.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
    await isOver(first)
    store.fate = () => 'work'
    await desk.passing(desk.quiet(second))
    const successor = await second.accessToken('a')
    desk.advance(1000)
    expect(await first.accessToken('a')).toBe(successor)
    expect((await first.api('a').get('/api/users/current')).id).toBeTruthy()
    expect(desk.revocations()).toEqual([])
  })
})

describe('a refresh whose answer is lost', () => {
  async function lost(refreshTokens: 'reuse' | 'add' | 'rotate') {
    const desk = await startDesk({ refreshTokens })
    const { first } = await twoManagers(desk)
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind: 'reset', processed: true, times: 1 })
    await expect(first.accessToken('a')).rejects.toMatchObject({ name: 'NetworkError', code: 'connection_lost' })
    desk.advance(1000)
    return { desk, manager: first }
  }

  it('makes invalid_grant final only when it is repeated after 5 minutes (rotate)', async () => {
    const { desk, manager } = await lost('rotate')
    await expect(desk.passing(manager.accessToken('a'))).rejects.toMatchObject(backingOff)
    expect(desk.refreshes()).toHaveLength(2)
    for (let minute = 0; minute < 4; minute++) {
      desk.advance(MINUTE)
      await expect(manager.accessToken('a')).rejects.toMatchObject(backingOff)
      // Nor does another process know better, or ask sooner than it has to.
      await expect(desk.passing(desk.manager().accessToken('a'))).rejects.toThrow(NetworkError)
    }
    desk.advance(5 * MINUTE)
    await expect(desk.passing(manager.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
    await isOver(manager)
    await expect(desk.passing(desk.manager().accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
  })

  it('counts those minutes until ilert was asked: what it said may be heard much later (rotate)', async () => {
    const { desk, manager } = await lost('rotate')
    desk.advance(3 * MINUTE)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const answer = manager.accessToken('a')
    await until(() => desk.refreshes().length === 2, 'asked')
    desk.advance(3 * MINUTE)
    hang.clear()
    await expect(desk.passing(answer)).rejects.toMatchObject(backingOff)
    desk.advance(2000)
    await expect(desk.passing(manager.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
    expect(desk.refreshes()).toHaveLength(3)
  })

  it('is remembered for as long as the clock says that is ahead, whichever process asks next in vain (rotate)', async () => {
    const desk = await startDesk({ refreshTokens: 'rotate' })
    const { first } = await twoManagers(desk)
    const ahead = desk.manager({ clock: { now: () => desk.sandbox.clock.now() + 5000 } })
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind: 'reset', processed: true, times: 1 })
    await expect(ahead.accessToken('a')).rejects.toMatchObject({ code: 'connection_lost' })
    desk.advance(1000)
    desk.sandbox.fault({ path: TOKEN, kind: 503, times: 1 })
    await expect(first.accessToken('a')).rejects.toMatchObject({ code: 'server_error' })
    desk.advance(5 * MINUTE + 2000)
    await expect(desk.passing(first.accessToken('a'))).rejects.toMatchObject(backingOff)
    desk.advance(2000)
    await expect(desk.passing(first.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
  })

  it('may be one that was too long to be read: an invalid_grant after it is not final yet', async () => {
    const desk = await startDesk()
    let answers = 0
    const server = await serve((response) => {
      if (++answers === 1) json(response, 200, { access_token: 'x'.repeat(2000), refresh_token: 'next' })
      else json(response, 401, { code: 'invalid_grant', error: 'Unknown' })
    })
    const manager = desk.manager({ apiURL: server.origin, maxResponseBytes: 1024 })
    await manager.save('a', await desk.signIn())
    desk.advance(HOUR)
    await expect(manager.accessToken('a')).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'refresh_refused',
      status: 503,
      message: expect.stringMatching(/longer than 1024 bytes.* The sign-in is kept\.$/),
    })
    desk.advance(2000)
    await expect(desk.passing(manager.accessToken('a'))).rejects.toMatchObject(backingOff)
    expect(answers).toBe(2)
    desk.advance(5 * MINUTE)
    await expect(desk.passing(manager.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
  })

  it('exactly 5 minutes before is long enough (rotate)', async () => {
    const { desk, manager } = await lost('rotate')
    desk.advance(5 * MINUTE - 1000)
    await expect(desk.passing(manager.accessToken('a'))).rejects.toThrow(ReauthenticationRequired)
    expect(desk.refreshes()).toHaveLength(2)
  })

  it.each(['reuse', 'add'] as const)('is made up for as soon as ilert refreshes again (%s)', async (refreshTokens) => {
    const { desk, manager } = await lost(refreshTokens)
    await expect(manager.accessToken('a')).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 299 })
    desk.advance(298_999)
    await expect(manager.accessToken('a')).rejects.toMatchObject(backingOff)
    desk.advance(1)
    expect(await manager.accessToken('a')).toEqual(expect.any(String))
    expect(desk.refreshes().map(({ status }) => status)).toEqual([0, 429, 200])
  })
})

describe('a refresh that failed, before an invalid_grant', () => {
  type Trouble = { desk: Desk; manager: TokenManager }

  /** A grant that is due, whose connections fail as long as `broken` says so. */
  async function startDue(broken: () => boolean): Promise<Trouble> {
    const desk = await startDesk()
    const connect = buildConnector({})
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const dispatcher = new Agent({
      connect: (options, callback) => (broken() ? callback(refused, null) : connect(options, callback)),
    })
    const manager = desk.manager({ dispatcher })
    await manager.save('a', await desk.signIn())
    desk.advance(HOUR)
    return { desk, manager }
  }

  async function endedByTheUser({ desk, manager }: Trouble): Promise<unknown> {
    desk.sandbox.revoke('mara.lindqvist')
    desk.advance(10_000)
    return await desk.passing(manager.accessToken('a')).catch((error: unknown) => error)
  }

  it('and certainly never reached ilert: the invalid_grant is believed', async () => {
    let broken = true
    const trouble = await startDue(() => broken)
    await expect(trouble.manager.accessToken('a')).rejects.toMatchObject({ code: 'connection_failed' })
    broken = false
    expect(await endedByTheUser(trouble)).toBeInstanceOf(ReauthenticationRequired)
  })

  it('and was refused for being too many: the invalid_grant is believed', async () => {
    const trouble = await startDue(() => false)
    trouble.desk.sandbox.fault({ path: TOKEN, kind: 429, times: 1 })
    await expect(trouble.manager.accessToken('a')).rejects.toMatchObject({ code: 'rate_limited' })
    expect(await endedByTheUser(trouble)).toBeInstanceOf(ReauthenticationRequired)
  })

  it.each([503, 'reset', 'html'] as const)(
    'and may have been answered: the invalid_grant is not (%s)',
    async (kind) => {
      const trouble = await startDue(() => false)
      trouble.desk.sandbox.fault({ path: TOKEN, kind, times: 1 })
      await expect(trouble.manager.accessToken('a')).rejects.toThrow(NetworkError)
      expect(await endedByTheUser(trouble)).toMatchObject({
        ...backingOff,
        message: 'ilert refuses the refresh token, perhaps because an earlier answer was lost. Trying again later.',
        retryAfterSeconds: expect.closeTo(290, -1),
      })
    },
  )
})

describe('a store that is unavailable', () => {
  const ways = ['fail', 'hang'] as const

  it.each(ways)('when tokens are first read ends no sign-in, and no wait is without end: calls %s', async (way) => {
    const desk = await startDesk()
    const tokens = await desk.signIn()
    await desk.manager().save('a', tokens)
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store })
    store.fate = () => way
    const calls: Promise<unknown>[] = [manager.accessToken('a'), manager.revoke('a'), manager.save('b', tokens)]
    for (const call of calls) {
      await expect(desk.passing(call)).rejects.toMatchObject(away)
    }
    store.fate = () => 'work'
    expect(await manager.accessToken('a')).toBe(tokens.accessToken)
    expect(desk.refreshes()).toEqual([])
  })

  it.each(
    ways.flatMap((way) => [
      { way, at: 'read', method: 'get' as const },
      { way, at: 'claim', method: 'set' as const },
    ]),
  )('when a refresh has to $at first keeps ilert from being asked: calls $way', async ({ way, method }) => {
    const desk = await startDesk()
    const { second, store } = await twoManagers(desk)
    desk.advance(HOUR)
    store.fate = beyond(0, method, way)
    await expect(desk.passing(second.accessToken('a'))).rejects.toMatchObject(away)
    await expect(second.accessToken('a')).rejects.toMatchObject(backingOff)
    expect(desk.refreshes()).toEqual([])
    store.fate = () => 'work'
    desk.advance(1000)
    expect(await desk.passing(second.accessToken('a'))).toEqual(expect.any(String))
    expect(desk.refreshes()).toHaveLength(1)
  })

  it.each(ways)(
    'when new tokens are to be written has them held, used by nobody, and landed later: calls %s',
    async (way) => {
      const desk = await startDesk()
      const { first, second, store } = await twoManagers(desk)
      desk.advance(HOUR)
      store.fate = beyond(1, 'set', way)
      await expect(desk.passing(second.accessToken('a'))).rejects.toMatchObject(away)
      await expect(second.get('a')).rejects.toMatchObject(backingOff)
      expect(appTokensOf(second).peek('a')?.busy).toBe(true)
      for (let minute = 0; minute < 10; minute++) {
        desk.advance(MINUTE)
        await expect(desk.passing(second.accessToken('a'))).rejects.toThrow(NetworkError)
      }
      expect(desk.refreshes()).toHaveLength(1)
      store.fate = () => 'work'
      await desk.passing(desk.quiet(second)) // nobody has to ask
      const token = await second.accessToken('a')
      expect(await first.accessToken('a')).toBe(token)
      expect(desk.refreshes()).toHaveLength(1)
      expect(desk.revocations()).toEqual([])
    },
  )

  it('when new tokens are to be written leaves the old one in use while it is good', async () => {
    const desk = await startDesk()
    const { second, store, tokens } = await twoManagers(desk)
    desk.advance(INTO_THE_WINDOW)
    store.fate = beyond(1, 'set', 'fail')
    for (let i = 0; i < 3; i++) {
      expect(await second.accessToken('a')).toBe(tokens.accessToken)
      await until(() => store.calls.includes('set') && desk.refreshes().length === 1)
    }
    store.fate = () => 'work'
    await desk.passing(desk.quiet(second))
    expect(await second.accessToken('a')).not.toBe(tokens.accessToken)
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('and had taken the new tokens all the same is no reason to revoke them', async () => {
    const desk = await startDesk()
    const { first, second, store } = await twoManagers(desk)
    desk.advance(HOUR)
    store.fate = beyond(1, 'set', 'lose')
    await expect(second.accessToken('a')).rejects.toMatchObject(away)
    const token = await first.accessToken('a')
    store.fate = () => 'work'
    await desk.passing(desk.quiet(second))
    expect(await second.accessToken('a')).toBe(token)
    expect(desk.refreshes()).toHaveLength(1)
    expect(desk.revocations()).toEqual([])
  })
})
