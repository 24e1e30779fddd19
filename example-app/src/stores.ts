import { RedisStore } from 'connect-redis'
import session, { type Store } from 'express-session'
import memorystore from 'memorystore'
import { MemoryTokenStore, type TokenStore } from 'passport-ilert'
import { RedisTokenStore } from 'passport-ilert/redis'
import type { Logger } from 'pino'
import { createClient } from 'redis'
import type { Config } from './config.ts'

/** Where the app keeps what must outlive a request. */
export interface Stores {
  readonly sessions: Store
  readonly tokens: TokenStore
  /** Resolves when the store answers, and rejects when it does not. */
  ready(): Promise<unknown>
  close(): Promise<void>
}

/** `REDIS_URL` decides: with it any number of processes share what is kept, without it this one keeps it in memory. */
export function createStores({ redisURL, production }: Config, logger: Logger): Stores {
  if (redisURL !== undefined) return redisStores(redisURL, logger)
  if (production) {
    logger.warn('REDIS_URL is not set: a restart signs everybody out, and there can be no second process.')
  }
  return memoryStores()
}

/** Beyond so many sessions the longest unused go first. */
export const MAX_SESSIONS = 20_000
const SWEEP_MS = 600_000

function memoryStores(): Stores {
  const MemoryStore = memorystore(session)
  const sessions = new MemoryStore({ max: MAX_SESSIONS, checkPeriod: SWEEP_MS })
  return {
    sessions,
    // Not beside the sessions: tokens, and what a sign-out leaves, would count as sessions and push others out.
    tokens: new MemoryTokenStore(),
    ready: async () => {},
    close: async () => sessions.stopInterval(),
  }
}

function redisStores(url: string, logger: Logger): Stores {
  const client = createClient({
    url,
    disableOfflineQueue: true, // while Redis is away, requests are told so at once
    commandsQueueMaxLength: 10_000,
    socket: { connectTimeout: 5000, reconnectStrategy: (retries) => Math.min(5000, 100 * 2 ** retries) },
  })
  client.on('error', ({ code, message }) => logger.error({ code }, `Redis: ${message}`))
  // In the background: it tries again until Redis is there, and /readyz says meanwhile that it is not.
  const connected = client.connect().catch(() => {})
  return {
    sessions: new RedisStore({ client, prefix: 'desk:session:' }),
    tokens: new RedisTokenStore({ client }),
    ready: () => client.ping(),
    async close() {
      if (client.isReady) await client.close()
      else client.destroy()
      await connected
    },
  }
}
