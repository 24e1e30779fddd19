/*
 * What every store of this package asks of its arguments.
 */
import type { StoredTokens } from './store.ts'

/** A mistake of this package or of an app, which is never taken for a store that fails. */
export class ArgumentError extends TypeError {}

/** About 3000 years: a later end does not fit into a `Date`. */
const LONGEST_MS = 1e14

/** A positive, finite number of milliseconds, rounded up to whole ones. */
export function checkDuration(name: string, ms: number): number {
  if (typeof ms === 'number' && ms > 0 && ms <= LONGEST_MS) return Math.ceil(ms)
  throw new ArgumentError(
    `${name} must be a positive number of milliseconds, at most ${LONGEST_MS}; it is ${String(ms)}.`,
  )
}

/** Half a surrogate pair has no form in UTF-8: two such keys would become the same one. */
export function checkKey(key: string): string {
  if (typeof key === 'string' && key !== '' && !/\p{Surrogate}/u.test(key)) return key
  throw new ArgumentError('key must be a well-formed, non-empty string.')
}

/** A copy of what a record holds, without what else an object may carry. */
export function checkTokens(tokens: StoredTokens): StoredTokens {
  const { version, data, owner } = tokens ?? {}
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new ArgumentError(`tokens.version must be a whole number from 0 to 2^53 - 1; it is ${String(version)}.`)
  }
  if (typeof data !== 'string') throw new ArgumentError('tokens.data must be a string.')
  return { version, data, ...(owner !== undefined && { owner: checkOwner(owner) }) }
}

/** It becomes a part of names in some stores. */
export function checkOwner(owner: string): string {
  if (typeof owner === 'string' && /^[\w-]{1,64}$/.test(owner)) return owner
  throw new ArgumentError('owner must have 1 to 64 letters, digits, - and _.')
}
