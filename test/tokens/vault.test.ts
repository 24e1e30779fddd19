/*
 * A token store seen from inside: how long it may take, and what is said of one that is away.
 */
import { jest } from '@jest/globals'
import { IlertError, MemoryTokenStore, NetworkError, type TokenStore } from '../../src/index.ts'
import { issued, UNREADABLE } from '../../src/tokens/grant.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'
import type { After } from '../../src/tokens/time.ts'
import { Vault } from '../../src/tokens/vault.ts'

const START = 1_800_000_000_000
const HOUR = 3_600_000
const TOKENS = { accessToken: 'a token', scope: [], expiresAt: START + HOUR }
const GRANT = { ...issued(undefined, { id: 'one', tokens: TOKENS }, START), version: 1 }

/** A vault, and the waits that are under way in it. */
function startVault(differences: Partial<TokenStore> = {}, secret = 'a key for these tests') {
  const memory = new MemoryTokenStore({ clock: { now: () => START } })
  const store: TokenStore = {
    get: (key) => memory.get(key),
    set: (key, tokens, ttlMs) => memory.set(key, tokens, ttlMs),
    delete: (key, o) => memory.delete(key, o),
    ...differences,
  }
  const waits = new Map<() => void, number>()
  const after: After = (ms, then) => {
    waits.set(then, ms)
    return () => waits.delete(then)
  }
  return { store, waits, vault: new Vault(store, new Sealer([secret], 'tokens'), after, Date) }
}

const never = () => new Promise<never>(() => {})
const away = {
  name: 'NetworkError',
  code: 'store_unavailable',
  status: 503,
  message: 'The token store is unavailable. Try again.',
}
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a store that fails', () => {
  it('is unavailable, with what it failed with as the cause', async () => {
    const cause = new Error('a store of its own')
    const { vault } = startVault({ get: () => Promise.reject(cause) })
    const error = await rejection(vault.read('a'))
    expect(error).toMatchObject(away)
    expect((error as Error).cause).toBe(cause)
  })

  it.each<[string, (vault: Vault) => Promise<unknown>, RegExp]>([
    ['a time', (vault) => vault.touch('a', Number.NaN), /^ttlMs must be a positive number/],
    ['a tombstone', (vault) => vault.remove('a', -1), /^tombstoneMs must be a positive number/],
    ['a key', (vault) => vault.read(''), /^key must be/],
  ])('is not what a mistake in an argument is taken for: %s', async (_, call, message) => {
    const memory = new MemoryTokenStore()
    const { vault } = startVault({ touch: (key, ttlMs) => memory.touch(key, ttlMs) })
    const error = await rejection(call(vault))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  it('with a TypeError of its own is unavailable all the same', async () => {
    const { vault } = startVault({ get: () => Promise.reject(new TypeError('client is undefined')) })
    expect(await rejection(vault.read('a'))).toBeInstanceOf(NetworkError)
  })

  it('with an error of ours has said it better', async () => {
    const error = new IlertError('No session store is known yet.', { code: 'session_missing', status: 500 })
    const { vault } = startVault({ get: () => Promise.reject(error) })
    expect(await rejection(vault.read('a'))).toBe(error)
  })
})

describe('a store that does not answer', () => {
  it.each<[string, (vault: Vault) => Promise<unknown>]>([
    ['get', (vault) => vault.read('a')],
    ['set', (vault) => vault.write('a', GRANT, START)],
    ['touch', (vault) => vault.touch('a', HOUR)],
    ['delete', (vault) => vault.remove('a')],
  ])('is unavailable after 10 seconds: %s', async (method, call) => {
    const { vault, waits } = startVault({ [method]: never })
    const answer = rejection(call(vault))
    await new Promise((resolve) => setImmediate(resolve))
    expect([...waits.values()]).toEqual([10_000])
    for (const end of waits.keys()) end()
    const error = await answer
    expect(error).toMatchObject(away)
    expect((error as Error).cause).toMatchObject({ message: 'no answer within 10000 ms' })
  })

  it('leaves no wait once it has', async () => {
    const { vault, waits } = startVault()
    expect(await vault.write('a', GRANT, START)).toBe(true)
    expect(await vault.read('a')).toEqual(GRANT)
    expect(waits.size).toBe(0)
  })
})

