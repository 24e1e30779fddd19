/** What bounds an LRUMap. */
export interface LRUBounds<V> {
  /** How many entries it holds: one at least. The least recently used is pushed out. */
  readonly max: number
  /** Milliseconds for which an entry lives after it was set. Default: until it is pushed out. */
  readonly ttlMs?: number
  /** How large all entries may be together, as `sizeOf` counts. A larger one is not kept. Default: no bound. */
  readonly maxSize?: number
  readonly sizeOf?: (key: string, value: V) => number
  /** Told each value that is no longer held: replaced, deleted, pushed out, or found expired. */
  readonly dispose?: (value: V) => void
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => number
}

interface Entry<V> {
  readonly value: V
  readonly until: number
  readonly size: number
}

/** A map of bounded size that holds what was used last: docs/decisions/few-dependencies.md. */
export class LRUMap<V> {
  /** From the least recently used to the one that was used last. */
  readonly #entries = new Map<string, Entry<V>>()
  /**
   * Stands before the least recently used entry at all times: what it has passed was pushed out, and what is used moves
   * to the end. A new iterator each time would first walk over all places that have become empty.
   */
  readonly #oldest = this.#entries.keys()
  readonly #bounds: LRUBounds<V>
  readonly #now: () => number
  #size = 0

  constructor(bounds: LRUBounds<V>) {
    this.#bounds = bounds
    this.#now = bounds.now ?? (() => performance.now())
  }

  /** How many entries there are, expired ones that nobody has asked for among them. */
  get size(): number {
    return this.#entries.size
  }

  /** The value, which is then the one that was used last. */
  get(key: string): V | undefined {
    const entry = this.#live(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** The value, without using it. */
  peek(key: string): V | undefined {
    return this.#live(key)?.value
  }

  /** Whether there is an entry, without using it. */
  has(key: string): boolean {
    return this.#live(key) !== undefined
  }

  set(key: string, value: V): void {
    const { max, maxSize = Number.POSITIVE_INFINITY, sizeOf, ttlMs } = this.#bounds
    const size = sizeOf?.(key, value) ?? 0
    const before = this.#remove(key)
    if (size <= maxSize) {
      const until = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.#now() + ttlMs
      this.#entries.set(key, { value, until, size })
      this.#size += size
    }
    if (before && before.value !== value) this.#bounds.dispose?.(before.value)
    while (this.#entries.size > max || this.#size > maxSize) this.delete(this.#oldest.next().value as string)
  }

  /** Returns whether there was one. */
  delete(key: string): boolean {
    const entry = this.#remove(key)
    if (entry) this.#bounds.dispose?.(entry.value)
    return entry !== undefined
  }

  /** The entries at this moment, the least recently used first. */
  entries(): [string, V][] {
    return Array.from(this.#entries.keys()).flatMap((key) => {
      const entry = this.#live(key)
      return entry ? [[key, entry.value] as [string, V]] : []
    })
  }

  #live(key: string): Entry<V> | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.until === Number.POSITIVE_INFINITY || entry.until > this.#now()) return entry
    this.delete(key)
    return undefined
  }

  #remove(key: string): Entry<V> | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#size -= entry.size
    return entry
  }
}
