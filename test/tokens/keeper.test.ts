/*
 * What one process does for a grant on its way: whom it asks, for whom it waits, and what it leaves alone.
 */

import { ReauthenticationRequired, type TokenManager } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { beyond, closeDesks, FragileStore, HOUR, INTO_THE_WINDOW, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

/** A grant under `a`, and a store that can be away. */
async function startGrant() {
  const desk = await startDesk()
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  const tokens = await desk.signIn()
  await manager.save('a', tokens)
  const attend = () => appTokensOf(manager).peek('a')?.attend(HOUR)
  return { desk, store, manager, tokens, attend }
}

/** New tokens have come from ilert, and the store is away: they are held. */
async function startHolding() {
  const grant = await startGrant()
  const { desk, store, manager } = grant
  desk.advance(INTO_THE_WINDOW)
  store.fate = beyond(1, 'set', 'fail')
  await manager.accessToken('a')
  await until(() => desk.refreshes().length === 1 && store.calls.filter((call) => call === 'set').length === 3, 'held')
  return grant
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('a token that has expired', () => {
  it("is exchanged for what another process has stored, without waiting for that process's turn to end", async () => {
    const { desk, tokens } = await startGrant()
    /** Somebody has the lease, and keeps it. */
    const late = desk.manager({
      tokenStore: {
        get: (key) => desk.store.get(key),
        set: (key, record, ttlMs) => desk.store.set(key, record, ttlMs),
        delete: (key, o) => desk.store.delete(key, o),
        withLease: (_key, _work, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason))
          }),
      },
    })
    expect(await late.accessToken('a')).toBe(tokens.accessToken)
    desk.advance(HOUR)
    const token = await desk.manager().accessToken('a')
    expect(await late.accessToken('a')).toBe(token)
    expect(token).not.toBe(tokens.accessToken)
  })

  it('ends no sign-in while the store is unavailable and might have others', async () => {
    const { desk, store, manager, tokens } = await startGrant()
    const { accessToken, scope, expiresAt } = tokens
    await manager.save('b', { accessToken, scope, expiresAt })
    desk.advance(HOUR)
    store.fate = () => 'fail'
    await expect(manager.accessToken('b')).rejects.toMatchObject({ name: 'NetworkError', code: 'store_unavailable' })
    store.fate = () => 'work'
    desk.advance(1000)
    await expect(manager.accessToken('b')).rejects.toThrow(ReauthenticationRequired)
  })

  it('is refreshed in the background of a request that does not ask for it', async () => {
    const { desk, manager, tokens, attend } = await startGrant()
    desk.advance(HOUR)
    void attend()
    await until(() => appTokensOf(manager).peek('a')?.grant.tokens.accessToken !== tokens.accessToken, 'refreshed')
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('is looked up every second once nothing can bring another, and only then', async () => {
    const { desk, store, manager, tokens, attend } = await startGrant()
    const { accessToken, scope, expiresAt } = tokens
    await manager.save('a', { accessToken, scope, expiresAt }, { ttlMs: 24 * HOUR })
    store.calls.length = 0
    desk.advance(MINUTE / 2 - 1)
    void attend()
    expect(store.calls).toEqual([])
    desk.advance(HOUR)
    await attend()
    expect(store.calls).toEqual(['get'])
    await turn()
    desk.advance(999)
    void attend()
    expect(store.calls).toEqual(['get'])
    desk.advance(1)
    void attend()
    expect(store.calls).toEqual(['get', 'get'])
  })

  it('says when to come back while ilert is unavailable', async () => {
    const { desk, manager } = await startGrant()
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind: 429, ms: 40_000 })
    await expect(manager.accessToken('a')).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 40 })
    desk.advance(10_500)
    await expect(manager.accessToken('a')).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'backing_off',
      message:
        'The access token has expired and could not be refreshed: ilert or the token store is unavailable. Try again in 30 s.',
      retryAfterSeconds: 30,
    })
    expect(desk.refreshes()).toHaveLength(1)
  })
})

describe('an access token that the API refused', () => {
  const refused = (manager: TokenManager, { accessToken }: { accessToken: string }) =>
    appTokensOf(manager).refused('a', accessToken)

  it('has a successor already: that will do, though the next refresh is not allowed yet', async () => {
    const { desk, manager, tokens } = await startGrant()
    expect(await refused(manager, tokens)).toBe(true)
    expect(await refused(manager, tokens)).toBe(true)
    const token = await manager.accessToken('a')
    expect(token).not.toBe(tokens.accessToken)
    expect(await appTokensOf(manager).refused('a', token)).toBe(false)
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('was replaced by another process minutes ago: that will do, and no other is asked for', async () => {
    const { desk, manager, tokens } = await startGrant()
    desk.advance(INTO_THE_WINDOW)
    const other = desk.manager()
    expect(await other.accessToken('a')).toBe(tokens.accessToken)
    await desk.quiet(other)
    desk.advance(5.5 * MINUTE)
    expect(await refused(manager, tokens)).toBe(true)
    expect(await manager.accessToken('a')).toBe(await other.accessToken('a'))
    expect(desk.refreshes()).toHaveLength(1)
  })

  it('waits for a refresh that was begun before the refresh token ended, though none may be begun any more', async () => {
    const { desk, manager, tokens } = await startGrant()
    await manager.save('a', { ...tokens, refreshTokenExpiresAt: desk.sandbox.clock.now() + HOUR })
    desk.advance(INTO_THE_WINDOW)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang' })
    await manager.accessToken('a')
    await until(() => desk.refreshes().length === 1, 'asked')
    desk.advance(HOUR)
    const answer = refused(manager, tokens)
    await turn()
    hang.clear()
    expect(await answer).toBe(true)
  })

  it('has none when the refresh token has expired, which costs no call of the store', async () => {
    const { desk, store, manager, tokens } = await startGrant()
    await manager.save('a', { ...tokens, refreshTokenExpiresAt: desk.sandbox.clock.now() + MINUTE })
    desk.advance(MINUTE)
    store.calls.length = 0
    expect(await refused(manager, tokens)).toBe(false)
    expect(store.calls).toEqual([])
  })

  it('has none where ilert refuses to refresh', async () => {
    const { desk, manager, tokens } = await startGrant()
    desk.sandbox.revoke('mara.lindqvist')
    expect(await desk.passing(refused(manager, tokens))).toBe(false)
    expect(desk.refreshes()).toHaveLength(1)
    expect(await refused(manager, tokens)).toBe(false)
    expect(desk.refreshes()).toHaveLength(1)
  })
})

describe('tokens that are held', () => {
  it('are stored in a last attempt when the manager is closed', async () => {
    const { desk, store, manager, tokens } = await startHolding()
    store.fate = () => 'work'
    await manager.close()
    const token = await desk.manager().accessToken('a')
    expect(token).not.toBe(tokens.accessToken)
    expect(desk.refreshes()).toHaveLength(1)
  })
})