describe('a grant whose key was made for it', () => {
  const written: unknown[] = []
  const setUnderNewKey = async (...args: unknown[]) => {
    written.push(args)
    return true
  }

  it('is written without a look where the store can do that, and by no other write', async () => {
    const { store, vault } = startVault({ setUnderNewKey } as Partial<TokenStore>)
    expect(await vault.write('a', GRANT, START, true)).toBe(true)
    expect(written).toEqual([['a', { version: 1, data: expect.any(String) }, HOUR]])
    expect(await store.get('a')).toBeUndefined()
    expect(await vault.write('a', GRANT, START)).toBe(true)
    expect(written).toHaveLength(1)
    expect(await vault.read('a')).toEqual(GRANT)
  })

  it('is written as any other where the store cannot', async () => {
    const { vault } = startVault()
    expect(await vault.write('a', GRANT, START, true)).toBe(true)
    expect(await vault.read('a')).toEqual(GRANT)
    expect(await vault.write('a', GRANT, START, true)).toBe(false)
  })
})

describe('touch', () => {
  it('is done by a store that can, and by no other', async () => {
    const touched: unknown[] = []
    const { vault } = startVault({
      touch: async (...args) => {
        touched.push(args)
      },
    })
    expect(await vault.touch('a', HOUR)).toBe(true)
    expect(touched).toEqual([['a', HOUR]])
    expect(await startVault().vault.touch('a', HOUR)).toBe(false)
  })
})

it('a record is removed with the tombstone that is asked for, or none', async () => {
  const asked: unknown[] = []
  const { vault } = startVault({
    delete: async (...args) => {
      asked.push(args)
    },
  })
  await vault.remove('a')
  await vault.remove('a', HOUR)
  expect(asked).toStrictEqual([
    ['a', {}],
    ['a', { tombstoneMs: HOUR }],
  ])
})

describe('alone', () => {
  it('is the caller whom the store gives the lease, with its signal', async () => {
    const lease = { signal: new AbortController().signal }
    const { vault, waits } = startVault({ withLease: (_key, work) => work(lease) })
    expect(vault.hasLeases).toBe(true)
    expect(await vault.alone('a', HOUR, async (held) => [held, waits.size])).toEqual([lease, 0])
  })

  it('is everybody where the store has no leases', async () => {
    const { vault } = startVault()
    expect(vault.hasLeases).toBe(false)
    expect(await vault.alone('a', HOUR, async (held) => held)).toBeUndefined()
  })

  it('waits for as long as it may', async () => {
    const { vault, waits } = startVault({
      withLease: (_key, _work, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    })
    const answer = rejection(vault.alone('a', HOUR, never))
    expect([...waits.values()]).toEqual([HOUR])
    for (const end of waits.keys()) end()
    const error = await answer
    expect(error).toMatchObject(away)
    expect((error as Error).cause).toMatchObject({ message: 'no lease in time' })
  })

  it('leaves no wait when the store fails first', async () => {
    const { vault, waits } = startVault({ withLease: () => Promise.reject(new Error('no connection')) })
    expect(await rejection(vault.alone('a', HOUR, never))).toBeInstanceOf(NetworkError)
    expect(waits.size).toBe(0)
  })
})

it('a record that no key opens is unreadable, and said so once', async () => {
  const { vault, store } = startVault()
  await vault.write('a', GRANT, START)
  const other = startVault(store, 'another key').vault
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  for (let i = 0; i < 2; i++) expect(await other.read('a')).toBe(UNREADABLE)
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^A stored ilert sign-in was sealed with another key .* list the old key after the new one\.$/,
      ),
      { type: 'IlertWarning', code: 'ILERT_UNREADABLE_RECORD' },
    ],
  ])
  warn.mockRestore()
})
