import type { Clock } from './clock.ts'
import { Expiring } from './expiring.ts'

const MINUTE = 60_000

/** Counts requests by who sends them, in windows of a minute that begin with somebody's first request. */
export class RateLimit {
  readonly #windows: Expiring<{ readonly startedAt: number; count: number }>
  readonly #clock: Clock
  readonly #perMinute: number

  /** `perMinute` 0 is no limit. */
  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMinute = perMinute
    this.#windows = new Expiring(clock)
  }

  /** Counts one more from `address`. How many milliseconds it should have waited: 0, or until the window ends. */
  count(address: string): number {
    if (this.#perMinute === 0) return 0
    const now = this.#clock.now()
    const known = this.#windows.get(address)
    // A clock that was moved back means "long ago", never "wait until then".
    if (!known || now < known.startedAt) {
      this.#windows.delete(address)
      this.#windows.set(address, { startedAt: now, count: 1 }, now + MINUTE)
      return 0
    }
    known.count += 1
    return known.count > this.#perMinute ? known.startedAt + MINUTE - now : 0
  }
}
