/*
 * Seals records with the first key, so that older ones can be removed from the list.
 */
import type { Clock } from '../client/connection.ts'
import { inBatches } from './batches.ts'
import { type Listed, resealed, UNREADABLE } from './grant.ts'
import { elapsed } from './time.ts'
import { CLAIM_MS } from './timing.ts'
import type { Vault } from './vault.ts'

/** What `TokenManager.reseal` has done. */
export interface Resealed {
  /** How many records it has sealed with the first key. */
  readonly resealed: number
  /** How many were sealed with the first key already. */
  readonly current: number
  /**
   * How many still need an older key, of those that it has seen: something else was written to them meanwhile, or their tokens
   * are being refreshed. Call it again. 0 in a run that is `complete`: no record needs an older key.
   */
  readonly older: number
  /** How many records no key of this app opens: another app's, or sealed with a key that is not in the list any more. */
  readonly unreadable: number
  /** False if it was stopped by its signal. */
  readonly complete: boolean
}

/** How often a record is tried that something else is written to meanwhile. */
const TRIES = 3

type Outcome = keyof Omit<Resealed, 'complete'>

/** Works on all records of the store; those of sessions, and of grants that have ended, are sealed as well. */
export async function reseal(vault: Vault, clock: Clock, signal: AbortSignal | undefined): Promise<Resealed> {
  const counts = { resealed: 0, current: 0, older: 0, unreadable: 0 }
  const complete = await inBatches(
    vault.list(),
    async (listed) => {
      const outcome = await resealOne(vault, clock, listed)
      if (outcome) counts[outcome] += 1
    },
    signal,
  )
  return { ...counts, complete }
}

/** Undefined if the record has ended meanwhile. */
async function resealOne(vault: Vault, clock: Clock, listed: Listed): Promise<Outcome | undefined> {
  const { key } = listed
  let present: Listed | undefined = listed
  for (let tries = 0; tries < TRIES; tries++) {
    if (!present) return undefined
    const { grant, stored } = present
    if (grant === UNREADABLE) return 'unreadable'
    if (await vault.isCurrent(key, stored)) return 'current'
    const now = clock.now()
    // A refresh under way would have to write twice, and seals it by itself.
    if (grant.asking && elapsed(grant.asking.at, now) < CLAIM_MS) return 'older'
    if (await vault.write(key, resealed(grant, now), now)) return 'resealed'
    present = await vault.load(key)
  }
  return 'older'
}
