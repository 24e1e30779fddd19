import { hash } from 'node:crypto'
import { LRUMap } from '../tokens/lru-map.ts'

/** Says by a non-empty string who a serialized user is. */
// biome-ignore lint/suspicious/noExplicitAny: what an app's serializeUser makes of a user is for the app to know
export type UserKey = (user: any) => string

/** Characters of a serialized user whose hash is remembered. */
const LONGEST_REMEMBERED = 16_000

/**
 * Hashes of users seen lately, by the JSON of the user: a session's user is the same text from request to request, and a
 * request whose tokens are at hand costs no crypto. Bounded in entries and in characters; a longer text is hashed anew.
 */
const hashes = new LRUMap<string>({ max: 10_000, maxSize: 8_000_000, sizeOf: (text) => text.length })

/**
 * A short hash of the whole user that Passport has serialized: what tells one user from another. Of the user as a session
 * store would return it, so that a date, an ObjectId or an undefined field is the same before and after; and whatever the
 * order of the fields, which a `jsonb` column does not keep. A primitive is compared as text: some columns return 7 as '7'.
 */
export function hashOfUser(user: unknown): string {
  return hashOfJSON(JSON.stringify(user) ?? 'null')
}

/** The same, of what `JSON.stringify` makes of a user. */
export function hashOfJSON(json: string): string {
  return remembered(json, canonicalOf)
}

function canonicalOf(json: string): string {
  const value = JSON.parse(json) as object | string | number | boolean | null
  return JSON.stringify(typeof value === 'object' ? sorted(value) : String(value))
}

function canonical(value: unknown): string {
  return canonicalOf(JSON.stringify(value) ?? 'null')
}

/**
 * The same for an app that tells by `userKey` who a user is. No hash of a whole user is ever equal to it.
 *
 * @throws TypeError when the app's function returns anything else than a non-empty string.
 */
export function hashOfKey(user: unknown, userKey: UserKey): string {
  const key: unknown = userKey(user)
  if (typeof key !== 'string' || key === '') {
    throw new TypeError(
      'userKey: expected it to return a non-empty string for every user that Passport has serialized.',
    )
  }
  return remembered(`userKey ${key}`, (text) => text)
}

/**
 * Whether a user in the place of another is visibly the same one: everything that the former says, it says too. So an app
 * may add to a user, or put a whole row in the place of an id. Two rows with one id that differ otherwise may be two users.
 */
export function saysTheSame(former: unknown, user: unknown): boolean {
  if (former === undefined || former === null || user === undefined || user === null) return false
  try {
    if (typeof former !== 'object') return canonical(former) === canonical(isObject(user) ? user.id : user)
    const [said, says] = [former, user].map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    if (!isObject(said) || !isObject(says)) return false
    const fields = Object.keys(said)
    return fields.length > 0 && fields.every((name) => canonical(said[name]) === canonical(says[name]))
  } catch {
    return false // what is no JSON says nothing
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function remembered(text: string, canonical: (text: string) => string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const hashed = hash('sha256', canonical(text), 'base64url').slice(0, 22)
  if (text.length <= LONGEST_REMEMBERED) hashes.set(text, hashed)
  return hashed
}

/** The value with the fields of all its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => [name, sorted(field)])
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}
