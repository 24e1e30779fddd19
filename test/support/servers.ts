/* A server and a client of it, for as long as the tests of one `describe` run. */
import { Pool } from 'pg'
import { createClient } from 'redis'
import { type PostgresServer, startPostgres } from './postgres.ts'
import { type RedisServer, startRedis } from './redis.ts'

/** To be called in a `describe`. What it returns is there once the tests run. */
export function useRedis() {
  let server: RedisServer
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })
  return {
    get url() {
      return server.url
    },
    get client() {
      return client
    },
  }
}

/** To be called in a `describe`. What it returns is there once the tests run. */
export function usePostgres() {
  let server: PostgresServer
  let pool: Pool
  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: server.url })
    pool.on('error', () => {}) // its server is stopped under idle connections
  }, 30_000)
  afterAll(async () => {
    await pool?.end()
    await server?.stop()
  })
  return {
    get server() {
      return server
    },
    get pool() {
      return pool
    },
  }
}
