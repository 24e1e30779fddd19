/*
 * A refresh whose lease is lost, or whose claim comes second: ilert is not asked unless it is this process's turn.
 */
import type { StoredTokens, TokenManager } from '../../src/index.ts'
import type { Lease, TokenStore } from '../../src/tokens/stores/store.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, HOUR, startDesk } from './desk.ts'

afterEach(closeDesks)

const inTheWay = {
  name: 'NetworkError',
  code: 'store_unavailable',
  message: 'Others were in the way of this refresh. Try again.',
}

/** A store whose leases are lost, and whose writes are met by others, when a test says so. */
class LeasedStore implements TokenStore {
  readonly #desk: Desk
  lease = new AbortController()
  /** Called before each write, with the record that it brings. */
  beforeSet: (key: string, tokens: StoredTokens) => Promise<void> | void = () => {}

  constructor(desk: Desk) {
    this.#desk = desk
  }

  get(key: string): Promise<StoredTokens | undefined> {
    return this.#desk.store.get(key)
  }

  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    await this.beforeSet(key, tokens)
    return await this.#desk.store.set(key, tokens, ttlMs)
  }

  delete(key: string, o?: { tombstoneMs?: number }): Promise<void> {
    return this.#desk.store.delete(key, o)
  }

  async withLease<T>(_key: string, work: (lease: Lease) => Promise<T>): Promise<T> {
    this.lease = new AbortController()
    return await work({ signal: this.lease.signal })
  }
}

/** A grant under `a` that is due for a refresh. */
async function startDue() {
  const desk = await startDesk()
  const store = new LeasedStore(desk)
  const manager = desk.manager({ tokenStore: store })
  const tokens = await desk.signIn()
  await manager.save('a', tokens)
  desk.advance(HOUR)
  return { desk, store, manager, tokens }
}

const refreshed = async (manager: TokenManager, before: string) =>
  expect(await manager.accessToken('a')).not.toBe(before)

it('a lease that is lost before the claim: nothing is claimed, and ilert is not asked', async () => {
  const { desk, store, manager, tokens } = await startDue()
  const { get } = store
  let writes = 0
  store.beforeSet = () => {
    writes += 1
  }
  store.get = async (key) => {
    store.lease.abort()
    return await get.call(store, key)
  }
  await expect(manager.accessToken('a')).rejects.toMatchObject(inTheWay)
  expect(desk.refreshes()).toEqual([])
  expect(writes).toBe(0)
  store.get = get
  desk.advance(5000)
  await refreshed(manager, tokens.accessToken)
})

it('a lease that is lost while the claim is written: the claim is taken back, and ilert is not asked', async () => {
  const { desk, store, manager, tokens } = await startDue()
  store.beforeSet = () => store.lease.abort()
  await expect(desk.passing(manager.accessToken('a'))).rejects.toMatchObject(inTheWay)
  expect(desk.refreshes()).toEqual([])
  store.beforeSet = () => {}
  // Nobody waits for a claim that is not there any more: another process refreshes at once.
  await refreshed(desk.manager(), tokens.accessToken)
  expect(desk.refreshes()).toHaveLength(1)
})

it('a claim that comes second is made again, upon what is there by then', async () => {
  const { desk, store, manager, tokens } = await startDue()
  const other = desk.manager()
  let calls = 0
  store.beforeSet = async () => {
    calls += 1
    if (calls > 1) return
    // Somebody else has claimed the refresh meanwhile, asked ilert, which is busy, and taken the claim back.
    const busy = desk.sandbox.fault({ path: TOKEN, kind: 429, times: 1 })
    await expect(other.accessToken('a')).rejects.toMatchObject({ code: 'rate_limited' })
    busy.clear()
  }
  await refreshed(manager, tokens.accessToken)
  expect(desk.refreshes().map(({ status }) => status)).toEqual([429, 200])
  expect(calls).toBe(3) // the claim, the claim again, and the tokens
})

