// A process that waits for something, and stands still meanwhile. `stall.slow.test.ts` starts it, and stops it.

import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { IlertBearerStrategy, IlertClient, SessionTokenStore } from '../../src/index.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis-store.ts'
import { after } from '../../src/tokens/time.ts'
import { Vault } from '../../src/tokens/vault.ts'

const { what, url, timeoutMs, blockMs, token } = JSON.parse(process.env.STALLED)

const connection = { clientID: 'client', clientSecret: 'secret', apiURL: url, timeoutMs }
const record = { version: 1, data: 'sealed' }

async function nodeRedis() {
  const client = createClient({ url })
  client.on('error', () => {})
  return await client.connect()
}

/** A store that has a record already, and its reading. */
async function reading(store) {
  await store.set('key', record, 60_000)
  return () => store.get('key')
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Each connects, and returns what it will wait for. */
const waits = {
  async refresh() {
    const client = new IlertClient(connection)
    await client.revoke('warm').catch(() => {})
    return () => client.refresh('refresh-token')
  },
  async 'long answer'() {
    const client = new IlertClient(connection)
    await client.revoke('warm').catch(() => {})
    return async () => ({ id: (await client.currentUser('access-token')).id })
  },
  async 'bearer look-up'() {
    const strategy = new IlertBearerStrategy({ ...connection, appID: 'any' })
    return () =>
      new Promise((resolve, reject) => {
        strategy.success = resolve
        strategy.error = reject
        strategy.fail = (challenge) => reject(new Error(challenge))
        strategy.authenticate({ headers: { authorization: `Bearer ${token}` }, rawHeaders: [] })
      })
  },
  'connect-redis': async () =>
    await reading(new SessionTokenStore(new RedisStore({ client: await nodeRedis() }), { timeoutMs })),
  async 'connect-pg-simple'() {
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    pool.on('error', () => {}) // the server is stopped under its connections
    const store = new (connectPgSimple(session))({ pool, createTableIfMissing: true, pruneSessionInterval: false })
    await new SessionTokenStore(store).get('warm')
    return await reading(new SessionTokenStore(store, { timeoutMs }))
  },
  redis: async () => await reading(new RedisTokenStore({ client: await nodeRedis(), timeoutMs })),
  async ioredis() {
    const client = new Redis(url)
    client.on('error', () => {})
    return await reading(new RedisTokenStore({ client, timeoutMs }))
  },
  async 'lease renewal'() {
    const store = new RedisTokenStore({ client: await nodeRedis(), leaseMs: timeoutMs })
    const work = async (lease) => {
      await sleep(timeoutMs * 1.2)
      return { lost: lease.signal.aborted }
    }
    let begun
    const working = new Promise((resolve) => {
      begun = store.withLease('key', (lease) => [resolve(), work(lease)][1])
    })
    await working
    return () => begun
  },
  async 'lease wait'() {
    const store = new RedisTokenStore({ client: await nodeRedis() })
    await store.get('warm')
    const vault = new Vault(store, {}, after, Date)
    return () => vault.alone('key', timeoutMs, async () => 'alone')
  },
  async 'idle connection'() {
    const client = new IlertClient(connection)
    await client.refresh('refresh-token')
    return () => client.refresh('refresh-token')
  },
}

const wait = await waits[what]()
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

process.once('message', () => {
  if (what === 'idle connection') block(blockMs)
  const answered = wait()
  answered.then(
    (result) => process.send({ result }),
    ({ name, code, message }) => process.send({ error: `${name} ${code}: ${message}` }),
  )
  // What is waited for has been asked for by then: clients write it a turn or two later. From an immediate Node goes on to
  // its timers, and not to its sockets.
  if (what !== 'idle connection' && blockMs) setTimeout(() => setImmediate(() => block(blockMs)), 5)
})
process.on('disconnect', () => process.exit())
process.send('ready')
