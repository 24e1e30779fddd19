import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** Says by a non-empty string who a serialized user is. */
// biome-ignore lint/suspicious/noExplicitAny: what an app's serializeUser makes of a user is for the app to know
export type UserKey = (user: any) => string

/**
 * Hashes of users seen lately, by the JSON of the user: a session's user is the same text from request to request, and a
 * request whose tokens are at hand costs no crypto. Bounded in entries and in characters; a longer text is hashed anew.
 */
const hashes = new LRUCache<string, string>({ max: 10_000, maxSize: 8_000_000, maxEntrySize: 16_000 })

/**
 * A short hash of the whole user that Passport has serialized: what tells one user from another. Of the user as a session
 * store would return it, so that a date, an ObjectId or an undefined field is the same before and after; and whatever the
 * order of the fields, which a `jsonb` column does not keep. A primitive is compared as text: some columns return 7 as '7'.
 */
export function hashOfUser(user: unknown): string {
  return remembered(JSON.stringify(user) ?? 'null', (json) => {
    const value = JSON.parse(json) as object | string | number | boolean | null
    return JSON.stringify(typeof value === 'object' ? sorted(value) : String(value))
  })
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

function remembered(text: string, canonical: (text: string) => string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const hashed = hash('sha256', canonical(text), 'base64url').slice(0, 22)
  hashes.set(text, hashed, { size: text.length })
  return hashed
}

/** The value with the fields of all its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => [name, sorted(field)])
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}
