// The public surface of passport-ilert, fixed, under the name 'surface' so that surface.test-d.ts can compare the two.
//  A type test in the project compares the build with this file: everything
// here must be assignable from what is built. More may be added; nothing here may be renamed or narrowed.
// Times are milliseconds since the epoch, durations are named by their unit.

declare module 'surface' {
  import type { Request, RequestHandler } from 'express'
  import type { Strategy } from 'passport'
  import type { Dispatcher } from 'undici'

  // What ilert is -----------------------------------------------------------------------------------------------------

  export type KnownScope = 'profile' | 'offline_access' | `${ResourceScope}` | `${ResourceScope}:${'r' | 'w' | 'd'}`
  export type ResourceScope =
    | 'policy'
    | 'schedule'
    | 'source'
    | 'monitor'
    | 'action'
    | 'connector'
    | 'maintenance'
    | 'report'
    | 'template'
    | 'service'
    | 'status_page'
    | 'team'
    | 'user'
    | 'alert'
    | 'incident'
    | 'metric'
    | 'metric_source'
    | 'support_hour'
  export type Scope = KnownScope | (string & {})
  export const scopes: Readonly<Record<string, { readonly paths: readonly string[]; readonly description: string }>>
  export function parseScope(scope: string): { resource: string; permission: 'r' | 'w' | 'd' }
  export function formatScope(scopes: readonly Scope[]): string
  export function covers(granted: string | readonly string[], wanted: string | readonly string[]): boolean
  export function requiredScope(method: string, path: string): string | null

  export class IlertError extends Error {
    readonly code: string
    readonly status: number
  }
  export class OAuthError extends IlertError {
    readonly description: string | undefined
  }
  export class APIError extends IlertError {
    readonly retryAfterSeconds: number | undefined
  }
  export class NetworkError extends IlertError {
    readonly retryAfterSeconds: number | undefined
  }
  export class ReauthenticationRequired extends IlertError {}
  export class InsufficientScope extends IlertError {
    readonly scope: string
  }

  // How to talk to it -------------------------------------------------------------------------------------------------

  export interface TokenSet {
    accessToken: string
    refreshToken?: string
    scope: string[]
    expiresAt: number
    refreshTokenExpiresAt?: number // absent: does not expire
  }
  export interface Connection {
    clientID?: string
    clientSecret?: string
    appURL?: string
    apiURL?: string
    tenant?: string
    timeoutMs?: number
    dispatcher?: Dispatcher
    clock?: Clock
  }
  export interface Clock {
    now(): number
  }
  export class IlertClient {
    constructor(options?: Connection)
    authorizationURL(o: {
      redirectURI: string
      scope: string | readonly Scope[]
      state: string
      codeChallenge: string
      tenant?: string
    }): URL
    exchangeCode(o: {
      code: string
      redirectURI: string
      codeVerifier: string
      signal?: AbortSignal
    }): Promise<TokenSet>
    refresh(refreshToken: string, o?: { signal?: AbortSignal }): Promise<TokenSet>
    tokenInfo(
      accessToken: string,
      o?: { signal?: AbortSignal },
    ): Promise<{ active: boolean; tenant?: string; username?: string; scope: string[]; appID?: number }>
    revoke(refreshToken: string, o?: { signal?: AbortSignal }): Promise<void>
    currentUser(accessToken: string, o?: { signal?: AbortSignal }): Promise<IlertUser>
    close(): Promise<void>
  }
  export interface IlertUser {
    id: number
    username?: string
    firstName?: string
    lastName?: string
    email?: string
    role?: string
    timezone?: string
    language?: string
    [field: string]: unknown
  }
  export interface CallInit {
    query?: Record<string, string | number | boolean | readonly (string | number)[] | undefined>
    headers?: Record<string, string>
    signal?: AbortSignal
    retry?: { maxDelayMs: number }
    scope?: false
  }
  export interface IlertApi {
    get<T = unknown>(path: string, init?: CallInit): Promise<T>
    delete<T = unknown>(path: string, init?: CallInit): Promise<T>
    post<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T>
    put<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T>
    request<T = unknown>(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<T>
    paginate<T = unknown>(path: string, init?: CallInit & { pageSize?: number }): AsyncIterable<T>
  }

  // How to keep tokens ------------------------------------------------------------------------------------------------

  export interface StoredTokens {
    version: number
    data: string
  } // data is sealed
  export interface Lease {
    readonly signal: AbortSignal
  } // aborted when the lease is lost
  export interface TokenStore {
    get(key: string): Promise<StoredTokens | undefined>
    /** Resolves to false, and writes nothing, where an equal or newer version or a tombstone is. */
    set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean>
    touch?(key: string, ttlMs: number): Promise<void>
    /** Leaves a tombstone for `tombstoneMs` where given. */
    delete(key: string, o?: { tombstoneMs?: number }): Promise<void>
    /** One holder at a time over all processes; absent where a store cannot promise it. */
    withLease?<T>(key: string, work: (lease: Lease) => Promise<T>, o?: { signal?: AbortSignal }): Promise<T>
  }
  export class MemoryTokenStore implements TokenStore {
    get(key: string): Promise<StoredTokens | undefined>
    set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean>
    delete(key: string, o?: { tombstoneMs?: number }): Promise<void>
  }
  export class SessionTokenStore implements TokenStore {
    constructor(store: import('express-session').Store)
    get(key: string): Promise<StoredTokens | undefined>
    set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean>
    delete(key: string, o?: { tombstoneMs?: number }): Promise<void>
  }
  export interface Keeping extends Connection {
    tokenStore?: TokenStore
    encryptionKey?: string | readonly string[]
    refreshWindowSeconds?: number
    minRefreshIntervalSeconds?: number
  }
  export class TokenManager {
    constructor(options: Keeping & { tokenStore: TokenStore })
    save(key: string, tokens: TokenSet): Promise<void>
    get(key: string): Promise<TokenSet> // fresh
    accessToken(key: string): Promise<string> // fresh
    api(key: string): IlertApi
    revoke(key: string): Promise<void>
    close(): Promise<void> // waits for refreshes under way, bounded
  }

