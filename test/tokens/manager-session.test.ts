/*
 * What a session asks of its TokenManager beyond the public methods: records that live as long as the session, and ends
 * that are remembered.
 */

import { jest } from '@jest/globals'
import { ReauthenticationRequired, type StoredTokens, TokenManager } from '../../src/index.ts'
import type { SandboxOptions } from '../../src/sandbox/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import type { TokenStore } from '../../src/tokens/stores/store.ts'
import { until } from '../support/until.ts'
import { closeDesks, type Desk, FragileStore, HOUR, MINUTE, startDesk } from './desk.ts'

afterEach(closeDesks)

const SESSION = { ttlMs: 8 * HOUR }
const away = { name: 'NetworkError', code: 'store_unavailable' }

/** A manager that has just saved the tokens of a session, over a store that can be away and is counted. */
async function startSession(sandbox: SandboxOptions = {}) {
  const desk = await startDesk(sandbox)
  const store = new FragileStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  const tokens = await desk.signIn()
  await manager.save('a', tokens, SESSION)
  store.calls.length = 0
  const attend = () => appTokensOf(manager).peek('a')?.attend(SESSION.ttlMs)
  return { desk, store, manager, tokens, attend }
}

/** Whether the store still has a record of `a`, for another process. */
async function isStored(desk: Desk): Promise<boolean> {
  return (await desk.store.get('a')) !== undefined
}

describe('a record that lives as long as its session', () => {
  it('ends with a session that nobody uses', async () => {
    const { desk } = await startSession()
    desk.advance(8 * HOUR - 1)
    expect(await isStored(desk)).toBe(true)
    desk.advance(1)
    expect(await isStored(desk)).toBe(false)
  })

  it('is extended by requests once half of it has passed, and not before', async () => {
    const { desk, store, manager, attend } = await startSession()
    desk.advance(30 * MINUTE)
    await attend()
    expect(store.calls).not.toContain('touch')
    for (let hours = 0; hours < 20; hours += 2) {
      desk.advance(2 * HOUR)
      await attend()
      await desk.quiet(manager)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await isStored(desk)).toBe(true)
    expect(store.calls.filter((call) => call === 'touch').length).toBeLessThanOrEqual(6)
  })

  it('is touched exactly at its half, once, and lives for its whole time from then on', async () => {
    const { desk, store, manager, attend } = await startSession()
    const touches = () => store.calls.filter((call) => call === 'touch').length
    desk.advance(4 * HOUR - 1)
    await attend()
    expect(touches()).toBe(0)
    desk.advance(1)
    await Promise.all([attend(), attend()])
    expect(touches()).toBe(1)
    await desk.quiet(manager) // the refresh that these requests have begun
    desk.advance(8 * HOUR - 1)
    expect(await isStored(desk)).toBe(true)
  })

  it('is written again in a store without touch, in a version of its own', async () => {
    const desk = await startDesk({ refreshLimitSeconds: 0 })
    const written: StoredTokens[] = []
    const store: TokenStore = {
      get: (key) => desk.store.get(key),
      set: (key, tokens, ttlMs) => {
        written.push(tokens)
        return desk.store.set(key, tokens, ttlMs)
      },
      delete: (key, o) => desk.store.delete(key, o),
    }
    const manager = desk.manager({ tokenStore: store })
    const ttlMs = 20 * MINUTE
    await manager.save('a', await desk.signIn(), { ttlMs })
    for (let i = 0; i < 3; i++) {
      desk.advance(11 * MINUTE)
      await appTokensOf(manager).peek('a')?.attend(ttlMs)
      await until(() => written.length === i + 2, 'written again')
    }
    const versions = written.map(({ version }) => version)
    expect(versions).toEqual([0, 1, 2, 3].map((n) => (versions[0] ?? 0) + n))
    expect(desk.refreshes()).toEqual([])
    expect(await manager.get('a')).toMatchObject({ accessToken: expect.any(String) })
  })

  it.each(['fail', 'hang'] as const)(
    'is touched by the next request when the store was unavailable: %s',
    async (fate) => {
      // Nothing is due for a refresh, which would write the record, too.
      const { desk, store, attend } = await startSession({ accessTokenSeconds: 86_400 })
      store.fate = (method) => (method === 'touch' ? fate : 'work')
      desk.advance(4 * HOUR)
      await Promise.all(Array.from({ length: 5 }, async () => await attend()))
      expect(store.calls.filter((call) => call === 'touch')).toHaveLength(1)
      desk.advance(MINUTE) // whoever waits for the store gives up
      await new Promise((resolve) => setTimeout(resolve, 5))
      store.fate = () => 'work'
      await attend()
      await until(() => store.calls.filter((call) => call === 'touch').length === 2, 'touched again')
      desk.advance(8 * HOUR - 1)
      expect(await isStored(desk)).toBe(true)
    },
  )

  it('that was saved without one lives as long as its tokens, and is never touched', async () => {
    const { desk, store, manager } = await startSession()
    await manager.save('b', await desk.signIn())
    store.calls.length = 0
    desk.advance(30 * 24 * HOUR)
    await appTokensOf(manager).peek('b')?.attend(SESSION.ttlMs)
    await desk.quiet(manager, 'b')
    expect(store.calls).not.toContain('touch')
    expect(await manager.accessToken('b')).toEqual(expect.any(String))
  })
})

