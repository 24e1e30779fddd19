/**
 * Resolves after `ms`, or, where `signal` is aborted before, never: whoever aborts has what it waited for. The wait does
 * not keep the process alive.
 */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return
    const stop = () => clearTimeout(timer)
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop) // the signal may outlive many waits
      resolve()
    }, ms)
    timer.unref()
    signal?.addEventListener('abort', stop, { once: true })
  })

/** Time since `start`. A clock that has jumped back counts as very long ago. */
export function elapsed(start: number, now: number): number {
  return now < start ? Infinity : now - start
}

/** The promise, or an error where it is not settled in time. What `promise` does after its time is up is noticed by nobody. */
export function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), Math.min(ms, 2 ** 31 - 1))
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
