import { randomUUID } from 'node:crypto'
import session, { type SessionData, type Store } from 'express-session'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { SessionTokenStore } from '../../src/tokens/stores/session-store.ts'
import { recordID, type SessionLike } from '../../src/tokens/stores/stored-session.ts'

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

    expect([...fake.sessions.keys()]).toEqual([recordID('abc_-9')])
    const { cookie } = JSON.parse(fake.sessions.get(recordID('abc_-9')) ?? '')
    expect(cookie).toMatchObject({ path: '/', httpOnly: true, maxAge: 90_000, originalMaxAge: 90_000 })
    const end = Date.parse(cookie.expires)
    expect(end).toBeGreaterThanOrEqual(before + 90_000)
    expect(end).toBeLessThanOrEqual(Date.now() + 90_000)
  })

  test('ends by the system clock for the store, also with a clock of our own', async () => {
    const fake = new FakeStore()
    await new SessionTokenStore(asStore(fake), { clock: { now: () => 0 } }).set('a', record(1), 90_000)
    const { cookie } = JSON.parse(fake.sessions.get(recordID('a')) ?? '')
    expect(Date.parse(cookie.expires)).toBeGreaterThan(Date.now() + 80_000)
  })

  test('has an id of 32 hexadecimal digits, whatever the key: for the shortest columns, and for file names', async () => {
    const fake = new FakeStore()
    const store = new SessionTokenStore(asStore(fake))
    const keys = ['../../etc/passwd', 'x'.repeat(500), 'a b', '\u{1f511}', 'Kq7', 'kQ7', 'session:aB-_']
    for (const key of keys) await store.set(key, record(1), 1000)
    for (const id of fake.sessions.keys()) expect(id).toMatch(/^[\da-f]{12}8[\da-f]{3}[89ab][\da-f]{15}$/)
    expect(fake.sessions.size).toBe(keys.length)
  })

  test('of keys that differ in case only are two in a store that ignores case', async () => {
    const fake = new FakeStore()
    const { get, set } = fake
    fake.get = (id, done) => get(id.toLowerCase(), done)
    fake.set = (id, data, done) => set(id.toLowerCase(), data, done)
    const store = new SessionTokenStore(asStore(fake))
    await store.set('Bob', record(1), 1000)
    await store.set('bob', record(2), 1000)
    expect([await store.get('Bob'), await store.get('bob')]).toEqual([record(1), record(2)])
  })
})

describe('in a store whose sessions have UUIDs', () => {
  const UUID = /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

  function learned(fake: FakeStore, sessionID: string = randomUUID()) {
    const store = new SessionTokenStore(asStore(fake))
    store.learn(sessionID)
    return store
  }

  test('a record has one, of the same digits', async () => {
    const fake = new FakeStore()
    await learned(fake, randomUUID().toUpperCase()).set('a', record(1), 1000)
    expect([...fake.sessions.keys()]).toEqual([expect.stringMatching(UUID)])
    expect([...fake.sessions.keys()].join().replaceAll('-', '')).toBe(recordID('a'))
  })

  test('a record is found by a process that has seen no session, and the other way round; there is never a second', async () => {
    const records = new FakeStore().sessions
    const seen = learned(Object.assign(new FakeStore(), { sessions: records }))
    const unseen = new SessionTokenStore(asStore(Object.assign(new FakeStore(), { sessions: records })))
    for (const [one, other, key] of [
      [seen, unseen, 'a'],
      [unseen, seen, 'b'],
    ] as const) {
      await one.set(key, record(1), 60_000)
      expect(await other.get(key)).toEqual(record(1))
      expect(await other.set(key, record(2), 60_000)).toBe(true)
      await other.touch(key, 60_000)
      expect(await one.get(key)).toEqual(record(2))
    }
    expect(records.size).toBe(2)
    await unseen.delete('a')
    await seen.delete('b', { tombstoneMs: 60_000 })
    expect(await unseen.set('b', record(3), 60_000)).toBe(false)
    expect([await seen.get('a'), await unseen.get('b'), records.size]).toEqual([undefined, undefined, 1])
  })

  test('a column that takes nothing else is asked for nothing else that could matter', async () => {
    const fake = new FakeStore()
    const { get } = fake
    fake.get = (id, done) => (UUID.test(id) ? get(id, done) : done(new Error('invalid input syntax for type uuid')))
    const store = learned(fake)
    expect(await store.get('a')).toBeUndefined()
    expect(await store.set('a', record(1), 1000)).toBe(true)
    expect(await store.get('a')).toEqual(record(1))
  })
})

