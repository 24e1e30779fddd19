/** Runs something after `ms`, unless what it returns is called before. */
export type After = (ms: number, then: () => void) => () => void

/** Runs something when the event loop comes round to it, unless what it returns is called before. */
export type Turn = (then: () => void) => () => void

/** The end of a wait that is counted only once the event loop runs: a tenth of the wait, and not more than this. */
const LAST_PART_MS = 1000

/**
 * Turns of the event loop between the end of a wait and giving up. Each reads 64 KiB or more of each socket, so that an
 * answer of 1 MiB is read from a socket in which all of it lies.
 */
const TURNS = 32

/**
 * Waits that do not mistake a process that stood still for a silent peer. After a stall (a stopped or frozen process, a busy
 * event loop) Node runs the timers that have expired before it reads what has arrived meanwhile. So a wait ends when its
 * time is up and the event loop has read its sockets since; and the last tenth of its time begins when the rest has passed,
 * however late that is noticed, so that what takes several round trips has time for them. Both are bounded.
 */
export function patient(timer: After, turn: Turn, mostTurns: number = TURNS): After {
  return (ms, then) => {
    const lastPartMs = Math.min(ms / 10, LAST_PART_MS)
    let turns = 0
    let stop = timer(ms - lastPartMs, () => {
      stop = timer(lastPartMs, read)
    })
    const read = () => {
      turns += 1
      if (turns > mostTurns) then()
      else stop = turn(read)
    }
    return () => stop()
  }
}

/** The longest delay that a timer takes; a longer one fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647

const turn: Turn = (then) => {
  const immediate = setImmediate(then)
  return () => clearImmediate(immediate)
}

// A callback, and neither promise nor AbortSignal: nearly all waits are called off, and a signal costs 10 us each time.
/** Patient. Does not keep the process alive: for what nobody waits for. */
export const after: After = patient((ms, then) => {
  const timer = setTimeout(then, ms).unref()
  return () => clearTimeout(timer)
}, turn)

/** Patient. Keeps the process alive: for what is waited for. */
export const afterAlive: After = patient((ms, then) => {
  const timer = setTimeout(then, Math.min(ms, LONGEST_TIMER_MS))
  return () => clearTimeout(timer)
}, turn)

/** Runs something once the event loop has read its sockets: the first turn may be the end of the present one. */
export function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