it('a grant that is ended while its claim is written is not refreshed', async () => {
  const { desk, store, manager } = await startDue()
  let revoked: Promise<void> | undefined
  store.beforeSet = async () => {
    if (revoked) return
    revoked = manager.revoke('a')
    await revoked
  }
  await expect(manager.accessToken('a')).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
  expect(desk.refreshes()).toEqual([])
  expect(desk.revocations()).toHaveLength(1)
})

it('a grant that seems to have ended is read again: another user may have signed in under its key', async () => {
  const { desk, tokens } = await startDue()
  const { accessToken, scope } = tokens
  const manager = desk.manager()
  await manager.save('b', { accessToken, scope, expiresAt: desk.sandbox.clock.now() + HOUR })
  const next = await desk.signIn()
  await desk.manager().save('b', { ...next, expiresAt: next.expiresAt + 2 * HOUR })
  desk.advance(HOUR)
  expect(await manager.accessToken('b')).toBe(next.accessToken)
})

it('a refresh token that has expired is not tried', async () => {
  const { desk, manager, tokens } = await startDue()
  await manager.save('a', { ...tokens, refreshTokenExpiresAt: desk.sandbox.clock.now() + 1 })
  desk.advance(1)
  await expect(manager.accessToken('a')).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
  expect(desk.refreshes()).toEqual([])
})

describe('a refresh that another process has claimed, when there is no lease', () => {
  /** Two processes with a grant that is due; the first has asked ilert, which has not answered yet. */
  async function startClaimed() {
    const desk = await startDesk({ refreshTokens: 'rotate' })
    const [first, second] = [desk.manager(), desk.manager()]
    const tokens = await desk.signIn()
    await first.save('a', tokens)
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const answer = first.accessToken('a')
    await until(() => desk.refreshes().length === 1, 'asked')
    const waiting = second.accessToken('a')
    return { desk, first, second, hang, answer, waiting }
  }

  const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

  it('is waited for, and what it brings is used half a second later', async () => {
    const { desk, hang, answer, waiting } = await startClaimed()
    for (let i = 0; i < 4; i++) {
      await turn()
      desk.advance(500)
    }
    expect(desk.refreshes()).toHaveLength(1)
    hang.clear()
    const token = await answer
    desk.advance(500)
    expect(await waiting).toBe(token)
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('is made in its place after 15 seconds, and not before', async () => {
    const { desk, hang, answer, waiting } = await startClaimed()
    const before = desk.sandbox.clock.now()
    const token = await desk.passing(waiting)
    expect(desk.sandbox.clock.now() - before).toBe(15_000)
    expect(desk.refreshes()).toHaveLength(2)
    hang.clear()
    expect(await desk.passing(answer)).toBe(token)
    expect(desk.revocations()).toEqual([])
  })
})

/** How long a process may stand still after it has written its claim, and still ask by it. */
const SHORT_STALL_MS = 4000
const LONG_STALL_MS = 6000

it('a claim that was written before a stall is made anew: another process may have begun meanwhile', async () => {
  const { desk, store, manager, tokens } = await startDue()
  const claims: string[] = []
  store.beforeSet = (_, { data }) => {
    claims.push(data)
    if (claims.length === 1) desk.advance(LONG_STALL_MS)
  }
  await refreshed(manager, tokens.accessToken)
  expect(claims.length).toBe(3) // two claims, and the new tokens
  expect(desk.refreshes().length).toBe(1)
})

it('a claim that was written just now is asked by', async () => {
  const { desk, store, manager, tokens } = await startDue()
  let writes = 0
  store.beforeSet = () => {
    if (++writes === 1) desk.advance(SHORT_STALL_MS)
  }
  await refreshed(manager, tokens.accessToken)
  expect(writes).toBe(2)
})

it('a store that takes too long for every claim counts as unavailable, and ilert is not asked', async () => {
  const { desk, store, manager } = await startDue()
  store.beforeSet = () => desk.advance(LONG_STALL_MS)
  await expect(manager.get('a')).rejects.toMatchObject(inTheWay)
  expect(desk.refreshes()).toEqual([])
})
