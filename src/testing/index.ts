import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredTokens, TokenStore } from '../tokens/stores/store.ts'
import { listing } from './listing.ts'

/** A store to look at, and what the contract has to know of it. */
export interface ContractSubject {
  /** Empty, and used by one case alone. */
  store: TokenStore
  /** Gives back what the store holds on to. */
  close?: () => Promise<void>
  /** Moves the store's time. Default: waits for real time to pass. */
  elapse?: (ms: number) => Promise<void>
  /** After how long without news a lease ends, where the store has leases. Default: 1000. */
  leaseMs?: number
}

/** One thing that a store must hold. */
export interface ContractCase {
  name: string
  /** Rejects with an `AssertionError` where the store does not hold what it must. */
  run: () => Promise<void>
}

/** Long enough never to matter. */
const LONG = 600_000
/** Short enough to wait for, long enough for two calls on a busy machine. */
const SHORT = 250

/**
 * What every `TokenStore` must hold, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of tokenStoreContract(async () => ({ store: new MyStore() }))) test(name, run)
 * ```
 *
 * @param make called once for every case
 */
export function tokenStoreContract(make: () => Promise<ContractSubject>): ContractCase[] {
  return Object.entries({ ...records, ...tombstones, ...ends, ...keysAndData, ...leases, ...listing }).map(
    ([name, check]) => ({
      name,
      run: async () => {
        const { store, close, elapse = sleep, leaseMs = 1000 } = await make()
        try {
          await check({ store, leaseMs, elapse })
        } finally {
          await close?.()
        }
      },
    }),
  )
}

type Check = (subject: Required<Omit<ContractSubject, 'close'>>) => Promise<void>

const records: Record<string, Check> = {
  'a key without a record gives undefined': async ({ store }) => {
    assert.equal(await store.get('a'), undefined)
  },

  'what is set can be got': async ({ store }) => {
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
    same(await store.get('a'), { version: 1, data: 'one' })
  },

  'version 0 and the highest version are versions like any other': async ({ store }) => {
    const highest = Number.MAX_SAFE_INTEGER
    assert.equal(await store.set('a', { version: 0, data: 'first' }, LONG), true)
    same(await store.get('a'), { version: 0, data: 'first' })
    assert.equal(await store.set('a', { version: highest - 1, data: 'last but one' }, LONG), true)
    assert.equal(await store.set('a', { version: highest, data: 'last' }, LONG), true)
    assert.equal(await store.set('a', { version: highest - 1, data: 'late' }, LONG), false)
    same(await store.get('a'), { version: highest, data: 'last' })
  },

  'an equal version is refused and writes nothing': async ({ store }) => {
    await store.set('a', { version: 3, data: 'three' }, LONG)
    assert.equal(await store.set('a', { version: 3, data: 'other' }, LONG), false)
    same(await store.get('a'), { version: 3, data: 'three' })
  },

  'an older version is refused and writes nothing, by number and not by letter': async ({ store }) => {
    await store.set('a', { version: 10, data: 'ten' }, LONG)
    for (const version of [9, 2, 1]) assert.equal(await store.set('a', { version, data: 'old' }, LONG), false)
    same(await store.get('a'), { version: 10, data: 'ten' })
  },

  'a newer version replaces': async ({ store }) => {
    await store.set('a', { version: 9, data: 'nine' }, LONG)
    assert.equal(await store.set('a', { version: 10, data: 'ten' }, LONG), true)
    same(await store.get('a'), { version: 10, data: 'ten' })
  },

  'of many versions at once the newest stays, and is told so': async ({ store }) => {
    const versions = Array.from({ length: 20 }, (_, n) => ((n * 7) % 20) + 1)
    const answers = await Promise.all(
      versions.map(async (version) => ({
        version,
        landed: await store.set('a', { version, data: `${version}` }, LONG),
      })),
    )
    same(await store.get('a'), { version: 20, data: '20' })
    assert.equal(answers.find(({ version }) => version === 20)?.landed, true)
  },

  'of many writes of one version at once exactly one lands, and only that one is told so': async ({ store }) => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => ({
        data: `${n}`,
        landed: await store.set('a', { version: 1, data: `${n}` }, LONG),
      })),
    )
    const landed = answers.filter((answer) => answer.landed)
    assert.equal(landed.length, 1)
    same(await store.get('a'), { version: 1, data: landed[0]?.data ?? '' })
  },

  'what was given and what was got are not the record itself': async ({ store }) => {
    const given = { version: 1, data: 'one' }
    await store.set('a', given, LONG)
    given.data = 'changed'
    const got = await store.get('a')
    assert.ok(got)
    got.version = 99
    same(await store.get('a'), { version: 1, data: 'one' })
  },

  'delete removes, also what is not there': async ({ store }) => {
    await store.set('a', { version: 5, data: 'five' }, LONG)
    await store.delete('a')
    await store.delete('b')
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
    same(await store.get('a'), { version: 1, data: 'one' })
  },
}

