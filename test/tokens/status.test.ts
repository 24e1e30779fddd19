/*
 * What TokenManager.status() tells, and that it asks ilert nothing.
 */
import fc from 'fast-check'
import { decide, refreshAt, type Situation } from '../../src/tokens/policy.ts'
import { TOKEN } from '../support/app.ts'
import { beyond, closeDesks, FragileStore, HOUR, startDesk } from './desk.ts'

afterEach(closeDesks)

const NOTHING = { connected: false, scope: [] }

async function savedBy(o: Parameters<typeof startDesk>[0] = {}) {
  const desk = await startDesk(o)
  const manager = desk.manager()
  const tokens = await desk.signIn()
  await manager.save('a', tokens)
  const asked = () => desk.sandbox.requests.length
  return { desk, manager, tokens, asked, before: asked() }
}

it('tells what is stored, from memory and from the store, and asks ilert nothing', async () => {
  const { desk, manager, tokens, asked, before } = await savedBy()
  const told = {
    connected: true,
    scope: tokens.scope,
    accessTokenExpiresAt: tokens.expiresAt,
    refreshTokenExpiresAt: tokens.refreshTokenExpiresAt,
    nextRefreshAt: tokens.expiresAt - 600_000,
  }
  expect(await manager.status('a')).toEqual(told)
  expect(await desk.manager().status('a')).toEqual(told)
  expect(asked()).toBe(before)
})

it('begins no refresh, whatever is due', async () => {
  const { desk, manager, asked, before } = await savedBy()
  for (const ms of [HOUR - 500_000, HOUR, 100 * HOUR]) {
    desk.advance(ms)
    expect(await manager.status('a')).toMatchObject({ connected: true, nextRefreshAt: desk.sandbox.clock.now() })
  }
  expect(asked()).toBe(before)
})

it('tells when the last refresh was, by whatever process, and nothing of a failure that has passed', async () => {
  const { desk, manager } = await savedBy()
  desk.advance(HOUR)
  const fault = desk.sandbox.fault({ path: TOKEN, kind: 500 })
  await expect(manager.accessToken('a')).rejects.toThrow()
  const at = desk.sandbox.clock.now()
  const failing = await manager.status('a')
  expect(failing).toMatchObject({ connected: true, failure: { at, count: 1, code: 'server_error' } })
  expect(failing.nextRefreshAt).toBeGreaterThan(at)
  expect(failing.nextRefreshAt).toBeLessThanOrEqual(at + 1000)

  fault.clear()
  desk.advance(20_000)
  await desk.manager().accessToken('a')
  const refreshedAt = desk.sandbox.clock.now()
  desk.advance(61_000) // what another process has done is known a minute later
  const { failure, ...status } = await manager.status('a')
  expect(failure).toBeUndefined()
  expect(status).toMatchObject({ connected: true, refreshedAt, accessTokenExpiresAt: refreshedAt + HOUR })
})

it('tells of nothing where nothing was kept, and where it was ended here or in another process', async () => {
  const { desk, manager } = await savedBy()
  const other = desk.manager()
  expect(await manager.status('nobody')).toEqual(NOTHING)
  expect(await other.status('a')).toMatchObject({ connected: true })
  await manager.revoke('a')
  expect(await manager.status('a')).toEqual(NOTHING)
  desk.advance(61_000)
  expect(await other.status('a')).toEqual(NOTHING)
})

it('tells that nothing can bring other tokens once ilert has ended the grant', async () => {
  const { desk, manager } = await savedBy()
  desk.sandbox.revoke('mara.lindqvist')
  desk.advance(HOUR)
  await expect(desk.passing(manager.accessToken('a'))).rejects.toThrow()
  const { connected, nextRefreshAt } = await manager.status('a')
  expect([connected, nextRefreshAt]).toEqual([false, undefined])
})

it('rejects when the store is unavailable and nothing is at hand, and tells what is at hand otherwise', async () => {
  const { desk, tokens } = await savedBy()
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  await manager.status('a')
  store.fate = beyond(0, 'get', 'fail')
  desk.advance(61_000)
  expect(await manager.status('a')).toMatchObject({ connected: true, accessTokenExpiresAt: tokens.expiresAt })
  await expect(manager.status('b')).rejects.toMatchObject({ code: 'store_unavailable' })
  await expect(manager.status('')).rejects.toThrow(TypeError)
})

it('has no secret in it', async () => {
  const { manager, tokens } = await savedBy()
  const shown = JSON.stringify(await manager.status('a'))
  for (const secret of [tokens.accessToken, tokens.refreshToken]) expect(shown).not.toContain(secret)
})

const ms = fc.integer({ min: 0, max: 4_000_000 })
const SITUATION = fc
  .record({ lifetime: ms, age: ms, refreshedAgo: ms, failedAgo: ms, backOffMs: ms })
  .map(({ lifetime, age, refreshedAgo, failedAgo, backOffMs }): Situation => {
    const now = 1_800_000_000_000
    const issuedAt = now - age
    const past = { refreshedAt: now - refreshedAgo, failedAt: now - failedAgo, backOffMs }
    return { now, issuedAt, expiresAt: issuedAt + lifetime, refreshable: true, ...past }
  })
const SETTINGS = fc.record({ windowMs: fc.constantFrom(0, 600_000), minIntervalMs: fc.constantFrom(0, 300_000) })

it('names the very millisecond from which on a request begins a refresh', () => {
  fc.assert(
    fc.property(SITUATION, SETTINGS, (situation, settings) => {
      const at = Math.ceil(refreshAt(situation, settings))
      const asksAt = (now: number) => /refresh/.test(decide({ ...situation, now }, settings).action)
      expect(asksAt(at + 1)).toBe(true)
      if (at - 1 > situation.now) expect(asksAt(at - 1)).toBe(false)
    }),
    { numRuns: 2000 },
  )
})
