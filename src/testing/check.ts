import assert from 'node:assert/strict'
import type { StoredTokens, TokenStore } from '../tokens/stores/store.ts'

/** A store to look at, and what the contract has to know of it. */
export interface ContractSubject {
  /** Empty, and used by one case alone. */
  store: TokenStore
  /** Gives back what the store holds on to. */
  close?: () => Promise<void>
  /** Moves the store's time. Default: waits for real time to pass. */
  elapse?: (ms: number) => Promise<void>
  /** After how long without news a lease ends, where the store has leases. Default: 1000. */
  leaseMs?: number
}

/** One check of a store. */
export type Check = (subject: Required<Omit<ContractSubject, 'close'>>) => Promise<void>

/** Long enough never to matter. */
export const LONG = 600_000
/** Short enough to wait for, long enough for two calls on a busy machine. */
export const SHORT = 250

export function same(got: StoredTokens | undefined, wanted: StoredTokens): void {
  assert.equal(got?.version, wanted.version)
  assert.equal(got?.data, wanted.data)
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('It should have been rejected.')
}
