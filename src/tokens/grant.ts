/*
 * What a grant becomes: every transition, pure. When each is due is decided in policy.ts; record.ts,
 * refresh-writes.ts, app-tokens.ts and endings.ts write what comes out of here. Each write is one version on.
 *
 *             issued
 *               |
 *               v      claimed            refreshed
 *     +----> stored ------------> asking ------------> stored, with the next tokens
 *     |        |  ^                 |
 *     |        |  +-----------------+
 *     |        |    claimReleased: ilert gave no tokens
 *     |        |
 *     +--------+  restored: the store had lost it
 *     +--------+  extended: it lives on with its session
 *
 *   from each of them:  ended (it holds what is to be revoked)  -->  endRecord (without tokens, for good)
 */
import type { TokenSet } from '../client/answers.ts'
import type { StoredTokens } from './stores/store.ts'
import { LONGEST_TTL_MS, MOST_SKEW_MS } from './timing.ts'

/** What is kept of one grant: one sign-in of one user, through all its refreshes. */
export interface Grant {
  /** Random. Tells a grant from another one that is kept under the same key later. */
  readonly id: string
  /** Counts the writes. */
  readonly version: number
  readonly tokens: Readonly<TokenSet>
  /** When the present access token was asked for: what its lifetime is counted from. */
  readonly issuedAt: number
  /** When ilert answered the last refresh; absent before the first. */
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
  /** A process is asking ilert for the next tokens, or died while doing so. */
  readonly asking?: Claim
  /**
   * When ilert may last have answered a refresh of these tokens of which no process knows, or knows when that was: ilert's
   * refusals are not final until the interval has passed.
   */
  readonly lostAt?: number
  /** The ilert user's id, if it is known. */
  readonly account?: string
  /**
   * The user or the app has ended the grant: it gives no tokens any more, and no refresh may follow. Its refresh token is there
   * until ilert has revoked it. `true` if nothing is to be remembered after that.
   */
  readonly ended?: true | Ending
}

/** A refresh that has begun: since when, by the clock of the process that has begun it, and its random name. */
export interface Claim {
  readonly at: number
  readonly by: string
}

/** How a session's grant was ended. */
export interface Ending {
  /** The user has signed out: the session must not come back either. */
  readonly signedOut?: true
  /** The same ilert user has granted anew: their tokens are under this key now. */
  readonly successor?: string
}

/** A grant as it was found in the store. */
export interface Listed {
  readonly key: string
  readonly stored: StoredTokens
  readonly grant: Grant | typeof UNREADABLE
}

/** A record that no key of this process opens: another app's, until proven otherwise. */
export const UNREADABLE = 'unreadable'

// Transitions -----------------------------------------------------------------------------------------------------------

interface Issue {
  readonly id: string
  readonly tokens: TokenSet
  readonly ttlMs?: number
  readonly account?: string
}

/**
 * A new grant, from a sign-in. Higher than whatever was under its key before a tombstone; but right after what is there
 * now, so that nothing is written in between without being seen.
 */
export function issued(before: Grant | undefined, { id, tokens, ...o }: Issue, now: number): Grant {
  const version = before ? before.version + 1 : Math.floor(now)
  return writtenAt(now, { id, version, tokens, issuedAt: now, ...o })
}

/**
 * ilert is about to be asked: should the process die, or its lease get lost, others must know that ilert may have answered.
 *
 * @param o.spentClaim the name of a claim of which it is known that no answer was lost
 * @param o.timeoutMs how long a call to ilert may take, here and in the other processes
 */
export function claimed(
  { asking, ...grant }: Grant,
  claim: Claim,
  { spentClaim, timeoutMs }: { spentClaim: string | undefined; timeoutMs: number },
): Grant {
  // A claim that is still there says that its answer was lost, or is on its way.
  const lost = asking && asking.by !== spentClaim ? lastAnswerTo(asking, timeoutMs, claim.at) : undefined
  return { ...grant, version: grant.version + 1, asking: claim, ...lostUntil(grant.lostAt, lost) }
}

/** A claim has brought no tokens. @param lostAt when an answer may have been lost, if one was */
export function claimReleased({ asking, ...claimed }: Grant, lostAt: number | undefined = claimed.lostAt): Grant {
  return { ...claimed, version: claimed.version + 1, ...(lostAt !== undefined && { lostAt }) }
}

/** A call to ilert: when it began, and how long it may take. */
interface Call {
  readonly askedAt: number
  readonly timeoutMs: number
}

/**
 * ilert has given the next tokens, and they are read `now`. Their life counts from the beginning of the call, the interval
 * until the next refresh from ilert's answer.
 */
export function refreshed(claimed: Grant, answer: TokenSet, { askedAt, timeoutMs }: Call, now: number): Grant {
  const { asking, lostAt, refreshes = 0, ...rest } = claimed
  const { refreshToken, refreshTokenExpiresAt, scope } = rest.tokens
  const tokens: TokenSet = {
    // RFC 6749, section 6: without a new refresh token the old one goes on; and section 5.1: so does the scope.
    ...(answer.refreshToken === undefined && {
      ...(refreshToken !== undefined && { refreshToken }),
      ...(refreshTokenExpiresAt && { refreshTokenExpiresAt }),
    }),
    ...answer,
    scope: answer.scope.length > 0 ? answer.scope : scope,
  }
  // A process that stood still reads the answer long after ilert has given it; and if it did so before its question was
  // sent, ilert may have given it just now.
  const latestAnswer = askedAt + timeoutMs
  return writtenAt(now, {
    ...rest,
    version: rest.version + 1,
    tokens,
    issuedAt: askedAt,
    refreshedAt: Math.min(now, latestAnswer),
    refreshes: refreshes + 1,
    // ilert may yet answer other questions that were asked with the older tokens, and refuse these for a while then.
    ...lostUntil(lostAt, now > latestAnswer ? now : undefined),
  })
}

