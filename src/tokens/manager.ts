import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { TokenSet } from '../client/answers.ts'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import { IlertClient } from '../client/client.ts'
import { type Connection, resolveConnection } from '../client/connection.ts'
import { APP_OPTIONS, ENV_OPTIONS } from '../client/options.ts'
import { type Known, knownOptions, noMore } from '../ilert/arguments.ts'
import { IlertError, NetworkError, ReauthenticationRequired } from '../ilert/errors.ts'
import { checkDuration } from './checks.ts'
import { ended, type Grant, UNREADABLE, writtenAt } from './grant.ts'
import { Keeper, type KeeperParts } from './keeper.ts'
import { encryptionSecrets } from './keys.ts'
import { backOff, DEFAULT_MIN_INTERVAL_SECONDS, DEFAULT_WINDOW_SECONDS } from './policy.ts'
import { type Sealing, tokenSealer } from './seal.ts'
import type { TokenStore } from './store.ts'
import { type After, after } from './time.ts'
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

/** Grants in this process's memory. One that is pushed out is read from the store when it is needed again. */
const CACHED_GRANTS = 10_000

/** How long an ended grant refuses to be written again, at least. */
const TOMBSTONE_MS = 86_400_000

/** How often a revocation that ilert could not be asked for is tried again. */
const REVOCATION_TRIES = 5

/** What the strategy shares with its manager, and what tests put in the place of time and chance. */
interface Internals {
  client?: IlertClient
  sealer?: Sealing
  after?: After
  random?: () => number
  cachedGrants?: number
}

const INTERNALS: Known<Internals> = { client: true, sealer: true, after: true, random: true, cachedGrants: true }

/**
 * Keeps stored tokens fresh, inside a request and outside of one. One refresh is under way for a key at most; what it
 * brings is stored before anybody uses it; and only ilert, or you, end a grant.
 *
 * Methods reject with `NetworkError` where ilert or the store is away, with `ReauthenticationRequired` where there is
 * nothing to refresh, and with `TypeError` where an argument is malformed.
 */
