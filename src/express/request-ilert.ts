import type { Request } from 'express'
import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import type { TokenSource } from '../client/call.ts'
import type { IlertClient } from '../client/client.ts'
import { IlertError, ReauthenticationRequired } from '../ilert/errors.ts'
import type { Grant } from '../tokens/grant.ts'
import type { Keeper } from '../tokens/keeper.ts'
import type { TokenManager } from '../tokens/manager.ts'
import type { SessionEntries, SessionEntry } from './session-entry.ts'

declare global {
  namespace Express {
    interface Request {
      /** The signed-in user's ilert: there on every request that has passed `ilert.session()`. */
      ilert: RequestIlert
    }
  }
}

/** The signed-in user's ilert, as `req.ilert`: what became of the sign-in, and ilert's API as this user. */
export interface RequestIlert extends IlertApi {
  /** A good token is there or can be had. False where the user has to sign in with ilert (again). */
  readonly connected: boolean
  /** What the user has granted. */
  readonly scope: readonly string[]
  /** When the sign-in or the refresh brought it, in milliseconds since the epoch; undefined where there is no token. */
  readonly issuedAt: number | undefined
  /** When the present access token ends, in milliseconds since the epoch; undefined where there is none. */
  readonly expiresAt: number | undefined
  /** How often the tokens have been refreshed since the sign-in. */
  readonly refreshes: number
  /**
   * The access token, refreshed first only if it is not good for 10 more seconds.
   *
   * Rejects with `ReauthenticationRequired` (401) where the user is not connected, and with `NetworkError` (503) where a
   * refresh is needed and ilert or the token store is away.
   */
  accessToken(): Promise<string>
  /**
   * Revokes and forgets the tokens, and keeps the session: the user stays signed in to the app. With `tokenKey` it does so
   * for all sessions and jobs that use the key.
   */
  disconnect(): Promise<void>
}

/**
 * A view on the request's session as it is at each moment: what `req.logIn` and `req.logout` do to the session during the
 * request is seen at once.
 */
export class SessionIlert extends ApiMethods implements RequestIlert, TokenSource {
  readonly #req: Request
  readonly #entries: SessionEntries
  /** What another strategy's `session()` has put there before. */
  readonly #before: RequestIlert | undefined
  readonly #tokens: TokenManager
  /** Held on to, so that it stays at hand for the whole request. */
  #keeper: Keeper | undefined
  #storeAway = false

  constructor(req: Request, entries: SessionEntries, client: IlertClient, tokens: TokenManager) {
    super((method, path, init) => client.callAPI(this, method, path, init))
    this.#req = req
    this.#entries = entries
    this.#before = req.ilert
    this.#tokens = tokens
  }

  /**
   * What the strategy of this name knows of the request, whichever `session()` has run last. A list from one to the other,
   * since each property more of a request costs every request 2 us, and an entry in a WeakMap as much.
   *
   * @throws IlertError where that strategy's `session()` has not run; it says what to add, and where.
   */
  static of(req: Request, name: string): RequestIlert {
    for (let ilert = req.ilert; ilert instanceof SessionIlert; ilert = ilert.#before as RequestIlert) {
      if (ilert.#entries.name === name) return ilert
    }
    const message = 'req.ilert is missing: put app.use(ilert.session()) before this route.'
    throw new IlertError(message, { code: 'session_missing', status: 500 })
  }

  get connected(): boolean {
    const entry = this.#entry()
    if (!entry) return false
    return this.#keeperOf(entry)?.connected ?? this.#storeAway
  }

  get scope(): readonly string[] {
    return [...(this.#grant()?.tokens.scope ?? [])]
  }

  get issuedAt(): number | undefined {
    return this.#grant()?.issuedAt
  }

  get expiresAt(): number | undefined {
    return this.#grant()?.tokens.expiresAt
  }

  get refreshes(): number {
    return this.#grant()?.refreshes ?? 0
  }

  async accessToken(): Promise<string> {
    return (await this.tokens()).accessToken
  }

  async disconnect(): Promise<void> {
    const entry = this.#entry()
    if (!entry) return
    await this.#tokens.revoke(entry.grant)
    this.#entries.remove(this.#req)
  }

  /** Fresh tokens, for a call. */
  tokens(): Promise<Readonly<TokenSet>> {
    const entry = this.#entry()
    const keeper = entry && this.#keeperOf(entry)
    return keeper ? keeper.freshTokens() : this.#loadTokens(entry)
  }

  async #loadTokens(entry: SessionEntry | undefined): Promise<Readonly<TokenSet>> {
    if (!entry) throw new ReauthenticationRequired('The user is not signed in with ilert.')
    const keeper = await this.#tokens.load(entry.grant)
    if (!keeper) throw new ReauthenticationRequired()
    this.#keeper = keeper
    return await keeper.freshTokens()
  }

  /** ilert's API took the token no more: whether there is another one now. */
  async refused(accessToken: string): Promise<boolean> {
    const entry = this.#entry()
    return entry !== undefined && (await this.#tokens.refused(entry.grant, accessToken))
  }

  /**
   * Has the grant at hand and starts what is due. Returns a promise only where the store must be asked, so that a request
   * whose tokens are in memory goes on without a detour; it resolves to whether the user has signed out of this session.
   */
  attend(ttlMs: number): Promise<boolean> | undefined {
    const entry = this.#entry()
    if (!entry) return undefined
    const keeper = this.#keeperOf(entry)
    if (!keeper) return this.#load(entry, ttlMs)
    keeper.attend(ttlMs)
    return undefined
  }

  async #load({ grant }: SessionEntry, ttlMs: number): Promise<boolean> {
    try {
      this.#keeper = await this.#tokens.load(grant)
      this.#keeper?.attend(ttlMs)
      return this.#keeper === undefined && (await this.#tokens.wasSignedOut(grant))
    } catch {
      // Not known, which is not the same as not connected: accessToken() asks again, and says what is wrong.
      this.#storeAway = true
      return false
    }
  }

  /** The grant that is at hand, unless it is over. */
  #grant(): Grant | undefined {
    const entry = this.#entry()
    const keeper = entry && this.#keeperOf(entry)
    return keeper?.connected ? keeper.grant : undefined
  }

  #entry(): SessionEntry | undefined {
    return this.#entries.read(this.#req)
  }

  #keeperOf({ grant }: SessionEntry): Keeper | undefined {
    if (this.#keeper?.key !== grant || this.#keeper.removed) this.#keeper = this.#tokens.peek(grant)
    return this.#keeper
  }
}
