/*
 * The same ilert user has granted anew: whatever holds the former grant goes on with the new one, in every process.
 */

import { ReauthenticationRequired, type TokenManager, type TokenSet } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, FragileStore, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

const SESSION = { ttlMs: 8 * HOUR }
const MARA = { account: '1' }

/** Two processes that have the session's grant `a` at hand. */
async function startTwo(o: Parameters<typeof startDesk>[0] = {}) {
  const desk = await startDesk(o)
  const store = new FragileStore(desk.store)
  const [one, other] = [desk.manager(), desk.manager({ tokenStore: store })]
  const tokens = await desk.signIn()
  await appTokensOf(one).save('a', tokens, { ...SESSION, ...MARA })
  await other.accessToken('a')
  return { desk, one, other, store, tokens }
}

/** A new sign-in of the same user takes the place of the one under `from`. */
async function replace(desk: Desk, manager: TokenManager, from: string, to: string, account = '1') {
  const tokens = await desk.signIn()
  await appTokensOf(manager).save(to, tokens, { ...SESSION, account })
  await appTokensOf(manager).supersede({ key: from }, { key: to, account: '1' }, SESSION.ttlMs)
  return tokens
}

const tokenOf = (manager: TokenManager, key = 'a') => manager.accessToken(key)

it('is used at once by the process in which it was granted, and within a minute by every other', async () => {
  const { desk, one, other, tokens } = await startTwo({ refreshTokens: 'add' })
  const keeper = appTokensOf(one).peek('a')
  const next = await replace(desk, one, 'a', 'b')
  expect(await tokenOf(one)).toBe(next.accessToken)
  expect(keeper?.removed).toBe(true)
  expect(appTokensOf(one).peek('a')?.connected).toBe(true)
  expect(await tokenOf(other)).toBe(tokens.accessToken) // which is good until it ends
  desk.advance(MINUTE)
  expect(await tokenOf(other)).toBe(next.accessToken)
  expect(await tokenOf(desk.manager())).toBe(next.accessToken)
  expect(desk.refreshes()).toEqual([])
})

it('is at hand before the former grant is gone: nobody is told meanwhile to sign in', async () => {
  const { desk, one, other, store } = await startTwo()
  await replace(desk, one, 'a', 'b')
  desk.advance(MINUTE / 2)
  const { get } = store
  const seen = new Set<unknown>()
  store.get = async (key) => {
    seen.add(appTokensOf(other).peek('a')?.connected)
    return await get.call(store, key)
  }
  void appTokensOf(other).peek('a')?.confirm()
  await until(() => appTokensOf(other).peek('a')?.key === 'b', 'the successor')
  expect([...seen]).toEqual([true])
})

it('costs no call of the store, once it is known', async () => {
  const { desk, one, other, store } = await startTwo()
  await replace(desk, one, 'a', 'b')
  desk.advance(MINUTE)
  await tokenOf(other)
  store.calls.length = 0
  for (let i = 0; i < 100; i++) await tokenOf(other)
  expect(store.calls).toEqual([])
})

it("the former refresh token is revoked, unless it is the successor's as well", async () => {
  const { desk, one, tokens } = await startTwo({ refreshTokens: 'add' })
  await replace(desk, one, 'a', 'b')
  await until(() => desk.revocations().length === 1, 'revoked')
  expect(await desk.isAlive(tokens.refreshToken)).toBe(false)
  const again = (await one.get('b')) as Required<TokenSet>
  await one.revoke('c')
  const fresh = desk.manager()
  await appTokensOf(fresh).save('c', again, { ...SESSION, ...MARA })
  await appTokensOf(fresh).supersede({ key: 'b' }, { key: 'c', account: '1' }, HOUR)
  await fresh.close()
  expect(await desk.isAlive(again.refreshToken)).toBe(true)
})

