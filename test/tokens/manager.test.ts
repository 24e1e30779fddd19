/*
 * What TokenManager keeps, and how it lets go of it: rule 5.
 */

import { inspect } from 'node:util'
import { IlertClient, NetworkError, OAuthError, ReauthenticationRequired, TokenManager } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { LASTING, optionsOf, REVOKE, TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { beyond, closeDesks, type Desk, FragileStore, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

const over = { name: 'ReauthenticationRequired', status: 401 }

/** A manager that holds new tokens of `a`, since its store was away when they came. It is back. */
async function startHolding() {
  const desk = await startDesk({ refreshTokens: 'add' })
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  await manager.save('a', await desk.signIn())
  desk.advance(HOUR)
  store.fate = beyond(1, 'set', 'fail')
  await expect(manager.accessToken('a')).rejects.toThrow(NetworkError)
  store.fate = () => 'work'
  return { desk, manager }
}

describe('save', () => {
  it('refuses a refresh token that is kept under another key, also of one that is being saved', async () => {
    const desk = await startDesk()
    const [manager, tokens] = [desk.manager(), await desk.signIn()]
    const [first, second] = await Promise.allSettled([manager.save('a', tokens), manager.save('b', tokens)])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: expect.any(TypeError) })
    await expect(manager.save('b', { ...tokens, accessToken: 'another' })).rejects.toThrow(/^tokens: .*another key/)
    await expect(manager.accessToken('b')).rejects.toMatchObject(over)
    // And the one that a refresh has brought, in the place of the one that it has ended.
    desk.advance(HOUR)
    const next = await manager.get('a')
    await expect(manager.save('b', next)).rejects.toThrow(TypeError)
    await manager.revoke('a')
    await manager.save('b', next)
    expect(await manager.accessToken('b')).toBe(next.accessToken)
  })

  it('takes the same tokens under the same key again', async () => {
    const desk = await startDesk(LASTING)
    const [manager, tokens] = [desk.manager(), await desk.signIn()]
    await manager.save('a', tokens)
    await manager.save('a', tokens)
    await Promise.all([manager.save('a', tokens), manager.save('a', tokens)])
    expect(await manager.get('a')).toEqual(tokens)
    expect(desk.revocations()).toEqual([])
    expect(await desk.isAlive(tokens.refreshToken)).toBe(true)
  })

  it('replaces the tokens that are there and revokes them at ilert, also those that another process has stored', async () => {
    const desk = await startDesk(LASTING)
    const [old, mine, last] = [await desk.signIn(), await desk.signIn(), await desk.signIn()]
    await desk.manager().save('a', old)
    const manager = desk.manager()
    await manager.save('a', mine)
    await manager.save('a', last)
    await until(() => desk.revocations().length === 2)
    expect(await manager.get('a')).toEqual(last)
    expect(await desk.manager().get('a')).toEqual(last)
    const alive = await Promise.all([old, mine, last].map(({ refreshToken }) => desk.isAlive(refreshToken)))
    expect(alive).toEqual([false, false, true])
  })

  it('during a refresh wins over what the refresh brings', async () => {
    const desk = await startDesk(LASTING)
    const manager = desk.manager()
    await manager.save('a', await desk.signIn())
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
    const waiting = manager.accessToken('a')
    await until(() => desk.refreshes().length > 0)
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    hang.clear()
    expect(await waiting).toBe(tokens.accessToken)
    expect(await manager.get('a')).toEqual(tokens)
    expect(await desk.isAlive(tokens.refreshToken)).toBe(true)
  })

  it('in the place of tokens that are held keeps knowing whose its own are, and has the held ones revoked', async () => {
    const { desk, manager } = await startHolding()
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    await desk.passing(until(() => desk.revocations().length === 2))
    await desk.quiet(manager)
    await expect(manager.save('b', tokens)).rejects.toThrow(TypeError)
    expect(await manager.get('a')).toEqual(tokens)
  })

  it('works after revoke', async () => {
    const desk = await startDesk()
    const manager = desk.manager()
    for (let i = 0; i < 3; i++) {
      const tokens = await desk.signIn()
      await manager.save('a', tokens)
      expect(await desk.manager().get('a')).toEqual(tokens)
      await manager.revoke('a')
      await expect(manager.get('a')).rejects.toMatchObject(over)
      desk.advance(1)
    }
  })

  it('that the store does not take leaves the refresh token free', async () => {
    const desk = await startDesk()
    const store = new FragileStore(desk.store)
    const [manager, tokens] = [desk.manager({ tokenStore: store }), await desk.signIn()]
    store.fate = beyond(0, 'set', 'fail')
    await expect(manager.save('a', tokens)).rejects.toMatchObject({ code: 'store_unavailable' })
    store.fate = () => 'work'
    await manager.save('b', tokens)
    expect(await manager.accessToken('b')).toBe(tokens.accessToken)
  })

  it('names the argument that is not as it should be', async () => {
    const desk = await startDesk()
    const [manager, tokens] = [desk.manager(), await desk.signIn()]
    const cases: [unknown, object | undefined, RegExp][] = [
      ...[undefined, null, 7, '', 'x'.repeat(513)].map((key): [unknown, object, RegExp] => [key, tokens, /^key: /]),
      ['a', undefined, /^tokens\.accessToken: /],
      ['a', { ...tokens, accessToken: '' }, /^tokens\.accessToken: /],
      ['a', { ...tokens, refreshToken: 7 }, /^tokens\.refreshToken: /],
      ['a', { ...tokens, refreshToken: '' }, /^tokens\.refreshToken: /],
      ['a', { ...tokens, scope: 'profile' }, /^tokens\.scope: /],
      ['a', { ...tokens, expiresAt: undefined }, /^tokens\.expiresAt: /],
      ['a', { ...tokens, expiresAt: Number.NaN }, /^tokens\.expiresAt: /],
      ['a', { ...tokens, expiresAt: tokens.expiresAt / 1000 }, /^tokens\.expiresAt: .*milliseconds/],
      [
        'a',
        { ...tokens, refreshTokenExpiresAt: tokens.expiresAt / 1000 },
        /^tokens\.refreshTokenExpiresAt: .*milliseconds/,
      ],
      ['a', { ...tokens, scope: [7] }, /^tokens\.scope: /],
      ['a', { ...tokens, refreshTokenExpiresAt: 'soon' }, /^tokens\.refreshTokenExpiresAt: /],
    ]
    for (const [key, value, message] of cases) {
      const refused = await manager.save(key as string, value as typeof tokens).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(TypeError)
      expect((refused as Error).message).toMatch(message)
    }
    for (const call of [manager.get(''), manager.accessToken(''), manager.revoke('')]) {
      await expect(call).rejects.toThrow(/^key: /)
    }
    expect(() => manager.api('')).toThrow(/^key: /)
    expect(() => new TokenManager({ clientID: 'a' } as never)).toThrow(/^tokenStore: /)
  })

  it('and get hand out copies that change nothing of what is kept', async () => {
    const desk = await startDesk()
    const [manager, tokens] = [desk.manager(), await desk.signIn()]
    const original = structuredClone(tokens)
    await manager.save('a', tokens)
    const got = await manager.get('a')
    for (const copy of [tokens, got]) {
      copy.scope.push('alert:d')
      Object.assign(copy, { accessToken: 'changed', refreshToken: 'changed', expiresAt: 0 })
    }
    expect(await manager.get('a')).toEqual(original)
    expect(await manager.api('a').get('/api/users/current')).toMatchObject({ id: expect.any(Number) })
  })
})

