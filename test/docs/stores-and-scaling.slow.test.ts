/*
 * docs/stores-and-scaling.md: its code does what it says.
 */
import { needs } from '../support/needs.ts'
import { output, pageUnderTest } from '../support/pages.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'

const ALL_IN_REDIS = 'new RedisStore('
const IOREDIS = "from 'ioredis'"
const POSTGRES = 'new PostgresTokenStore('
const CONTRACT = 'tokenStoreContract('

const code = pageUnderTest('docs/stores-and-scaling.md', [ALL_IN_REDIS, IOREDIS, POSTGRES, CONTRACT])

test('the contract suite runs in another test runner', async () => {
  const { stdout, code: exit } = await output(code().start(CONTRACT, {}))
  expect(exit).toBe(0)
  // Node's test runner writes TAP into a pipe until version 22, and for people from 24 on.
  expect(stdout).toMatch(/^[#ℹ] pass [1-9]\d+$/m)
}, 60_000)

needs('redis-server')('with Redis', () => {
  test('sessions and tokens are both in Redis', async () => {
    const redis = await startRedis()
    try {
      const keys = (await code().runProgram(
        `
        import { around } from './app.js'
        await around(
          async ({ app: outer, passport }) => {
            const { app, client, ilert } = await import('BLOCK(${ALL_IN_REDIS})')
            passport.use(ilert)
            app.use(passport.session(), ilert.session())
            app.get('/auth/ilert', passport.authenticate('ilert'))
            app.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/' }))
            app.get('/', async (req, res) => res.json(await client.keys('*')))
            outer.use(app)
            return async () => {
              await ilert.tokens.close()
              client.destroy()
            }
          },
          async ({ origin, headers }) => (await fetch(origin, { headers })).json(),
        )`,
        { REDIS_URL: redis.url, SESSION_SECRET: 'for tests only' },
      )) as string[]
      expect(new Set(keys.map((key) => key.split(':', 1)[0]))).toEqual(new Set(['ilert', 'sess']))
    } finally {
      await redis.stop()
    }
  }, 60_000)

  test('a store over ioredis keeps records under its prefix', async () => {
    const redis = await startRedis()
    try {
      const [kept, keys] = (await code().runProgram(
        `
        const { redis, tokenStore } = await import('BLOCK(${IOREDIS})')
        await tokenStore.set('a', { version: 1, data: 'sealed' }, 60_000)
        console.log(JSON.stringify([await tokenStore.get('a'), await redis.keys('*')]))
        redis.disconnect()`,
        { REDIS_URL: redis.url },
      )) as [unknown, string[]]
      expect(kept).toEqual({ version: 1, data: 'sealed' })
      expect(keys.filter((key) => !key.startsWith('my-app:ilert:'))).toEqual([])
    } finally {
      await redis.stop()
    }
  }, 60_000)
})

needs('postgres')('with PostgreSQL', () => {
  test('the store creates its table, and keeps records in it', async () => {
    const postgres = await startPostgres()
    try {
      const kept = await code().runProgram(
        `
        const { pool, tokenStore } = await import('BLOCK(${POSTGRES})')
        await tokenStore.set('a', { version: 1, data: 'sealed' }, 60_000)
        const { rows } = await pool.query('SELECT kind FROM ilert_tokens')
        console.log(JSON.stringify([await tokenStore.get('a'), rows]))
        await pool.end()`,
        { DATABASE_URL: postgres.url },
      )
      expect(kept).toEqual([{ version: 1, data: 'sealed' }, [{ kind: 'tokens' }]])
    } finally {
      await postgres.stop()
    }
  }, 60_000)
})
