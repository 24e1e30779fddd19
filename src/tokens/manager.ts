import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import { apiCallsOf, type IlertClient } from '../client/client.ts'
import { abortSignal, knownOptions, noMore } from '../ilert/arguments.ts'
import { ReauthenticationRequired } from '../ilert/errors.ts'
import type { ListedGrant, RevokedAll } from './administration.ts'
import { AppTokens } from './app-tokens.ts'
import type { TokenEvents, TokenListener } from './events.ts'
import { type Internals, type Keeping, resolveKeeping } from './keeping.ts'
import type { Resealed } from './reseal.ts'
import type { TokenStatus } from './status.ts'
import { checkDuration } from './stores/checks.ts'
import type { TokenStore } from './stores/store.ts'
import { checkKey, checkTokens, copyTokens } from './token-set.ts'

/** For this package: what a manager shows to apps is what its type says, and nothing else. */
export let appTokensOf: (manager: TokenManager) => AppTokens

/**
 * Keeps stored tokens fresh, inside a request and outside of one. One refresh is under way for a key at most; what it
 * brings is stored before it is used; and only ilert, or you, end a grant.
 *
 * Methods reject with `NetworkError` if ilert or the store is unavailable, with `ReauthenticationRequired` if there is
 * nothing to refresh, and with `TypeError` if an argument is malformed.
 */
export class TokenManager {
  readonly #app: AppTokens
  readonly #client: IlertClient

  static {
    appTokensOf = (manager) => manager.#app
  }

  /**
   * Takes the options of `IlertStrategy` as well, so that an app can have one object of options.
   *
   * @throws TypeError where an option is missing, malformed or unknown.
   */
  constructor(options: Keeping & { tokenStore: TokenStore })
  /** @internal */
  constructor(options: Keeping & { tokenStore: TokenStore }, internals?: Internals)
  constructor(given: Keeping & { tokenStore: TokenStore }, inner?: Internals, ...rest: unknown[]) {
    noMore('TokenManager', rest)
    const keeping = resolveKeeping(given, inner)
    this.#client = keeping.client
    this.#app = new AppTokens(keeping)
  }

  /**
   * Keeps tokens under a key, in the place of those that are there: these are revoked at ilert. The record lives as long
   * as its refresh token.
   *
   * @param o.ttlMs lets the record live for so long after each write instead, such as a session does.
   * @throws TypeError if the refresh token is kept under another key already: two keys would refresh it against each
   * other, and if ilert exchanges refresh tokens all but one would be lost.
   */
  async save(key: string, tokens: TokenSet, o?: { ttlMs?: number }): Promise<void> {
    checkKey(key)
    checkTokens(tokens)
    const { ttlMs } = knownOptions('save', o, { ttlMs: true })
    if (ttlMs !== undefined) checkDuration('ttlMs', ttlMs)
    await this.#app.save(key, tokens, ttlMs === undefined ? {} : { ttlMs })
  }

