export type { IlertUser, TokenInfo, TokenSet } from './client/answers.ts'
export type { ApiResponse, CallInit, IlertApi } from './client/api.ts'
export type * from './client/api-paths.ts'
export { IlertClient } from './client/client.ts'
export type { Clock, Connection } from './client/connection.ts'
export type { BearerAuthenticateOptions } from './express/bearer/judge.ts'
export { type BearerOptions, IlertBearerStrategy } from './express/bearer/strategy.ts'
export type { BearerUser } from './express/bearer/verify.ts'
export type { AuthenticateOptions } from './express/begin.ts'
export type { ProxyRoute } from './express/bff/allow.ts'
export type { MeOptions, ProxyOptions } from './express/bff/options.ts'
export type { IlertStrategyOptions } from './express/options.ts'
export type { IlertProfile } from './express/profile.ts'
export type { RequestIlert, SignedInUser } from './express/request-ilert.ts'
export { IlertStrategy, IlertStrategy as Strategy } from './express/strategy.ts'
export type { Done, Verify, VerifyContext } from './express/verify.ts'
export {
  APIError,
  IlertError,
  InsufficientScope,
  NetworkError,
  OAuthError,
  ReauthenticationRequired,
} from './ilert/errors.ts'
export {
  covers,
  formatScope,
  type KnownScope,
  parseScope,
  type ResourceScope,
  requiredScope,
  type Scope,
  scopes,
} from './ilert/scopes.ts'
export type { ListedGrant, RevokedAll } from './tokens/administration.ts'
export type {
  EndedEvent,
  FailingEvent,
  RecoveredEvent,
  RefreshedEvent,
  RefreshReason,
  TokenEvent,
  TokenEvents,
  TokenListener,
} from './tokens/events.ts'
export type { Keeping } from './tokens/keeping.ts'
export { TokenManager } from './tokens/manager.ts'
export type { Resealed } from './tokens/reseal.ts'
export type { RefreshFailure, TokenStatus } from './tokens/status.ts'
export { MemoryTokenStore } from './tokens/stores/memory-store.ts'
export { SessionTokenStore } from './tokens/stores/session-store.ts'
export type { Lease, ListedTokens, StoredTokens, TokenStore } from './tokens/stores/store.ts'
