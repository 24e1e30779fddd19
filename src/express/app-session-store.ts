import type { Request } from 'express'
import type { Store } from 'express-session'
import type { Clock } from '../client/connection.ts'
import { IlertError } from '../ilert/errors.ts'
import { LRUMap } from '../tokens/lru-map.ts'
import { SessionTokenStore } from '../tokens/stores/session-store.ts'
import type { KnowsMore, StoredTokens } from '../tokens/stores/store.ts'
import type { SessionLike } from '../tokens/stores/stored-session.ts'
import { elapsed } from '../tokens/time.ts'
import { lifetimeOf, type SessionEntries, sessionOf, sessionParts } from './session-entry.ts'

/** How often the store is told that a record is in use, in the background of a request. */
const KEEP_ALIVE_MS = 60_000

/** Records known to be in use, and sign-ins whose tokens are being stored. */
const MOST_KNOWN = 10_000

/** The token store over the app's own express-session store, which is known from the first request on. */
export class AppSessionStore implements KnowsMore {
  readonly comparesAndSets = false
  readonly #clock: Clock
  #sessionStore: Store | undefined
  #tokenStore: SessionTokenStore | undefined
  /** The sessions that new records belong to, until they are stored. */
  readonly #owners = new LRUMap<() => Promise<SessionLike>>({ max: MOST_KNOWN })
  readonly #keptAliveAt = new LRUMap<number>({ max: MOST_KNOWN })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws IlertError where express-session is missing, TypeError where a second store turns up. */
  bind(req: Request): void {
    const { sessionStore } = sessionParts(req)
    if (sessionStore !== undefined && sessionStore === this.#sessionStore) {
      this.#tokenStore?.learn(req.sessionID)
      return
    }
    sessionOf(req)
    if (this.#sessionStore !== undefined) {
      throw new TypeError('tokenStore: one IlertStrategy serves one session store. Make a strategy for each app.')
    }
    this.#sessionStore = sessionStore
    this.#tokenStore = new SessionTokenStore(sessionStore as Store, { clock: this.#clock })
    this.#tokenStore.learn(req.sessionID)
  }

  /**
   * Lets the record of the request's session live on as the session does: that of its tokens, or its own if the tokens are
   * under a key of the app's, which does not end with a session.
   */
  keepAlive(req: Request, entries: SessionEntries): void {
    const session = sessionOf(req)
    const entry = entries.raw(session)
    const key = entry?.shared ? entry.mark : entry?.key
    if (key === undefined) return
    const now = this.#clock.now()
    if (elapsed(this.#keptAliveAt.get(key) ?? Number.NEGATIVE_INFINITY, now) < KEEP_ALIVE_MS) return
    this.#keptAliveAt.set(key, now)
    void this.#bound().keepAlive(key, lifetimeOf(session), session as unknown as SessionLike)
  }

  /** Says which session the record will belong to that is stored next under a key. */
  belongs(key: string, owner: () => Promise<SessionLike>): void {
    this.#owners.set(key, owner)
  }

  get(key: string): Promise<StoredTokens | undefined> {
    return this.#bound().get(key)
  }

  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#set(key, tokens, ttlMs, false)
  }

  setUnderNewKey(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#set(key, tokens, ttlMs, true)
  }

  setEnded(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#bound().setEnded(key, tokens, ttlMs)
  }

  async #set(key: string, tokens: StoredTokens, ttlMs: number, isNew: boolean): Promise<boolean> {
    const like = await this.#owners.get(key)?.()
    const stored = await this.#bound().setLike(key, tokens, ttlMs, { like, isNew })
    if (stored) {
      this.#owners.delete(key)
      this.#keptAliveAt.set(key, this.#clock.now())
    }
    return stored
  }

  touch(key: string, ttlMs: number): Promise<void> {
    return this.#bound().touch(key, ttlMs)
  }

  delete(key: string, o?: { tombstoneMs?: number }): Promise<void> {
    return this.#bound().delete(key, o)
  }

  #bound(): SessionTokenStore {
    if (!this.#tokenStore) {
      throw new IlertError(
        'tokenStore: the app has had no request yet, so its session store is not known. Pass tokenStore.',
        { code: 'session_missing', status: 500 },
      )
    }
    return this.#tokenStore
  }
}