it('is what a refresh comes to that was under way when its grant was replaced, here and elsewhere', async () => {
  const { desk, one, other } = await startTwo({ refreshTokens: 'add' })
  desk.advance(HOUR)
  const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed: true })
  const waiting = [tokenOf(other)]
  await until(() => desk.refreshes().length === 1, 'asked')
  const next = await replace(desk, one, 'a', 'b')
  waiting.push(tokenOf(one))
  hang.clear()
  expect(await desk.passing(Promise.all(waiting))).toEqual([next.accessToken, next.accessToken])
  // What it brought is nobody's.
  await until(() => desk.revocations().length === 2, 'revoked')
})

it('is what a refused access token of the former grant is repeated with', async () => {
  const { desk, one, tokens } = await startTwo()
  await replace(desk, one, 'a', 'b')
  expect(await appTokensOf(one).refused('a', tokens.accessToken)).toBe(true)
})

it.each(['signOut', 'revoke'] as const)(
  'ends with %s, by whichever of the keys, for all that hold one',
  async (end) => {
    for (const key of ['a', 'b', 'c']) {
      const { desk, one, other } = await startTwo()
      await replace(desk, one, 'a', 'b')
      await replace(desk, one, 'b', 'c')
      desk.advance(MINUTE)
      await tokenOf(other)
      await (end === 'revoke' ? one.revoke(key) : appTokensOf(one).signOut({ key: key }, HOUR))
      desk.advance(MINUTE)
      for (const manager of [one, other, desk.manager()]) {
        for (const each of ['a', 'b', 'c']) {
          await expect(tokenOf(manager, each)).rejects.toThrow(ReauthenticationRequired)
          const { end: how } = await appTokensOf(manager).find(each)
          expect(how?.signedOut).toBe(end === 'signOut' ? true : undefined)
        }
      }
      await closeDesks()
    }
  },
)

it('is never of another ilert user, whatever user has the key by now', async () => {
  const { desk, one, other } = await startTwo()
  await replace(desk, one, 'a', 'b')
  desk.advance(MINUTE)
  await tokenOf(other)
  await appTokensOf(one).save('b', await desk.signIn(), { ...SESSION, account: '2' })
  desk.advance(MINUTE)
  for (const manager of [one, other, desk.manager()]) {
    await expect(tokenOf(manager)).rejects.toThrow(ReauthenticationRequired)
    await tokenOf(manager, 'b')
  }
})

it('is never of a user who is not known', async () => {
  const { desk, one } = await startTwo()
  const tokens = await desk.signIn()
  await one.save('b', tokens, SESSION)
  await appTokensOf(one).supersede({ key: 'a' }, { key: 'b', account: '1' }, HOUR)
  for (const manager of [one, desk.manager()]) await expect(tokenOf(manager)).rejects.toThrow(ReauthenticationRequired)
})

it('in a long chain is found, and a ring has an end', async () => {
  const { desk, one } = await startTwo()
  const keys = Array.from({ length: 15 }, (_, i) => `k${i}`)
  let from = 'a'
  for (const key of keys) {
    await replace(desk, one, from, key)
    from = key
  }
  expect(await tokenOf(desk.manager())).toBe(await tokenOf(one, 'k14'))
  await appTokensOf(one).supersede({ key: 'k14' }, { key: 'a', account: '1' }, HOUR)
  for (const manager of [one, desk.manager()]) await expect(tokenOf(manager)).rejects.toThrow(ReauthenticationRequired)
  await appTokensOf(one).signOut({ key: 'a' }, HOUR)
  await one.revoke('a')
}, 30_000)

it('of a grant that the user has signed out of meanwhile does not bring it back', async () => {
  const { desk, one } = await startTwo()
  await appTokensOf(desk.manager()).signOut({ key: 'a' }, HOUR)
  await replace(desk, one, 'a', 'b')
  expect((await appTokensOf(desk.manager()).find('a')).end).toEqual({ signedOut: true })
})

it('cannot be named while the store is unavailable: the former tokens are revoked, and the store says so', async () => {
  const { desk, other, store } = await startTwo()
  store.fate = () => 'fail'
  await expect(appTokensOf(other).supersede({ key: 'a' }, { key: 'b', account: '1' }, HOUR)).rejects.toMatchObject({
    code: 'store_unavailable',
  })
  await until(() => desk.revocations().length === 1, 'revoked')
})
