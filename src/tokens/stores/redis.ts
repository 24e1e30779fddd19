export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-store.ts'
export type { Lease, StoredTokens, TokenStore } from './store.ts'
