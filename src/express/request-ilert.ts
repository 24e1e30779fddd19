import type { Request } from 'express'
import { ReauthenticationRequired } from '../ilert/errors.ts'
import type { Keeper } from '../tokens/keeper.ts'
import type { TokenManager } from '../tokens/manager.ts'
import { readEntry, type SessionEntry } from './session-entry.ts'

declare global {
  namespace Express {
    interface Request {
      /** The signed-in user's ilert: there on every request that has passed `ilert.session()`. */
      ilert: RequestIlert
    }
  }
}

/** The signed-in user's ilert, as `req.ilert`. */
export interface RequestIlert {
  /** A good token is there or can be had. False where the user has to sign in with ilert (again). */
  readonly connected: boolean
  /** What the user has granted. */
  readonly scope: readonly string[]
  /**
   * The access token, refreshed first only if it is not good for 10 more seconds.
   *
   * Rejects with `ReauthenticationRequired` (401) where the user is not connected, and with `NetworkError` (503) where a
   * refresh is needed and ilert or the token store is away.
   */
  accessToken(): Promise<string>
}

/**
 * A view on the request's session as it is at each moment: what `req.logIn` and `req.logout` do to the session during the
 * request is seen at once.
 */
export class SessionIlert implements RequestIlert {
  readonly #req: Request
  readonly #name: string
  readonly #tokens: TokenManager
  /** Held on to, so that it stays at hand for the whole request. */
  #keeper: Keeper | undefined
  #storeAway = false

  constructor(req: Request, name: string, tokens: TokenManager) {
    this.#req = req
    this.#name = name
    this.#tokens = tokens
  }

  get connected(): boolean {
    const entry = this.#entry()
    if (!entry) return false
    return this.#keeperOf(entry)?.connected ?? this.#storeAway
  }

  get scope(): readonly string[] {
    const entry = this.#entry()
    const keeper = entry && this.#keeperOf(entry)
    return keeper?.connected ? [...keeper.grant.tokens.scope] : []
  }

  async accessToken(): Promise<string> {
    const entry = this.#entry()
    if (!entry) throw new ReauthenticationRequired('The user is not signed in with ilert.')
    const keeper = this.#keeperOf(entry)
    return keeper ? (await keeper.freshTokens()).accessToken : await this.#tokens.accessToken(entry.grant)
  }

  /**
   * Has the grant at hand and starts what is due. Returns a promise only where the store must be asked, so that a request
   * whose tokens are in memory goes on without a detour.
   */
  attend(ttlMs: number): Promise<void> | undefined {
    const entry = this.#entry()
    if (!entry) return undefined
    const keeper = this.#keeperOf(entry)
    if (!keeper) return this.#load(entry, ttlMs)
    keeper.attend(ttlMs)
    return undefined
  }

  async #load({ grant }: SessionEntry, ttlMs: number): Promise<void> {
    try {
      this.#keeper = await this.#tokens.load(grant)
      this.#keeper?.attend(ttlMs)
    } catch {
      // Not known, which is not the same as not connected: accessToken() asks again, and says what is wrong.
      this.#storeAway = true
    }
  }

  #entry(): SessionEntry | undefined {
    return readEntry(this.#req, this.#name)
  }

  #keeperOf({ grant }: SessionEntry): Keeper | undefined {
    if (this.#keeper?.key !== grant || this.#keeper.removed) this.#keeper = this.#tokens.peek(grant)
    return this.#keeper
  }
}
