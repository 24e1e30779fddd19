import { IlertError, NetworkError } from '../ilert/errors.ts'
import { type Grant, openGrant, sealGrant, UNREADABLE } from './grant.ts'
import type { Sealing } from './seal.ts'
import type { Lease, SetsUnderNewKeys, TokenStore } from './store.ts'
import { type After, within } from './time.ts'

/** A store that has not answered by then is away. Stores of this package give up sooner by themselves. */
const STORE_TIMEOUT_MS = 10_000

/**
 * A token store seen from inside: grants instead of sealed records, bounded calls, and one error for every way in which
 * a store can be away.
 */
export class Vault {
  readonly #store: TokenStore & Partial<SetsUnderNewKeys>
  readonly #sealer: Sealing
  readonly #after: After
  #warned = false

  constructor(store: TokenStore, sealer: Sealing, after: After) {
    this.#store = store
    this.#sealer = sealer
    this.#after = after
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

  /**
   * Resolves to false, and writes nothing, where an equal or newer version or a tombstone is.
   *
   * @param isNew whether the key was made for this grant, so that the store need not look whether something is there.
   */
  async write(key: string, grant: Grant, now: number, isNew = false): Promise<boolean> {
    const sealed = await sealGrant(grant, key, this.#sealer)
    const ttlMs = Math.max(1, grant.endsAt - now)
    const store = this.#store
    return await this.#bounded(
      () => (isNew && store.setUnderNewKey?.(key, sealed, ttlMs)) || store.set(key, sealed, ttlMs),
    )
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
    // The wait is bounded, the work is not: it has bounds of its own, and giving it up would lose its answer.
    const stop = this.#after(limitMs, () => waiting.abort(away(new Error('no lease in time'))))
    try {
      return await this.#store.withLease(
        key,
        async (lease) => {
          stop()
          return await work(lease)
        },
        { signal: waiting.signal },
      )
    } catch (error) {
      throw away(error)
    } finally {
      stop()
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
    const late = () => new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)
    try {
      return await within(call(), STORE_TIMEOUT_MS, late, this.#after)
    } catch (error) {
      throw away(error)
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

/** Whatever a store fails with; one of ours has said already what is wrong. */
function away(error: unknown): IlertError {
  if (error instanceof IlertError) return error
  return new NetworkError('The token store is away. Try again.', { code: 'store_unavailable', cause: error })
}