export class TokenManager {
  readonly #client: IlertClient
  readonly #ownsClient: boolean
  readonly #vault: Vault
  readonly #parts: KeeperParts
  readonly #cache: LRUCache<string, Keeper>
  /** Keepers that must not be forgotten, whatever the cache pushes out. */
  readonly #busy = new Map<string, Keeper>()
  /** The keys under which this process knows refresh tokens to be kept. */
  readonly #owners = new Map<string, string>()
  readonly #loading = new Map<string, Promise<Keeper | undefined>>()
  /** Revocations, and refreshes of grants that were replaced meanwhile. */
  readonly #ending = new Set<Promise<void>>()
  #closed = false

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
    const { clock, timeoutMs, clientID } = resolveConnection(options)
    if (clientID === undefined) {
      throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
    }
    this.#cache = new LRUCache({
      max: internals.cachedGrants ?? CACHED_GRANTS,
      dispose: (keeper) => this.#disown(keeper),
    })
    this.#ownsClient = internals.client === undefined
    this.#client = internals.client ?? new IlertClient(options)
    const wait = internals.after ?? after
    const sealer = internals.sealer ?? tokenSealer(encryptionSecrets(options), clientID)
    this.#vault = new Vault(tokenStore, sealer, wait)
    this.#parts = {
      vault: this.#vault,
      settings: {
        windowMs: milliseconds('refreshWindowSeconds', refreshWindowSeconds, DEFAULT_WINDOW_SECONDS),
        minIntervalMs: milliseconds(
          'minRefreshIntervalSeconds',
          minRefreshIntervalSeconds,
          DEFAULT_MIN_INTERVAL_SECONDS,
        ),
      },
      clock,
      after: wait,
      random: internals.random ?? Math.random,
      timeoutMs,
      refresh: (refreshToken) => this.#client.refresh(refreshToken),
      discard: (tokens) => this.discard(tokens),
      onBusy: (keeper) => this.#setBusy(keeper),
      onTokens: (keeper, before) => this.#setOwner(keeper, before),
    }
  }

  /**
   * Keeps tokens under a key, in the place of those that are there: these are revoked at ilert. The record lives as long
   * as its refresh token.
   *
   * @param o.ttlMs lets the record live for so long after each write instead, such as a session does.
   * @throws TypeError where the refresh token is kept under another key already: two keys would refresh it against each
   * other, and where ilert exchanges refresh tokens all but one would be lost.
   */
  save(key: string, tokens: TokenSet, o?: { ttlMs?: number }): Promise<void>
  /** @internal `isNew`: the key was made for these tokens, so nothing can be there that would have to be read first. */
  save(key: string, tokens: TokenSet, o?: { ttlMs?: number; isNew?: boolean }): Promise<void>
  async save(key: string, tokens: TokenSet, options?: { ttlMs?: number; isNew?: boolean }): Promise<void> {
    checkKey(key)
    checkTokens(tokens)
    const o = knownOptions('save', options, { ttlMs: true, isNew: true })
    if (o.ttlMs !== undefined) checkDuration('ttlMs', o.ttlMs)
    if ((this.keyOf(tokens) ?? key) !== key) {
      throw new TypeError('tokens: this refresh token is kept under another key already. Use that key, or tokenKey.')
    }
    const { refreshToken } = tokens
    if (refreshToken !== undefined) this.#owners.set(refreshToken, key) // at once: another save must not come between
    try {
      await this.#replace(key, copy(tokens), o)
    } catch (error) {
      if (refreshToken !== undefined && this.peek(key)?.grant.tokens.refreshToken !== refreshToken) {
        this.#owners.delete(refreshToken)
      }
      throw error
    }
  }

  async #replace(key: string, tokens: TokenSet, { isNew, ...o }: { ttlMs?: number; isNew?: boolean }): Promise<void> {
    const now = this.#parts.clock.now()
    const id = randomUUID()
    for (let tries = 0; tries < 4; tries++) {
      const looks = tries > 0 || !isNew
      const before = looks ? await this.#vault.read(key) : undefined
      if (before === UNREADABLE) throw unreadable(key)
      // Higher than whatever was here before its tombstone; but right behind what is here now, so that nothing lands
      // in between without being seen.
      const version = before ? before.version + 1 : Math.floor(now)
      const grant = writtenAt(now, { id, version, tokens, issuedAt: now, ...o })
      if (await this.#vault.write(key, grant, now, !looks)) {
        this.#loading.delete(key)
        this.#keep(new Keeper(key, grant, this.#parts))
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
    return copy(await this.#freshTokens(key))
  }

  /** The access token under a key, fresh: good for at least 10 seconds wherever ilert and the rules allow. */
  async accessToken(key: string): Promise<string> {
    return (await this.#freshTokens(key)).accessToken
  }

  /** ilert's API as the user whose tokens are under a key. Nothing is read or sent before the first call. */
  api(key: string): IlertApi {
    checkKey(key)
    const source = {
      tokens: () => this.#freshTokens(key),
      refused: (accessToken: string) => this.refused(key, accessToken),
    }
    return new ApiMethods((method, path, init) => this.#client.callAPI(source, method, path, init))
  }

  /**
   * Ends the grant under a key: forgets its tokens here and in the store, then revokes them at ilert. ilert being away
   * does not keep them alive here: the revocation is tried again behind. What a refresh under way brings is revoked too.
   */
  async revoke(key: string): Promise<void> {
    checkKey(key)
    const { clock } = this.#parts
    let grant: Grant | undefined
    // One version on, so that a refresh under way can no longer land; whatever has landed before is seen.
    for (let tries = 0; tries < 10; tries++) {
      const stored = await this.#vault.read(key)
      if (stored === UNREADABLE) throw unreadable(key)
      if (stored === undefined) break
      grant = stored
      if (stored.ended || (await this.#vault.write(key, ended(stored), clock.now()))) break
    }
    // Not before: where the store is away nothing has ended yet, and a refresh under way must not get lost.
    const keeper = this.#forget(key)
    try {
      await this.#vault.remove(key, Math.max(TOMBSTONE_MS, grant?.ttlMs ?? 0))
    } finally {
      const { tokens } = grant ?? keeper?.grant ?? {}
      if (tokens?.refreshToken !== undefined) await this.#revokeAtIlert(tokens.refreshToken)
    }
  }

  /**
   * Ends a grant that nothing refers to any more: what is at hand is revoked at ilert also while the store is away, whose
   * record then ends by itself. @internal
   */
  async abandon(key: string): Promise<void> {
    try {
      await this.revoke(key)
    } catch (error) {
      const keeper = this.#forget(key)
      if (keeper) this.discard(keeper.grant.tokens)
      throw error
    }
  }

  /** Ends a session's grant, and remembers for `ttlMs` that the user has signed out of that session. @internal */
  async signOut(key: string, ttlMs: number): Promise<void> {
    await Promise.all([this.#vault.mark(signedOut(key), this.#parts.clock.now(), ttlMs), this.abandon(key)])
  }

  /** Whether the user has signed out of the session that had this key. @internal */
  async wasSignedOut(key: string): Promise<boolean> {
    return (await this.#vault.markedAt(signedOut(key))) !== undefined
  }

  /** Waits for refreshes and revocations under way, each of which is bounded, and ends the connections to ilert. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#busy.values()].map((keeper) => keeper.settle()))
    while (this.#ending.size > 0) await Promise.all(this.#ending) // one may bring another
    if (this.#ownsClient) await this.#client.close()
  }

  /** Refreshes because ilert's API took the access token no more. Resolves to whether there is another. @internal */
  async refused(key: string, accessToken: string): Promise<boolean> {
    const keeper = await this.load(key)
    return (await keeper?.refreshRefused(accessToken)) ?? false
  }

  /** The grant under a key, if this process has it at hand. No I/O. @internal */
  peek(key: string): Keeper | undefined {
    const keeper = this.#cache.get(key) ?? this.#busy.get(key)
    return keeper?.removed ? undefined : keeper
  }

  /** The grant under a key, from the store where this process does not have it at hand. @internal */
  load(key: string): Promise<Keeper | undefined> {
    const known = this.peek(key)
    if (known) return Promise.resolve(known)
    const underWay = this.#loading.get(key)
    if (underWay) return underWay
    const isCurrent = () => this.#loading.get(key) === loading
    const loading: Promise<Keeper | undefined> = this.#read(key, isCurrent).finally(() => {
      if (isCurrent()) this.#loading.delete(key)
    })
    this.#loading.set(key, loading)
    return loading
  }

  /** The key under which this process knows these tokens to be kept. @internal */
  keyOf({ refreshToken }: Readonly<TokenSet>): string | undefined {
    return refreshToken === undefined ? undefined : this.#owners.get(refreshToken)
  }

  /** Revokes tokens that nobody keeps, behind. @internal */
  discard(tokens: Readonly<TokenSet>): void {
    if (tokens.refreshToken === undefined || this.keyOf(tokens) !== undefined) return
    void this.#revokeAtIlert(tokens.refreshToken)
  }

  async #freshTokens(key: string): Promise<Readonly<TokenSet>> {
    checkKey(key)
    const keeper = await this.load(key)
    if (!keeper) throw new ReauthenticationRequired(`No ilert tokens are kept under this key. Sign in, or save() some.`)
    return await keeper.freshTokens()
  }

  async #read(key: string, isCurrent: () => boolean): Promise<Keeper | undefined> {
    const grant = await this.#vault.read(key)
    // What was saved or revoked here meanwhile is newer than what was read.
    if (!isCurrent()) return this.peek(key)
    if (grant === undefined || grant === UNREADABLE || grant.ended) return undefined
    return this.#keep(new Keeper(key, grant, this.#parts))
  }

  /** Ends what this process has at hand of a grant. */
  #forget(key: string): Keeper | undefined {
    const keeper = this.peek(key)
    keeper?.remove()
    this.#cache.delete(key)
    this.#loading.delete(key)
    return keeper
  }

  #keep(keeper: Keeper): Keeper {
    const replaced = this.peek(keeper.key)
    if (replaced?.busy) void this.#untilClose(replaced.settle())
    this.#busy.delete(keeper.key)
    this.#cache.set(keeper.key, keeper)
    this.#setOwner(keeper)
    return keeper
  }

  #setOwner(keeper: Keeper, before?: Readonly<TokenSet>): void {
    if (before?.refreshToken !== undefined) this.#owners.delete(before.refreshToken)
    const { refreshToken } = keeper.grant.tokens
    const known = this.#cache.peek(keeper.key) === keeper || this.#busy.get(keeper.key) === keeper
    if (refreshToken !== undefined && known) this.#owners.set(refreshToken, keeper.key)
  }

  #disown(keeper: Keeper): void {
    const { refreshToken } = keeper.grant.tokens
    const current = this.#cache.peek(keeper.key)
    // One that was replaced has taken over the tokens that it was replaced with.
    if (current !== keeper && current?.grant.tokens.refreshToken === refreshToken) return
    if (refreshToken !== undefined && this.#busy.get(keeper.key) !== keeper) this.#owners.delete(refreshToken)
  }

  #setBusy(keeper: Keeper): void {
    const current = this.#busy.get(keeper.key)
    if (keeper.busy) this.#busy.set(keeper.key, keeper)
    else if (current === keeper) {
      this.#busy.delete(keeper.key)
      // Pushed out of the cache meanwhile, or ended.
      if (this.#cache.peek(keeper.key) !== keeper) this.#disown(keeper)
    }
  }

  async #revokeAtIlert(refreshToken: string, failures = 0): Promise<void> {
    await this.#untilClose(this.#tryToRevoke(refreshToken, failures))
  }

  /** Has close() wait for it. It must not reject. */
  async #untilClose(work: Promise<void>): Promise<void> {
    this.#ending.add(work)
    await work
    this.#ending.delete(work)
  }

  /** The first attempt is waited for, the others are not. Never throws: the grant is over here in any case. */
  async #tryToRevoke(refreshToken: string, failures: number): Promise<void> {
    try {
      await this.#client.revoke(refreshToken)
    } catch (error) {
      if (!(error instanceof NetworkError) || failures + 1 >= REVOCATION_TRIES) return
      const { after: wait, random } = this.#parts
      wait(backOff(failures + 1, error.retryAfterSeconds, random()), () => {
        if (!this.#closed) void this.#revokeAtIlert(refreshToken, failures + 1)
      })
    }
  }
}

