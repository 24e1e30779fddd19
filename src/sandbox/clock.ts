/** What the sandbox takes for the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

/** A clock that a test can move, so that nothing has to wait for an hour to pass. */
export interface MovableClock extends Clock {
  /** Moves the clock by `ms` milliseconds; a negative number moves it back. */
  advance(ms: number): void
  /** Moves the clock to a time: milliseconds since the epoch, or a date. It goes on from there. */
  set(time: number | Date): void
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
    set(time: number | Date): void {
      const at = Number(time)
      if (!Number.isFinite(at) || (typeof time !== 'number' && !(time instanceof Date)))
        throw new TypeError('set: expected milliseconds since the epoch, or a date.')
      offset = at - base.now()
    },
  }
}