/**
 * The same refresh, to be written after all in the place of older tokens that another process has written meanwhile.
 *
 * @param o.claim the name of the claim that has brought it
 * @param o.timeoutMs how long a call to ilert may take
 */
export function refreshedAfter(
  stored: Grant,
  refreshed: Grant,
  { claim, timeoutMs }: { claim: string | undefined; timeoutMs: number },
  now: number,
): Grant {
  const { tokens } = stored
  const theirs = stored.asking?.by === claim ? undefined : stored.asking
  // Others who ask with a refresh token that goes on may still get an answer that counts. Whatever they get for an older
  // one does not; but ilert may give it, and refuse these tokens for a while then.
  const goesOn = tokens.refreshToken === refreshed.tokens.refreshToken
  const lost = theirs && !goesOn ? lastAnswerTo(theirs, timeoutMs, now) : undefined
  return {
    ...refreshed,
    ...(goesOn && theirs && { asking: theirs }),
    ...lostUntil(refreshed.lostAt, stored.lostAt, lost),
    version: stored.version + 1,
  }
}

/**
 * The store has lost the grant, or has gone back to an older record of it. It may have lost a refresh of another process
 * too: ilert's next refusal is not final.
 */
export function restored(known: Grant, stored: Grant | undefined, now: number): Grant {
  return { ...known, lostAt: now, version: Math.max(known.version, (stored?.version ?? 0) + 1) }
}

/** The record ends later, by the store's own `touch`: it is not written. */
export function touched(grant: Grant, ttlMs: number, now: number): Grant {
  return { ...grant, ttlMs, endsAt: now + ttlMs }
}

/** The same, for a store without `touch`: the record is written again. */
export function extended(grant: Grant, ttlMs: number, now: number): Grant {
  return { ...touched(grant, ttlMs, now), version: grant.version + 1 }
}

/**
 * What takes a grant's place when it is ended: one version on, so that a refresh under way can no longer be written. It
 * keeps the refresh token until that is revoked.
 */
export function ended(grant: Grant): Grant {
  return { ...grant, version: grant.version + 1, tokens: { ...grant.tokens, accessToken: '' }, ended: true }
}

/**
 * The same for a session's grant, by the app: the session ends with it, and that is remembered for
 * `ttlMs`.
 */
export function withdrawn(grant: Grant, now: number, ttlMs: number): Grant {
  return { ...ended(grant), ended: { signedOut: true }, endsAt: now + ttlMs }
}

/** The same again, to be sealed with another key. What a session has touched lives on as if it had done so now. */
export function resealed(grant: Grant, now: number): Grant {
  const { ttlMs, ended: end, version } = grant
  return ttlMs === undefined || typeof end === 'object'
    ? { ...grant, version: version + 1 }
    : extended(grant, ttlMs, now)
}

const NO_TOKENS: TokenSet = { accessToken: '', scope: [], expiresAt: 0 }

/** The small record that takes a grant's place for good, without tokens: no write of an older version is taken after it. */
export function endRecord(stored: Grant | undefined, ending: Ending, now: number, ttlMs: number): Grant {
  // Where nothing is, higher than any grant could have been: versions begin as the time of the sign-in, and clocks differ.
  const { id = 'gone', account, version = Math.floor(now) + MOST_SKEW_MS } = stored ?? {}
  const end = { tokens: NO_TOKENS, issuedAt: 0, endsAt: now + ttlMs, ended: ending }
  return { id, version: version + 1, ...(account !== undefined && { account }), ...end }
}

/** A record without tokens: it says that a session is still there, and whose. */
export function emptyGrant(id: string, now: number, ttlMs: number, account?: string): Grant {
  const whose = account !== undefined && { account }
  return { id, version: Math.floor(now), tokens: NO_TOKENS, issuedAt: 0, ttlMs, endsAt: now + ttlMs, ...whose }
}

// Questions -------------------------------------------------------------------------------------------------------------

/**
 * When ilert may last have given an answer that no process has read: as late as now if another process is asking. It may be
 * a little ahead, in the time of a process whose clock is.
 *
 * @param claim the name of this process's own claim
 */
export function lastLostAt({ asking, lostAt }: Grant, claim: string | undefined, now: number): number | undefined {
  if (asking && asking.by !== claim) return latest(now, asking.at)
  return lostAt !== undefined && lostAt > now ? latest(now, lostAt) : lostAt
}

/** When ilert may answer the question of a claim at the latest: perhaps as late as now, by clocks that differ. */
function lastAnswerTo(claim: Claim, timeoutMs: number, now: number): number {
  return latest(now, claim.at + timeoutMs)
}

/** `lostAt`, if any of these is known: the last of them. */
function lostUntil(...times: (number | undefined)[]): { lostAt?: number } {
  const known = times.filter((time) => time !== undefined)
  return known.length > 0 ? { lostAt: Math.max(...known) } : {}
}

/** Now, or a later time that another process has seen on its clock. One that is ahead by more was seen before it was set. */
function latest(now: number, time: number): number {
  return time > now && time - now < MOST_SKEW_MS ? time : now
}

function writtenAt(now: number, grant: Omit<Grant, 'endsAt'>): Grant {
  return { ...grant, endsAt: now + (grant.ttlMs ?? usableFor(grant.tokens, now)) }
}

/** How long tokens can be of any use. */
function usableFor({ refreshToken, refreshTokenExpiresAt, expiresAt }: TokenSet, now: number): number {
  const end = refreshToken === undefined ? expiresAt : Math.max(expiresAt, refreshTokenExpiresAt ?? Infinity)
  return Math.min(LONGEST_TTL_MS, Math.max(1000, end - now))
}
