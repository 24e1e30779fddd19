/** Runs something after `ms`, unless what it returns is called before. */
export type After = (ms: number, then: () => void) => () => void

// A callback, and neither promise nor AbortSignal: nearly all waits are called off, and a signal costs 10 us each time.
/** Does not keep the process alive: for what nobody waits for. */
export const after: After = (ms, then) => {
  const timer = setTimeout(then, ms).unref()
  return () => clearTimeout(timer)
}

const afterAlive: After = (ms, then) => {
  const timer = setTimeout(then, Math.min(ms, 2 ** 31 - 1))
  return () => clearTimeout(timer)
}

/** Resolves after `ms`. */
export function waited(ms: number, wait: After): Promise<void> {
  return new Promise((resolve) => {
    wait(ms, resolve)
  })
}

/**
 * The promise, or an error where it is not settled in time. What `promise` does after its time is up is noticed by nobody.
 */
export function within<T>(promise: Promise<T>, ms: number, late: () => Error, wait: After = afterAlive): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = wait(ms, () => reject(late()))
    promise.then(resolve, reject).finally(stop)
  })
}

/** Time since `start`. A clock that has jumped back counts as very long ago. */
export function elapsed(start: number, now: number): number {
  return now < start ? Infinity : now - start
}