  /** The tokens under a key, fresh. Refreshed only if they are not good for 10 more seconds. */
  async get(key: string): Promise<TokenSet> {
    return copyTokens(await this.#tokensOf(key))
  }

  /** The access token under a key, fresh: good for at least 10 seconds wherever ilert and the rules allow. */
  async accessToken(key: string): Promise<string> {
    return (await this.#tokensOf(key)).accessToken
  }

  /**
   * What is known of the tokens under a key, without a call to ilert, and without a refresh: `connected: false` if there are
   * none, or if they were ended. Reads the store if this process does not have them at hand, or has not read them for a
   * while; rejects with a `NetworkError` if it cannot be read, and nothing is at hand.
   */
  async status(key: string): Promise<TokenStatus> {
    checkKey(key)
    return await this.#app.status(key)
  }

  /**
   * Has a function called at each event: `refreshed`, `failing`, `recovered` or `ended`. An event is emitted by the process
   * that has caused it, or seen it, and once there; it has no token in it. A listener is called at once, as those of an
   * `EventEmitter` are; nothing waits for one that is async. One that throws is an uncaught exception, and one that rejects
   * an unhandled rejection: neither keeps a refresh from its end.
   *
   * @throws TypeError for another event, and for a listener that is no function.
   */
  on<Name extends keyof TokenEvents>(event: Name, listener: TokenListener<Name>): this {
    this.#app.events.on(event, listener)
    return this
  }

  /**
   * `on`, for the next event alone.
   *
   * @throws TypeError for another event, and for a listener that is no function.
   */
  once<Name extends keyof TokenEvents>(event: Name, listener: TokenListener<Name>): this {
    this.#app.events.once(event, listener)
    return this
  }

  /**
   * Takes back `on` or `once`: the last one of that listener.
   *
   * @throws TypeError for another event, and for a listener that is no function.
   */
  off<Name extends keyof TokenEvents>(event: Name, listener: TokenListener<Name>): this {
    this.#app.events.off(event, listener)
    return this
  }

  /** ilert's API as the user whose tokens are under a key. Nothing is read or sent before the first call. */
  api(key: string): IlertApi {
    checkKey(key)
    const source = {
      owner: key,
      tokens: () => this.#tokensOf(key),
      rejected: (accessToken: string) => this.#app.refused(key, accessToken),
    }
    return new ApiMethods(apiCallsOf(this.#client), source)
  }

  /**
   * Ends the grant under a key: forgets its tokens here and in the store, then revokes them at ilert. ilert being
   * unavailable does not keep them alive here: the revocation is tried again in the background. What a refresh under way
   * brings is revoked too. Other processes use the tokens for a minute more at most.
   */
  async revoke(key: string): Promise<void> {
    checkKey(key)
    await this.#app.revoke(key)
  }

  /**
   * Lists what is stored and has not ended, in no order: all, or what an ilert user has granted. It reads a bounded number of
   * records at a time, and only as many as are asked for. Tokens under a key of the app's are one entry, however many sessions
   * use them; tokens that the app has saved itself have no user.
   *
   * Needs a store that can list: `RedisTokenStore` (in Redis Cluster with a hash tag in its `prefix`), `PostgresTokenStore`,
   * `MemoryTokenStore`, or your own with a `list()`.
   *
   * @example
   * for await (const { key, connected } of ilert.tokens.list({ userID: '42' })) console.log(key, connected)
   * @throws TypeError if the store cannot list. NetworkError if it is unavailable.
   */
  list(options?: { userID?: string }): AsyncGenerator<ListedGrant> {
    const { userID } = knownOptions('list', options, { userID: true })
    return this.#app.administration.list('userID' in (options ?? {}) ? userIDOf('list', userID) : undefined)
  }

  /**
   * Ends every grant of an ilert user, as `revoke` ends one, and the sessions that have them; without a user, every grant of
   * the app. First all are ended here, for every process within a minute, and what a refresh under way brings is revoked. Then
   * all are revoked at ilert, as fast as its limit of calls allows. A bounded number is worked on at a time.
   *
   * If ilert is unavailable or refuses (a wrong client secret, say), or the process ends, or `signal` stops it, the store keeps
   * the refresh tokens, which nothing uses any more: call it again, until `pending` is 0. Tokens that the app has saved itself
   * have no user: use `revoke(key)`. A user may sign in again: revoke the access at ilert, or refuse it in `verify`.
   *
   * Needs a store that can list: see `list`.
   *
   * @throws TypeError if the store cannot list, and for an id that is none: undefined does not mean everyone. NetworkError if
   * the store is unavailable: what was ended by then has ended.
   */
  revokeAll(options?: { signal?: AbortSignal }): Promise<RevokedAll>
  revokeAll(userID: string, options?: { signal?: AbortSignal }): Promise<RevokedAll>
  async revokeAll(...args: unknown[]): Promise<RevokedAll> {
    const isOfAll = args.length === 0 || (typeof args[0] === 'object' && args[0] !== null)
    const userID = isOfAll ? undefined : userIDOf('revokeAll', args.shift())
    const [options, ...rest] = args as [{ signal?: AbortSignal }?]
    noMore('revokeAll', rest)
    const { signal } = knownOptions('revokeAll', options, { signal: true })
    return await this.#app.administration.revokeAll(userID, abortSignal(signal))
  }

  /**
   * Seals every stored record with the first key of `encryptionKey`, unless it is already, so that older keys can be taken out
   * of the list: when `older` is 0, and `complete` true. Records of sessions that are idle live on as if they were used now. It
   * works on a bounded number at a time, beside everything else. It can be stopped by `signal`, and called again: it goes
   * through what is left. See docs/operations.md, "Rotating keys".
   *
   * Needs a store that can list: see `list`.
   *
   * @throws TypeError if the store cannot list. NetworkError if it is unavailable: what was sealed by then is sealed.
   */
  async reseal(options?: { signal?: AbortSignal }): Promise<Resealed> {
    const { signal } = knownOptions('reseal', options, { signal: true })
    return await this.#app.administration.reseal(abortSignal(signal))
  }

  /** Waits for refreshes and revocations under way, each of which is bounded, and ends the connections to ilert. */
  async close(): Promise<void> {
    await this.#app.close()
  }

  async #tokensOf(key: string): Promise<Readonly<TokenSet>> {
    checkKey(key)
    const tokens = await this.#app.freshTokens(key)
    if (tokens) return tokens
    throw new ReauthenticationRequired('No ilert tokens are kept under this key. Sign in, or save() some.')
  }
}

/** As `user.id` of `req.ilert` has it. Nobody is not everybody: an id that is missing must not end every grant. */
function userIDOf(what: string, userID: unknown): string {
  if (typeof userID === 'string' && userID !== '') return userID
  throw new TypeError(`${what}: userID: expected the id of an ilert user, a string.`)
}
