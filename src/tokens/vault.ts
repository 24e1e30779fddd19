import type { Clock } from '../client/connection.ts'
import { type TraceMessage, traced } from '../client/trace.ts'
import { IlertError, NetworkError } from '../ilert/errors.ts'
import { type Grant, type Listed, UNREADABLE } from './grant.ts'
import type { Sealing } from './sealing/seal.ts'
import { isCurrent, openGrant, sealGrant } from './sealing/sealed-grant.ts'
import { ArgumentError } from './stores/checks.ts'
import type { KnowsMore, Lease, StoredTokens, TokenStore } from './stores/store.ts'
import { type After, within } from './time.ts'
import { READ_PATIENCE_MS, STORE_TIMEOUT_MS } from './timing.ts'

/**
 * A token store seen from inside: grants instead of sealed records, bounded calls, and one error for every way in which
 * a store can be unavailable.
 */
export class Vault {
  readonly #store: TokenStore & Partial<KnowsMore>
  readonly #sealer: Sealing
  readonly #after: After
  readonly #clock: Clock
  #warned = false
  #failedAt: number | undefined

  constructor(store: TokenStore, sealer: Sealing, after: After, clock: Clock) {
    this.#store = store
    this.#sealer = sealer
    this.#after = after
    this.#clock = clock
  }

  /** When the store last failed, or took too long; undefined if it has answered since. */
  get failedAt(): number | undefined {
    return this.#failedAt
  }

  /** Whether the store promises one holder at a time over all processes. */
  get hasLeases(): boolean {
    return this.#store.withLease !== undefined
  }

  /** Whether a write of another process may replace a newer record with an older one. */
  get mayBuryWrites(): boolean {
    return this.#store.comparesAndSets === false
  }

  async read(key: string): Promise<Grant | typeof UNREADABLE | undefined> {
    const found = await this.load(key)
    if (found?.grant === UNREADABLE) this.#warnUnreadable()
    return found?.grant
  }

