import { type After, afterAlive } from '../client/patience.ts'

export { type After, after } from '../client/patience.ts'

/** Resolves after `ms`. */
export function waited(ms: number, wait: After): Promise<void> {
  return new Promise((resolve) => {
    wait(ms, resolve)
  })
}

/**
 * The promise, or an error if it is not settled in time. What `promise` does after its time is up is noticed by nobody.
 *
 * @param wait must be patient: an answer that has arrived is read before the time is up.
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