  // How an app uses it ------------------------------------------------------------------------------------------------

  export interface IlertProfile {
    provider: 'ilert'
    id: string
    username: string
    displayName: string
    name?: { givenName?: string; familyName?: string }
    emails?: { value: string; verified: false }[]
    tenant?: string
    role?: string
    timezone?: string
    language?: string
    readonly _raw: string // not enumerable
    readonly _json: unknown // not enumerable
  }
  export type Verify = (context: {
    req: Request
    tokens: TokenSet
    profile: IlertProfile
  }) => Express.User | false | Promise<Express.User | false>
  export type Done = (error: unknown, user?: Express.User | false, info?: object) => void
  export interface IlertStrategyOptions extends Keeping {
    name?: string
    callbackURL?: string
    scope?: string | readonly Scope[]
    allowedTenants?: readonly string[]
    tokenKey?: (context: { req: Request; profile: IlertProfile }) => string | Promise<string>
    verify?: Verify
    passReqToCallback?: boolean
  }
  export class IlertStrategy extends Strategy {
    constructor(options?: IlertStrategyOptions)
    constructor(
      options: IlertStrategyOptions & { passReqToCallback: true },
      verify: (
        req: Request,
        accessToken: string,
        refreshToken: string | undefined,
        profile: IlertProfile,
        done: Done,
      ) => void,
    )
    constructor(
      options: IlertStrategyOptions & { passReqToCallback: true },
      verify: (
        req: Request,
        accessToken: string,
        refreshToken: string | undefined,
        params: Record<string, unknown>,
        profile: IlertProfile,
        done: Done,
      ) => void,
    )
    constructor(
      options: IlertStrategyOptions,
      verify: (accessToken: string, refreshToken: string | undefined, profile: IlertProfile, done: Done) => void,
    )
    constructor(
      options: IlertStrategyOptions,
      verify: (
        accessToken: string,
        refreshToken: string | undefined,
        params: Record<string, unknown>,
        profile: IlertProfile,
        done: Done,
      ) => void,
    )
    name: string
    readonly client: IlertClient
    readonly tokens: TokenManager
    session(): RequestHandler
    requireScope(...scopes: Scope[]): RequestHandler
    logout(o?: { redirect?: string }): RequestHandler
  }
  export interface AuthenticateOptions {
    scope?: string | readonly Scope[]
    tenant?: string
    returnTo?: string
  } // beside Passport's own
  export interface RequestIlert extends IlertApi {
    readonly connected: boolean
    readonly scope: readonly string[]
    accessToken(): Promise<string>
    disconnect(): Promise<void>
  }
  export interface BearerUser {
    tenant: string | undefined
    username: string
    scope: string[]
    appID: number
  }
  export class IlertBearerStrategy extends Strategy {
    constructor(
      options?: Connection & {
        appID?: number | 'any'
        scope?: string | readonly Scope[]
        verify?: (token: BearerUser, req: Request) => Express.User | false | Promise<Express.User | false>
      },
    )
    name: string // 'ilert-bearer'
  }
}

declare module 'surface/redis' {
  import type { Lease, StoredTokens, TokenStore } from 'surface'
  export class RedisTokenStore implements TokenStore {
    constructor(o: { client: object; prefix?: string; leaseMs?: number }) // a connected `redis` or `ioredis` client
    get(key: string): Promise<StoredTokens | undefined>
    set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean>
    delete(key: string, o?: { tombstoneMs?: number }): Promise<void>
    withLease<T>(key: string, work: (lease: Lease) => Promise<T>, o?: { signal?: AbortSignal }): Promise<T>
  }
}

declare module 'surface/sandbox' {
  import type { Clock } from 'surface'
  export interface SandboxOptions {
    port?: number // 0: any free one
    host?: string // 127.0.0.1
    approve?: string | boolean // answers the consent page by itself, as this user
    redirectURI?: string
    refreshTokens?: 'reuse' | 'add' | 'rotate'
    accessTokenSeconds?: number // 3600
    refreshLimitSeconds?: number // min(300, half the access token's life); 0: none
    clock?: Clock
  }
  export interface Fault {
    path: string
    kind: 'delay' | 'hang' | 'reset' | 'html' | 'trickle' | 429 | 500 | 503
    ms?: number
    times?: number
  }
  export interface Sandbox {
    readonly appURL: string
    readonly apiURL: string
    readonly env: Record<string, string> // every ILERT_* an app needs
    readonly users: {
      id: number
      username: string
      firstName: string
      lastName: string
      email: string
      role: string
      tenant: string
    }[]
    readonly requests: { at: number; method: string; path: string; status: number; grantType?: string; note?: string }[]
    readonly clock: Clock & { advance(ms: number): void }
    register(o: { redirectURI: string }): { clientID: string; clientSecret: string; appID: number }
    fault(fault: Fault): { clear(): void }
    signIn(url: string | URL, o?: { as?: string; deny?: boolean }): Promise<string> // drives an app's sign-in as a browser would; resolves to the Cookie header
    revoke(username: string): void // as the user would in ilert's settings
    close(): Promise<void>
  }
  export function createSandbox(options?: SandboxOptions): Promise<Sandbox>
}