describe('revoke', () => {
  async function refreshing(desk: Desk, manager: TokenManager) {
    await manager.save('a', await desk.signIn())
    desk.advance(HOUR)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1, processed: true })
    const waiting = manager.accessToken('a').catch((error: unknown) => error)
    await until(() => desk.refreshes().length > 0)
    return { hang, waiting }
  }

  it.each(['here', 'in another process'])(
    'during a refresh ends the grant for good, and what it brings: %s',
    async (where) => {
      const desk = await startDesk({ refreshTokens: 'add' })
      const manager = desk.manager()
      const { hang, waiting } = await refreshing(desk, manager)
      await (where === 'here' ? manager : desk.manager()).revoke('a')
      expect(desk.revocations()).toHaveLength(1)
      hang.clear()
      expect(await waiting).toBeInstanceOf(ReauthenticationRequired)
      await until(() => desk.revocations().length === 2)
      expect(desk.revocations().map(({ status, note }) => [status, note])).toEqual([
        [200, undefined],
        [200, undefined],
      ])
      for (const any of [manager, desk.manager()]) await expect(any.get('a')).rejects.toMatchObject(over)
      expect(await desk.store.get('a')).toBeUndefined()
    },
  )

  it('also ends tokens that are held for a store that was unavailable', async () => {
    const { desk, manager } = await startHolding()
    await manager.revoke('a')
    await until(() => desk.revocations().length === 2)
    desk.advance(MINUTE)
    await expect(manager.accessToken('a')).rejects.toMatchObject(over)
    expect(appTokensOf(manager).peek('a')).toBeUndefined()
  })

  it('while ilert is unavailable ends the grant here at once, and asks ilert again in the background', async () => {
    const desk = await startDesk(LASTING)
    const [manager, tokens] = [desk.manager(), await desk.signIn()]
    await manager.save('a', tokens)
    const fault = desk.sandbox.fault({ path: REVOKE, kind: 503 })
    await manager.revoke('a')
    await expect(manager.accessToken('a')).rejects.toMatchObject(over)
    await expect(desk.manager().accessToken('a')).rejects.toMatchObject(over)
    expect(desk.revocations()).toHaveLength(1)
    desk.advance(1000)
    await until(() => desk.revocations().length === 2)
    fault.clear()
    await desk.passing(until(() => desk.revocations().length === 3))
    expect(await desk.isAlive(tokens.refreshToken)).toBe(false)
  })

  it('gives up on an ilert that stays unavailable', async () => {
    const desk = await startDesk()
    const manager = desk.manager()
    await manager.save('a', await desk.signIn())
    desk.sandbox.fault({ path: REVOKE, kind: 503 })
    await manager.revoke('a')
    await desk.passing(until(() => desk.revocations().length === 5))
    for (let i = 0; i < 5; i++) {
      desk.advance(HOUR)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await manager.close() // which waits for calls under way
    expect(desk.revocations()).toHaveLength(5)
    const times = desk.revocations().map(({ at }) => at)
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0))
    expect(waits).toEqual([...waits].sort((a, b) => a - b)) // longer and longer
    expect(waits[0]).toBeGreaterThan(0)
  })

  it('is tried again after 1, 2, 4 and 8 seconds', async () => {
    const desk = await startDesk()
    const manager = desk.manager({}, { random: () => 0 })
    await manager.save('a', await desk.signIn())
    desk.sandbox.fault({ path: REVOKE, kind: 503 })
    await manager.revoke('a')
    await desk.passing(until(() => desk.revocations().length === 5))
    const times = desk.revocations().map(({ at }) => at)
    expect(times.slice(1).map((at, i) => at - (times[i] ?? 0))).toEqual([1000, 2000, 4000, 8000])
  })

  it('that ilert refuses is not tried again', async () => {
    const desk = await startDesk()
    const client = new IlertClient({ ...optionsOf(desk.sandbox), apiURL: desk.sandbox.apiURL })
    const refused = new OAuthError('ilert refuses.', { code: 'invalid_client', status: 403 })
    let tries = 0
    client.revoke = async () => {
      tries += 1
      throw refused
    }
    const manager = desk.manager({}, { client, random: () => 0 })
    await manager.save('a', await desk.signIn())
    await manager.revoke('a')
    desk.advance(HOUR)
    await manager.close()
    await client.close()
    expect(tries).toBe(1)
  })

  it('is not tried again once the manager is closed, also where its client goes on', async () => {
    const desk = await startDesk()
    const client = new IlertClient(optionsOf(desk.sandbox))
    const manager = desk.manager({}, { client })
    await manager.save('a', await desk.signIn())
    const fault = desk.sandbox.fault({ path: REVOKE, kind: 503 })
    await manager.revoke('a')
    await manager.close()
    fault.clear()
    desk.advance(HOUR)
    await new Promise(setImmediate)
    await client.close() // which lets calls under way end
    expect(desk.revocations()).toHaveLength(1)
  })

  it('of a key under which there is nothing is done at once', async () => {
    const desk = await startDesk()
    await desk.manager().revoke('nobody')
    expect(desk.sandbox.requests).toEqual([])
  })
})