const tombstones: Record<string, Check> = {
  'a tombstone refuses every write, and get gives undefined': async ({ store }) => {
    await store.set('a', { version: 1, data: 'one' }, LONG)
    await store.delete('a', { tombstoneMs: LONG })
    assert.equal(await store.get('a'), undefined)
    for (const version of [1, 2, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      assert.equal(await store.set('a', { version, data: 'back again' }, LONG), false)
    }
    assert.equal(await store.get('a'), undefined)
  },

  'a tombstone can be where no record was, and is there for one key': async ({ store }) => {
    await store.delete('a', { tombstoneMs: LONG })
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), false)
    assert.equal(await store.set('b', { version: 1, data: 'one' }, LONG), true)
  },

  'a delete without a tombstone removes a tombstone too, for a new sign-in under the same key': async ({ store }) => {
    await store.delete('a', { tombstoneMs: LONG })
    await store.delete('a')
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
    same(await store.get('a'), { version: 1, data: 'one' })
  },

  'a tombstone ends': async ({ store, elapse }) => {
    await store.delete('a', { tombstoneMs: SHORT })
    await elapse(SHORT + 50)
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
    same(await store.get('a'), { version: 1, data: 'one' })
  },

  'a shorter tombstone does not end a longer one': async ({ store, elapse }) => {
    await store.delete('a', { tombstoneMs: LONG })
    await store.delete('a', { tombstoneMs: SHORT })
    await elapse(SHORT + 50)
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), false)
  },
}

const ends: Record<string, Check> = {
  'a record ends after its time, and any version may follow': async ({ store, elapse }) => {
    await store.set('a', { version: 7, data: 'seven' }, SHORT)
    await store.set('b', { version: 7, data: 'seven' }, LONG)
    await elapse(SHORT + 50)
    assert.equal(await store.get('a'), undefined)
    same(await store.get('b'), { version: 7, data: 'seven' })
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
  },

  'a newer version brings its own time': async ({ store, elapse }) => {
    await store.set('a', { version: 1, data: 'one' }, SHORT)
    await store.set('a', { version: 2, data: 'two' }, LONG)
    await elapse(SHORT + 50)
    same(await store.get('a'), { version: 2, data: 'two' })
  },

  'a refused write changes no time': async ({ store, elapse }) => {
    await store.set('a', { version: 2, data: 'two' }, SHORT)
    await store.set('a', { version: 1, data: 'one' }, LONG)
    await elapse(SHORT + 50)
    assert.equal(await store.get('a'), undefined)
  },

  'touch, where there is one, lets a record end later': async ({ store, elapse }) => {
    if (!store.touch) return
    await store.set('a', { version: 1, data: 'one' }, SHORT)
    await store.touch('a', LONG)
    // Some session stores count in whole seconds.
    await elapse(SHORT + 1000)
    same(await store.get('a'), { version: 1, data: 'one' })
    assert.equal(await store.set('a', { version: 1, data: 'other' }, LONG), false)
  },

  'touch, where there is one, lets a record end sooner': async ({ store, elapse }) => {
    if (!store.touch) return
    await store.set('a', { version: 1, data: 'one' }, LONG)
    await store.touch('a', SHORT)
    await elapse(SHORT + 50)
    assert.equal(await store.get('a'), undefined)
  },

  'touch, where there is one, makes no record and revives no tombstone': async ({ store, elapse }) => {
    if (!store.touch) return
    await store.touch('a', LONG)
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)

    await store.delete('a', { tombstoneMs: SHORT })
    await store.touch('a', LONG)
    assert.equal(await store.get('a'), undefined)
    await elapse(SHORT + 50)
    assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
  },
}