describe('signOut', () => {
  const endOf = async (manager: TokenManager, key = 'a') => (await appTokensOf(manager).find(key)).end

  it('ends the grant, revokes it at ilert, and is remembered for the time given, by every process', async () => {
    const { desk, manager } = await startSession()
    const other = desk.manager()
    expect(await endOf(other)).toBeUndefined()
    await appTokensOf(manager).signOut({ key: 'a' }, HOUR)
    expect(desk.revocations()).toHaveLength(1)
    expect(appTokensOf(manager).peek('a')).toBeUndefined()
    for (const each of [manager, desk.manager()]) {
      expect(await endOf(each)).toEqual({ signedOut: true })
      expect(await endOf(each, 'b')).toBeUndefined()
    }
    desk.advance(25 * HOUR)
    expect(await endOf(desk.manager())).toBeUndefined()
  })

  it('leaves one small record, without tokens', async () => {
    const { desk, manager, tokens } = await startSession()
    const sealed: string[] = []
    const sealer = {
      seal: async (text: string) => {
        sealed.push(text)
        return text
      },
      open: async (text: string) => text,
    }
    const records = new Set<string>()
    const store: TokenStore = {
      get: (key) => desk.store.get(key),
      set: async (key, record, ttlMs) => {
        records.add(key)
        return await desk.store.set(key, record, ttlMs)
      },
      delete: async (key, o) => {
        records.add(key)
        await desk.store.delete(key, o)
      },
    }
    const other = desk.manager({ tokenStore: store }, { sealer })
    await manager.revoke('a')
    await other.save('a', tokens, SESSION)
    await appTokensOf(other).signOut({ key: 'a' }, HOUR)
    expect([...records]).toEqual(['a'])
    const record = (await desk.store.get('a')) as StoredTokens
    expect(record.data).toMatch(/^ended\.\d+\./)
    expect(JSON.stringify(record).length).toBeLessThan(300)
    for (const secret of [tokens.accessToken, tokens.refreshToken]) expect(sealed.at(-1)).not.toContain(secret)
  })

  it('is not believed if another process without our key has written it, or moved it', async () => {
    const { desk, manager } = await startSession()
    await appTokensOf(manager).signOut({ key: 'a' }, HOUR)
    const record = (await desk.store.get('a')) as StoredTokens
    await desk.store.set('b', record, HOUR)
    await desk.store.set('c', { ...record, data: `ended.${desk.sandbox.clock.now() + HOUR}.mark` }, HOUR)
    expect(await endOf(manager, 'b')).toBeUndefined()
    expect(await endOf(manager, 'c')).toBeUndefined()
  })

  it.each(['revoked before', 'lost by its store'])('counts also for a grant that was %s', async (how) => {
    const { desk, manager } = await startSession()
    const other = desk.manager()
    await other.accessToken('a')
    if (how === 'revoked before') await manager.revoke('a')
    else await desk.store.delete('a')
    await appTokensOf(manager).signOut({ key: 'a' }, HOUR)
    expect(await endOf(desk.manager())).toEqual({ signedOut: true })
    // A process that still has the grant does not write it again.
    desk.advance(MINUTE)
    await expect(other.accessToken('a')).rejects.toThrow(ReauthenticationRequired)
    expect(await endOf(desk.manager())).toEqual({ signedOut: true })
  })

  it('is not taken back by the end of the same grant', async () => {
    const { desk, manager } = await startSession()
    await appTokensOf(manager).signOut({ key: 'a' }, HOUR)
    await desk.manager().revoke('a')
    await appTokensOf(desk.manager()).abandon('a')
    await appTokensOf(desk.manager()).supersede({ key: 'a' }, { key: 'b', account: '1' }, HOUR)
    expect(await endOf(desk.manager())).toEqual({ signedOut: true })
  })

  it('while the store is unavailable says so, and revokes what is at hand all the same', async () => {
    const { desk, store, manager } = await startSession()
    store.fate = () => 'fail'
    await expect(appTokensOf(manager).signOut({ key: 'a' }, HOUR)).rejects.toMatchObject(away)
    await until(() => desk.revocations().length === 1, 'revoked')
    expect(appTokensOf(manager).peek('a')).toBeUndefined()
  })
})

