import type { Store } from 'express-session'
import { type Clock, clockOption } from '../../client/connection.ts'
import { knownOptions, noMore } from '../../ilert/arguments.ts'
import type { NetworkError } from '../../ilert/errors.ts'
import { within } from '../time.ts'
import { checkDuration, checkTokens } from './checks.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { SessionCalls, silence } from './session-calls.ts'
import type { StoredTokens, TokenStore } from './store.ts'
import {
  carriedOf,
  cookieFor,
  type Fields,
  type Found,
  inShape,
  isEndless,
  leastOf,
  parse,
  recordID,
  type SessionLike,
  type SessionRecord,
  type Shape,
  sessionWith,
  shapeOf,
} from './stored-session.ts'

/** What a `SessionTokenStore` may be told. */
export interface SessionTokenStoreOptions {
  /** How long one call may take, waiting for its turn included, in milliseconds. Default: 5000. */
  timeoutMs?: number
  /** What time it is. Default: the system's clock. */
  clock?: Clock
}

/**
 * Keeps records in the store that express-session uses, whichever that is, each as a session of its own which no
 * request's session can overwrite. `all()` and `length()` of that store count them. Their ids are 32 hexadecimal digits,
 * or UUIDs if the app's sessions have such.
 *
 * Such stores can neither compare and set nor lease. Writes and touches of one key happen one after the other in this
 * process, so a newer version is never replaced here by an older one; between processes that is best effort, since
 * another one's write may fall between reading and writing. `RedisTokenStore` has no such gap.
 *
 * Every method rejects with a `NetworkError` (`store_unavailable`) when the store fails or stays silent.
 */
