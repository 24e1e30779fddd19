import { setTimeout as sleep } from 'node:timers/promises'
import type { ContractSubject } from './check.ts'
import { leases } from './leases.ts'
import { listing } from './listing.ts'
import { ends, keysAndData, records, tombstones } from './records.ts'

export type { ContractSubject } from './check.ts'

/** One thing that a store must hold. */
export interface ContractCase {
  name: string
  /** Rejects with an `AssertionError` where the store does not hold what it must. */
  run: () => Promise<void>
}

/**
 * What every `TokenStore` must hold, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of tokenStoreContract(async () => ({ store: new MyStore() }))) test(name, run)
 * ```
 *
 * @param make called once for every case
 */
export function tokenStoreContract(make: () => Promise<ContractSubject>): ContractCase[] {
  return Object.entries({ ...records, ...tombstones, ...ends, ...keysAndData, ...leases, ...listing }).map(
    ([name, check]) => ({
      name,
      run: async () => {
        const { store, close, elapse = sleep, leaseMs = 1000 } = await make()
        try {
          await check({ store, leaseMs, elapse })
        } finally {
          await close?.()
        }
      },
    }),
  )
}
