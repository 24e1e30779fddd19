/* Managers that break a rule each: if the simulation lets one of them pass, it is the simulation that is broken. */
import { OAuthError } from '../../src/ilert/errors.ts'
import type { StoredTokens } from '../../src/tokens/stores/store.ts'
import type { Saboteur } from './run.ts'
import type { Process } from './world.ts'

/** Nobody reads who has claimed a refresh. */
const heedless = (sealed: string): string => {
  const { asking, ...rest } = JSON.parse(sealed) as { asking?: unknown }
  return JSON.stringify(rest)
}

const refused = new WeakSet<Process>()

export const saboteurs: Record<string, Saboteur> = {
  'no single flight': {
    manyManagers: true,
    open: heedless,
    store: ({ withLease, ...honest }) => honest,
  },

  'no second look': {
    client: (honest, process) => {
      const { refresh } = honest
      return Object.assign(honest, {
        refresh: async (refreshToken: string) => {
          try {
            return await refresh(refreshToken)
          } catch (error) {
            if (error instanceof OAuthError) refused.add(process)
            throw error
          }
        },
      })
    },
    store: (honest, process) => {
      let last: StoredTokens | undefined
      return {
        ...honest,
        get: async (key) => {
          if (refused.delete(process)) return last
          last = await honest.get(key)
          return last
        },
      }
    },
  },

  'a write without version': { blindWrites: true },

  'tokens that nobody looks after where another process may overwrite them': {
    store: ({ comparesAndSets, ...honest }) => honest,
  },

  'a lease that is not renewed': { noRenewals: true },

  'claims that nobody heeds': { open: heedless },

  'tokens used before they are written': {
    store: (honest) => ({
      ...honest,
      set: async (key, tokens, ttlMs) => {
        honest.set(key, tokens, ttlMs).catch(() => {})
        return true
      },
    }),
  },

  'waits that end before the sockets are read': { patience: (timer) => timer },

  'a delete that does not stick': {
    store: (honest) => ({ ...honest, delete: (key) => honest.delete(key) }),
  },
}
