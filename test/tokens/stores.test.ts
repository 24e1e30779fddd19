/*
 * The contract on each store that needs a server. With every client, and through outages: redis-store.slow.test.ts and
 * postgres-store.slow.test.ts.
 */
import { Pool } from 'pg'
import { createClient } from 'redis'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { PostgresTokenStore } from '../../src/tokens/stores/postgres.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'
import { needs } from '../support/needs.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const leaseMs = 600
let made = 0
const nextName = () => {
  made += 1
  return `case${made}`
}

needs('redis-server')('RedisTokenStore', () => {
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

  const make = async () => ({ store: new RedisTokenStore({ client, prefix: nextName(), leaseMs }), leaseMs })
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

needs('postgres')('PostgresTokenStore', () => {
  let server: PostgresServer
  let pool: Pool
  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: server.url })
    pool.on('error', () => {}) // its server is stopped under idle connections
  })
  afterAll(async () => {
    await pool?.end()
    await server?.stop()
  })

  const make = async () => {
    const store = new PostgresTokenStore({ pool, table: nextName(), leaseMs })
    await store.createTable()
    return { store, leaseMs }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})
