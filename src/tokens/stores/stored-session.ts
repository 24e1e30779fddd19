/*
 * A record of tokens in the shape of a session, as stores of sessions and their hooks look at it.
 */
import { hash } from 'node:crypto'
import { checkKey } from './checks.ts'

/** What of a session is known that a record belongs to. */
export interface SessionLike {
  /** Absent: the record has a life of its own, longer than its session's. */
  readonly cookie?: { readonly originalMaxAge?: unknown }
  readonly [field: string]: unknown
}

export interface SessionRecord {
  /** Whose record it is: a store that takes two ids for one must not mix two records up. */
  readonly id: string
  readonly version: number
  /** Undefined in a tombstone. */
  readonly data?: string
  /** By our clock. Some stores hand out what has ended, and others count in whole seconds. Null: the store decides. */
  readonly endsAt: number | null
}

/** What a store returned: a record of ours which has not ended, and what else its session carries. */
export interface Found extends SessionRecord {
  readonly carried: Fields
}

export type Fields = Readonly<Record<string, unknown>>

// Ids -------------------------------------------------------------------------------------------------------------------

/** As the app's own ids are: columns of the type `uuid` take nothing else. */
export type Shape = 'hex' | 'uuid'

export function shapeOf(sessionID: unknown): Shape {
  const isUUID = typeof sessionID === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(sessionID)
  return isUUID ? 'uuid' : 'hex'
}

/**
 * The id of a record: 32 lowercase hexadecimal digits, which fit the shortest columns, are file names everywhere and stay
 * apart in stores that ignore case. Of a hash, since a key may be anything; with the version and the variant that a UUID of
 * one's own making has (RFC 9562, section 5.8).
 */
export function recordID(key: string): string {
  const digits = hash('sha256', `passport-ilert record ${checkKey(key)}`, 'hex')
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16)
  return `${digits.slice(0, 12)}8${digits.slice(13, 16)}${variant}${digits.slice(17, 32)}`
}

export function inShape(id: string, shape: Shape): string {
  return shape === 'hex' ? id : id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

// Reading ---------------------------------------------------------------------------------------------------------------

/** What a store returned, if it is a record of ours which has not ended. */
export function parse(session: unknown, id: string, now: number): Found | undefined {
  if (!isObject(session) || !isObject(session.ilert)) return undefined
  const { ilert, cookie, ...carried } = session
  const { version, data, endsAt } = ilert as Record<string, unknown>
  if ((ilert as Record<string, unknown>).id !== id) return undefined
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) return undefined
  if (endsAt !== null && !(typeof endsAt === 'number' && endsAt > now)) return undefined
  if (data === undefined) return { id, version, endsAt, carried }
  return typeof data === 'string' ? { id, version, data, endsAt, carried } : undefined
}

export function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null
}

// Writing ---------------------------------------------------------------------------------------------------------------

/** Fields that are a secret by their name are not copied. */
const SECRET = /secret|token|csrf|xsrf|nonce|state|verifier|code|otp|pass(?!port$)|key/i
const LONGEST_FIELD = 200

/**
 * What a record carries of its session, for stores whose hooks look into sessions: Passport's user, and short plain values
 * such as `remember: true`, without those that are a secret by their name.
 */
export function carriedOf(session: SessionLike): Fields {
  const plain = Object.entries(session).filter(([name, value]) => !SECRET.test(name) && isShort(value))
  const { passport } = session
  return { ...Object.fromEntries(plain), ...(isObject(passport) && { passport }) }
}

/** What is left of that once the user has signed out: whose it was, by nothing but an id. */
export function leastOf({ passport }: Fields): Fields {
  const user = isObject(passport) ? passport.user : undefined
  const id = isObject(user) ? user.id : user
  if (typeof id !== 'string' && typeof id !== 'number') return {}
  return { passport: { user: isObject(user) ? { id } : id } }
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_FIELD
  return typeof value === 'boolean' || Number.isFinite(value)
}

/** Whether a session has no end of its own, however that is written: its store decides then. */
export function isEndless({ originalMaxAge }: { readonly originalMaxAge?: unknown }): boolean {
  return !(typeof originalMaxAge === 'number' && originalMaxAge > 0 && originalMaxAge < Number.POSITIVE_INFINITY)
}

/**
 * The session that is stored. Stores differ in what of the cookie they read. They compare its end with the system's time,
 * whatever our clock is.
 */
export function sessionWith(record: SessionRecord, ttlMs: number, carried: Fields): object {
  return { ...carried, cookie: cookieFor(record.endsAt === null ? null : ttlMs), ilert: record }
}

/** Lives for `ttlMs`; null: without an end. */
export function cookieFor(ttlMs: number | null): object {
  const expires = ttlMs === null ? null : new Date(Date.now() + ttlMs)
  return { path: '/', httpOnly: true, originalMaxAge: ttlMs, maxAge: ttlMs, expires }
}