  /** A grant, and how it is stored. */
  async load(key: string): Promise<Listed | undefined> {
    const stored = await this.#bounded('get', () => this.#store.get(key))
    return stored && { key, stored, grant: await openGrant(stored, key, this.#sealer) }
  }

  /** Whether the key that seals opens a stored grant, too. */
  async isCurrent(key: string, stored: StoredTokens): Promise<boolean> {
    return await isCurrent(stored, key, this.#sealer)
  }

  /**
   * Lists what the store has, or what it has of an ilert user, without holding it all.
   *
   * @throws TypeError if the store cannot.
   */
  async *list(userID?: string): AsyncGenerator<Listed> {
    const owners = userID === undefined ? [{}] : this.#labels(userID).map((owner) => ({ owner }))
    // The oldest key first: what is sealed anew meanwhile is found by the first one at the end.
    for (const o of owners.reverse()) {
      const list = this.#store.list?.bind(this.#store)
      if (!list) throw new TypeError(CANNOT_LIST)
      const records = await this.#bounded('list', async () => list(o)[Symbol.asyncIterator]())
      try {
        for (;;) {
          const next = await this.#bounded('list', () => records.next())
          if (next.done) break
          const { key, tokens: stored } = next.value
          const grant = await openGrant(stored, key, this.#sealer)
          if (userID === undefined || (grant !== UNREADABLE && grant.account === userID)) yield { key, stored, grant }
        }
      } finally {
        await records.return?.()
      }
    }
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
    return await this.#bounded('set', () => {
      if (isNew && store.setUnderNewKey) return store.setUnderNewKey(key, sealed, ttlMs)
      if (grant.ended && store.setEnded) return store.setEnded(key, sealed, ttlMs)
      return store.set(key, sealed, ttlMs)
    })
  }

  /** Lets the record end later. Resolves to false where the store cannot. */
  async touch(key: string, ttlMs: number, account?: string): Promise<boolean> {
    if (!this.#store.touch) return false
    const [owner] = account === undefined ? [] : this.#labels(account)
    await this.#bounded('touch', async () =>
      this.#store.touch?.(key, ttlMs, ...(owner === undefined ? [] : [{ owner }])),
    )
    return true
  }

  async remove(key: string, tombstoneMs?: number): Promise<void> {
    await this.#bounded('delete', () => this.#store.delete(key, tombstoneMs === undefined ? {} : { tombstoneMs }))
  }

  /** Runs `work` alone over all processes, as far as the store can promise it; waits for its turn up to `limitMs`. */
  async alone<T>(key: string, limitMs: number, work: (lease?: Lease) => Promise<T>): Promise<T> {
    if (!this.#store.withLease) return await work()
    const waiting = new AbortController()
    const told = toldWait()
    // The wait is bounded, the work is not: it has bounds of its own, and giving it up would lose its answer.
    const stop = this.#after(limitMs, () => waiting.abort(unavailable(new Error('no lease in time'))))
    try {
      return await this.#store.withLease(
        key,
        async (lease) => {
          stop()
          told.end()
          return await work(lease)
        },
        { signal: waiting.signal },
      )
    } catch (error) {
      told.fail(unavailable(error))
      throw unavailable(error)
    } finally {
      stop()
    }
  }

  /**
   * Waits for a read, but not for long, and never rejects: the store may be unavailable. That is remembered for a few
   * seconds, in which nobody waits; then one request tries whether it is back, and the others still do not wait.
   */
  async patiently(read: Promise<unknown>): Promise<void> {
    const begunAt = this.#clock.now()
    if (this.#failedAt !== undefined) this.#failedAt = begunAt
    const late = () => new Error(`no answer within ${READ_PATIENCE_MS} ms`)
    try {
      await within(read, READ_PATIENCE_MS, late, this.#after)
    } catch {
      this.#noteFailure(begunAt + READ_PATIENCE_MS)
    }
  }

  #bounded<T>(operation: NonNullable<TraceMessage['operation']>, call: () => Promise<T>): Promise<T> {
    const late = () => new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)
    const begunAt = this.#clock.now()
    return traced('store', { operation }, async () => {
      try {
        const answer = await within(call(), STORE_TIMEOUT_MS, late, this.#after)
        this.#failedAt = undefined
        return answer
      } catch (error) {
        this.#noteFailure(begunAt + STORE_TIMEOUT_MS)
        throw unavailable(error)
      }
    })
  }

  /** @param latest when it can have failed at the latest: a process that stood still reads of it long afterwards */
  #noteFailure(latest: number): void {
    this.#failedAt = Math.min(this.#clock.now(), latest)
  }

  /** How stores know an ilert user. */
  #labels(userID: string): string[] {
    return this.#sealer.labels?.(userID) ?? []
  }

  #warnUnreadable(): void {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      'A stored ilert sign-in was sealed with another key or for another app (clientID), and counts as absent. After a ' +
        'change of encryptionKey (ILERT_ENCRYPTION_KEY) or of the client secret, list the old key after the new one.',
      { type: 'IlertWarning', code: 'ILERT_UNREADABLE_RECORD' },
    )
  }
}

/** Tells of a wait for a lease, from now until the first of both is called. */
function toldWait(): { end(): void; fail(error: Error): void } {
  let end = () => {}
  let fail = (_error: Error) => {}
  const wait = new Promise<void>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  traced('lease', {}, () => wait).catch(() => {}) // the caller has heard of it
  return { end, fail }
}

const CANNOT_LIST =
  'tokenStore: this store cannot list its records. Use RedisTokenStore, PostgresTokenStore or MemoryTokenStore, or give your ' +
  'own store a list(). A session store cannot: end the sessions there, and end single grants by revoke(key).'

/** Whatever a store fails with; one of ours has said already what is wrong. */
function unavailable(error: unknown): Error {
  if (error instanceof IlertError || error instanceof ArgumentError) return error
  return new NetworkError('The token store is unavailable. Try again.', { code: 'store_unavailable', cause: error })
}
