/*
 * The contract on each store that needs a server. With every client, and through outages: redis-store.slow.test.ts and
 * postgres-store.slow.test.ts. The cases share no record, and many of them wait: several run at a time.
 */
import { tokenStoreContract } from '../../src/testing/index.ts'
import { PostgresTokenStore } from '../../src/tokens/stores/postgres.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'
import { needs } from '../support/needs.ts'
import { usePostgres, useRedis } from '../support/servers.ts'

const leaseMs = 600
let made = 0
const nextName = () => {
  made += 1
  return `case${made}`
}

needs('redis-server')('RedisTokenStore', () => {
  const redis = useRedis()

  const make = async () => ({
    store: new RedisTokenStore({ client: redis.client, prefix: nextName(), leaseMs }),
    leaseMs,
  })
  for (const { name, run } of tokenStoreContract(make)) test.concurrent(name, run)
})

needs('postgres')('PostgresTokenStore', () => {
  const postgres = usePostgres()

  const make = async () => {
    const store = new PostgresTokenStore({ pool: postgres.pool, table: nextName(), leaseMs })
    await store.createTable()
    return { store, leaseMs }
  }
  for (const { name, run } of tokenStoreContract(make)) test.concurrent(name, run)
})