describe('a record of a session', () => {
  const user = { id: 7, role: 'admin' }
  const setIn = async (fake: FakeStore, like: SessionLike) => {
    const store = new SessionTokenStore(asStore(fake))
    expect(await store.setLike('a', record(1), 90_000, { like, isNew: true })).toBe(true)
    return store
  }
  const stored = (fake: FakeStore) => JSON.parse(fake.sessions.get(recordID('a')) ?? '')

  test('carries what hooks of stores read, and neither secrets nor what is ours', async () => {
    const fake = new FakeStore()
    const plain = { remember: true, visits: 3, tenant: 'acme' }
    const entry = { 'passport-ilert': { key: 'session:1' } }
    const secrets = {
      csrfSecret: 'x',
      accessToken: 'x',
      oauthState: 'x',
      password: 'x',
      otp: 123,
      long: 'x'.repeat(201),
    }
    const store = await setIn(fake, {
      cookie: { originalMaxAge: 1 },
      passport: { user },
      ...plain,
      ...entry,
      ...secrets,
    })
    const { cookie, ilert, ...carried } = stored(fake)
    expect(carried).toEqual({ passport: { user }, ...plain })
    // And whatever is written later, without a request.
    await store.set('a', record(2), 90_000)
    await store.touch('a', 90_000)
    expect(stored(fake)).toMatchObject({ passport: { user }, ...plain, ilert: { version: 2 } })
  })

  test.each<[string, unknown, unknown]>([
    ['an object', { id: 7, name: 'Ada' }, { id: 7 }],
    ['an id', 'user:7', 'user:7'],
    ['an object without an id', { name: 'Ada' }, undefined],
  ])('whose user has signed out tells nothing of them, unless the store asks by an id: %s', async (_, was, id) => {
    for (const kind of ['does not ask', 'asks by a ttl function', 'fails without']) {
      const fake = new FakeStore()
      const store = await setIn(fake, { cookie: {}, passport: { user: was }, remember: true })
      if (kind === 'asks by a ttl function') Object.assign(fake, { ttl: () => 1 })
      const { set } = fake
      if (kind === 'fails without') {
        fake.set = (at, data, done) => {
          if (!(data as { passport?: unknown }).passport) throw new TypeError('Cannot read properties of undefined')
          return set(at, data, done)
        }
      }
      const kept = kind === 'does not ask' || id === undefined ? {} : { passport: { user: id } }
      const ends = [() => store.setEnded('a', record(2), 90_000), () => store.delete('a', { tombstoneMs: 90_000 })]
      for (const end of ends) {
        if (kind === 'fails without' && id === undefined) {
          await expect(end()).rejects.toMatchObject(unavailable)
          continue
        }
        await end()
        const { cookie, ilert, ...left } = stored(fake)
        expect(left).toEqual(kept)
      }
    }
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['nothing', undefined],
    ['false', false],
    ['zero', 0],
    ['what has passed', -5],
    ['no number', Number.NaN],
    ['text', '5'],
    ['infinity', Number.POSITIVE_INFINITY],
  ])(
    'whose cookie has no end, written as %s, has none by itself, nor has what follows it',
    async (_, originalMaxAge) => {
      const fake = new FakeStore()
      const endless = { originalMaxAge: null, maxAge: null, expires: null }
      const store = await setIn(fake, { cookie: { originalMaxAge } })
      expect(stored(fake)).toMatchObject({ cookie: endless, ilert: { endsAt: null } })
      await store.touch('a', 1000)
      await store.set('a', record(2), 1000)
      expect(stored(fake)).toMatchObject({ cookie: endless, ilert: { version: 2, endsAt: null } })
      await store.delete('a', { tombstoneMs: 1000 })
      expect(stored(fake)).toMatchObject({ cookie: endless, ilert: { version: 0, endsAt: null } })
      expect(await store.set('a', record(3), 1000)).toBe(false)
    },
  )

  test('that is kept under a key of its own has a life of its own', async () => {
    const fake = new FakeStore()
    await setIn(fake, { passport: { user } })
    expect(stored(fake)).toMatchObject({ passport: { user }, cookie: { originalMaxAge: 90_000 } })
  })
})

describe('what a store returns', () => {
  const key = 'a'
  const good = { id: recordID('a'), version: 3, data: 'sealed', endsAt: Date.now() + 1e6 }

  test('is taken when it is a record', async () => {
    const fake = new FakeStore()
    fake.sessions.set(recordID('a'), JSON.stringify({ cookie: {}, ilert: good }))
    expect(await new SessionTokenStore(asStore(fake)).get(key)).toEqual({ version: 3, data: 'sealed' })
  })

  test.each<[string, unknown]>([
    ['a session of the app', { cookie: {}, passport: { user: 1 } }],
    ['text', 'sealed'],
    ['a number', 7],
    ['an array', []],
    ['the record of another key', { ilert: { ...good, id: recordID('A') } }],
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
    fake.sessions.set(recordID('a'), JSON.stringify(value))
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
    store.learn('an id that is no UUID') // else what is absent is looked for twice
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

test('a record expires at its end, and a longer tombstone takes the place of a shorter one', async () => {
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
    fake.get = (id, done) => (id === recordID('a') ? undefined : get(id, done))
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
