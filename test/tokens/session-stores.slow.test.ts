import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import memorystore from 'memorystore'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { SessionTokenStore } from '../../src/tokens/stores/session-store.ts'
import { needs } from '../support/needs.ts'
import { usePostgres, useRedis } from '../support/servers.ts'

// The session stores that people use, with their own idea of time: nothing here moves a clock.

describe('SessionTokenStore over memorystore', () => {
  const MemoryStore = memorystore(session)
  const make = async () => ({ store: new SessionTokenStore(new MemoryStore({})) })
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

needs('redis-server')('SessionTokenStore over connect-redis', () => {
  const redis = useRedis()
  let made = 0

  const make = async () => {
    made += 1
    return { store: new SessionTokenStore(new RedisStore({ client: redis.client, prefix: `case${made}:` })) }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})

needs('postgres')('SessionTokenStore over connect-pg-simple', () => {
  const PgStore = connectPgSimple(session)
  const postgres = usePostgres()
  let made = 0

  const make = async () => {
    made += 1
    const name = `case${made}`
    await postgres.pool.query(
      `CREATE TABLE ${name} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
    )
    const store = new PgStore({ pool: postgres.pool, tableName: name, pruneSessionInterval: false })
    return { store: new SessionTokenStore(store), close: async () => store.close() }
  }
  for (const { name, run } of tokenStoreContract(make)) test(name, run)
})
