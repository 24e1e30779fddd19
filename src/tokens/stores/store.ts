/** A record as a store keeps it. */
export interface StoredTokens {
  /** Counts the writes of one grant; a store keeps the highest. */
  version: number
  /** Sealed: a store can neither read nor change it. */
  data: string
  /**
   * Whose record it is, as 22 characters that tell nobody who that is. A store with `list` keeps it beside the record, and
   * `get` may leave it out. Absent: nobody's that is known.
   */
  owner?: string
}

/** A record as a store lists it. */
export interface ListedTokens {
  key: string
  tokens: StoredTokens
}

/** The right to work on a key alone, while it lasts. */
export interface Lease {
  /** Aborted when the lease is lost: another process may have it by now. */
  readonly signal: AbortSignal
}

/**
 * Where sealed token records are kept. Implement it over what you have; the contract suite in `passport-ilert/testing` says
 * whether an implementation holds what it must.
 *
 * A method that cannot do its work rejects, and does so within a bounded time: the manager then treats the store as
 * unavailable, keeps what it has, and tries again.
 */
export interface TokenStore {
  /** The record, or undefined where there is none, where it has ended, and where a tombstone is. */
  get(key: string): Promise<StoredTokens | undefined>
  /**
   * Writes a record that ends after `ttlMs` milliseconds. Resolves to false, and writes nothing, where an equal or newer
   * version or a tombstone is.
   */
  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean>
  /**
   * Lets a record that is there end `ttlMs` milliseconds from now. Absent where a store cannot.
   *
   * @param o.owner that of the record, for stores that keep an index by owner in another place
   */
  touch?(key: string, ttlMs: number, o?: { owner?: string }): Promise<void>
  /**
   * Removes the record. Leaves a tombstone, which refuses every write, for `tombstoneMs` where given; without it a
   * tombstone that is there goes too.
   */
  delete(key: string, o?: { tombstoneMs?: number }): Promise<void>
  /**
   * Runs `work` while no other process runs work under the same key. Waits for its turn until `signal` is aborted, and
   * rejects with its reason then. Absent where a store cannot promise it.
   */
  withLease?<T>(key: string, work: (lease: Lease) => Promise<T>, o?: { signal?: AbortSignal }): Promise<T>
  /**
   * Lists the records that are there, in any order; those of an owner alone, if one is given. It reads a bounded number at
   * a time, each when it is asked for. A record that is there from the beginning to the end comes once at least, also if it
   * is written or touched meanwhile. One that was an owner's before may be among theirs. Absent where a store cannot: `TokenManager.list`, `revokeAll` and `reseal` need it.
   */
  list?(o?: { owner?: string }): AsyncIterable<ListedTokens>
}

/** A store that makes use of what is known of a write. */
export interface KnowsMore extends TokenStore {
  /** `set` under a key that was made for the record, so that nothing can be there yet: it need not look. */
  setUnderNewKey: TokenStore['set']
  /** `set` of what is left of a grant that has ended. */
  setEnded: TokenStore['set']
  /**
   * False: another process may write between the look and the write of `set` and `touch`, so that an older record may
   * replace a newer one. Default: true.
   */
  readonly comparesAndSets?: boolean
}
