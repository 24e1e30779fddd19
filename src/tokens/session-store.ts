import { hash } from 'node:crypto'
import type { SessionData, Store } from 'express-session'
import { type Clock, clockOption } from '../client/connection.ts'
import { knownOptions, noMore } from '../ilert/arguments.ts'
import { NetworkError } from '../ilert/errors.ts'
import { checkDuration, checkKey, checkTokens } from './checks.ts'
import type { StoredTokens, TokenStore } from './store.ts'
import { within } from './time.ts'

/** What a `SessionTokenStore` may be told. */
export interface SessionTokenStoreOptions {
  /** How long one call may take, waiting for its turn included, in milliseconds. Default: 5000. */
  timeoutMs?: number
  /** What time it is. Default: the system's clock. */
  clock?: Clock
}

/**
 * Keeps records in the store that express-session uses, whichever that is, each as a session of its own which no
 * request's session can overwrite. `all()` and `length()` of that store count them.
 *
 * Such stores can neither compare and set nor lease. Writes and touches of one key happen one after the other in this
 * process, so a newer version is never replaced here by an older one; between processes that is best effort, since
 * another one's write may fall between reading and writing. `RedisTokenStore` has no such gap.
 *
 * Every method rejects with a `NetworkError` (`store_unavailable`) when the store fails or stays silent.
 */
export class SessionTokenStore implements TokenStore {
  readonly #store: Store
  readonly #queue: KeyedQueue
  readonly #timeoutMs: number
  readonly #clock: Clock

  /** @throws {TypeError} when `store` is no express-session store; otherwise it names the option that cannot be used */
  constructor(store: Store, options?: SessionTokenStoreOptions)
  constructor(store: Store, options?: SessionTokenStoreOptions, ...rest: unknown[]) {
    noMore('SessionTokenStore', rest)
    const { timeoutMs = 5000, clock } = knownOptions('SessionTokenStore', options, { timeoutMs: true, clock: true })
    for (const method of ['get', 'set', 'destroy'] as const) {
      if (typeof store?.[method] !== 'function') {
        throw new TypeError(`store must be an express-session store; it has no ${method}().`)
      }
    }
    this.#store = store
    this.#queue = queueOf(store)
    this.#timeoutMs = checkDuration('timeoutMs', timeoutMs)
    this.#clock = clockOption(clock)
  }

  async get(key: string): Promise<StoredTokens | undefined> {
    const record = await this.#read(sessionID(key))
    return record?.data === undefined ? undefined : { version: record.version, data: record.data }
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#set(key, tokens, ttlMs)
  }

  /** One call of the session store, where `set` takes two. @internal */
  setUnderNewKey(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#set(key, tokens, ttlMs, { isNew: true })
  }

