import { NetworkError } from '../../ilert/errors.ts'

/** Calls of one key that may wait for each other. */
const LONGEST_QUEUE = 1000

/** Runs what is under one key one after the other, and forgets keys that are idle. */
export class KeyedQueue {
  readonly #lines = new Map<string, { waiting: number; last: Promise<unknown> }>()

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { waiting: 0, last: Promise.resolve() }
    if (line.waiting >= LONGEST_QUEUE) {
      return Promise.reject(
        new NetworkError('Too many calls wait for the session store.', { code: 'store_unavailable' }),
      )
    }
    this.#lines.set(key, line)
    line.waiting += 1
    const done = line.last.then(work)
    line.last = done
      .catch(() => {})
      .then(() => {
        line.waiting -= 1
        if (line.waiting === 0) this.#lines.delete(key)
      })
    return done
  }
}
