/**
 * Resolves after `ms`, or, where `signal` is aborted before, never: whoever aborts has what it waited for. The wait does
 * not keep the process alive.
 */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return
    const timer = setTimeout(resolve, ms)
    timer.unref()
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })

/** Time since `start`. A clock that has jumped back counts as very long ago. */
export function elapsed(start: number, now: number): number {
  return now < start ? Infinity : now - start
}
