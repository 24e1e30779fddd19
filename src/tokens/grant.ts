import type { TokenSet } from '../client/answers.ts'
import type { Sealing } from './sealing/seal.ts'
import type { StoredTokens } from './stores/store.ts'

/** What is kept of one grant: one sign-in of one user, through all its refreshes. */
export interface Grant {
  /** Random. Tells a grant from another one that is kept under the same key later. */
  readonly id: string
  /** Counts the writes. */
  readonly version: number
  readonly tokens: Readonly<TokenSet>
  /** When the present access token was asked for: what its lifetime is counted from. */
  readonly issuedAt: number
  /** When the last refresh was answered; absent before the first. */
  readonly refreshedAt?: number
  /**
   * Counts the refreshes that its tokens have been through. A store that has lost something may go on with older tokens
   * in higher versions; this tells.
   */
  readonly refreshes?: number
  /** How long the record lives in its store after each write. Absent: as long as its tokens can be used. */
  readonly ttlMs?: number
  /** When the record ends in its store, unless it is touched. */
  readonly endsAt: number
  /** Somebody is asking ilert for the next tokens, since `at`, or died while doing so. */
  readonly asking?: { readonly at: number; readonly by: string }
  /** When ilert may last have answered a refresh of these tokens without anybody hearing of it. */
  readonly lostAt?: number
  /** The ilert user's id, if it is known. */
  readonly account?: string
  /**
   * The user or the app has ended the grant: it gives no tokens any more, and no refresh may follow. `true` while it still
   * holds what is to be revoked.
   */
  readonly ended?: true | Ending
}

/** How a session's grant was ended. */
export interface Ending {
  /** The user has signed out: the session must not come back either. */
  readonly signedOut?: true
  /** The same ilert user has granted anew: their tokens are under this key now. */
  readonly successor?: string
}

/** A record that is there, and that no key of this process opens: somebody else's, until proven otherwise. */
export const UNREADABLE = 'unreadable'

/** A store keeps no record for longer. A refresh token that never expires is written again long before. */
const MAX_TTL_MS = 10 * 365 * 86_400_000

/** A grant that was just made, or refreshed, as it will be written at `now`. */
export function writtenAt(now: number, grant: Omit<Grant, 'endsAt'>): Grant {
  return { ...grant, endsAt: now + (grant.ttlMs ?? usableFor(grant.tokens, now)) }
}

/** How long tokens can be of any use. */
function usableFor({ refreshToken, refreshTokenExpiresAt, expiresAt }: TokenSet, now: number): number {
  const end = refreshToken === undefined ? expiresAt : Math.max(expiresAt, refreshTokenExpiresAt ?? Infinity)
  return Math.min(MAX_TTL_MS, Math.max(1000, end - now))
}

/**
 * What takes a grant's place when it is ended: one version on, so that a refresh under way can no longer land. It keeps
 * the refresh token until that is revoked.
 */
export function ended(grant: Grant): Grant {
  return { ...grant, version: grant.version + 1, tokens: { ...grant.tokens, accessToken: '' }, ended: true }
}

const NO_TOKENS: TokenSet = { accessToken: '', scope: [], expiresAt: 0 }

/**
 * A record that is there before any grant could have been in a version as high: whatever process still has the grant at
 * hand, its writes are refused. Versions begin as the time of the sign-in, and clocks differ by less than a day.
 */
const AHEAD_MS = 86_400_000

/** The small record that takes a grant's place for good, without tokens: no write of an older version is taken after it. */
export function endRecord(stored: Grant | undefined, ending: Ending, now: number, ttlMs: number): Grant {
  const { id = 'gone', account, version = Math.floor(now) + AHEAD_MS } = stored ?? {}
  const end = { tokens: NO_TOKENS, issuedAt: 0, endsAt: now + ttlMs, ended: ending }
  return { id, version: version + 1, ...(account !== undefined && { account }), ...end }
}

/** A record without tokens: it says that a session is still there. */
export function emptyGrant(id: string, now: number, ttlMs: number): Grant {
  return { id, version: Math.floor(now), tokens: NO_TOKENS, issuedAt: 0, ttlMs, endsAt: now + ttlMs }
}

/**
 * Below zero where the tokens of `a` are older than those of `b`, another record of the same grant. Of two refreshes
 * beside each other the later one counts.
 */
export function compareAge(a: Grant, b: Grant): number {
  return (a.refreshes ?? 0) - (b.refreshes ?? 0) || a.issuedAt - b.issuedAt
}

/** Whether a refresh of `grant` would still be a refresh of what is stored: nobody else has refreshed it since. */
export function sameTokens(grant: Grant, stored: Grant): boolean {
  const { accessToken, refreshToken } = stored.tokens
  return (
    grant.id === stored.id && grant.tokens.accessToken === accessToken && grant.tokens.refreshToken === refreshToken
  )
}

/** What the data of records without tokens begins with, so that operators can tell them from a grant's. */
const MARKS = { end: 'ended.', session: 'session.', grant: '' } as const

/**
 * A grant as a store keeps it: the version and the end are in the clear, since stores need them, and are sealed
 * together with the key that the record is under, so that none of them can be changed or exchanged unnoticed.
 */
export async function sealGrant(grant: Grant, key: string, sealer: Sealing): Promise<StoredTokens> {
  const { version, endsAt } = grant
  const head = markOf(grant) + String(Math.ceil(endsAt)) // a fraction would have a dot of its own
  const secret = JSON.stringify({ ...grant, version: undefined, endsAt: undefined })
  return { version, data: `${head}.${await sealer.seal(secret, context(key, version, head))}` }
}

/** The grant of a stored record. */
export async function openGrant(
  stored: StoredTokens,
  key: string,
  sealer: Sealing,
): Promise<Grant | typeof UNREADABLE> {
  const { version, data } = stored
  const [head, end] = /^(?:ended\.|session\.)?(\d{1,20})(?=\.)/.exec(data) ?? []
  if (head === undefined) return UNREADABLE
  const secret = await sealer.open(data.slice(head.length + 1), context(key, version, head))
  return secret === undefined ? UNREADABLE : { ...JSON.parse(secret), version, endsAt: Number(end) }
}

function markOf({ ended, tokens }: Grant): string {
  if (ended) return ended === true ? MARKS.grant : MARKS.end
  return tokens.accessToken === '' ? MARKS.session : MARKS.grant
}

function context(key: string, version: number, head: string): string {
  return JSON.stringify(['grant', key, version, head])
}
