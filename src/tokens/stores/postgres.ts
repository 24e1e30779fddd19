export { PostgresTokenStore, type PostgresTokenStoreOptions } from './postgres-store.ts'
export type { Lease, StoredTokens, TokenStore } from './store.ts'
