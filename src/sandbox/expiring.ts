import type { Clock } from './clock.ts'

/** No test signs in this often; it bounds the memory of a sandbox that runs for days. */
const MAX_ENTRIES = 100_000

/** A map whose entries end at a time of their own. Those that ended are swept as new ones come. */
export class Expiring<Value> {
  readonly #entries = new Map<string, { value: Value; expiresAt: number }>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.#clock.now() ? entry.value : undefined
  }

  set(key: string, value: Value, expiresAt: number): void {
    this.#sweep()
    this.#entries.set(key, { value, expiresAt })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear()
  }

  /** What has not ended, the oldest first. */
  *[Symbol.iterator](): Iterator<{ key: string; value: Value; expiresAt: number }> {
    const now = this.#clock.now()
    for (const [key, { value, expiresAt }] of this.#entries) if (expiresAt > now) yield { key, value, expiresAt }
  }

  /** How many entries are held, ended ones that were not swept yet included. */
  get size(): number {
    return this.#entries.size
  }

  // All entries of one map live equally long, so the oldest end first and the sweep may stop at the first good one.
  #sweep(): void {
    const now = this.#clock.now()
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt > now && this.#entries.size < MAX_ENTRIES) return
      this.#entries.delete(key)
    }
  }
}
