import type { Request } from 'express'
import type { Store } from 'express-session'
import type { Clock } from '../client/connection.ts'
import { IlertError } from '../ilert/errors.ts'
import { SessionTokenStore } from '../tokens/session-store.ts'
import type { SetsUnderNewKeys, StoredTokens } from '../tokens/store.ts'
import { sessionOf, sessionParts } from './session-entry.ts'

/** The token store over the app's own express-session store, which is known from the first request on. */
export class AppSessionStore implements SetsUnderNewKeys {
  readonly #clock: Clock
  #sessionStore: Store | undefined
  #tokenStore: SessionTokenStore | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws IlertError where express-session is missing, TypeError where a second store turns up. */
  bind(req: Request): void {
    const { sessionStore } = sessionParts(req)
    if (sessionStore !== undefined && sessionStore === this.#sessionStore) return
    sessionOf(req)
    if (this.#sessionStore !== undefined) {
      throw new TypeError('tokenStore: one IlertStrategy serves one session store. Make a strategy for each app.')
    }
    this.#sessionStore = sessionStore
    this.#tokenStore = new SessionTokenStore(sessionStore as Store, { clock: this.#clock })
  }

  get(key: string): Promise<StoredTokens | undefined> {
    return this.#bound().get(key)
  }

  set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#bound().set(key, tokens, ttlMs)
  }

  setUnderNewKey(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    return this.#bound().setUnderNewKey(key, tokens, ttlMs)
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
