/* The records of tokens in the app's own session store: treated as its sessions are, whatever the store looks at. */
import { randomUUID } from 'node:crypto'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session, { type SessionData } from 'express-session'
import memorystore from 'memorystore'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { type AppOptions, closeApps, startApp, type TestApp } from '../support/app.ts'
import { needs } from '../support/needs.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

const DAY = 86_400_000
const DAY_SECONDS = 86_400
const HOUR = 3_600_000

type Signed = SessionData & { passport?: { user?: { id?: string } }; ilert?: unknown }

/** Signs in, refreshes the tokens, comes back after a while, and signs out. Each step is to go well. */
async function wholeVisit(app: TestApp, during: () => unknown = () => {}): Promise<void> {
  const browser = app.browser()
  expect(await browser.signIn()).toMatchObject({ status: 302 })
  await during()
  const first = (await browser.visit('/token')).text
  app.sandbox.clock.advance(HOUR)
  const second = await browser.visit('/token')
  expect(second).toMatchObject({ status: 200 })
  expect(second.text).not.toBe(first)
  await during()
  app.sandbox.clock.advance(2 * 60_000)
  expect(await browser.home()).toMatchObject({ connected: true })
  await during()
  expect(await browser.visit('/logout', { method: 'POST' })).toMatchObject({ status: 204 })
  expect(await browser.home()).toMatchObject({ connected: false, user: null })
  expect(app.errors).toEqual([])
}

const routes: AppOptions['routes'] = (web, { ilert }) => void web.post('/logout', ilert.logout())

describe('a store whose hooks look into each session', () => {
  it.each<[string, (user: Express.User) => unknown, (data: Signed) => unknown]>([
    ['for the id of an object', (user) => user, (data) => data.passport?.user?.id],
    ['for a user that is text', (user) => `user:${(user as { id: string }).id}`, (data) => data.passport?.user],
  ])('and fail if there is no user keeps the tokens of one who signs in: %s', async (_, serialize, userOf) => {
    const seen: unknown[] = []
    class Strict extends session.MemoryStore {
      override set(id: string, data: Signed, done?: (error?: unknown) => void): void {
        const user = userOf(data)
        if (user === undefined) throw new TypeError("Cannot read properties of undefined (reading 'id')")
        if (data.ilert) seen.push(user)
        super.set(id, data, done)
      }
      override touch(id: string, data: Signed, done?: () => void): void {
        if (userOf(data) === undefined) throw new TypeError("Cannot read properties of undefined (reading 'user')")
        super.touch(id, data, done)
      }
    }
    const app = await startApp({
      session: { store: new Strict(), secret: 'x' },
      serializeUser: serialize as never,
      // A sign-out's own mark is written for nobody, and is not what this is about.
      routes: (web) => {
        web.post('/logout', async (req, res) => {
          await req.ilert.disconnect()
          req.logout(() => res.status(204).end())
        })
      },
    })
    const browser = app.browser()
    expect(await browser.signIn()).toMatchObject({ status: 302 })
    app.sandbox.clock.advance(HOUR)
    expect(await browser.visit('/token')).toMatchObject({ status: 200 })
    expect(app.errors).toEqual([])
    expect(seen.length).toBeGreaterThanOrEqual(3) // the sign-in, a claim and new tokens
    expect(new Set(seen).size).toBe(1)
  })
})

describe('a session whose cookie has no end, however that is written', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['maxAge: null', { maxAge: null }],
    ['maxAge: undefined', { maxAge: undefined }],
    ['expires: false', { expires: false }],
    ['expires: null', { expires: null }],
    ['expires: undefined', { expires: undefined }],
    ['originalMaxAge: null', { originalMaxAge: null }],
    ['a date in the year 9999', { expires: new Date(253_402_300_000_000) }],
  ])('%s', async (_, cookie) => {
    const app = await startApp({ session: { secret: 'x', cookie }, routes })
    await wholeVisit(app)
  })
})

