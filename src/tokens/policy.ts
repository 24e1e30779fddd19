/*
 * When to refresh, and when to read the record again. Pure: everything else obeys it.
 */
import { REFRESH_INTERVAL_SECONDS } from '../ilert/limits.ts'
import { elapsed } from './time.ts'
import {
  AGING_MS,
  FIRST_BACK_OFF_MS,
  LAST_BACK_OFF_MS,
  MARGIN_MS,
  READ_BACK_OFF_MS,
  REFRESH_INTERVAL_MS,
  STALE_MS,
} from './timing.ts'

/** Everything that the decision depends on. Times are milliseconds since the epoch. */
export interface Situation {
  now: number
  /** When the present access token was issued, and when it ends. */
  issuedAt: number
  expiresAt: number
  /** Whether there is a refresh token that ilert has not ended and that has not expired. */
  refreshable: boolean
  /** When the last refresh of this grant was answered. */
  refreshedAt?: number | undefined
  /** The last failure since then, and how long to wait after it. */
  failedAt?: number | undefined
  backOffMs?: number | undefined
}

/** The longest that the app wants; short-lived tokens shrink both. */
export interface RefreshSettings {
  windowMs: number
  minIntervalMs: number
}

/**
 * - `use`: the present token.
 * - `use-and-refresh`: the present token, and a refresh in the background.
 * - `refresh`: the present token has expired or is about to: wait for a refresh. If it fails, what is left of the
 *   present token may still be used.
 * - `unavailable`: the present token has expired, and no refresh may be tried for `retryAfterMs`.
 * - `sign-in`: the present token has expired, and nothing can bring another.
 */
export type Decision =
  | { action: 'use' | 'use-and-refresh' | 'refresh' | 'sign-in' }
  | { action: 'unavailable'; retryAfterMs: number }

export const DEFAULT_WINDOW_SECONDS = 600
export const DEFAULT_MIN_INTERVAL_SECONDS: number = REFRESH_INTERVAL_SECONDS

/** What to do with a grant's tokens now. */
export function decide(situation: Situation, settings: RefreshSettings): Decision {
  const { now, issuedAt, expiresAt, refreshable } = situation
  const lifetime = Math.max(0, expiresAt - issuedAt)
  const left = expiresAt - now
  const waitMs = refreshable ? msUntilRefreshAllowed(situation, settings) : Number.POSITIVE_INFINITY
  const allowed = waitMs === 0

  if (left > 0 && left >= Math.min(MARGIN_MS, lifetime / 10)) {
    const due = left <= Math.min(settings.windowMs, lifetime / 4)
    return { action: due && allowed ? 'use-and-refresh' : 'use' }
  }
  if (allowed) return { action: 'refresh' }
  if (left > 0) return { action: 'use' }
  return refreshable ? { action: 'unavailable', retryAfterMs: waitMs } : { action: 'sign-in' }
}

/** From when on `decide` asks for a refresh, if there is a refresh token and nothing changes. */
export function refreshAt(situation: Situation, settings: RefreshSettings): number {
  const { now, issuedAt, expiresAt } = situation
  const lifetime = Math.max(0, expiresAt - issuedAt)
  const due = expiresAt - Math.max(Math.min(settings.windowMs, lifetime / 4), Math.min(MARGIN_MS, lifetime / 10))
  return Math.max(now, due, now + msUntilRefreshAllowed(situation, settings))
}

/** How long the interval between two refreshes and the back-off after failures still forbid one. */
export function msUntilRefreshAllowed(
  { now, issuedAt, expiresAt, refreshedAt, failedAt, backOffMs }: Situation,
  { minIntervalMs }: RefreshSettings,
): number {
  const interval = Math.min(minIntervalMs, Math.max(0, expiresAt - issuedAt) / 2)
  return Math.max(remaining(now, refreshedAt, interval), remaining(now, failedAt, backOffMs ?? 0))
}

/**
 * How long ilert's refusal of a refresh token is not final, because it may have another reason: an answer that was lost.
 * Undefined if it is final.
 *
 * @param askedAt when ilert was asked
 * @param lostAt when ilert may last have given an answer that no process has read
 */
export function msUntilRefusalIsFinal(askedAt: number, lostAt: number | undefined, now: number): number | undefined {
  if (lostAt === undefined) return undefined
  // Where it is ahead of this clock the time is counted anew: what is taken for final too early signs a user out.
  const finalFrom = Math.min(lostAt, now) + REFRESH_INTERVAL_MS
  return Math.min(askedAt, now) < finalFrom ? Math.max(0, finalFrom - now) : undefined
}

/**
 * When ilert may last have given an answer of which nothing tells, since the store has lost the claim of the process that
 * asked: as late as now. Once for the same tokens, or a user whom ilert has ended would wait for ever. What was lost until
 * the interval after their own refresh had passed may have been an answer to older ones.
 *
 * @param lostAt when it may have done so by what the store tells
 */
export function lostUnseen(
  lostAt: number | undefined,
  { issuedAt, refreshedAt = issuedAt }: { issuedAt: number; refreshedAt?: number },
  now: number,
): number {
  return lostAt !== undefined && lostAt > refreshedAt + REFRESH_INTERVAL_MS ? lostAt : now
}

/** What is left of `durationMs` since `start`. Before its start the clock has jumped back: nothing, never "not yet". */
function remaining(now: number, start: number | undefined, durationMs: number): number {
  return start === undefined || now < start ? 0 : Math.max(0, start + durationMs - now)
}

/**
 * How long to wait after the nth failure in a row: one second, doubling to a minute, jittered down by up to a fifth so
 * that processes spread out, and ilert is asked less than 20 times in 10 minutes; never less than ilert asked for.
 *
 * @param random from 0 to 1
 */
export function backOff(failures: number, retryAfterSeconds = 0, random: number = Math.random()): number {
  const full = Math.min(LAST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (failures - 1))
  return Math.max(full * (1 - random / 5), Math.min(retryAfterSeconds, 3600) * 1000)
}

/**
 * - `use`: what is known.
 * - `read-in-background`: what is known, and read the record meanwhile.
 * - `wait-for-read`: the user may have ended the grant in another process: read the record first, for a bounded time.
 */
export type Freshness = 'use' | 'read-in-background' | 'wait-for-read'

/**
 * Whether what is known of a record may still be used. A clock that has jumped back says nothing: then it is stale.
 *
 * @param confirmedAt when the last read began that the store has answered
 * @param failedAt when the store last failed, or took too long; undefined if it has answered since
 */
export function freshness(confirmedAt: number, failedAt: number | undefined, now: number): Freshness {
  const age = elapsed(confirmedAt, now)
  if (age < AGING_MS) return 'use'
  if (failedAt !== undefined && elapsed(failedAt, now) < READ_BACK_OFF_MS) return 'use'
  return age < STALE_MS ? 'read-in-background' : 'wait-for-read'
}