/** Without what else an object may carry, and without fields that are there and undefined. */
function copy({ accessToken, refreshToken, scope, expiresAt, refreshTokenExpiresAt }: Readonly<TokenSet>): TokenSet {
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    scope: [...scope],
    expiresAt,
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
  }
}

function signedOut(key: string): string {
  return `out:${key}`
}

function storeOption(value: TokenStore | undefined): TokenStore {
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof value?.[method] !== 'function') {
      throw new TypeError(`tokenStore: expected a token store with ${method}(), such as new MemoryTokenStore().`)
    }
  }
  return value as TokenStore
}

function checkKey(key: unknown): void {
  if (typeof key !== 'string' || key === '' || key.length > 512) {
    throw new TypeError('key: expected a string of 1 to 512 characters.')
  }
}

function checkTokens(tokens: TokenSet): void {
  const { accessToken, refreshToken, scope, expiresAt, refreshTokenExpiresAt } = tokens ?? {}
  if (typeof accessToken !== 'string' || accessToken === '') throw new TypeError('tokens.accessToken: missing.')
  if (refreshToken !== undefined && (typeof refreshToken !== 'string' || refreshToken === '')) {
    throw new TypeError('tokens.refreshToken: expected a string, or none.')
  }
  if (!Array.isArray(scope)) throw new TypeError('tokens.scope: expected a list of scopes.')
  // A time in seconds would be in January 1970.
  if (!Number.isFinite(expiresAt) || (expiresAt > 0 && expiresAt < 1e11)) {
    throw new TypeError('tokens.expiresAt: expected milliseconds since the epoch.')
  }
  if (refreshTokenExpiresAt !== undefined && !Number.isFinite(refreshTokenExpiresAt)) {
    throw new TypeError('tokens.refreshTokenExpiresAt: expected milliseconds since the epoch, or none.')
  }
}

function milliseconds(name: string, seconds: number | undefined, fallback: number): number {
  const value = seconds ?? fallback
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`${name}: expected a number of seconds, 0 or more.`)
  }
  return value * 1000
}

function unreadable(key: string): IlertError {
  return new IlertError(
    `The record under the key '${key}' was sealed with another encryption key or for another app, and is left alone. ` +
      'List that key in encryptionKey (ILERT_ENCRYPTION_KEY) too, give each app keys of its own, or delete the record.',
    { code: 'unreadable_record', status: 500 },
  )
}
