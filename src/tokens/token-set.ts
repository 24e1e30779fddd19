/*
 * What the manager asks of keys and tokens that apps hand to it.
 */
import type { TokenSet } from '../client/answers.ts'

/** @throws TypeError, which never repeats the key */
export function checkKey(key: unknown): void {
  if (typeof key !== 'string' || key === '' || key.length > 512) {
    throw new TypeError('key: expected a string of 1 to 512 characters.')
  }
}

/** @throws TypeError that names the field */
export function checkTokens(tokens: TokenSet): void {
  const { accessToken, refreshToken, scope, expiresAt, refreshTokenExpiresAt } = tokens ?? {}
  if (typeof accessToken !== 'string' || accessToken === '') throw new TypeError('tokens.accessToken: missing.')
  if (refreshToken !== undefined && (typeof refreshToken !== 'string' || refreshToken === '')) {
    throw new TypeError('tokens.refreshToken: expected a string, or none.')
  }
  if (!Array.isArray(scope) || scope.some((entry) => typeof entry !== 'string'))
    throw new TypeError('tokens.scope: expected a list of scopes.')
  if (!isTime(expiresAt)) throw new TypeError('tokens.expiresAt: expected milliseconds since the epoch.')
  if (refreshTokenExpiresAt !== undefined && !isTime(refreshTokenExpiresAt)) {
    throw new TypeError('tokens.refreshTokenExpiresAt: expected milliseconds since the epoch, or none.')
  }
}

/** Without what else an object may carry, and without fields that are there and undefined. */
export function copyTokens(tokens: Readonly<TokenSet>): TokenSet {
  const { accessToken, refreshToken, scope, expiresAt, refreshTokenExpiresAt } = tokens
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    scope: [...scope],
    expiresAt,
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
  }
}

/** A time in seconds would be in January 1970. */
function isTime(ms: number): boolean {
  return Number.isFinite(ms) && (ms <= 0 || ms >= 1e11)
}
