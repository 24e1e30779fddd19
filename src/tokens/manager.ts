import { randomUUID } from 'node:crypto'
import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import { apiCallsOf, IlertClient } from '../client/client.ts'
import { type Clock, type Connection, ResolvedConnection } from '../client/connection.ts'
import { APP_OPTIONS, ENV_OPTIONS } from '../client/options.ts'
import { type Known, knownOptions, noMore } from '../ilert/arguments.ts'
import { NetworkError, ReauthenticationRequired } from '../ilert/errors.ts'
import { Endings, unreadable } from './endings.ts'
import { GrantEvents, type TokenEvents, type TokenListener } from './events.ts'
import { issued, UNREADABLE } from './grant.ts'
import type { Keeper } from './keeper.ts'
import { type Found, Keepers } from './keepers.ts'
import { DEFAULT_MIN_INTERVAL_SECONDS, DEFAULT_WINDOW_SECONDS } from './policy.ts'
import { Revocations } from './revocations.ts'
import { encryptionSecrets } from './sealing/keys.ts'
import { type Sealing, tokenSealer } from './sealing/seal.ts'
import { type SessionMarks, SessionRecords } from './session-records.ts'
import { NOT_CONNECTED, type TokenStatus } from './status.ts'
import { checkDuration } from './stores/checks.ts'
import type { TokenStore } from './stores/store.ts'
import { type After, after } from './time.ts'
import { checkKey, checkTokens, copyTokens } from './token-set.ts'
import { Vault } from './vault.ts'

/** How tokens are kept. */
export interface Keeping extends Connection {
  /** Where sealed tokens are kept. */
  tokenStore?: TokenStore
  /**
   * Seals cookies and stored tokens. One key, or several, of which the first seals and all open. The first has 32 characters
   * or more; the others may be client secrets that were replaced, of any length. Default: derived from `clientSecret`.
   * Variable `ILERT_ENCRYPTION_KEY`, separated by commas.
   */
  encryptionKey?: string | readonly string[]
  /**
   * Seconds before its end in which an access token is due for a refresh, in the background. Default 600; at most a quarter
   * of its life. 0: nothing is refreshed in the background, and a request that needs a new token waits for it; for platforms
   * that stop the process after each response.
   */
  refreshWindowSeconds?: number
  /** Seconds between two refreshes of one grant, at least. Default 300; at most half of an access token's life. */
  minRefreshIntervalSeconds?: number
}

/** A grant that ended while its tokens were waited for may have a successor, which may end as well: how often to go on. */
const MOST_ENDS = 3

/** What the strategy shares with its manager, and what tests put in the place of time and chance. */
interface Internals {
  connection?: ResolvedConnection
  client?: IlertClient
  sealer?: Sealing
  after?: After
  random?: () => number
  cachedGrants?: number
}

const INTERNALS: Known<Internals> = {
  connection: true,
  client: true,
  sealer: true,
  after: true,
  random: true,
  cachedGrants: true,
}

interface SaveOptions {
  ttlMs?: number
  /** The key was made for these tokens, so nothing can be there that would have to be read first. */
  isNew?: boolean
  /** The ilert user's id. */
  account?: string
}

/**
 * Keeps stored tokens fresh, inside a request and outside of one. One refresh is under way for a key at most; what it
 * brings is stored before anybody uses it; and only ilert, or you, end a grant.
 *
 * Methods reject with `NetworkError` if ilert or the store is unavailable, with `ReauthenticationRequired` if there is
 * nothing to refresh, and with `TypeError` if an argument is malformed.
 */
