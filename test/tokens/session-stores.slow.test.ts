import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import memorystore from 'memorystore'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { SessionTokenStore } from '../../src/tokens/stores/session-store.ts'
import { needs } from '../support/needs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

// The session stores that people use, with their own idea of time: nothing here moves a clock.

describe('SessionTokenStore over memorystore', () => {
  const MemoryStore = memorystore(session)
  const make = async () => ({ store: new SessionTokenStore(new MemoryStore({})) })
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

needs('redis-server')('SessionTokenStore over connect-redis', () => {
  let server: RedisServer
  let client: ReturnType<typeof createClient>
  let made = 0

  beforeAll(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })

  const make = async () => {
    made += 1
    return { store: new SessionTokenStore(new RedisStore({ client, prefix: `case${made}:` })) }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

needs('postgres')('SessionTokenStore over connect-pg-simple', () => {
  const PgStore = connectPgSimple(session)
  let server: PostgresServer
  let pool: Pool
  let made = 0

  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: server.url })
    pool.on('error', () => {}) // the server is stopped under its idle connections
  }, 30_000)
  afterAll(async () => {
    await pool?.end()
    await server?.stop()
  })

  const make = async () => {
    made += 1
    const name = `case${made}`
    await pool.query(`CREATE TABLE ${name} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`)
    const store = new PgStore({ pool, tableName: name, pruneSessionInterval: false })
    return { store: new SessionTokenStore(store), close: async () => store.close() }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})
