/* Failures that are planted in an app process: if the soak lets one of them pass, it is the soak that is broken. */
import type { IlertStrategy } from '../../src/index.ts'
import type { StoredTokens, TokenStore } from '../../src/tokens/stores/store.ts'

/** What a saboteur may do to an app. */
export interface Saboteur {
  store?: (honest: TokenStore) => TokenStore
  strategy?: (ilert: IlertStrategy) => void
  minRefreshIntervalSeconds?: number
  /** Refreshes after each use. */
  eager?: boolean
  /** Numbers of eight bytes that each request leaves behind. */
  leftBehind?: number
}

export const saboteurs: Readonly<Record<string, Saboteur>> = {
  'a leak': { leftBehind: 5000 },

  'a lost write': {
    store: (honest) => {
      let writes = 0
      const set = async (key: string, tokens: StoredTokens, ttlMs: number) => {
        writes += 1
        return writes % 7 === 0 ? true : await honest.set(key, tokens, ttlMs)
      }
      return over(honest, { set })
    },
  },

  'tokens that are not revoked': { strategy: ({ client }) => Object.assign(client, { revoke: async () => {} }) },

  'a refresh too many': { minRefreshIntervalSeconds: 0, eager: true },
}

function over(honest: TokenStore, changed: Partial<TokenStore>): TokenStore {
  const { touch, withLease } = honest
  return {
    get: (key) => honest.get(key),
    set: (key, tokens, ttlMs) => honest.set(key, tokens, ttlMs),
    delete: (key, o) => honest.delete(key, o),
    ...(touch && { touch: touch.bind(honest) }),
    ...(withLease && { withLease: withLease.bind(honest) }),
    ...changed,
  }
}
