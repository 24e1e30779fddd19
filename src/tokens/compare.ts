/* What two records of a grant say of each other. */
import type { Grant } from './grant.ts'

/**
 * Below zero if the tokens of `a` are older than those of `b`, another record of the same grant. Of two refreshes beside
 * each other the later one counts.
 */
export function compareAge(a: Grant, b: Grant): number {
  return (a.refreshes ?? 0) - (b.refreshes ?? 0) || a.issuedAt - b.issuedAt
}

/**
 * What a read of the store says about a grant:
 *
 * - `newer`: it was refreshed or written since, or another grant is under its key.
 * - `same`: nothing new.
 * - `lost`: the store has lost it, or has gone back to an older record of it.
 */
export function compareWithStored(known: Grant, stored: Grant | undefined): 'newer' | 'same' | 'lost' {
  if (!stored) return 'lost'
  const age = compareAge(stored, known) || stored.version - known.version
  if (stored.id !== known.id || age > 0) return 'newer'
  return age === 0 ? 'same' : 'lost'
}

/** Whether a refresh of `grant` would still be a refresh of what is stored: no other process has refreshed it since. */
export function sameTokens(grant: Grant, stored: Grant): boolean {
  const { accessToken, refreshToken } = stored.tokens
  return (
    grant.id === stored.id && grant.tokens.accessToken === accessToken && grant.tokens.refreshToken === refreshToken
  )
}
