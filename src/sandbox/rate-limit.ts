import type { Clock } from './clock.ts'
import { Expiring } from './expiring.ts'

const MINUTE = 60_000

/** Counts requests by who sends them, in the minutes of the clock on the wall: all windows end at the same moment. */
export class RateLimit {
  readonly #windows: Expiring<{ readonly minute: number; count: number }>
  readonly #clock: Clock
  readonly #perMinute: number

  /** `perMinute` 0 is no limit. */
  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMinute = perMinute
    this.#windows = new Expiring(clock)
  }

  /** Begins all windows anew. */
  clear(): void {
    this.#windows.clear()
  }

  /** Counts one more from `sender`. Whether it is one of those that this minute has room for. */
  admits(sender: string): boolean {
    if (this.#perMinute === 0) return true
    const minute = Math.floor(this.#clock.now() / MINUTE)
    const known = this.#windows.get(sender)
    // A clock that was moved back means "long ago", never "wait until then".
    if (known?.minute === minute) {
      known.count += 1
      return known.count <= this.#perMinute
    }
    this.#windows.delete(sender)
    this.#windows.set(sender, { minute, count: 1 }, (minute + 1) * MINUTE)
    return true
  }
}
