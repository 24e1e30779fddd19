/** What the sandbox takes for the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

/** A clock that a test can move, so that nothing has to wait for an hour to pass. */
export interface MovableClock extends Clock {
  /** Moves the clock by `ms` milliseconds; a negative number moves it back. */
  advance(ms: number): void
}

/** `base`, by default the system's clock, with an offset that `advance` adds to. */
export function movableClock(base: Clock = { now: () => Date.now() }): MovableClock {
  let offset = 0
  return {
    now: () => base.now() + offset,
    advance(ms: number): void {
      if (!Number.isFinite(ms)) throw new TypeError(`advance: expected a number of milliseconds, got ${String(ms)}.`)
      offset += ms
    },
  }
}
