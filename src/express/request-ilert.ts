import type { Request } from 'express'
import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import type { IlertClient } from '../client/client.ts'
import type { TokenSource } from '../client/send.ts'
import { IlertError, ReauthenticationRequired } from '../ilert/errors.ts'
import type { Grant } from '../tokens/grant.ts'
import type { Keeper } from '../tokens/keeper.ts'
import type { TokenManager } from '../tokens/manager.ts'
import { saysTheSame, serializedNow, userOn } from './passport-user.ts'
import type { IlertProfile } from './profile.ts'
import { lifetimeOf, type SessionEntries, type SessionEntry, sessionOf } from './session-entry.ts'

/** The code of a request whose user is another one than its session's. */
export const USER_REPLACED = 'user_replaced'

declare global {
  namespace Express {
    interface Request {
      /** The signed-in user's ilert: there on every request that has passed `ilert.session()`. */
      ilert: RequestIlert
    }
  }
}

/**
 * Who `req.user` is: what the app has declared as `Express.User`, and ilert's profile in apps that declare nothing, whose
 * user it is unless `verify` returns another.
 */
export type SignedInUser = keyof Express.User extends never ? IlertProfile : Express.User

declare module 'express-serve-static-core' {
  interface Request {
    user?: SignedInUser | undefined
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
  /** Whom Passport had put on the request when this was made. */
  #user: unknown
  #sessionID: string
  /** Held on to, so that it stays at hand for the whole request. */
  #keeper: Keeper | undefined
  #storeAway = false

  constructor(req: Request, entries: SessionEntries, client: IlertClient, tokens: TokenManager) {
    super((method, path, init) => client.callAPI(this, method, path, init))
    this.#req = req
    this.#entries = entries
    this.#before = req.ilert
    this.#tokens = tokens
    this.#user = userOn(req)
    this.#sessionID = req.sessionID
  }

