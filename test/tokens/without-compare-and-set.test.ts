/*
 * Two processes over a store that neither leases nor compares and sets, as those of express-session: another process may
 * write between the look and the write of one.
 */
import type { MemoryTokenStore, StoredTokens, TokenManager, TokenSet } from '../../src/index.ts'
import { CLAIM_SETTLES_MS } from '../../src/tokens/timing.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, HOUR, MODES, startDesk } from './desk.ts'

afterEach(closeDesks)

/** One process's view of a session store. Each of its writes may be held between the look and the write. */
class SessionLikeStore {
  readonly comparesAndSets = false
  readonly #shared: MemoryTokenStore
  /** The versions that this process has written. */
  readonly written: number[] = []
  beforeWrite: (tokens: StoredTokens) => Promise<void> = async () => {}

  constructor(shared: MemoryTokenStore) {
    this.#shared = shared
  }

  get(key: string): Promise<StoredTokens | undefined> {
    return this.#shared.get(key)
  }

  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    const found = await this.#shared.get(key)
    if (found && found.version >= tokens.version) return false
    await this.beforeWrite(tokens)
    this.written.push(tokens.version)
    await this.#shared.delete(key)
    return await this.#shared.set(key, tokens, ttlMs)
  }

  delete(key: string, o?: { tombstoneMs?: number }): Promise<void> {
    return this.#shared.delete(key, o)
  }
}

/** Holds the next write of a store. */
function holdNextWrite(store: SessionLikeStore): { held: Promise<void>; release: () => void } {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = new Promise<void>((resolve) => {
    store.beforeWrite = async () => {
      store.beforeWrite = async () => {}
      resolve()
      await released
    }
  })
  return { held, release }
}

interface Two {
  readonly desk: Desk
  readonly first: TokenManager
  readonly second: TokenManager
  readonly stores: { readonly first: SessionLikeStore; readonly second: SessionLikeStore }
  readonly tokens: Required<TokenSet>
}

/** Two processes that both have a grant under `a` at hand, whose access token has ended. */
async function startTwo(refreshTokens: (typeof MODES)[number]): Promise<Two> {
  const desk = await startDesk({ refreshTokens })
  const stores = { first: new SessionLikeStore(desk.store), second: new SessionLikeStore(desk.store) }
  const first = desk.manager({ tokenStore: stores.first })
  const second = desk.manager({ tokenStore: stores.second })
  const tokens = await desk.signIn()
  await first.save('a', tokens)
  await second.accessToken('a')
  desk.advance(HOUR)
  return { desk, first, second, stores, tokens }
}

/** Lets the time pass in small steps until something is so. */
const passUntil = (desk: Desk, isSo: () => boolean) =>
  until(() => {
    desk.advance(20)
    return isSo()
  })

/** Both ask ilert: the second one's claim is begun before the first one's, and written over it. */
async function bothAsk({ desk, first, second, stores }: Two) {
  const claim = holdNextWrite(stores.second)
  const loser = second.accessToken('a')
  await claim.held
  const winner = first.accessToken('a')
  await until(() => stores.first.written.length === 2)
  const landing = holdNextWrite(stores.first)
  await passUntil(desk, () => desk.refreshes().length === 1)
  await landing.held
  claim.release()
  await passUntil(desk, () => desk.refreshes().length === 2)
  return { winner, loser, landing }
}

test.each(MODES)('a refresh that is refused because another process was quicker uses its tokens: %s', async (mode) => {
  const two = await startTwo(mode)
  const { winner, loser, landing } = await bothAsk(two)
  expect(two.desk.refreshes().map(({ status }) => status)).toEqual([200, mode === 'rotate' ? 401 : 429])
  landing.release()
  const token = await winner
  expect(await two.desk.passing(loser)).toBe(token)
  expect(token).not.toBe(two.tokens.accessToken)
  // Its claim, and nothing since.
  expect(two.stores.second.written).toHaveLength(1)
  expect(await two.desk.passing(two.desk.manager().accessToken('a'))).toBe(token)
})

test('new tokens that another process has overwritten are written again within half a second', async () => {
  const { desk, first, second, stores } = await startTwo('rotate')
  const claim = holdNextWrite(stores.second)
  const loser = second.accessToken('a')
  await claim.held
  const winner = first.accessToken('a')
  await until(() => stores.first.written.length === 2) // the sign-in, and the claim
  desk.advance(CLAIM_SETTLES_MS)
  const token = await winner
  const asked = desk.sandbox.clock.now()
  claim.release()
  // Its claim has taken the place of the tokens, with which it asks in vain.
  expect(await desk.passing(loser)).toBe(token)
  expect(desk.refreshes().map(({ status }) => status)).toEqual([200, 401])
  expect(desk.sandbox.clock.now() - asked).toBeLessThan(1500)
  expect(await desk.manager().accessToken('a')).toBe(token)
})

test('of two processes that claim a refresh at once, one asks ilert, and the other waits for its tokens', async () => {
  const { desk, first, second, stores } = await startTwo('reuse')
  const claim = holdNextWrite(stores.second)
  const later = second.accessToken('a')
  await claim.held
  const earlier = first.accessToken('a')
  await until(() => stores.first.written.length === 2)
  claim.release()
  const both = await desk.passing(Promise.all([earlier, later]))
  expect(new Set(both).size).toBe(1)
  expect(desk.refreshes()).toHaveLength(1)
})

test('a refusal that no other process explains is reported, and nothing is written', async () => {
  const { desk, first, stores } = await startTwo('reuse')
  desk.sandbox.fault({ path: '/api/developers/oauth2/token', kind: 429, times: 1 })
  await expect(desk.passing(first.accessToken('a'))).rejects.toMatchObject({ code: 'rate_limited' })
  expect(stores.first.written).toHaveLength(2) // the sign-in, and the claim
  // What stays makes no later refusal doubtful: the answer to that claim was not lost.
  desk.sandbox.revoke(desk.sandbox.users[0]?.username ?? '')
  desk.advance(61_000)
  await expect(desk.passing(first.accessToken('a'))).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
})
