/* Whose tokens a session has: those of the Passport user under whom they were attached, and of nobody else. */
import type { Request } from 'express'
import { lifetimeOf, SessionEntries, sessionParts } from '../../src/express/session-entry.ts'

const ENTRY = { key: 'session:1', ilertID: '4711' }
const entries = new SessionEntries('ilert')

type Users = readonly [name: string, user: unknown, later: unknown]

/** A request in whose session `user` has signed in with ilert, and `later` is signed in now. */
function requestOf(user: unknown, later: unknown, by = entries): Request {
  const session = sessionOf(user)
  by.write(session as never, ENTRY)
  return { session: { ...session, ...sessionOf(later) } } as unknown as Request
}

function sessionOf(user: unknown): Record<string, unknown> {
  return { passport: user === undefined ? undefined : { user } }
}

/** As a column returns it that keeps no order of fields. */
function reordered(value: object): object {
  return Object.fromEntries(Object.entries(value).reverse())
}

const OBJECT_ID = { toJSON: () => '665f1c2ab7e4a1d2c3b4a596' }

it.each<Users>([
  ['the same object', { id: 7, name: 'Mara' }, { id: 7, name: 'Mara' }],
  ['one whose fields come in another order', { id: 7, a: { b: 1, c: [2] } }, { a: { c: [2], b: 1 }, id: 7 }],
  ['one with fields that are named by numbers', { 2: 'b', 1: 'a', x: 0 }, reordered({ x: 0, 2: 'b', 1: 'a' })],
  ['one with a date, once it was stored', { id: 7, since: new Date(0) }, { id: 7, since: '1970-01-01T00:00:00.000Z' }],
  ['one with an ObjectId, once it was stored', { id: OBJECT_ID }, { id: OBJECT_ID.toJSON() }],
  ['an ObjectId, once it was stored', OBJECT_ID, OBJECT_ID.toJSON()],
  ['one with an undefined field, once it was stored', { id: 7, role: undefined }, { id: 7 }],
  ['one of a class, once it was stored', Object.assign(new (class User {})(), { id: 7 }), { id: 7 }],
  ['the same key', 'user:7', 'user:7'],
  ['the same number', 7, 7],
  ['a number that comes back as text', 7, '7'],
  ['a text that comes back as a number', '0', 0],
  ['a list', ['acme', 7], ['acme', 7]],
  ['an object without an id that is the same', { email: 'mara@example.com' }, { email: 'mara@example.com' }],
  ['nobody, as before', undefined, undefined],
])('are there for %s', (_, user, later) => {
  expect(entries.read(requestOf(user, later))).toMatchObject(ENTRY)
})

const OTHERS: readonly Users[] = [
  ['another id', { id: 7 }, { id: 8 }],
  ['the same id of another type', { id: 1, type: 'staff' }, { id: 1, type: 'customer' }],
  ['the same id of another tenant, further inside', { id: 1, of: { org: 'a' } }, { id: 1, of: { org: 'b' } }],
  ['the same id of another provider', { id: 7, provider: 'ilert' }, { id: 7, provider: 'github' }],
  ['the same id of no provider', { id: 7, provider: 'ilert' }, { id: 7 }],
  ['the same id with a field more', { id: 7 }, { id: 7, type: null }],
  ['the same id whose other fields have changed', { id: 7, name: 'Mara' }, { id: 7, name: 'Mara L.' }],
  ['an id in an object that only reads the same', { id: 7 }, { id: '7' }],
  ['another key', 'user:7', 'user:8'],
  ['a text that reads like an object', { id: 7 }, '{"id":7}'],
  ['a text that reads like a list', ['a'], 'a'],
  ['a list in another order', ['acme', 7], [7, 'acme']],
  ['an object whose fields differ, without an id', { email: 'mara@example.com' }, { email: 'jonas@example.com' }],
  ['a user, after nobody', undefined, { id: 7 }],
  ['nobody, after a user', { id: 7 }, undefined],
  ['null, after nobody', undefined, null],
  ['the text of null, after null', null, 'null'],
]

it.each(OTHERS)('are not for %s', (_, user, later) => {
  const req = requestOf(user, later)
  expect(entries.read(req)).toBeUndefined()
  expect(entries.raw(sessionParts(req).session as never)).toMatchObject(ENTRY)
})

it('hold a short hash, whatever is in the user', () => {
  for (const user of ['mara', 7, { id: 7, email: 'mara@example.com', photo: 'x'.repeat(50_000) }]) {
    const { session } = sessionParts(requestOf(user, user))
    expect(entries.raw(session as never)?.user).toMatch(/^[\w-]{22}$/)
  }
  expect(entries.raw(sessionParts(requestOf(undefined, undefined)).session as never)?.user).toBeNull()
})