  async #set(key: string, tokens: StoredTokens, ttlMs: number, { isNew = false } = {}): Promise<boolean> {
    const { version, data } = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    const id = sessionID(key)
    return this.#inOrder(id, async (proceed) => {
      const present = isNew ? undefined : await this.#read(id)
      if (present && (present.data === undefined || present.version >= version)) return false
      proceed()
      await this.#write({ id, version, data, endsAt: this.#clock.now() + ttl }, ttl)
      return true
    })
  }

  /**
   * Writes the record again instead of calling the store's `touch`: not every store has one, some ignore it, and others
   * leave the end that is in the record as it was.
   *
   * @throws {TypeError} for a key or a `ttlMs` that is none
   */
  async touch(key: string, ttlMs: number): Promise<void> {
    const ttl = checkDuration('ttlMs', ttlMs)
    const id = sessionID(key)
    await this.#inOrder(id, async (proceed) => {
      const present = await this.#read(id)
      if (present?.data === undefined) return
      proceed()
      await this.#write({ ...present, endsAt: this.#clock.now() + ttl }, ttl)
    })
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    const ttl = tombstoneMs === 0 ? 0 : checkDuration('tombstoneMs', tombstoneMs)
    const id = sessionID(key)
    await this.#inOrder(id, async (proceed) => {
      if (ttl === 0) return this.#destroy(id)
      const present = await this.#read(id)
      const endsAt = this.#clock.now() + ttl
      // The longer one of two tombstones stays: each was promised to somebody.
      if (present && present.data === undefined && present.endsAt >= endsAt) return
      proceed()
      await this.#write({ id, version: 0, endsAt }, ttl)
    })
  }

  /**
   * Runs `work` after everything before it under the same id. `proceed` throws once the caller has been told that the
   * call failed: what it asked for must not be written behind its back.
   */
  #inOrder<T>(id: string, work: (proceed: () => void) => Promise<T>): Promise<T> {
    let over: NetworkError | undefined
    const proceed = () => {
      if (over) throw over
    }
    const done = this.#queue.run(id, async () => {
      proceed()
      return work(proceed)
    })
    return within(done, this.#timeoutMs, () => {
      over = silence(this.#timeoutMs)
      return over
    })
  }

  async #read(id: string): Promise<SessionRecord | undefined> {
    const session = await this.#call<unknown>((done) => this.#store.get(id, done)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined
      throw failure(error)
    })
    return parse(session, id, this.#clock.now())
  }

  async #write(record: SessionRecord, ttlMs: number): Promise<void> {
    // Stores differ in what of the cookie they read. They compare its end with the system's time, whatever our clock is.
    const cookie = {
      path: '/',
      httpOnly: true,
      originalMaxAge: ttlMs,
      maxAge: ttlMs,
      expires: new Date(Date.now() + ttlMs),
    }
    const session = { cookie, ilert: record } as unknown as SessionData
    await this.#call((done) => this.#store.set(record.id, session, done)).catch((error: unknown) => {
      throw failure(error)
    })
  }

  async #destroy(id: string): Promise<void> {
    await this.#call((done) => this.#store.destroy(id, done)).catch((error: unknown) => {
      if (!isAbsent(error)) throw failure(error)
    })
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

// The record ------------------------------------------------------------------------------------------------------------

interface SessionRecord {
  /** The session id again: a store that takes two ids for one, ignoring case perhaps, must not mix two records up. */
  id: string
  version: number
  /** Undefined in a tombstone. */
  data?: string
  /** By our clock. Some stores hand out what has ended, and others count in whole seconds. */
  endsAt: number
}

/**
 * Readable where a key is plain, otherwise its hash: ids become file names and short database columns in some stores.
 * No plain key begins with a tilde.
 */
function sessionID(key: string): string {
  if (/^[\w-]{1,64}$/.test(checkKey(key))) return `ilert:${key}`
  return `ilert:~${hash('sha256', key, 'base64url')}`
}

/** What a store returned, if it is a record of ours which has not ended. */
function parse(session: unknown, id: string, now: number): SessionRecord | undefined {
  const record = isObject(session) ? session.ilert : undefined
  if (!isObject(record) || record.id !== id) return undefined
  const { version, data, endsAt } = record
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) return undefined
  if (typeof endsAt !== 'number' || !(endsAt > now)) return undefined
  if (data === undefined) return { id, version, endsAt }
  return typeof data === 'string' ? { id, version, data, endsAt } : undefined
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null
}

/** express-session itself takes this code for "no such session". */
function isAbsent(error: unknown): boolean {
  return isObject(error) && error.code === 'ENOENT'
}

// Bounds and order ------------------------------------------------------------------------------------------------------

/** Calls of one key that may wait for each other. */
const LONGEST_QUEUE = 1000

/** Runs what is under one key one after the other, and forgets keys that are idle. */
class KeyedQueue {
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

const queues = new WeakMap<Store, KeyedQueue>()

/** One for each express-session store, since several token stores may be made over the same one. */
function queueOf(store: Store): KeyedQueue {
  const queue = queues.get(store) ?? new KeyedQueue()
  queues.set(store, queue)
  return queue
}

function silence(timeoutMs: number): NetworkError {
  return new NetworkError(`The session store did not answer within ${timeoutMs} ms.`, { code: 'store_unavailable' })
}

/** A failure of the store. It can hold nothing but sealed tokens, so it is kept as the cause. */
function failure(cause: unknown): NetworkError {
  return cause instanceof NetworkError
    ? cause
    : new NetworkError('The session store failed.', { code: 'store_unavailable', cause })
}
