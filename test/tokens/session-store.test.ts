import session, { type SessionData, type Store } from 'express-session'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { SessionTokenStore } from '../../src/tokens/session-store.ts'

type Callback = (error?: unknown, session?: SessionData | null) => void

/** A session store like the ones out there: JSON in between, answers later, and nothing about ends. */
class FakeStore {
  readonly sessions = new Map<string, string>()
  readonly calls: string[] = []

  // Properties, so that a test can put something else in their place.
  get = (id: string, done: Callback): unknown => {
    this.calls.push('get')
    const json = this.sessions.get(id)
    return setImmediate(done, null, json && JSON.parse(json))
  }

  set = (id: string, data: unknown, done: Callback): unknown => {
    this.calls.push('set')
    this.sessions.set(id, JSON.stringify(data))
    return setImmediate(done)
  }

  destroy = (id: string, done: Callback): unknown => {
    this.calls.push('destroy')
    this.sessions.delete(id)
    return setImmediate(done)
  }
}

const asStore = (store: FakeStore) => store as unknown as Store
const record = (version: number) => ({ version, data: `v${version}` })
const unavailable = { name: 'NetworkError', code: 'store_unavailable', status: 503 }

function makeClock(): { clock: { now(): number }; elapse: (ms: number) => Promise<void> } {
  let ahead = 0
  return {
    clock: { now: () => Date.now() + ahead },
    elapse: async (ms) => {
      ahead += ms
    },
  }
}