describe('save, beside others', () => {
  it('that the store does not take leaves what is kept under its key, whose it is', async () => {
    const desk = await startDesk()
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store })
    const tokens = await desk.signIn()
    await manager.save('a', tokens)
    store.fate = () => 'fail'
    await expect(manager.save('a', tokens)).rejects.toThrow(NetworkError)
    store.fate = () => 'work'
    await expect(manager.save('b', tokens)).rejects.toThrow('kept under another key already')
    expect(await manager.accessToken('a')).toBe(tokens.accessToken)
  })

  it('under a key that seemed new replaces what is there after all', async () => {
    const desk = await startDesk({ refreshTokens: 'add' })
    await desk.manager().save('a', await desk.signIn())
    const manager = desk.manager()
    const tokens = await desk.signIn()
    await appTokensOf(manager).save('a', tokens, { isNew: true })
    expect(await desk.manager().accessToken('a')).toBe(tokens.accessToken)
    await until(() => desk.revocations().length === 1, 'revoked')
  })

  it('replaces, and revokes, what another process has saved meanwhile', async () => {
    const desk = await startDesk({ refreshTokens: 'add' })
    const store = new FragileStore(desk.store)
    const manager = desk.manager({ tokenStore: store })
    const [tokens, others] = [await desk.signIn(), await desk.signIn()]
    const { set } = store
    store.set = async (...args) => {
      store.set = set
      await desk.manager().save('a', others)
      return await set.apply(store, args)
    }
    await manager.save('a', tokens)
    expect(await desk.manager().accessToken('a')).toBe(tokens.accessToken)
    await until(() => desk.revocations().length === 1, 'revoked')
    expect(await desk.isAlive(others.refreshToken)).toBe(false)
    expect(await desk.isAlive(tokens.refreshToken)).toBe(true)
  })
})