describe('abandon', () => {
  it('ends a grant as revoke does', async () => {
    const { desk, manager } = await startSession()
    await appTokensOf(manager).abandon('a')
    expect(desk.revocations()).toHaveLength(1)
    expect(await isStored(desk)).toBe(false)
  })

  it('while the store is unavailable revokes what is at hand, and nothing of a key that is not', async () => {
    const { desk, store, manager } = await startSession()
    store.fate = () => 'fail'
    await expect(appTokensOf(manager).abandon('a')).rejects.toMatchObject(away)
    await expect(appTokensOf(manager).abandon('nothing here')).rejects.toMatchObject(away)
    await until(() => desk.revocations().length === 1, 'revoked')
    expect(appTokensOf(manager).peek('a')).toBeUndefined()
  })
})

describe('a refused access token', () => {
  it('is another one by now: that will do', async () => {
    const { desk, manager } = await startSession()
    expect(await appTokensOf(manager).refused('a', 'an older one')).toBe(true)
    expect(desk.refreshes()).toEqual([])
  })

  it("is nobody's where there is nothing under the key", async () => {
    const { manager } = await startSession()
    expect(await appTokensOf(manager).refused('nothing here', 'a token')).toBe(false)
  })
})

describe('whether a grant is connected', () => {
  it('is so while good tokens are there or can be had, and not once it is ended', async () => {
    const { desk, manager } = await startSession()
    const keeper = appTokensOf(manager).peek('a')
    expect(keeper?.connected).toBe(true)
    desk.advance(HOUR)
    expect(keeper?.connected).toBe(true)
    await manager.revoke('a')
    expect(keeper?.connected).toBe(false)
  })

  it('is not so once a token without a refresh token has expired', async () => {
    const { desk, manager, tokens } = await startSession()
    const { accessToken, scope, expiresAt } = tokens
    await manager.save('b', { accessToken, scope, expiresAt })
    const keeper = appTokensOf(manager).peek('b')
    expect(keeper?.connected).toBe(true)
    desk.advance(HOUR)
    expect(keeper?.connected).toBe(false)
  })
})

describe('save', () => {
  it('under a key that was made for it asks the store once, and writes', async () => {
    const { desk, store, manager } = await startSession()
    await appTokensOf(manager).save('new', await desk.signIn(), { ...SESSION, isNew: true })
    expect(store.calls).toEqual(['set'])
  })

  it('lets the store leave out its look under such a key alone', async () => {
    const desk = await startDesk()
    const written: string[] = []
    const store: TokenStore & { setUnderNewKey: TokenStore['set'] } = {
      get: (key) => desk.store.get(key),
      set: async (key, ...args) => {
        written.push(`set ${key}`)
        return await desk.store.set(key, ...args)
      },
      setUnderNewKey: async (key, ...args) => {
        written.push(`setUnderNewKey ${key}`)
        return await desk.store.set(key, ...args)
      },
      delete: (key, o) => desk.store.delete(key, o),
    }
    const manager = desk.manager({ tokenStore: store })
    await appTokensOf(manager).save('new', await desk.signIn(), { isNew: true })
    await manager.save('old', await desk.signIn())
    await appTokensOf(manager).save('new', await desk.signIn(), { isNew: true }) // there is something after all
    expect(written).toEqual(['setUnderNewKey new', 'set old', 'setUnderNewKey new', 'set new'])
  })

  it('gives up on a store that refuses what it does not have', async () => {
    const desk = await startDesk()
    const store: TokenStore = { get: async () => undefined, set: async () => false, delete: async () => {} }
    const refusal = desk.manager({ tokenStore: store }).save('a', await desk.signIn())
    const message = 'The token store keeps refusing the tokens. Try again.'
    await expect(refusal).rejects.toMatchObject({ ...away, message })
  })
})

describe('a manager', () => {
  it('names the option that is missing, or is no number of seconds', async () => {
    const { manager: _, ...desk } = await startDesk()
    const make = (options: object) => () =>
      new TokenManager({ clientID: 'app', clientSecret: 'secret', tokenStore: desk.store, ...options })
    expect(make({ clientID: undefined })).toThrow(
      'clientID (ILERT_CLIENT_ID): missing. Set the id that ilert shows for your app.',
    )
    const seconds = 'expected a number of seconds, 0 or more.'
    for (const bad of [-1, '600', Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(make({ refreshWindowSeconds: bad })).toThrow(`refreshWindowSeconds: ${seconds}`)
      expect(make({ minRefreshIntervalSeconds: bad })).toThrow(`minRefreshIntervalSeconds: ${seconds}`)
    }
    expect(make({ refreshWindowSeconds: 0, minRefreshIntervalSeconds: 0 })).not.toThrow()
  })
})

it('a revocation that ilert refuses is warned of, once, and names what to check', async () => {
  const desk = await startDesk({ requireCredentials: true })
  const mistaken = desk.manager({ clientSecret: 'a-secret-that-was-replaced' })
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  for (const key of ['a', 'b']) {
    await mistaken.save(key, await desk.signIn())
    await mistaken.revoke(key)
  }
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(/^ilert refuses to revoke refresh tokens \(invalid_request\): .*ILERT_CLIENT_SECRET/),
      { type: 'IlertWarning', code: 'ILERT_REVOCATION_REFUSED' },
    ],
  ])
  warn.mockRestore()
})
