import { setTimeout as sleep } from 'node:timers/promises'
import { jest } from '@jest/globals'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { MemoryTokenStore } from '../../src/tokens/stores/memory-store.ts'
import type { TokenStore } from '../../src/tokens/stores/store.ts'

function makeStore(): { store: MemoryTokenStore; elapse: (ms: number) => Promise<void> } {
  let now = 1_700_000_000_000
  const store = new MemoryTokenStore({ clock: { now: () => now } })
  return {
    store,
    elapse: async (ms) => {
      now += ms
    },
  }
}

describe('MemoryTokenStore', () => {
  for (const { name, run } of tokenStoreContract(async () => makeStore())) test(name, run)

  test('a store with the system clock works as well', async () => {
    const store = new MemoryTokenStore()
    expect(await store.set('a', { version: 1, data: 'one' }, 60_000)).toBe(true)
    expect(await store.get('a')).toEqual({ version: 1, data: 'one' })
  })

  test('keeps nothing of an object but version and data', async () => {
    const { store } = makeStore()
    const tokens = { version: 1, data: 'one', more: 'secret' }
    await store.set('a', tokens, 1000)
    expect(await store.get('a')).toEqual({ version: 1, data: 'one' })
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, '1000', undefined])(
    'a time of %p is refused by name',
    async (ms) => {
      const { store } = makeStore()
      await expect(store.set('a', { version: 1, data: '' }, ms as number)).rejects.toThrow(/^ttlMs must be /)
      await expect(store.touch('a', ms as number)).rejects.toThrow(/^ttlMs must be /)
      if (ms) await expect(store.delete('a', { tombstoneMs: ms as number })).rejects.toThrow(/^tombstoneMs must be /)
    },
  )

  test.each([-1, 1.5, Number.NaN, 2 ** 53, '1', undefined])('a version of %p is refused by name', async (version) => {
    const { store } = makeStore()
    await expect(store.set('a', { version: version as number, data: '' }, 1)).rejects.toThrow(/^tokens\.version must/)
  })

  test('a record expires at its end, and not before', async () => {
    const { store, elapse } = makeStore()
    await store.set('a', { version: 1, data: 'one' }, 1000)
    await elapse(999)
    expect(await store.get('a')).toBeDefined()
    await elapse(1)
    expect(await store.get('a')).toBeUndefined()
  })

  test('a longer tombstone takes the place of a shorter one', async () => {
    const { store, elapse } = makeStore()
    await store.delete('a', { tombstoneMs: 1000 })
    await store.delete('a', { tombstoneMs: 2000 })
    await elapse(1500)
    expect(await store.set('a', { version: 1, data: 'one' }, 1000)).toBe(false)
  })

  test('what has ended is forgotten as new records come, and what has not is kept', async () => {
    const { store, elapse } = makeStore()
    const forgotten = jest.spyOn(Map.prototype, 'delete')
    const write = async (name: string, count: number, ttlMs: number) => {
      for (let i = 0; i < count; i++) await store.set(`${name} ${i}`, { version: 1, data: 'x' }, ttlMs)
      return forgotten.mock.calls.map(([key]) => key).filter((key) => /^(?:short|long) /.test(key)).length
    }
    try {
      expect(await write('short', 60, 1000)).toBe(0)
      expect(await write('long', 39, 9000)).toBe(0)
      await elapse(1000)
      expect(await write('new', 1, 9000)).toBe(60)
      // From then on it is a constant cost for each write: not again before as many of them as there are entries, or 100.
      await elapse(9000)
      expect(await write('newer', 99, 9000)).toBe(60)
      expect(await write('newest', 1, 9000)).toBe(99)
    } finally {
      forgotten.mockRestore()
    }
    expect(await store.get('newer 7')).toBeDefined()
  })

  test('records that nobody asks for again do not pile up, though others live on', async () => {
    const { store, elapse } = makeStore()
    let entries = 0
    const forgotten = jest.spyOn(Map.prototype, 'delete')
    try {
      for (let i = 0; i < 5000; i++) {
        await store.set(`${i}`, { version: 1, data: 'x' }, i < 200 ? 1e9 : 50)
        await elapse(1)
        entries = Math.max(entries, i + 1 - forgotten.mock.calls.length)
      }
    } finally {
      forgotten.mockRestore()
    }
    expect(entries).toBeLessThanOrEqual(2 * (200 + 50))
  })

  test.each(['', 'half a pair \ud83d', undefined, 7])('a key of %p is refused by name', async (key) => {
    const { store } = makeStore()
    await expect(store.get(key as string)).rejects.toThrow(/^key must be /)
    await expect(store.delete(key as string)).rejects.toThrow(TypeError)
  })
})