it('an access token that ilert takes no more before its time is replaced on the way', async () => {
  const desk = await startDesk()
  const manager = desk.manager()
  await manager.save('a', { ...(await desk.signIn()), accessToken: 'of-no-use' })
  expect(await manager.api('a').get('/api/users/current')).toMatchObject({ firstName: 'Mara' })
  expect(desk.refreshes()).toHaveLength(1)
})

it('what another key has sealed is not revoked, and stays', async () => {
  const desk = await startDesk()
  const other = desk.manager({ encryptionKey: 'another key than the one of all the others' })
  const tokens = await desk.signIn()
  const key = 'session:a-secret'
  await other.save(key, tokens)
  const manager = desk.manager()
  const more = await desk.signIn()
  for (const end of [
    () => manager.revoke(key),
    () => appTokensOf(manager).signOut({ key: key }, HOUR),
    () => appTokensOf(manager).abandon(key),
    () => appTokensOf(manager).supersede({ key: key }, { key: 'b', account: '1' }, HOUR),
    () => manager.save(key, more),
  ]) {
    const error = await end().catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'unreadable_record',
      status: 500,
      message: expect.stringContaining('was sealed with another encryption key or for another app'),
    })
    // The key of a session is a secret, and the app knows which key it asked for.
    expect(inspect(error)).not.toContain('a-secret')
  }
  expect(await other.accessToken(key)).toBe(tokens.accessToken)
  expect(desk.revocations()).toEqual([])
})
