import { IlertClient } from '../client/client.ts'
import { type Clock, type Connection, ResolvedConnection } from '../client/connection.ts'
import { APP_OPTIONS, ENV_OPTIONS } from '../client/options.ts'
import { type Known, knownOptions } from '../ilert/arguments.ts'
import { DEFAULT_MIN_INTERVAL_SECONDS, DEFAULT_WINDOW_SECONDS, type RefreshSettings } from './policy.ts'
import { encryptionSecrets } from './sealing/keys.ts'
import type { Sealing } from './sealing/seal.ts'
import { tokenSealer } from './sealing/token-sealer.ts'
import type { TokenStore } from './stores/store.ts'
import { type After, after } from './time.ts'

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

/** What the strategy shares with its manager, and what tests put in the place of time and chance. */
export interface Internals {
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

/** How tokens are kept, with every option checked. */
export interface ResolvedKeeping {
  readonly client: IlertClient
  /** Whether nobody else uses the client. */
  readonly ownsClient: boolean
  readonly store: TokenStore
  readonly sealer: Sealing
  readonly settings: RefreshSettings
  readonly clock: Clock
  readonly after: After
  readonly random: () => number
  readonly timeoutMs: number
  readonly cachedGrants: number | undefined
}

/** @throws TypeError where an option is missing, malformed or unknown */
export function resolveKeeping(given: Keeping & { tokenStore: TokenStore }, inner?: Internals): ResolvedKeeping {
  const options = knownOptions<Keeping>('TokenManager', given, APP_OPTIONS)
  const internals = knownOptions('TokenManager (second argument)', inner, INTERNALS)
  const { refreshWindowSeconds, minRefreshIntervalSeconds } = options
  const store = storeOption(options.tokenStore)
  const { clock, timeoutMs, clientID } = internals.connection ?? new ResolvedConnection(options)
  if (clientID === undefined) {
    throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
  }
  const settings = {
    windowMs: milliseconds('refreshWindowSeconds', refreshWindowSeconds, DEFAULT_WINDOW_SECONDS),
    minIntervalMs: milliseconds('minRefreshIntervalSeconds', minRefreshIntervalSeconds, DEFAULT_MIN_INTERVAL_SECONDS),
  }
  const { cachedGrants, random = Math.random, after: wait = after } = internals
  return {
    client: internals.client ?? new IlertClient(options),
    ownsClient: internals.client === undefined,
    store,
    sealer: internals.sealer ?? tokenSealer(encryptionSecrets(options), clientID),
    settings,
    clock,
    after: wait,
    random,
    timeoutMs,
    cachedGrants,
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