export class TokenManager {
  /** Sessions whose tokens are under an app's own key. @internal */
  readonly sessions: SessionRecords
  readonly #client: IlertClient
  readonly #ownsClient: boolean
  readonly #clock: Clock
  readonly #vault: Vault
  readonly #keepers: Keepers
  readonly #revocations: Revocations
  readonly #endings: Endings
  readonly #events = new GrantEvents()

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
    const options = knownOptions<Keeping>('TokenManager', given, APP_OPTIONS)
    const internals = knownOptions('TokenManager (second argument)', inner, INTERNALS)
    const { refreshWindowSeconds, minRefreshIntervalSeconds } = options
    const tokenStore = storeOption(options.tokenStore)
    const { clock, timeoutMs, clientID } = internals.connection ?? new ResolvedConnection(options)
    if (clientID === undefined) {
      throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
    }
    const settings = {
      windowMs: milliseconds('refreshWindowSeconds', refreshWindowSeconds, DEFAULT_WINDOW_SECONDS),
      minIntervalMs: milliseconds('minRefreshIntervalSeconds', minRefreshIntervalSeconds, DEFAULT_MIN_INTERVAL_SECONDS),
    }
    const { cachedGrants, random = Math.random, after: wait = after } = internals
    this.#ownsClient = internals.client === undefined
    const client = internals.client ?? new IlertClient(options)
    const vault = new Vault(
      tokenStore,
      internals.sealer ?? tokenSealer(encryptionSecrets(options), clientID),
      wait,
      clock,
    )
    const revocations = new Revocations({ client, after: wait, random })
    const discard = (tokens: Readonly<TokenSet>) => this.discard(tokens)
    const revokeAtIlert = (refreshToken: string) => revocations.revoke(refreshToken)
    const beforeClosing = (work: Promise<void>) => revocations.beforeClosing(work)
    const refresh = (refreshToken: string) => client.refresh(refreshToken)
    const time = { clock, after: wait, random, timeoutMs }
    const events = this.#events
    const keepers = new Keepers({ vault, settings, ...time, events, refresh, discard, beforeClosing, cachedGrants })
    this.#client = client
    this.#clock = clock
    this.#vault = vault
    this.#revocations = revocations
    this.#keepers = keepers
    this.#endings = new Endings({ vault, clock, keepers, events, discard, revokeAtIlert })
    this.sessions = new SessionRecords(vault, clock)
  }

  /**
   * Keeps tokens under a key, in the place of those that are there: these are revoked at ilert. The record lives as long
   * as its refresh token.
   *
   * @param o.ttlMs lets the record live for so long after each write instead, such as a session does.
   * @throws TypeError if the refresh token is kept under another key already: two keys would refresh it against each
   * other, and if ilert exchanges refresh tokens all but one would be lost.
   */
  save(key: string, tokens: TokenSet, o?: { ttlMs?: number }): Promise<void>
  /** @internal */
  save(key: string, tokens: TokenSet, o?: SaveOptions): Promise<void>
  async save(key: string, tokens: TokenSet, options?: SaveOptions): Promise<void> {
    checkKey(key)
    checkTokens(tokens)
    const o = knownOptions<SaveOptions>('save', options, { ttlMs: true, isNew: true, account: true })
    if (o.ttlMs !== undefined) checkDuration('ttlMs', o.ttlMs)
    if ((this.keyOf(tokens) ?? key) !== key) {
      throw new TypeError('tokens: this refresh token is kept under another key already. Use that key, or tokenKey.')
    }
    this.#keepers.claim(key, tokens)
    try {
      await this.#replace(key, copyTokens(tokens), o)
    } catch (error) {
      this.#keepers.unclaim(key, tokens)
      throw error
    }
  }

  async #replace(key: string, tokens: TokenSet, { isNew, ...o }: SaveOptions): Promise<void> {
    const now = this.#clock.now()
    const id = randomUUID()
    for (let tries = 0; tries < 4; tries++) {
      const looks = tries > 0 || !isNew
      const before = looks ? await this.#vault.read(key) : undefined
      if (before === UNREADABLE) throw unreadable()
      const grant = issued(before, { id, tokens, ...o }, now)
      if (await this.#vault.write(key, grant, now, !looks)) {
        this.#keepers.keep(key, grant)
        if (before) this.discard(before.tokens)
        return
      }
      // A tombstone that an earlier grant left: a new sign-in replaces it.
      if (before === undefined && (await this.#vault.read(key)) === undefined) await this.#vault.remove(key)
    }
    throw new NetworkError('The token store keeps refusing the tokens. Try again.', { code: 'store_unavailable' })
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
    const { keeper } = await this.find(key)
    await keeper?.confirm()
    // Another process may have ended it, or the same user may have granted anew.
    return (keeper?.removed ? this.peek(key) : keeper)?.status ?? NOT_CONNECTED
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
    this.#events.on(event, listener)
    return this
  }

  /**
   * `on`, for the next event alone.
   *
   * @throws TypeError for another event, and for a listener that is no function.
   */
  once<Name extends keyof TokenEvents>(event: Name, listener: TokenListener<Name>): this {
    this.#events.once(event, listener)
    return this
  }

  /**
   * Takes back `on` or `once`: the last one of that listener.
   *
   * @throws TypeError for another event, and for a listener that is no function.
   */
  off<Name extends keyof TokenEvents>(event: Name, listener: TokenListener<Name>): this {
    this.#events.off(event, listener)
    return this
  }

  /** ilert's API as the user whose tokens are under a key. Nothing is read or sent before the first call. */
  api(key: string): IlertApi {
    checkKey(key)
    const source = {
      owner: key,
      tokens: () => this.#tokensOf(key),
      rejected: (accessToken: string) => this.refused(key, accessToken),
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
    await this.#endings.revoke(key)
  }

  /** Ends a grant that nothing refers to any more. @internal */
  abandon(key: string): Promise<void> {
    return this.#endings.abandon(key)
  }

  /**
   * Ends a session that lives for `sessionMs` after each request, and remembers that. Tokens under a key of the app's stay:
   * what ends then is the session's own record. @internal
   */
  async signOut(session: SessionMarks & { grant: string; shared?: true }, sessionMs: number): Promise<void> {
    const key = session.shared ? session.mark : session.grant
    if (key === undefined) return
    this.sessions.end(key)
    await this.#endings.signOut(key, this.sessions.endMs(session, sessionMs))
  }

  /** Ends a session's grant because the same ilert user has granted anew, under another key. @internal */
  supersede(
    former: SessionMarks & { grant: string },
    successor: { grant: string; account: string },
    sessionMs: number,
  ): Promise<void> {
    const { account, grant: key } = successor
    return this.#endings.supersede(former.grant, { key, account }, this.sessions.endMs(former, sessionMs))
  }

  /** Waits for refreshes and revocations under way, each of which is bounded, and ends the connections to ilert. */
  async close(): Promise<void> {
    this.#revocations.stop()
    await this.#keepers.settle()
    await this.#revocations.close()
    if (this.#ownsClient) await this.#client.close()
  }

  /** Refreshes because ilert's API took the access token no more. Resolves to whether there is another. @internal */
  async refused(key: string, accessToken: string): Promise<boolean> {
    const { keeper } = await this.find(key)
    return (await keeper?.refreshRefused(accessToken)) ?? false
  }

  /** The grant under a key, or its successor, if this process has it at hand. No I/O. @internal */
  peek(key: string): Keeper | undefined {
    return this.#keepers.peek(key)
  }

  /** The same, from the store if this process does not have it at hand. @internal */
  async find(key: string): Promise<Found> {
    const keeper = this.peek(key)
    return keeper ? { keeper } : await this.#keepers.find(key)
  }

  /** The key under which this process knows these tokens to be kept. @internal */
  keyOf(tokens: Readonly<TokenSet>): string | undefined {
    return this.#keepers.keyOf(tokens)
  }

  /** Revokes tokens that nobody keeps, in the background. @internal */
  discard(tokens: Readonly<TokenSet>): void {
    if (tokens.refreshToken === undefined || this.keyOf(tokens) !== undefined) return
    void this.#revocations.revoke(tokens.refreshToken)
  }

  /**
   * Fresh tokens of the grant under a key, or of its successor; undefined if there is none.
   *
   * @param atHand the grant, if the caller has it already
   * @internal
   */
  async freshTokens(key: string, atHand?: Keeper): Promise<Readonly<TokenSet> | undefined> {
    for (let ends = 1; ; ends++) {
      const keeper = ends === 1 && atHand?.removed === false ? atHand : (await this.find(key)).keeper
      if (!keeper) return undefined
      try {
        const tokens = await keeper.freshTokens()
        // What has turned up under a successor's key may be another user's by now.
        if (keeper.key === key || this.peek(key) === keeper) return tokens
        if (ends === MOST_ENDS) return undefined
      } catch (error) {
        if (!keeper.removed || ends === MOST_ENDS) throw error
      }
    }
  }

  async #tokensOf(key: string): Promise<Readonly<TokenSet>> {
    checkKey(key)
    const tokens = await this.freshTokens(key)
    if (tokens) return tokens
    throw new ReauthenticationRequired('No ilert tokens are kept under this key. Sign in, or save() some.')
  }
}

function storeOption(value: TokenStore | undefined): TokenStore {
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof value?.[method] !== 'function') {
      throw new TypeError(`tokenStore: expected a token store with ${method}(), such as new MemoryTokenStore().`)
    }
  }
  return value as TokenStore
}

function milliseconds(name: string, seconds: number | undefined, fallback: number): number {
  const value = seconds ?? fallback
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`${name}: expected a number of seconds, 0 or more.`)
  }
  return value * 1000
}
