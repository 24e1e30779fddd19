/*
 * What a store must hold that can list its records.
 */
import assert from 'node:assert/strict'
import type { TokenStore } from '../tokens/stores/store.ts'
import { type Check, LONG, SHORT } from './check.ts'

const ANN = 'owner-of_ann'
const BEN = 'owner-of_ben'

/** The keys that a store lists, sorted. */
async function keysOf(store: TokenStore, o?: { owner?: string }): Promise<string[]> {
  const keys = new Set<string>()
  for await (const { key, tokens } of store.list?.(o) ?? []) {
    const stored = await store.get(key)
    assert.equal(tokens.version, stored?.version)
    assert.equal(tokens.data, stored?.data)
    keys.add(key)
  }
  return [...keys].sort()
}

export const listing: Record<string, Check> = {
  'list, where there is one, lists nothing where nothing is': async ({ store }) => {
    if (!store.list) return
    assert.deepEqual(await keysOf(store), [])
    assert.deepEqual(await keysOf(store, { owner: ANN }), [])
  },

  'list, where there is one, lists all records, and those of an owner': async ({ store }) => {
    if (!store.list) return
    await store.set('a', { version: 1, data: 'one', owner: ANN }, LONG)
    await store.set('b', { version: 1, data: 'two', owner: BEN }, LONG)
    await store.set('c:\u0000 日本語 {x}', { version: 1, data: '"\\\n', owner: ANN }, LONG)
    await store.set('d', { version: 1, data: 'four' }, LONG)
    assert.deepEqual(await keysOf(store), ['a', 'b', 'c:\u0000 日本語 {x}', 'd'])
    assert.deepEqual(await keysOf(store, { owner: ANN }), ['a', 'c:\u0000 日本語 {x}'])
    assert.deepEqual(await keysOf(store, { owner: 'owner-of_nobody' }), [])
  },

  'list, where there is one, lists each of many records, also while they are written, touched and deleted': async ({
    store,
  }) => {
    if (!store.list) return
    const keys = Array.from({ length: 250 }, (_, n) => `key ${n}`)
    for (const key of keys) await store.set(key, { version: 1, data: key, owner: ANN }, LONG)
    for (const o of [{}, { owner: ANN }]) {
      const seen = new Set<string>()
      for await (const { key } of store.list(o)) {
        seen.add(key)
        const n = Number(key.slice(4))
        const other = `key ${(n * 7 + 1) % 250}`
        const stored = await store.get(other)
        if (stored) await store.set(other, { version: stored.version + 1, data: 'next', owner: ANN }, LONG)
        await store.touch?.(other, LONG, { owner: ANN })
        await store.set(`more ${n % 20}`, { version: 1, data: 'more', owner: ANN }, LONG)
        await store.delete(`more ${(n + 10) % 20}`)
      }
      assert.deepEqual(
        [...keys].filter((key) => !seen.has(key)),
        [],
      )
    }
    for (const key of keys) await store.delete(key, { tombstoneMs: LONG })
    assert.deepEqual(
      (await keysOf(store)).filter((key) => key.startsWith('key')),
      [],
    )
    assert.deepEqual(
      (await keysOf(store, { owner: ANN })).filter((key) => key.startsWith('key')),
      [],
    )
  },

  'list, where there is one, lists no record that was deleted or has ended, and no lease': async ({
    store,
    elapse,
  }) => {
    if (!store.list) return
    for (const key of ['deleted', 'a tombstone', 'kept'])
      await store.set(key, { version: 1, data: key, owner: ANN }, LONG)
    await store.set('ended', { version: 1, data: 'ended', owner: ANN }, SHORT)
    await store.delete('deleted')
    await store.delete('a tombstone', { tombstoneMs: LONG })
    await store.delete('another tombstone', { tombstoneMs: LONG })
    await elapse(SHORT + 50)
    const both = async () => [await keysOf(store), await keysOf(store, { owner: ANN })]
    assert.deepEqual(await both(), [['kept'], ['kept']])
    await store.withLease?.('kept', async () => assert.deepEqual(await both(), [['kept'], ['kept']]))
  },

  'list, where there is one, lists a record that was touched as long as it lives': async ({ store, elapse }) => {
    if (!store.list || !store.touch) return
    await store.set('a', { version: 1, data: 'one', owner: ANN }, SHORT)
    await store.touch('a', LONG, { owner: ANN })
    await elapse(SHORT + 50)
    for (let n = 0; n < 3; n++) await store.set('b', { version: n, data: 'two', owner: ANN }, LONG)
    assert.deepEqual(
      [await keysOf(store), await keysOf(store, { owner: ANN })],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    )
  },

  'list, where there is one, knows the owner of the newest version, unless a write was refused': async ({ store }) => {
    if (!store.list) return
    const isAnns = async () => {
      for await (const { key, tokens } of store.list?.({ owner: ANN }) ?? []) if (tokens.data === 'of Ann') return key
      return undefined
    }
    await store.set('a', { version: 5, data: 'of Ann', owner: ANN }, LONG)
    assert.equal(await store.set('a', { version: 5, data: 'of Ben', owner: BEN }, LONG), false)
    assert.equal(await isAnns(), 'a')
    await store.set('a', { version: 6, data: 'of Ben', owner: BEN }, LONG)
    assert.equal(await isAnns(), undefined)
    assert.deepEqual(await keysOf(store, { owner: BEN }), ['a'])
  },
}