// The contract must fit stores that answer at once and stores that take their time.

describe('the contract on a store that answers without a promise', () => {
  const makeSync = () => {
    const records = new Map<string, { version: number; data: string | undefined; endsAt: number }>()
    let now = 0
    const live = (key: string) => {
      const record = records.get(key)
      return record && record.endsAt > now ? record : undefined
    }
    const store = {
      get(key: string) {
        const record = live(key)
        return record?.data === undefined ? undefined : { version: record.version, data: record.data }
      },
      set(key: string, { version, data }: { version: number; data: string }, ttlMs: number) {
        const record = live(key)
        if (record && (record.data === undefined || record.version >= version)) return false
        records.set(key, { version, data, endsAt: now + ttlMs })
        return true
      },
      delete(key: string, { tombstoneMs }: { tombstoneMs?: number } = {}) {
        const record = live(key)
        if (!tombstoneMs) records.delete(key)
        else if (!record || record.data !== undefined || record.endsAt < now + tombstoneMs) {
          records.set(key, { version: 0, data: undefined, endsAt: now + tombstoneMs })
        }
      },
    }
    return {
      store: store as unknown as TokenStore,
      elapse: async (ms: number) => {
        now += ms
      },
    }
  }
  for (const { name, run } of tokenStoreContract(async () => makeSync())) test(name, run)
})

describe('the contract on a slow store', () => {
  const makeSlow = () => {
    const { store, elapse } = makeStore()
    const pause = () => sleep(Math.random() * 8)
    const slow: TokenStore = {
      get: async (key) => pause().then(() => store.get(key)),
      set: async (key, tokens, ttlMs) => {
        const copy = { ...tokens }
        await pause()
        const landed = await store.set(key, copy, ttlMs)
        await pause()
        return landed
      },
      touch: async (key, ttlMs) => pause().then(() => store.touch(key, ttlMs)),
      delete: async (key, o) => pause().then(() => store.delete(key, o)),
    }
    return { store: slow, elapse }
  }
  for (const { name, run } of tokenStoreContract(async () => makeSlow())) test(name, run)
})

// A contract that cannot fail proves nothing: each of these stores breaks one promise.

describe('the contract finds', () => {
  const broken: Record<string, (store: MemoryTokenStore) => Partial<TokenStore>> = {
    'a store that takes any version': (store) => ({
      set: async (key, tokens, ttlMs) => {
        await store.delete(key)
        return store.set(key, tokens, ttlMs)
      },
    }),
    'a store that always says yes': (store) => ({
      set: async (key, tokens, ttlMs) => {
        await store.set(key, tokens, ttlMs)
        return true
      },
    }),
    'a store that leaves no tombstone': (store) => ({ delete: (key) => store.delete(key) }),
    'a store whose records do not end': (store) => ({
      set: (key, tokens) => store.set(key, tokens, 1e9),
    }),
    'a touch that does nothing': () => ({ touch: async () => {} }),
    'a store that mixes up keys': (store) => ({
      get: (key) => store.get(key.toLowerCase()),
      set: (key, tokens, ttlMs) => store.set(key.toLowerCase(), tokens, ttlMs),
    }),
    'a lease for everybody': () => ({ withLease: (_key, work) => work({ signal: new AbortController().signal }) }),
  }
  for (const [name, breaking] of Object.entries(broken)) {
    test(name, async () => {
      const results = await Promise.allSettled(
        tokenStoreContract(async () => {
          const { store, elapse } = makeStore()
          const whole: TokenStore = {
            get: (key) => store.get(key),
            set: (key, tokens, ttlMs) => store.set(key, tokens, ttlMs),
            touch: (key, ttlMs) => store.touch(key, ttlMs),
            delete: (key, o) => store.delete(key, o),
          }
          return { store: { ...whole, ...breaking(store) }, elapse, leaseMs: 100 }
        }).map(({ run }) => run()),
      )
      expect(results.some(({ status }) => status === 'rejected')).toBe(true)
    })
  }
})
