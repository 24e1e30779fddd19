import { type Clock, clockOption } from '../../client/connection.ts'
import { knownOptions, noMore } from '../../ilert/arguments.ts'
import { checkDuration, checkKey, checkOwner, checkTokens } from './checks.ts'
import type { ListedTokens, StoredTokens, TokenStore } from './store.ts'

/** What a `MemoryTokenStore` may be told. */
export interface MemoryTokenStoreOptions {
  /** What time it is. Default: the system's clock. */
  clock?: Clock
}

interface Entry {
  /** Undefined in a tombstone. */
  tokens: StoredTokens | undefined
  endsAt: number
}

/** Fewer entries than this are not worth a sweep. */
const SWEEP_FROM = 100

/**
 * Keeps records in this process's memory, where they end with the process: for development, tests, and single processes
 * whose users may sign in again after a restart.
 *
 * It has no `withLease`: nobody else shares its records, and a `TokenManager` by itself refreshes one grant once at a
 * time.
 */
export class MemoryTokenStore implements TokenStore {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  #writesUntilSweep = SWEEP_FROM

  /** @throws {TypeError} naming the option that cannot be used */
  constructor(options?: MemoryTokenStoreOptions)
  constructor(options?: MemoryTokenStoreOptions, ...rest: unknown[]) {
    noMore('MemoryTokenStore', rest)
    this.#clock = clockOption(knownOptions('MemoryTokenStore', options, { clock: true }).clock)
  }

  /** @throws {TypeError} for a key that is none */
  async get(key: string): Promise<StoredTokens | undefined> {
    const tokens = this.#live(checkKey(key))?.tokens
    return tokens && { ...tokens }
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    const record = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    const present = this.#live(checkKey(key))
    if (present && (!present.tokens || present.tokens.version >= record.version)) return false
    this.#write(key, record, ttl)
    return true
  }

  /** @throws {TypeError} for a key or a `ttlMs` that is none */
  async touch(key: string, ttlMs: number): Promise<void> {
    const ttl = checkDuration('ttlMs', ttlMs)
    const present = this.#live(checkKey(key))
    if (present?.tokens) present.endsAt = this.#clock.now() + ttl
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    const ttl = tombstoneMs === 0 ? 0 : checkDuration('tombstoneMs', tombstoneMs)
    const present = this.#live(checkKey(key))
    if (ttl === 0) this.#entries.delete(key)
    // The longer one of two tombstones stays: each was promised to a caller.
    else if (!present || present.tokens || present.endsAt < this.#clock.now() + ttl) this.#write(key, undefined, ttl)
  }

  /** @throws {TypeError} for an `owner` that is none */
  async *list({ owner }: { owner?: string } = {}): AsyncGenerator<ListedTokens> {
    if (owner !== undefined) checkOwner(owner)
    for (const key of this.#entries.keys()) {
      const tokens = this.#live(key)?.tokens
      if (tokens && (owner === undefined || tokens.owner === owner)) yield { key, tokens: { ...tokens } }
    }
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.endsAt > this.#clock.now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  #write(key: string, tokens: StoredTokens | undefined, ttlMs: number): void {
    this.#sweep()
    this.#entries.set(key, { tokens, endsAt: this.#clock.now() + ttlMs })
  }

  /**
   * Forgets what has ended, once for as many writes as the last sweep has left entries: no timer that would keep the
   * process alive, a constant cost per write, and never more than twice the memory of what is live.
   */
  #sweep(): void {
    this.#writesUntilSweep -= 1
    if (this.#writesUntilSweep > 0) return
    const now = this.#clock.now()
    for (const [key, { endsAt }] of this.#entries) if (endsAt <= now) this.#entries.delete(key)
    this.#writesUntilSweep = Math.max(SWEEP_FROM, this.#entries.size)
  }
}