describe('a record that is in use', () => {
  it('is said to be, once a minute at most, and never before the first one', async () => {
    const touched: string[] = []
    class Counting extends session.MemoryStore {
      override touch(id: string, data: Signed, done?: () => void): void {
        if (/^[\da-f]{32}$/.test(id)) touched.push(id)
        super.touch(id, data, done)
      }
    }
    const app = await startApp({ session: { store: new Counting(), secret: 'x' } })
    const browser = app.browser()
    await browser.signIn()
    for (const ms of [0, 30_000, 29_000]) {
      app.sandbox.clock.advance(ms)
      await browser.home()
    }
    expect(touched).toEqual([])
    app.sandbox.clock.advance(1000)
    for (let n = 0; n < 5; n++) await browser.home()
    expect(touched).toHaveLength(1)
  })
})

test('memorystore with a ttl function keeps the record as long as the session', async () => {
  const ttl = (_options: unknown, data: Signed) => (data.passport?.user ? HOUR : 2000)
  const store = new (memorystore(session))({ ttl: ttl as never })
  const app = await startApp({ session: { store, secret: 'x' }, routes })
  const left: number[] = []
  const lru = (store as unknown as { store: { forEach(each: (value: string, id: string) => void): void } }).store
  await wholeVisit(app, () =>
    lru.forEach((value) => {
      left.push(JSON.parse(value).passport?.user ? 1 : 0)
    }),
  )
  expect(left.length).toBeGreaterThan(0)
  expect(new Set(left)).toEqual(new Set([1]))
})

needs('redis-server')('connect-redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    redis = await startRedis()
    client = createClient({ url: redis.url })
    await client.connect()
  })
  beforeEach(() => client.flushAll())
  afterAll(async () => {
    client?.destroy()
    await redis?.stop()
  })

  /** In seconds, of all that is kept. */
  const ttls = async () => {
    const keys = await client.keys('*')
    return await Promise.all(keys.map((key) => client.ttl(key)))
  }

  it.each<[string, object, object, number, number]>([
    ['a ttl function', { ttl: ({ passport }: Signed) => (passport?.user ? 3600 : 2) }, {}, 3590, 3600],
    [
      'a ttl of 60 days, and no end of the cookie',
      { ttl: 60 * DAY_SECONDS },
      {},
      60 * DAY_SECONDS - 10,
      60 * DAY_SECONDS,
    ],
    ['the end of the cookie', {}, { maxAge: 3 * DAY }, 3 * DAY_SECONDS - 10, 3 * DAY_SECONDS],
  ])('keeps the record as long as the session: %s', async (_, options, cookie, from, to) => {
    const store = new RedisStore({ client, ...options })
    const app = await startApp({ session: { store, secret: 'x', cookie }, routes })
    await wholeVisit(app, async () => {
      const all = await ttls()
      expect(all).toHaveLength(2)
      for (const ttl of all) {
        expect(ttl).toBeGreaterThanOrEqual(from)
        expect(ttl).toBeLessThanOrEqual(to)
      }
    })
  })

  it('keeps a record that is in use beyond the time that the store gives it', async () => {
    const app = await startApp({ session: { store: new RedisStore({ client, ttl: 600 }), secret: 'x' }, routes })
    const browser = app.browser()
    await browser.signIn()
    for (const key of await client.keys('*')) await client.expire(key, 100)
    app.sandbox.clock.advance(61_000)
    await browser.home()
    await until(async () => (await ttls()).every((ttl) => ttl > 500))
  })
})

needs('postgres')('connect-pg-simple', () => {
  it.each([
    ['a column of UUIDs', 'uuid', { genid: () => randomUUID() as string }, /^[\da-f-]{36}$/],
    ['a column of 32 characters', 'varchar(32)', {}, /^[\w-]{32}$/],
  ])('keeps records in %s', async (_, type, options, shape) => {
    const postgres = await startPostgres()
    const pool = new Pool({ connectionString: postgres.url })
    pool.on('error', () => {}) // the server is stopped under its idle connections
    try {
      await pool.query(
        `CREATE TABLE session (sid ${type} PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
      )
      const store = new (connectPgSimple(session))({ pool, pruneSessionInterval: false })
      const app = await startApp({ session: { store, secret: 'x', ...options }, routes })
      await wholeVisit(app, async () => {
        const { rows } = await pool.query('SELECT sid FROM session')
        expect(rows).toHaveLength(2)
        for (const { sid } of rows) expect(sid).toMatch(shape)
      })
      store.close()
    } finally {
      await pool.end()
      await postgres.stop()
    }
  })
})