describe('SessionTokenStore over the MemoryStore of express-session', () => {
  const make = async () => {
    const { clock, elapse } = makeClock()
    return { store: new SessionTokenStore(new session.MemoryStore(), { clock }), elapse }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

describe('SessionTokenStore over a store that knows nothing of ends and has no touch', () => {
  const make = async () => {
    const { clock, elapse } = makeClock()
    return { store: new SessionTokenStore(asStore(new FakeStore()), { clock }), elapse }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

describe('the session of a record', () => {
  test('has an id of its own, and a cookie with everything a store may read', async () => {
    const fake = new FakeStore()
    const before = Date.now()
    await new SessionTokenStore(asStore(fake)).set('abc_-9', record(1), 90_000)

    expect([...fake.sessions.keys()]).toEqual(['ilert:abc_-9'])
    const { cookie } = JSON.parse(fake.sessions.get('ilert:abc_-9') ?? '')
    expect(cookie).toMatchObject({ path: '/', httpOnly: true, maxAge: 90_000, originalMaxAge: 90_000 })
    const end = Date.parse(cookie.expires)
    expect(end).toBeGreaterThanOrEqual(before + 90_000)
    expect(end).toBeLessThanOrEqual(Date.now() + 90_000)
  })

  test('ends by the system clock for the store, also with a clock of our own', async () => {
    const fake = new FakeStore()
    await new SessionTokenStore(asStore(fake), { clock: { now: () => 0 } }).set('a', record(1), 90_000)
    const { cookie } = JSON.parse(fake.sessions.get('ilert:a') ?? '')
    expect(Date.parse(cookie.expires)).toBeGreaterThan(Date.now() + 80_000)
  })

  test('has an id that fits into file names and narrow columns, whatever the key', async () => {
    const fake = new FakeStore()
    const store = new SessionTokenStore(asStore(fake))
    for (const key of ['../../etc/passwd', 'x'.repeat(500), 'a b', '\u{1f511}']) await store.set(key, record(1), 1000)
    for (const id of fake.sessions.keys()) expect(id).toMatch(/^ilert:~[\w-]{43}$/)
    expect(fake.sessions.size).toBe(4)
  })
})

describe('what a store returns', () => {
  const key = 'a'
  const good = { id: 'ilert:a', version: 3, data: 'sealed', endsAt: Date.now() + 1e6 }

  test('is taken when it is a record', async () => {
    const fake = new FakeStore()
    fake.sessions.set('ilert:a', JSON.stringify({ cookie: {}, ilert: good }))
    expect(await new SessionTokenStore(asStore(fake)).get(key)).toEqual({ version: 3, data: 'sealed' })
  })

  test.each<[string, unknown]>([
    ['a session of the app', { cookie: {}, passport: { user: 1 } }],
    ['text', 'sealed'],
    ['a number', 7],
    ['an array', []],
    ['the record of another key', { ilert: { ...good, id: 'ilert:A' } }],
    ['a record without an end', { ilert: { ...good, endsAt: undefined } }],
    ['a record with an end in letters', { ilert: { ...good, endsAt: '2999-01-01' } }],
    ['a record that has ended', { ilert: { ...good, endsAt: Date.now() - 1 } }],
    ['a record with an end in digits', { ilert: { ...good, endsAt: '9999999999999' } }],
    ['a version below zero', { ilert: { ...good, version: -1 } }],
    ['nothing', null],
    ['a version in letters', { ilert: { ...good, version: '3' } }],
    ['a version that is no whole number', { ilert: { ...good, version: 3.5 } }],
    ['data that is no text', { ilert: { ...good, data: { a: 1 } } }],
    ['data of null', { ilert: { ...good, data: null } }],
    ['no object', { ilert: 'good' }],
  ])('counts as absent when it is %s', async (_, value) => {
    const fake = new FakeStore()
    fake.sessions.set('ilert:a', JSON.stringify(value))
    const store = new SessionTokenStore(asStore(fake))
    expect(await store.get(key)).toBeUndefined()
    expect(await store.set(key, record(1), 1000)).toBe(true)
    expect(await store.get(key)).toEqual(record(1))
  })

  test('counts as absent when it is an ENOENT, as for express-session', async () => {
    const fake = new FakeStore()
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    fake.get = (_id, done) => done(missing)
    fake.destroy = (_id, done) => done(missing)
    const store = new SessionTokenStore(asStore(fake))
    expect(await store.get(key)).toBeUndefined()
    expect(await store.set(key, record(1), 1000)).toBe(true)
    await store.delete(key)
  })
})

describe('a store that fails', () => {
  const broken = new Error('disk full')

  test.each<[string, (id: string, done: Callback) => unknown]>([
    ['calls back with an error', (_id, done) => done(broken)],
    [
      'throws',
      () => {
        throw broken
      },
    ],
    ['rejects instead of calling back', () => Promise.reject(broken)],
    [
      'does both',
      (_id, done) => {
        done(broken)
        return Promise.reject(broken)
      },
    ],
  ])('and %s gives a NetworkError', async (_, fail) => {
    const fake = new FakeStore()
    fake.get = fail
    fake.set = (id, _data, done) => fail(id, done)
    fake.destroy = fail
    const store = new SessionTokenStore(asStore(fake))
    await expect(store.get('a')).rejects.toMatchObject({ ...unavailable, cause: broken })
    await expect(store.set('a', record(1), 1000)).rejects.toMatchObject(unavailable)
    await expect(store.touch('a', 1000)).rejects.toMatchObject(unavailable)
    await expect(store.delete('a')).rejects.toMatchObject(unavailable)
    await expect(store.delete('a', { tombstoneMs: 1000 })).rejects.toMatchObject(unavailable)
  })

  test('when writing only is told apart from a refusal', async () => {
    const fake = new FakeStore()
    fake.set = (_id, _data, done) => done(broken)
    await expect(new SessionTokenStore(asStore(fake)).set('a', record(1), 1000)).rejects.toMatchObject(unavailable)
  })

  test('and calls back twice is believed the first time', async () => {
    const fake = new FakeStore()
    const { get } = fake
    fake.get = (id, done) => get(id, (error, value) => [done(error, value), done(broken), done(null)])
    const store = new SessionTokenStore(asStore(fake))
    await store.set('a', record(1), 1000)
    expect(await store.get('a')).toEqual(record(1))
  })
})

describe('a store that stays silent', () => {
  test('makes every call reject in time, and works again afterwards', async () => {
    const fake = new FakeStore()
    const answer = fake.get
    fake.get = () => undefined
    const store = new SessionTokenStore(asStore(fake), { timeoutMs: 50 })
    const before = performance.now()
    const calls = [
      store.get('a'),
      store.set('a', record(1), 1000),
      store.set('a', record(2), 1000),
      store.touch('a', 1000),
      store.delete('a', { tombstoneMs: 1000 }),
    ]
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: unavailable })
      expect((result as PromiseRejectedResult).reason.message).toBe('The session store did not answer within 50 ms.')
    }
    expect(performance.now() - before).toBeLessThan(1000)

    fake.get = answer
    expect(await store.set('a', record(1), 1000)).toBe(true)
    expect(await store.get('a')).toEqual(record(1))
  })

  test('is not written to on behalf of a caller who was told that the call failed', async () => {
    const fake = new FakeStore()
    const { get } = fake
    fake.get = (id, done) => setTimeout(() => get(id, done), 200)
    const store = new SessionTokenStore(asStore(fake), { timeoutMs: 300 })
    // The first is in time; the second has its answer to the reading when its time is up.
    const [first, second] = await Promise.allSettled([store.set('a', record(1), 1000), store.set('a', record(2), 1000)])
    expect(first).toEqual({ status: 'fulfilled', value: true })
    expect(second).toMatchObject({ status: 'rejected', reason: unavailable })
    fake.get = get
    await store.touch('a', 1000) // behind both of them
    expect(await store.get('a')).toEqual(record(1))
  })

  test('does not collect calls without end', async () => {
    const fake = new FakeStore()
    fake.get = () => undefined
    const store = new SessionTokenStore(asStore(fake), { timeoutMs: 200 })
    const some = () => Array.from({ length: 1100 }, (_, n) => store.set('a', record(n), 1000).catch((e: Error) => e))
    const countRefused = async () => {
      const errors = await Promise.all(some())
      const refused = errors.filter(
        (error) => (error as Error).message === 'Too many calls wait for the session store.',
      )
      for (const error of refused) expect(error).toMatchObject(unavailable)
      return refused.length
    }
    expect(await countRefused()).toBe(100)
    await new Promise((resolve) => setTimeout(resolve, 50)) // those that were told of their failure have their turn
    expect(await countRefused()).toBe(100)
    expect(fake.calls).toEqual([])
  })
})

test('a record is over at its end, and a longer tombstone takes the place of a shorter one', async () => {
  let now = 1_700_000_000_000
  const store = new SessionTokenStore(asStore(new FakeStore()), { clock: { now: () => now } })
  await store.set('a', record(1), 1000)
  now += 1000
  expect(await store.get('a')).toBeUndefined()
  await store.delete('a', { tombstoneMs: 1000 })
  await store.delete('a', { tombstoneMs: 2000 })
  now += 1500
  expect(await store.set('a', record(2), 1000)).toBe(false)
})

describe('order', () => {
  test('writes of one key follow one another, also through two token stores over one session store', async () => {
    const fake = new FakeStore()
    let writing = 0
    const { set } = fake
    fake.set = (id, data, done) => {
      writing += 1
      expect(writing).toBe(1)
      // The older a version, the slower the store.
      const { version } = (data as { ilert: { version: number } }).ilert
      return setTimeout(
        () => {
          writing -= 1
          set(id, data, done)
        },
        20 - version * 2,
      )
    }
    const one = new SessionTokenStore(asStore(fake))
    const other = new SessionTokenStore(asStore(fake))
    await Promise.all([3, 1, 5, 2, 4].map((version, n) => (n % 2 ? one : other).set('a', record(version), 1000)))
    expect(await one.get('a')).toEqual(record(5))
  })

  test('a call waits for the one before it, also where others are done already', async () => {
    const fake = new FakeStore()
    const store = new SessionTokenStore(asStore(fake))
    const { set } = fake
    const first = store.set('a', record(1), 1000)
    const second = store.set('a', record(5), 1000)
    await first
    fake.set = (id, data, done) => setTimeout(() => set(id, data, done), 30)
    expect(await store.set('a', record(3), 1000)).toBe(false)
    expect(await second).toBe(true)
    expect(await store.get('a')).toEqual(record(5))
  })

  test('a record under a key that was made for it is written in one call, and what comes after waits for it', async () => {
    const fake = new FakeStore()
    const store = new SessionTokenStore(asStore(fake))
    const first = store.setUnderNewKey('a', record(5), 1000)
    const second = store.set('a', record(3), 1000)
    expect(await first).toBe(true)
    expect(await second).toBe(false)
    expect(fake.calls).toEqual(['set', 'get'])
    expect(await store.get('a')).toEqual(record(5))
  })

  test('a touch under way does not bring back what a write replaced, or a delete removed', async () => {
    const store = new SessionTokenStore(asStore(new FakeStore()))
    await store.set('a', record(1), 1000)
    await Promise.all([store.touch('a', 2000), store.set('a', record(2), 1000), store.touch('a', 3000)])
    expect(await store.get('a')).toEqual(record(2))
    await Promise.all([store.touch('a', 2000), store.delete('a', { tombstoneMs: 1000 }), store.touch('a', 3000)])
    expect(await store.get('a')).toBeUndefined()
    expect(await store.set('a', record(3), 1000)).toBe(false)
  })

  test('two keys do not wait for each other', async () => {
    const fake = new FakeStore()
    const { get } = fake
    fake.get = (id, done) => (id === 'ilert:a' ? undefined : get(id, done))
    const store = new SessionTokenStore(asStore(fake), { timeoutMs: 500 })
    const stuck = store.set('a', record(1), 1000)
    expect(await store.set('b', record(1), 1000)).toBe(true)
    await expect(stuck).rejects.toMatchObject(unavailable)
  })
})

describe('arguments', () => {
  test.each([undefined, null, {}, { get() {}, set() {} }])('a store like %p is refused by name', (store) => {
    expect(() => new SessionTokenStore(store as unknown as Store)).toThrow(/^store must be an express-session store/)
  })

  test.each([0, -5, Number.POSITIVE_INFINITY, Number.NaN])(
    'a time of %p is refused, and nothing is sent',
    async (ms) => {
      const fake = new FakeStore()
      const store = new SessionTokenStore(asStore(fake))
      await expect(store.set('a', record(1), ms)).rejects.toThrow(/^ttlMs must be/)
      await expect(store.touch('a', ms)).rejects.toThrow(/^ttlMs must be/)
      if (ms !== 0) await expect(store.delete('a', { tombstoneMs: ms })).rejects.toThrow(/^tombstoneMs must be/)
      expect(() => new SessionTokenStore(asStore(fake), { timeoutMs: ms })).toThrow(/^timeoutMs must be/)
      expect(fake.calls).toEqual([])
    },
  )
})
