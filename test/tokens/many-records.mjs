// A hundred thousand records in a store: they are listed, sealed with another key, and ended. Sends what was counted, the
// most that was in memory meanwhile beyond what was before, and the most calls of the store at a time.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg from 'pg'
import { createClient } from 'redis'
import { appTokensOf, TokenManager } from '../../src/tokens/manager.ts'
import { PostgresTokenStore } from '../../src/tokens/stores/postgres.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const RECORDS = Number(process.env.RECORDS)
const OF_ONE_USER = RECORDS / 100
const { STORE_URL = '' } = process.env
const [OLD, NEW] = ['the older of two keys, 32 characters long', 'the newer of two keys, 32 characters long']

const connection = STORE_URL.startsWith('redis:')
  ? await createClient({ url: STORE_URL }).connect()
  : new pg.Pool({ connectionString: STORE_URL })
const real = STORE_URL.startsWith('redis:')
  ? new RedisTokenStore({ client: connection, prefix: 'many:' })
  : new PostgresTokenStore({ pool: connection, table: 'many' })
await real.createTable?.()

/** The most rows that a statement has answered. */
let longestPage = 0
if (connection instanceof pg.Pool) {
  connection.on('connect', (client) => {
    const ask = client.query.bind(client)
    client.query = async (...args) => {
      const result = await ask(...args)
      longestPage = Math.max(longestPage, result.rows.length)
      return result
    }
  })
}

let underWay = 0
let mostUnderWay = 0
async function counted(work) {
  underWay += 1
  mostUnderWay = Math.max(mostUnderWay, underWay)
  try {
    return await work()
  } finally {
    underWay -= 1
  }
}
const store = {
  get: (...args) => counted(() => real.get(...args)),
  set: (...args) => counted(() => real.set(...args)),
  delete: (...args) => counted(() => real.delete(...args)),
  touch: (...args) => counted(() => real.touch(...args)),
  list: (...args) => real.list(...args),
}

/** How many refresh tokens ilert was to revoke. Its answers take no time, and nothing of the memory. */
let revoked = 0
const client = {
  revoke: async () => {
    revoked += 1
  },
}
const keeping = { clientID: 'app', clientSecret: 'secret', apiURL: 'http://127.0.0.1:9', tokenStore: store }
const managerWith = (encryptionKey) => new TokenManager({ ...keeping, encryptionKey }, { client, cachedGrants: 100 })

const before = managerWith(OLD)
for (let first = 0; first < RECORDS; first += 100) {
  const numbers = Array.from({ length: 100 }, (_, i) => first + i)
  await Promise.all(numbers.map(save))
}
async function save(number) {
  const tokens = {
    accessToken: `access-${number}-${'x'.repeat(300)}`,
    refreshToken: `refresh-${number}-${'y'.repeat(60)}`,
  }
  const options = { account: number < OF_ONE_USER ? 'ann' : `user ${number % 1000}`, ttlMs: 86_400_000, isNew: true }
  await appTokensOf(before).save(
    `key ${number}`,
    { ...tokens, scope: ['profile'], expiresAt: Date.now() + 3_600_000 },
    options,
  )
}

function heap() {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

async function listed(manager, o) {
  let count = 0
  for await (const { key } of manager.list(o)) if (key !== '') count += 1
  return count
}

const results = {}
async function measure(name, work) {
  const base = heap()
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, heap() - base)
  }, 250)
  mostUnderWay = 0
  longestPage = 0
  const start = performance.now()
  const counts = await work()
  clearInterval(timer)
  const seconds = Math.round((performance.now() - start) / 100) / 10
  most = Math.max(most, heap() - base)
  results[name] = { counts, mostMiB: Math.round((most / 1024 / 1024) * 10) / 10, mostUnderWay, longestPage, seconds }
}

const manager = managerWith([NEW, OLD])
await measure('list', () => listed(manager))
await measure('listOfOne', () => listed(manager, { userID: 'ann' }))
await measure('reseal', () => manager.reseal())
await measure('resealAgain', () => manager.reseal())
await measure('revokeAllOfOne', () => manager.revokeAll('ann'))
await measure('revokeAll', () => manager.revokeAll())
await measure('listAfterwards', () => listed(manager))
process.send({ revoked, ...results })
await (connection.end?.() ?? connection.destroy())
