import { setTimeout as sleep } from 'node:timers/promises'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session, { type Store } from 'express-session'
import memorystore from 'memorystore'
import { MemoryTokenStore, type TokenStore } from 'passport-ilert'
import { PostgresTokenStore } from 'passport-ilert/postgres'
import { RedisTokenStore } from 'passport-ilert/redis'
import { Pool } from 'pg'
import type { Logger } from 'pino'
import { createClient } from 'redis'
import type { Config } from './config.ts'
import { DevStore, isDevelopment, leaveDevelopment } from './dev.ts'

/** Where the app keeps what must outlive a request. */
export interface Stores {
  readonly sessions: Store
  /** Undefined: beside the sessions. */
  readonly tokens: TokenStore | undefined
  /** Resolves when the store answers, and rejects when it does not. */
  ready(): Promise<unknown>
  close(): Promise<void>
}

/** With `REDIS_URL` or `DATABASE_URL` any number of processes share what is kept, without them this one keeps it in memory. */
export function createStores({ redisURL, databaseURL, production }: Config, logger: Logger): Stores {
  if (redisURL !== undefined) return redisStores(redisURL, logger)
  if (databaseURL !== undefined) return postgresStores(databaseURL, logger)
  if (production) {
    logger.warn(
      'No REDIS_URL or DATABASE_URL is set: a restart signs everybody out, and there can be no second process.',
    )
  }
  return isDevelopment ? devStores() : memoryStores()
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

/** A restart of the app during development signs nobody out. */
function devStores(): Stores {
  return { sessions: new DevStore(), tokens: undefined, ready: async () => {}, close: async () => leaveDevelopment() }
}

function redisStores(url: string, logger: Logger): Stores {
  const client = createClient({
    url,
    disableOfflineQueue: true, // while Redis is unavailable, requests are told so at once
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

const SESSION_TABLE = `
CREATE TABLE IF NOT EXISTS desk_sessions (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL);
CREATE INDEX IF NOT EXISTS desk_sessions_expire ON desk_sessions (expire);
`
const CREATE_AGAIN_MS = 5000

function postgresStores(connectionString: string, logger: Logger): Stores {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 5000 })
  const report = ({ message }: Error) => logger.error(`PostgreSQL: ${message}`)
  pool.on('error', report) // of connections that nobody is using
  const tokens = new PostgresTokenStore({ pool })
  const PgStore = connectPgSimple(session)
  const sessions = new PgStore({
    pool,
    tableName: 'desk_sessions',
    errorLog: (...texts) => logger.error(texts.join(' ')),
  })

  // In the background: it tries again until PostgreSQL is there, and /readyz says meanwhile that it is not.
  let hasTables = false
  const closing = new AbortController()
  async function createTables(): Promise<void> {
    while (!hasTables && !closing.signal.aborted) {
      try {
        await tokens.createTable()
        if (!(await exists(pool, 'desk_sessions'))) await pool.query(SESSION_TABLE)
        hasTables = true
      } catch (error) {
        report(error as Error)
        await sleep(CREATE_AGAIN_MS, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }
  const created = createTables()
  return {
    sessions,
    tokens,
    async ready() {
      if (!hasTables) throw new Error('The tables are not there yet.')
      await pool.query('SELECT 1')
    },
    async close() {
      closing.abort()
      sessions.close()
      await created
      await pool.end()
    },
  }
}

/** A user that may not create tables may still use those that are there. */
async function exists(pool: Pool, table: string): Promise<boolean> {
  return (await pool.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [table])).rows.length > 0
}
