import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import { apiCallsOf, type IlertClient } from '../client/client.ts'
import { knownOptions, noMore } from '../ilert/arguments.ts'
import { ReauthenticationRequired } from '../ilert/errors.ts'
import { AppTokens } from './app-tokens.ts'
import type { TokenEvents, TokenListener } from './events.ts'
import { type Internals, type Keeping, resolveKeeping } from './keeping.ts'
import type { TokenStatus } from './status.ts'
import { checkDuration } from './stores/checks.ts'
import type { TokenStore } from './stores/store.ts'
import { checkKey, checkTokens, copyTokens } from './token-set.ts'

/** For this package: what a manager shows to apps is what its type says, and nothing else. */
export let appTokensOf: (manager: TokenManager) => AppTokens

/**
 * Keeps stored tokens fresh, inside a request and outside of one. One refresh is under way for a key at most; what it
 * brings is stored before anybody uses it; and only ilert, or you, end a grant.
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