export class SessionTokenStore implements TokenStore {
  /** @internal */
  readonly comparesAndSets = false
  readonly #store: Store
  readonly #calls: SessionCalls
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
    this.#calls = new SessionCalls(store, timeoutMs)
    this.#clock = clockOption(clock)
  }

  async get(key: string): Promise<StoredTokens | undefined> {
    const { found } = await this.#find(recordID(key))
    return found?.data === undefined ? undefined : { version: found.version, data: found.data }
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.setLike(key, tokens, ttlMs, {})
  }

  /** One call of the session store, where `set` takes two. @internal */
  setUnderNewKey(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.setLike(key, tokens, ttlMs, { isNew: true })
  }

  /** `set` of what is left of a grant that has ended. @internal */
  setEnded(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.setLike(key, tokens, ttlMs, { hasEnded: true })
  }

  /**
   * @param o.like the session that the record belongs to. Without one a record goes on carrying what it carries.
   * @internal
   */
  async setLike(
    key: string,
    tokens: StoredTokens,
    ttlMs: number,
    { like, isNew = false, hasEnded = false }: { like?: SessionLike | undefined; isNew?: boolean; hasEnded?: boolean },
  ): Promise<boolean> {
    const { version, data } = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    const id = recordID(key)
    return this.#inOrder(id, async (proceed) => {
      const { found, at } = isNew ? { at: this.#at(id), found: undefined } : await this.#find(id)
      if (found && (found.data === undefined || found.version >= version)) return false
      proceed()
      const endless = like ? like.cookie !== undefined && isEndless(like.cookie) : found?.endsAt === null
      const record = { id, version, data, endsAt: endless ? null : this.#clock.now() + ttl }
      if (hasEnded) await this.#writeEnd(at, record, ttl, found?.carried, proceed)
      else await this.#write(at, record, ttl, like ? carriedOf(like) : found?.carried)
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
    const id = recordID(key)
    await this.#inOrder(id, async (proceed) => {
      const { found, at } = await this.#find(id)
      if (found?.data === undefined) return
      proceed()
      const { carried, ...record } = found
      const endsAt = found.endsAt === null ? null : this.#clock.now() + ttl
      await this.#write(at, { ...record, endsAt }, ttl, carried)
    })
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    const ttl = tombstoneMs === 0 ? 0 : checkDuration('tombstoneMs', tombstoneMs)
    const id = recordID(key)
    await this.#inOrder(id, async (proceed) => {
      const { found, at } = await this.#find(id)
      if (ttl === 0) return this.#calls.destroy(at)
      // As its session is: that may come back as long as the store keeps it.
      const endsAt = found?.endsAt === null ? null : this.#clock.now() + ttl
      // The longer one of two tombstones stays: each was promised to a caller.
      if (found && found.data === undefined && (found.endsAt ?? Infinity) >= (endsAt ?? Infinity)) return
      proceed()
      await this.#writeEnd(at, { id, version: 0, endsAt }, ttl, found?.carried, proceed)
    })
  }

  /** Learns from a session of the app which ids its store takes. One UUID is enough. @internal */
  learn(sessionID: unknown): void {
    if (shapes.get(this.#store) !== 'uuid') shapes.set(this.#store, shapeOf(sessionID))
  }

  /**
   * Tells the store that a record is in use, as express-session does for the session with each request: a store may end
   * both sooner than their cookies say. Never rejects, and never overwrites a record. @internal
   */
  async keepAlive(key: string, ttlMs: number, like: SessionLike): Promise<void> {
    const cookie = cookieFor(like.cookie !== undefined && isEndless(like.cookie) ? null : ttlMs)
    await this.#calls.touch(this.#at(recordID(key)), { ...carriedOf(like), cookie }).catch(() => {})
  }

  /**
   * Runs `work` after everything before it under the same id. `proceed` throws once the caller has been told that the
   * call failed: what it asked for must not be written after all.
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

  /** Where a record is written that is not there yet. */
  #at(id: string): string {
    return inShape(id, shapes.get(this.#store) ?? 'hex')
  }

  /** A record, and where it is: a process that has seen no session of the app does not know the shape of ids. */
  async #find(id: string): Promise<{ found: Found | undefined; at: string }> {
    const learned = shapes.get(this.#store)
    const own = learned ?? 'hex'
    const at = inShape(id, own)
    const found = await this.#read(at, id)
    if (found || learned === 'hex') return { found, at }
    const elsewhere = inShape(id, own === 'hex' ? 'uuid' : 'hex')
    // A column of UUIDs may refuse to be asked for anything else: then there is nothing else.
    const other = await this.#read(elsewhere, id).catch((error: unknown) => {
      if (own === 'uuid') return undefined
      throw error
    })
    return other ? { found: other, at: elsewhere } : { found, at }
  }

  async #read(at: string, id: string): Promise<Found | undefined> {
    return parse(await this.#calls.get(at), id, this.#clock.now())
  }

  async #write(at: string, record: SessionRecord, ttlMs: number, carried: Fields = {}): Promise<void> {
    await this.#calls.set(at, sessionWith(record, ttlMs, carried))
  }

  /** What is left after a sign-out tells nothing of the user, unless the store's own code asks who it was. */
  async #writeEnd(
    at: string,
    record: SessionRecord,
    ttlMs: number,
    carried: Fields = {},
    proceed: () => void,
  ): Promise<void> {
    const least = leastOf(carried)
    if (hasTTLFunction(this.#store)) return await this.#write(at, record, ttlMs, least)
    try {
      await this.#write(at, record, ttlMs)
    } catch (error) {
      if (least.passport === undefined) throw error
      proceed()
      await this.#write(at, record, ttlMs, least)
    }
  }
}

/** connect-redis and others take a function that says by a session's content how long it lives. */
function hasTTLFunction(store: Store): boolean {
  const { ttl, options } = store as { ttl?: unknown; options?: { ttl?: unknown } }
  return typeof (ttl ?? options?.ttl) === 'function'
}

/** Which ids the app's own sessions have, by their store. */
const shapes = new WeakMap<Store, Shape>()

const queues = new WeakMap<Store, KeyedQueue>()

/** One for each express-session store, since several token stores may be made over the same one. */
function queueOf(store: Store): KeyedQueue {
  const queue = queues.get(store) ?? new KeyedQueue()
  queues.set(store, queue)
  return queue
}
