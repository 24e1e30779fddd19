/* Whose tokens a session has: those of the Passport user under whom they were attached, and of nobody else. */
import type { Request } from 'express'
import {
  lifetimeOf,
  rawEntry,
  readEntry,
  removeEntry,
  sessionParts,
  writeEntry,
} from '../../src/express/session-entry.ts'

const ENTRY = { grant: 'session:1', account: '4711' }
const NAME = 'ilert'

/** A request in whose session `user` has signed in with ilert, and `later` is signed in now. */
function requestOf(user: unknown, later: unknown): Request {
  const session = sessionOf(user)
  writeEntry(session as never, NAME, ENTRY)
  return { session: { ...session, ...sessionOf(later) } } as unknown as Request
}

function sessionOf(user: unknown): Record<string, unknown> {
  return { passport: user === undefined ? undefined : { user } }
}

it.each<[string, unknown, unknown]>([
  ['the same object', { id: 7, name: 'Mara' }, { id: 7, name: 'Mara' }],
  ['one whose other fields have changed', { id: 7, name: 'Mara' }, { id: 7, name: 'Mara L.', roles: [] }],
  ['one of the same provider', { id: '7', provider: 'ilert' }, { provider: 'ilert', id: '7', name: 'x' }],
  ['the same key', 'user:7', 'user:7'],
  ['the same number', 7, 7],
  ['an object without an id that is the same', { email: 'mara@example.com' }, { email: 'mara@example.com' }],
  ['an object whose id is no word and no number', { id: { a: 1 } }, { id: { a: 1 } }],
  ['nobody, as before', undefined, undefined],
])('are there for %s', (_, user, later) => {
  expect(readEntry(requestOf(user, later), NAME)).toMatchObject(ENTRY)
})

it.each<[string, unknown, unknown]>([
  ['another id', { id: 7 }, { id: 8 }],
  ['the same id of another provider', { id: 7, provider: 'ilert' }, { id: 7, provider: 'github' }],
  ['the same id of no provider', { id: 7, provider: 'ilert' }, { id: 7 }],
  ['an id that only reads the same', { id: 7 }, { id: '7' }],
  ['another key', 'user:7', 'user:8'],
  ['an object whose fields differ, without an id', { email: 'mara@example.com' }, { email: 'jonas@example.com' }],
  ['an object whose id is an object, and differs', { id: { a: 1 }, n: 1 }, { id: { a: 1 }, n: 2 }],
  ['somebody, after nobody', undefined, { id: 7 }],
  ['nobody, after somebody', { id: 7 }, undefined],
  ['null, after nobody', undefined, null],
])('are not for %s', (_, user, later) => {
  const req = requestOf(user, later)
  expect(readEntry(req, NAME)).toBeUndefined()
  expect(rawEntry(sessionParts(req).session as never, NAME)).toMatchObject(ENTRY)
})

it('are not there without a session, or once they were removed', () => {
  expect(readEntry({} as Request, NAME)).toBeUndefined()
  expect(() => removeEntry({} as Request, NAME)).not.toThrow()
  const req = requestOf('mara', 'mara')
  removeEntry(req, NAME)
  expect(readEntry(req, NAME)).toBeUndefined()
})

it('are those of the strategy of that name', () => {
  expect(readEntry(requestOf('mara', 'mara'), 'another')).toBeUndefined()
})

it.each([
  [8 * 3_600_000, 8 * 3_600_000],
  [null, 14 * 86_400_000],
])('last as long as the session, or 14 days where that has no end: %p', (originalMaxAge, lifetime) => {
  expect(lifetimeOf({ cookie: { originalMaxAge } } as never)).toBe(lifetime)
})
