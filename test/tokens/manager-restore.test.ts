/*
 * A store that has lost what was in it: a process that has seen a record not long ago writes it again.
 */

import { NetworkError, ReauthenticationRequired, type StoredTokens } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { until } from '../support/until.ts'
import { closeDesks, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

/** A manager with a grant under `a` that has been refreshed once, and the record from before that. */
async function startRefreshed() {
  const desk = await startDesk()
  const manager = desk.manager()
  await manager.save('a', await desk.signIn())
  const old = (await desk.store.get('a')) as StoredTokens
  desk.advance(HOUR)
  const token = await manager.accessToken('a')
  /** Looks at the store, as a request does once a minute, behind. */
  const look = async () => {
    desk.advance(MINUTE)
    await appTokensOf(manager).peek('a')?.attend(HOUR)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { desk, manager, old, token, look }
}

it('a record that has vanished is there again, for every process', async () => {
  const { desk, manager, token, look } = await startRefreshed()
  const before = (await desk.store.get('a')) as StoredTokens
  await desk.store.delete('a')
  await look()
  expect(await desk.store.get('a')).toMatchObject({ version: before.version })
  expect(await desk.manager().accessToken('a')).toBe(token)
  expect(await manager.accessToken('a')).toBe(token)
  expect(desk.refreshes()).toHaveLength(1)
})

it('a record that fell back to an older one is replaced by the newer', async () => {
  const { desk, old, token, look } = await startRefreshed()
  await desk.store.delete('a')
  await desk.store.set('a', old, HOUR)
  await look()
  expect(((await desk.store.get('a')) as StoredTokens).version).toBeGreaterThan(old.version)
  expect(await desk.manager().accessToken('a')).toBe(token)
})

it.each([
  { minutes: 2, final: false },
  { minutes: 58, final: true },
])(
  'a loss $minutes minutes before: an invalid_grant is final: $final, since another refresh may be lost as well',
  async ({ minutes, final }) => {
    const { desk, manager, look } = await startRefreshed()
    desk.advance(HOUR - (minutes + 1) * MINUTE)
    await desk.store.delete('a')
    desk.sandbox.revoke('mara.lindqvist')
    await look()
    desk.advance(minutes * MINUTE)
    const answer = desk.passing(manager.accessToken('a'))
    await expect(answer).rejects.toThrow(final ? ReauthenticationRequired : NetworkError)
  },
)

it.each([
  { seen: 23 * HOUR - MINUTE, restored: true },
  { seen: 23 * HOUR, restored: false },
])('a record that was seen $seen ms before is restored: $restored', async ({ seen, restored }) => {
  const { desk, manager } = await startRefreshed()
  await desk.store.delete('a')
  desk.advance(seen)
  const answer = manager.accessToken('a')
  if (restored) expect(await desk.passing(answer)).toEqual(expect.any(String))
  else await expect(desk.passing(answer)).rejects.toThrow(ReauthenticationRequired)
  expect(desk.refreshes()).toHaveLength(restored ? 2 : 1)
  expect((await desk.store.get('a')) !== undefined).toBe(restored)
})

it('a record that was ended is not, however lately it was seen', async () => {
  const { desk, manager, look } = await startRefreshed()
  await desk.manager().revoke('a')
  await look()
  await until(() => appTokensOf(manager).peek('a') === undefined, 'ended')
  expect(await desk.store.get('a')).toBeUndefined()
  await expect(manager.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
})

it('what is kept has no field that ilert did not give', async () => {
  const { desk, manager } = await startRefreshed()
  const expiresAt = desk.sandbox.clock.now() + HOUR
  await manager.save('b', { accessToken: 'token', scope: [], expiresAt, refreshToken: undefined } as never)
  expect(await manager.get('b')).toStrictEqual({ accessToken: 'token', scope: [], expiresAt })
  await manager.save('x'.repeat(512), { accessToken: 'token', scope: [], expiresAt })
})
