import type { SessionData, Store } from 'express-session'
import { NetworkError } from '../../ilert/errors.ts'
import { within } from '../time.ts'
import { isObject } from './stored-session.ts'

/** An express-session store by promises: each call is bounded, and rejects with a `NetworkError`. */
export class SessionCalls {
  readonly #store: Store
  readonly #timeoutMs: number

  constructor(store: Store, timeoutMs: number) {
    this.#store = store
    this.#timeoutMs = timeoutMs
  }

  /** Undefined if there is no such session. */
  async get(id: string): Promise<unknown> {
    return await this.#call((done) => this.#store.get(id, done)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined
      throw failure(error)
    })
  }

  async set(id: string, session: object): Promise<void> {
    await this.#call((done) => this.#store.set(id, session as SessionData, done)).catch((error: unknown) => {
      throw failure(error)
    })
  }

  async destroy(id: string): Promise<void> {
    await this.#call((done) => this.#store.destroy(id, done)).catch((error: unknown) => {
      if (!isAbsent(error)) throw failure(error)
    })
  }

  /** Does nothing where the store has no `touch`. */
  async touch(id: string, session: object): Promise<void> {
    const store = this.#store
    if (typeof store.touch !== 'function') return
    await this.#call((done) => store.touch?.(id, session as SessionData, done as () => void))
  }

  /** One call of the store, ended here if not there. A second call of its callback finds the promise settled. */
  #call<T>(call: (done: (error?: unknown, value?: T) => void) => unknown): Promise<T | undefined> {
    const answered = new Promise<T | undefined>((resolve, reject) => {
      // A store's method may be async: a rejection then says what its callback would have said, or both do.
      const returned = call((error, value) => (error ? reject(error) : resolve(value)))
      if (returned instanceof Object && 'then' in returned) Promise.resolve(returned).catch(reject)
    })
    return within(answered, this.#timeoutMs, () => silence(this.#timeoutMs))
  }
}

/** What a store that does not answer in time is reported as. */
export function silence(timeoutMs: number): NetworkError {
  return new NetworkError(`The session store did not answer within ${timeoutMs} ms.`, { code: 'store_unavailable' })
}

/** express-session itself takes this code for "no such session". */
function isAbsent(error: unknown): boolean {
  return isObject(error) && error.code === 'ENOENT'
}

/** A failure of the store. It can hold nothing but sealed tokens, so it is kept as the cause. */
function failure(cause: unknown): NetworkError {
  return cause instanceof NetworkError
    ? cause
    : new NetworkError('The session store failed.', { code: 'store_unavailable', cause })
}