const keysAndData: Record<string, Check> = {
  'keys that look alike, or like something else, are keys of their own': async ({ store }) => {
    const keys = [
      ...['a', 'A', ' a', 'a ', 'a:b', 'a::b', 'a/b', '../a', 'a%2fb', 'lease:a', 'tokens:a', '{a}', '{a}b', '*', '?'],
      ...[
        'é',
        'e\u0301',
        '\u{1f511}',
        '日本語',
        'a\u0000b',
        'a\nb',
        '__proto__',
        'constructor',
        'undefined',
        '0',
        '-1',
      ],
      ...['x'.repeat(500), `${'x'.repeat(499)}y`, 'alice@example.org', 'ALICE@example.org'],
    ]
    for (const key of keys) assert.equal(await store.get(key), undefined, JSON.stringify(key))
    for (const [n, key] of keys.entries()) {
      assert.equal(await store.set(key, { version: 1, data: `${n}` }, LONG), true, JSON.stringify(key))
    }
    for (const [n, key] of keys.entries()) same(await store.get(key), { version: 1, data: `${n}` })
    for (const key of keys) await store.delete(key)
    for (const key of keys) assert.equal(await store.get(key), undefined, JSON.stringify(key))
  },

  'data comes back as it was: 64 KiB, nothing at all, and any character': async ({ store }) => {
    const all = ['x'.repeat(65_536), '', '"\\\n\r\t\u0000\u2028{}[]', '1:2:3', 'ended', 'null', 'zażółć \u{1f511}']
    for (const [n, data] of all.entries()) {
      assert.equal(await store.set('a', { version: n, data }, LONG), true)
      same(await store.get('a'), { version: n, data })
    }
  },
}

const leases: Record<string, Check> = {
  'a lease, where there are any, has one holder at a time': async ({ store }) => {
    if (!store.withLease) return
    const withLease = store.withLease.bind(store)
    let holders = 0
    let turns = 0
    const work = async () => {
      holders += 1
      assert.equal(holders, 1)
      await sleep(3)
      holders -= 1
      turns += 1
    }
    await Promise.all(Array.from({ length: 20 }, () => withLease('a', work)))
    assert.equal(turns, 20)
  },

  'a lease passes on what the work comes to': async ({ store }) => {
    assert.equal(await (store.withLease?.('a', async () => 'done') ?? 'done'), 'done')
  },

  'a lease is free again after work that throws, and the error is passed on': async ({ store }) => {
    if (!store.withLease) return
    const error = new Error('on purpose')
    const failures: (() => Promise<never>)[] = [
      async () => {
        throw error
      },
      () => {
        throw error
      },
    ]
    for (const work of failures) assert.equal(await rejection(store.withLease('a', work)), error)
    assert.equal(await store.withLease('a', async () => 'next', { signal: AbortSignal.timeout(2000) }), 'next')
  },

  'a waiter gives up when its signal says so, with its reason': async ({ store, leaseMs }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    let ran = false
    const work = async () => {
      ran = true
    }
    await withLease('a', async () => {
      const reason = new Error('no time')
      const giveUp = new AbortController()
      const waiting = rejection(withLease('a', work, { signal: giveUp.signal }))
      await sleep(60)
      const before = performance.now()
      giveUp.abort(reason)
      assert.equal(await waiting, reason)
      assert.ok(performance.now() - before < 300)
      assert.equal(await rejection(withLease('a', work, { signal: AbortSignal.abort(reason) })), reason)
    })
    // Had a waiter left anything behind, this would have to wait for its end.
    const before = performance.now()
    await withLease('a', async () => {})
    assert.ok(performance.now() - before < Math.max(leaseMs / 2, 200))
    assert.equal(ran, false)
  },

  'leases of two keys do not wait for each other': async ({ store }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    const signal = AbortSignal.timeout(2000)
    assert.equal(await withLease('a', () => withLease('b', async () => 'both', { signal })), 'both')
  },

  'a lease does not stand in the way of its record': async ({ store }) => {
    await store.withLease?.('a', async () => {
      assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
      same(await store.get('a'), { version: 1, data: 'one' })
    })
  },

  'a lease lasts as long as the work': async ({ store, leaseMs }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    const order: string[] = []
    const first = withLease('a', async ({ signal }) => {
      await sleep(leaseMs * 2.5)
      assert.equal(signal.aborted, false)
      order.push('first')
    })
    await sleep(leaseMs / 4)
    await withLease('a', async () => order.push('second'))
    await first
    assert.equal(order.join(), 'first,second')
  },
}

function same(got: StoredTokens | undefined, wanted: StoredTokens): void {
  assert.equal(got?.version, wanted.version)
  assert.equal(got?.data, wanted.data)
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('It should have been rejected.')
}
