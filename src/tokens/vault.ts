import { IlertError, NetworkError } from '../ilert/errors.ts'
import { type Grant, openGrant, sealGrant, UNREADABLE } from './grant.ts'
import type { Sealing } from './seal.ts'
import type { Lease, TokenStore } from './store.ts'
import type { Sleep } from './time.ts'

/** A store that has not answered by then is away. Stores of this package give up sooner by themselves. */
const STORE_TIMEOUT_MS = 10_000

/**
 * A token store seen from inside: grants instead of sealed records, bounded calls, and one error for every way in which
 * a store can be away.
 */
export class Vault {
  readonly #store: TokenStore
  readonly #sealer: Sealing
  readonly #sleep: Sleep
  #warned = false

  constructor(store: TokenStore, sealer: Sealing, sleep: Sleep) {
    this.#store = store
    this.#sealer = sealer
    this.#sleep = sleep
  }

  /** Whether the store promises one holder at a time over all processes. */
  get hasLeases(): boolean {
    return this.#store.withLease !== undefined
  }

  async read(key: string): Promise<Grant | typeof UNREADABLE | undefined> {
    const stored = await this.#bounded(() => this.#store.get(key))
    if (!stored) return undefined
    const grant = await openGrant(stored, key, this.#sealer)
    if (grant === UNREADABLE) this.#warnUnreadable()
    return grant
  }

  /** Resolves to false, and writes nothing, where an equal or newer version or a tombstone is. */
  async write(key: string, grant: Grant, now: number): Promise<boolean> {
    const sealed = await sealGrant(grant, key, this.#sealer)
    return await this.#bounded(() => this.#store.set(key, sealed, Math.max(1, grant.endsAt - now)))
  }

  /** Lets the record end later. Resolves to false where the store cannot. */
  async touch(key: string, ttlMs: number): Promise<boolean> {
    if (!this.#store.touch) return false
    await this.#bounded(async () => this.#store.touch?.(key, ttlMs))
    return true
  }

  async remove(key: string, tombstoneMs?: number): Promise<void> {
    await this.#bounded(() => this.#store.delete(key, tombstoneMs === undefined ? {} : { tombstoneMs }))
  }

  /** Runs `work` alone over all processes, as far as the store can promise it; waits for its turn up to `limitMs`. */
  async alone<T>(key: string, limitMs: number, work: (lease?: Lease) => Promise<T>): Promise<T> {
    if (!this.#store.withLease) return await work()
    const waiting = new AbortController()
    const done = new AbortController() // aborted with null: the usual reason is an error with a stack
    // The wait is bounded, the work is not: it has bounds of its own, and giving it up would lose its answer.
    void this.#sleep(limitMs, done.signal).then(() => waiting.abort(away(new Error('no lease in time'))))
    try {
      return await this.#store.withLease(
        key,
        async (lease) => {
          done.abort(null)
          return await work(lease)
        },
        { signal: waiting.signal },
      )
    } catch (error) {
      throw error instanceof IlertError ? error : away(error)
    } finally {
      done.abort(null)
    }
  }

  /** Remembers something for all processes: that it happened, and when. */
  async mark(what: string, now: number, ttlMs: number): Promise<void> {
    const data = await this.#sealer.seal('mark', what)
    await this.#bounded(() => this.#store.set(what, { version: Math.floor(now), data }, ttlMs))
  }

  /** When it happened, if it did, and if it is still remembered. */
  async markedAt(what: string): Promise<number | undefined> {
    const stored = await this.#bounded(() => this.#store.get(what))
    return stored && (await this.#sealer.open(stored.data, what)) === 'mark' ? stored.version : undefined
  }

  async #bounded<T>(call: () => Promise<T>): Promise<T> {
    const done = new AbortController() // aborted with null: the usual reason is an error with a stack
    const late = this.#sleep(STORE_TIMEOUT_MS, done.signal).then(() => {
      throw new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)
    })
    late.catch(() => {}) // the race may be over, or never begun
    try {
      return await Promise.race([call(), late])
    } catch (error) {
      throw away(error)
    } finally {
      done.abort(null)
    }
  }

  #warnUnreadable(): void {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      'A stored ilert sign-in was sealed with another key or for another app (clientID), and counts as absent. After a ' +
        'change of encryptionKey (ILERT_ENCRYPTION_KEY) or of the client secret, list the old key behind the new one.',
      { type: 'IlertWarning', code: 'ILERT_UNREADABLE_RECORD' },
    )
  }
}

function away(error: unknown): NetworkError {
  if (error instanceof NetworkError) return error
  return new NetworkError('The token store is away. Try again.', { code: 'store_unavailable', cause: error })
}