  /**
   * What the strategy of this name knows of the request, whichever `session()` has run last. A list from one to the other,
   * since each property more of a request costs every request 2 us, and an entry in a WeakMap as much.
   *
   * @throws IlertError where that strategy's `session()` has not run; it says what to add, and where.
   */
  static of(req: Request, name: string): SessionIlert {
    for (let ilert = req.ilert; ilert instanceof SessionIlert; ilert = ilert.#before as RequestIlert) {
      if (ilert.#entries.name === name) return ilert
    }
    const message = 'req.ilert is missing: put app.use(ilert.session()) before this route.'
    throw new IlertError(message, { code: 'session_missing', status: 500 })
  }

  /** The grant whose tokens calls take. */
  get owner(): string | undefined {
    return this.#entry()?.grant
  }

  get connected(): boolean {
    const entry = this.#entry()
    if (!entry) return false
    return this.#atHand(entry)?.connected ?? this.#storeAway
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

  /** Fresh tokens, for a call. A request that takes long may be told that the user has ended them meanwhile. */
  async tokens(): Promise<Readonly<TokenSet>> {
    const entry = this.#entry()
    if (!entry && this.#wasReplaced()) throw userReplaced()
    if (!entry) throw new ReauthenticationRequired('The user is not signed in with ilert.')
    const { sessions } = this.#tokens
    const signedOut = sessions.wasSignedOut(entry, lifetimeOf(sessionOf(this.#req)))
    if (signedOut && (await signedOut)) throw new ReauthenticationRequired()
    const tokens = await this.#tokens.freshTokens(entry.grant, this.#keeperOf(entry))
    if (!tokens) throw new ReauthenticationRequired()
    this.#keeperOf(entry) // held on to, so that it stays at hand
    return tokens
  }

  /** ilert's API took the token no more: whether there is another one now. */
  async refused(accessToken: string): Promise<boolean> {
    const entry = this.#entry()
    return entry !== undefined && (await this.#tokens.refused(entry.grant, accessToken))
  }

  /**
   * Has the grant at hand and starts what is due. Returns a promise only if the store must be asked, so that a request
   * whose tokens are in memory goes on without a detour; it resolves to whether the user has signed out of this session.
   */
  attend(ttlMs: number): Promise<boolean> | undefined {
    const entry = this.#entry()
    if (!entry) return undefined
    const keeper = this.#keeperOf(entry)
    const signedOut = this.#tokens.sessions.wasSignedOut(entry, ttlMs)
    const attending = keeper?.attend(ttlMs)
    if (keeper?.key === entry.grant && !attending && !signedOut) return undefined
    return this.#attended(entry, ttlMs, signedOut, attending)
  }

  async #attended(
    entry: SessionEntry,
    ttlMs: number,
    signedOut: boolean | Promise<boolean>,
    attending: Promise<void> | undefined,
  ): Promise<boolean> {
    const found = (attending ?? Promise.resolve()).then(() => this.#find(entry, ttlMs))
    const [sessionEnded, grantEnded] = await Promise.all([signedOut, found])
    return sessionEnded || grantEnded
  }

  /** Resolves to whether the session has ended with its grant. */
  async #find(entry: SessionEntry, ttlMs: number): Promise<boolean> {
    try {
      const { keeper, end } = await this.#tokens.find(entry.grant)
      this.#keeper = keeper
      if (!keeper) return !entry.shared && (end ? end.signedOut === true : this.#tokens.sessions.isForgotten(entry))
      await keeper.attend(ttlMs)
      // The same user's next grant: a slow request has saved the session as it was before.
      if (keeper.key !== entry.grant) this.#entries.write(sessionOf(this.#req), { ...entry, grant: keeper.key })
    } catch {
      // Not known, which is not the same as not connected: accessToken() asks again, and says what is wrong.
      this.#storeAway = true
    }
    return false
  }

  /** The grant that is at hand, unless it is over. */
  #grant(): Grant | undefined {
    const entry = this.#entry()
    const keeper = entry && this.#atHand(entry)
    return keeper?.connected ? keeper.grant : undefined
  }

  /** For getters, which cannot wait: what is too old is read in the background, so that a long request sees it change. */
  #atHand(entry: SessionEntry): Keeper | undefined {
    const keeper = this.#keeperOf(entry)
    void keeper?.confirm()
    return keeper
  }

  /** The entry of the request's user: not that of the session's, if another one is on the request by now. */
  #entry(): SessionEntry | undefined {
    const entry = this.#entries.read(this.#req)
    return entry && (userOn(this.#req) === this.#user || this.#isOfUserNow(entry)) ? entry : undefined
  }

  /** Whether the tokens of the session were its user's, until the app has put another user in the place of that. */
  #wasReplaced(): boolean {
    return this.#entries.read(this.#req) !== undefined || this.#entries.wasChanged(this.#req)
  }

  #isOfUserNow(entry: SessionEntry): boolean {
    const { sessionID } = this.#req
    // Put there by Passport together with a new session, or by a passport.session() that runs after ilert.session().
    const isOfSession =
      this.#sessionID !== sessionID ||
      (this.#user === undefined && this.#entries.isOfUser(entry, serializedNow(this.#req)))
    if (!isOfSession) return saysTheSame(this.#user, userOn(this.#req))
    this.#sessionID = sessionID
    this.#user = userOn(this.#req)
    return true
  }

  #keeperOf({ grant }: SessionEntry): Keeper | undefined {
    if (this.#keeper?.key !== grant || this.#keeper.removed) this.#keeper = this.#tokens.peek(grant)
    return this.#keeper
  }
}

let warned = false

function userReplaced(): IlertError {
  if (!warned) {
    warned = true
    process.emitWarning(
      'req.user was replaced or changed after ilert.session(), into what may be another user, who does not get the ilert ' +
        "tokens of the session's user. If it is the same user, put ilert.session() after the middleware that does so, or " +
        'tell IlertStrategy by what to know users: userKey.',
      { type: 'IlertWarning', code: 'ILERT_USER_REPLACED' },
    )
  }
  return new IlertError('This request is of another user than the one who is signed in with ilert in its session.', {
    code: USER_REPLACED,
    status: 401,
  })
}