describe('with a userKey', () => {
  const keyed = new SessionEntries('ilert', (user: { id: number; type?: string }) => `${user.type} ${user.id}`)

  it('are there for a user whose other fields have changed', () => {
    const user = { id: 7, type: 'staff', theme: 'light' }
    expect(keyed.read(requestOf(user, { ...user, theme: 'dark' }, keyed))).toMatchObject(ENTRY)
  })

  it.each(['staff', undefined])('are not for the same id of another type than %p', (type) => {
    expect(keyed.read(requestOf({ id: 7, type }, { id: 7, type: 'customer' }, keyed))).toBeUndefined()
  })

  it('are there for a user under whom they were attached before there was one', () => {
    const { session } = sessionParts(requestOf({ id: 7, type: 'staff' }, { type: 'staff', id: 7 }))
    expect(keyed.read({ session } as unknown as Request)).toMatchObject(ENTRY)
    Object.assign(session?.passport as object, { user: { id: 8, type: 'staff' } })
    expect(keyed.read({ session } as unknown as Request)).toBeUndefined()
  })

  it('are nobody else’s whose whole user reads like a key', () => {
    expect(keyed.read(requestOf('staff 7', { id: 7, type: 'staff' }))).toBeUndefined()
  })

  it('ask for none while nobody is signed in', () => {
    const never = new SessionEntries('ilert', () => {
      throw new Error('nobody is signed in')
    })
    expect(never.read(requestOf(undefined, undefined, never))).toMatchObject(ENTRY)
    expect(never.userOf(requestOf(undefined, undefined, never))).toBeUndefined()
  })

  it.each([undefined, '', 7, null, {}])('say so when it returns %p', (key) => {
    const wrong = new SessionEntries('ilert', () => key as never)
    expect(() => requestOf(7, 7, wrong)).toThrow(TypeError)
    expect(() => wrong.read(requestOf(7, 7))).toThrow(/userKey.*non-empty string/)
  })
})

it('tell who is signed in now by one word, whatever is in the session beside', () => {
  const at = (user: unknown) => entries.userOf({ session: { ...sessionOf(user), cart: Math.random() } } as never)
  expect(at({ id: 7, a: 1 })).toBe(at({ a: 1, id: 7 }))
  expect(at(7)).not.toBe(at(8))
  expect(at(undefined)).toBeUndefined()
  expect(entries.userOf({} as Request)).toBeUndefined()
})

it('are not there without a session, or once they were removed', () => {
  expect(entries.read({} as Request)).toBeUndefined()
  expect(() => entries.remove({} as Request)).not.toThrow()
  const req = requestOf('mara', 'mara')
  entries.remove(req)
  expect(entries.read(req)).toBeUndefined()
})

it('are those of the strategy of that name', () => {
  expect(new SessionEntries('another').read(requestOf('mara', 'mara'))).toBeUndefined()
})

it.each([
  [8 * 3_600_000, 8 * 3_600_000],
  [null, 14 * 86_400_000],
])('last as long as the session, or 14 days where that has no end: %p', (originalMaxAge, lifetime) => {
  expect(lifetimeOf({ cookie: { originalMaxAge } } as never)).toBe(lifetime)
})

describe('a session that another process has written since a request has read it', () => {
  const LATER = { ...ENTRY, key: 'session:2' }
  const USER = { id: 7 }
  /** What is stored, in a session of the same user, after `entry` was attached elsewhere. */
  const stored = (entry: typeof ENTRY, user: unknown = USER) => {
    const session = sessionOf(user) as never
    new SessionEntries('ilert').write(session, entry)
    return session
  }
  const own = (write?: typeof ENTRY) => {
    const session = sessionOf(USER) as never
    if (write) Object.assign(session, stored(write))
    return session
  }

  it.each([undefined, ENTRY])('takes over what was attached there: %#', (before) => {
    const session = own(before)
    entries.takeOver(session, stored(LATER))
    expect(entries.raw(session)).toMatchObject(LATER)
  })

  it('keeps what its own request has attached', () => {
    const session = own(ENTRY)
    entries.write(session, LATER)
    entries.takeOver(session, stored(ENTRY))
    expect(entries.raw(session)).toMatchObject(LATER)
  })

  it('stays disconnected if its own request has disconnected it, but not from what is newer', () => {
    const session = own(ENTRY)
    entries.remove({ session } as never)
    entries.takeOver(session, stored(ENTRY))
    expect(entries.raw(session)).toBeUndefined()
    entries.takeOver(session, stored(LATER))
    expect(entries.raw(session)).toMatchObject(LATER)
  })

  it("takes over nothing of another user's, and nothing of a session without an entry", () => {
    const session = own(ENTRY)
    for (const user of [{ id: 8 }, null]) entries.takeOver(session, stored(LATER, user))
    entries.takeOver(session, sessionOf(USER) as never)
    expect(entries.raw(session)).toMatchObject(ENTRY)
  })
})

it.each<[string, unknown]>([
  ['no object', 'session:1'],
  ['of another version', { grant: 'session:1', account: '4711', user: null, at: 1 }],
  ['without a key', { ilertID: '4711', user: null, at: 1 }],
  ['with an empty key', { key: '', ilertID: '4711', user: null, at: 1 }],
  ['with a key that is no text', { key: { $ne: 1 }, ilertID: '4711', user: null, at: 1 }],
  ['without the ilert user', { key: 'session:1', user: null, at: 1 }],
  ['without a user or nobody', { key: 'session:1', ilertID: '4711', at: 1 }],
  ['without a time', { key: 'session:1', ilertID: '4711', user: null }],
  ['a list', [1]],
])('an entry that is unknown counts as none: %s', (_, entry) => {
  const session = { ...sessionOf(undefined), [entries.field]: entry, id: 'a', cookie: {} }
  const req = { session } as unknown as Request
  expect(entries.read(req)).toBeUndefined()
  expect(entries.wasChanged(req)).toBe(false)
  expect(() => entries.renew(session as never)).not.toThrow()
  expect(() => entries.takeOver(sessionOf(undefined) as never, session as never)).not.toThrow()
  entries.write(session as never, ENTRY)
  expect(entries.read(req)).toMatchObject(ENTRY)
})
