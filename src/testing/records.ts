import assert from 'node:assert/strict'
import { type Check, LONG, SHORT, same } from './check.ts'

export const records: Record<string, Check> = {
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

export const tombstones: Record<string, Check> = {
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

export const ends: Record<string, Check> = {
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

export const keysAndData: Record<string, Check> = {
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
