/*
 * What an app may know of stored tokens without using them.
 */
import type { Grant } from './grant.ts'
import { type RefreshSettings, refreshAt, type Situation } from './policy.ts'

/** What is known of the tokens under a key. Times are milliseconds since the epoch, by the clock of the app. */
export interface TokenStatus {
  /** Whether a good access token is there or can be had. */
  readonly connected: boolean
  /** What the user has granted. Empty if there is nothing under the key. */
  readonly scope: readonly string[]
  /** The ilert user's id, if it is known: the tokens that a sign-in brings have it. */
  readonly userID?: string
  /** When the present access token expires. Absent if there is none. */
  readonly accessTokenExpiresAt?: number
  /** Absent if there is no refresh token, or if it does not expire. */
  readonly refreshTokenExpiresAt?: number
  /** When the last refresh was answered, by whatever process. Absent before the first. */
  readonly refreshedAt?: number
  /** Absent if none has failed in this process since one succeeded. */
  readonly failure?: RefreshFailure
  /** When a request will begin the next refresh, at the earliest. Absent if there is nothing to refresh. */
  readonly nextRefreshAt?: number
}

/** The last refresh that failed in this process. */
export interface RefreshFailure {
  /** When it failed. */
  readonly at: number
  /** How many have failed in a row. */
  readonly count: number
  /** The `code` of its error, such as `timeout`. */
  readonly code: string
}

/** Where nothing is that can be used. */
export const NOT_CONNECTED: TokenStatus = { connected: false, scope: [] }

/** The status of a stored grant of which nothing else is known. */
export function recordStatus(grant: Grant, now: number, settings: RefreshSettings): TokenStatus {
  const { tokens, issuedAt, refreshedAt } = grant
  const { refreshToken, refreshTokenExpiresAt = Infinity, expiresAt } = tokens
  const refreshable = refreshToken !== undefined && refreshTokenExpiresAt > now
  return statusOf(grant, { now, issuedAt, expiresAt, refreshable, refreshedAt }, settings, {
    at: 0,
    count: 0,
    code: '',
  })
}

/** The status of a grant that has not ended. @param failure of which there may be none: its count is 0 then */
export function statusOf(
  { tokens, account, refreshedAt }: Grant,
  situation: Situation,
  settings: RefreshSettings,
  failure: RefreshFailure,
): TokenStatus {
  const { scope, expiresAt, refreshTokenExpiresAt } = tokens
  return {
    connected: situation.refreshable || expiresAt > situation.now,
    scope: [...scope],
    accessTokenExpiresAt: expiresAt,
    ...(account !== undefined && { userID: account }),
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    ...(refreshedAt !== undefined && { refreshedAt }),
    ...(failure.count > 0 && { failure }),
    ...(situation.refreshable && { nextRefreshAt: refreshAt(situation, settings) }),
  }
}
