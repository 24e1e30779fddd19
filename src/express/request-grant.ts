import type { Request } from 'express'
import type { TokenSet } from '../client/answers.ts'
import type { TokenSource } from '../client/send.ts'
import { IlertError, ReauthenticationRequired } from '../ilert/errors.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import type { Grant } from '../tokens/grant.ts'
import type { Keeper } from '../tokens/keeper.ts'
import { serializedNow, userOn } from './passport.ts'
import { saysTheSame } from './passport-user.ts'
import { lifetimeOf, type SessionEntries, type SessionEntry, sessionOf } from './session-entry.ts'

/** The code of a request whose user is another one than its session's. */
export const USER_REPLACED = 'user_replaced'

/**
 * The grant of the request's session, as that is at each moment: what `req.logIn` and `req.logout` do to the session during the
 * request is seen at once.
 */
export class RequestGrant implements TokenSource {
  readonly #req: Request
  readonly #entries: SessionEntries
  readonly #tokens: AppTokens
  /** Whom Passport had put on the request when this was made. */
  #user: unknown
  #sessionID: string
  /** Held on to, so that it stays at hand for the whole request. */
  #keeper: Keeper | undefined
  #storeAway = false

  constructor(req: Request, entries: SessionEntries, tokens: AppTokens) {
    this.#req = req
    this.#entries = entries
    this.#tokens = tokens
    this.#user = userOn(req)
    this.#sessionID = req.sessionID
  }

  /** A good token is there or can be had. */
  get connected(): boolean {
    const entry = this.#entry()
    if (!entry) return false
    return this.#atHand(entry)?.connected ?? this.#storeAway
  }

  /** The grant that is at hand, unless it has ended. */
  get present(): Grant | undefined {
    const entry = this.#entry()
    const keeper = entry && this.#atHand(entry)
    return keeper?.connected ? keeper.grant : undefined
  }

  /** Whose calls are made with its tokens. */
  get owner(): string | undefined {
    return this.#entry()?.key
  }

  /** Revokes the tokens, and keeps the session. */
  async disconnect(): Promise<void> {
    const entry = this.#entry()
    if (!entry) return
    await this.#tokens.revoke(entry.key)
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
    const tokens = await this.#tokens.freshTokens(entry.key, this.#keeperOf(entry))
    if (!tokens) throw new ReauthenticationRequired()
    this.#keeperOf(entry) // held on to, so that it stays at hand
    return tokens
  }

  /** ilert's API took the token no more: whether there is another one now. */
  async rejected(accessToken: string): Promise<boolean> {
    const entry = this.#entry()
    return entry !== undefined && (await this.#tokens.refused(entry.key, accessToken))
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
    if (keeper?.key === entry.key && !attending && !signedOut) return undefined
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
      const { keeper, end } = await this.#tokens.find(entry.key)
      this.#keeper = keeper
      if (!keeper) return !entry.shared && (end ? end.signedOut === true : this.#tokens.sessions.isForgotten(entry))
      await keeper.attend(ttlMs)
      // The same user's next grant: a slow request has saved the session as it was before.
      if (keeper.key !== entry.key) this.#entries.write(sessionOf(this.#req), { ...entry, key: keeper.key })
    } catch {
      // Not known, which is not the same as not connected: accessToken() asks again, and says what is wrong.
      this.#storeAway = true
    }
    return false
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

  #keeperOf({ key }: SessionEntry): Keeper | undefined {
    if (this.#keeper?.key !== key || this.#keeper.removed) this.#keeper = this.#tokens.peek(key)
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
