/*
 * ilert's lifetimes and limits, from its page "Token lifetimes, error codes, app verification, etc."
 * The answers of ilert's server decide; these numbers fill in where an answer says nothing.
 */

/** An authorization code can be exchanged for this long. */
export const CODE_SECONDS = 120

/** An access token lasts this long when the answer carries no `expires_in`. */
export const ACCESS_TOKEN_SECONDS = 3600

/** A refresh token usually lasts one year; the answer's `refresh_token_expires_in` decides. */
export const REFRESH_TOKEN_SECONDS = 31_536_000

/** Refresh tokens that one app may hold for one user; one more revokes the oldest. */
export const REFRESH_TOKENS_PER_USER = 10

/** One token is not refreshed more than once in this time. */
export const REFRESH_INTERVAL_SECONDS = 300

/** How long to wait after a 429 without `Retry-After`: the least of the 10 to 30 seconds that ilert suggests. */
export const RETRY_AFTER_SECONDS = 10

/** How many requests ilert's API takes with one token in a minute, about: its command line client says so. */
export const API_REQUESTS_PER_MINUTE = 120
