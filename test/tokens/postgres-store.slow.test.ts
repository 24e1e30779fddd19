import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { jest } from '@jest/globals'
import { Client, Pool, type PoolConfig } from 'pg'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { PostgresTokenStore, type PostgresTokenStoreOptions } from '../../src/tokens/stores/postgres.ts'
import { needs } from '../support/needs.ts'
import { startNode } from '../support/node.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

/** Checks that wait for the end of something, which PostgreSQL itself counts: once over a pool is enough. */
const WAITS = /ends|time|later|sooner|lasts/

const record = (version: number) => ({ version, data: `v${version}` })
const unavailable = { name: 'NetworkError', code: 'store_unavailable', status: 503 }

needs('postgres')('PostgresTokenStore', () => {
  let server: PostgresServer
  let pool: Pool
  let made = 0

  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: server.url })
    pool.on('error', () => {}) // its server is stopped under idle connections
  })
  afterEach(() => jest.restoreAllMocks())
  afterAll(async () => {
    await pool?.end()
    await server?.stop()
  })

  /** A store with a table of its own. */
  async function make(o: Partial<PostgresTokenStoreOptions> = {}) {
    made += 1
    const table = `case${made}`
    const store = new PostgresTokenStore({ pool, table, ...o })
    await store.createTable()
    const rows = async () => (await pool.query(`SELECT * FROM ${table} ORDER BY kind, key`)).rows
    return { store, table, rows }
  }

  /** The contract over connections of some kind. */
  function contract(connect: () => Promise<{ pool: object; close(): Promise<void> }>, left = /(?:)/): void {
    let connection: Awaited<ReturnType<typeof connect>>
    beforeAll(async () => {
      connection = await connect()
    })
    afterAll(() => connection?.close())
    const subject = async () => ({ store: (await make({ pool: connection.pool, leaseMs: 600 })).store, leaseMs: 600 })
    for (const { name, run } of tokenStoreContract(subject)) if (left.test(name)) test(name, run)
  }

  const QUICK = new RegExp(`^(?!.*(${WAITS.source}))`)

  const pooled = async (o: PoolConfig) => {
    const own = new Pool({ connectionString: server.url, ...o })
    return { pool: own, close: () => own.end() }
  }

  describe('over a pool', () => contract(() => pooled({})))

  describe('over a pool of one connection', () => contract(() => pooled({ max: 1 }), QUICK))

  describe('over a client', () =>
    contract(async () => {
      const client = new Client(server.url)
      await client.connect()
      return { pool: client, close: () => client.end() }
    }, QUICK))

  describe('over a pool whose transactions are serializable', () =>
    contract(() => pooled({ options: '-c default_transaction_isolation=serializable' }), QUICK))

  describe('over a pool of an app that parses what PostgreSQL answers in ways of its own', () =>
    contract(() => pooled({ types: { getTypeParser: () => () => 'parsed' } }), QUICK))

  describe('over a database that is not in UTF-8', () =>
    contract(async () => {
      await pool.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
      return await pooled({ connectionString: server.url.replace(/postgres$/, 'latin') })
    }, QUICK))

  needs('pgbouncer')('over PgBouncer in transaction mode', () =>
    contract(async () => {
      const bouncer = await startPgBouncer(server)
      const { pool: own, close } = await pooled({ connectionString: bouncer.url, max: 20 })
      return { pool: own, close: () => close().then(bouncer.stop) }
    }, QUICK),
  )

  describe('its table', () => {
    test('is the one of docs/postgres.sql', async () => {
      const sql = await readFile(new URL('../../docs/postgres.sql', import.meta.url), 'utf8')
      await pool.query(sql)
      const store = new PostgresTokenStore({ pool })
      await store.createTable()
      expect(await store.set('a', record(1), 5000)).toBe(true)
      expect(await columnsAndIndexes('ilert_tokens')).toEqual(await columnsAndIndexes((await make()).table))
    })

    async function columnsAndIndexes(table: string): Promise<unknown> {
      const columns = await pool.query(
        'SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = $1 ORDER BY 1',
        [table],
      )
      const indexes = await pool.query('SELECT indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY 1', [table])
      expect(columns.rows.length).toBeGreaterThan(0)
      return [columns.rows, indexes.rows.map(({ indexdef }) => indexdef.replaceAll(table, 'table'))]
    }

    test('is created once by processes that start together, in a schema too', async () => {
      await pool.query('CREATE SCHEMA auth')
      const stores = Array.from({ length: 10 }, () => new PostgresTokenStore({ pool, table: 'auth.tokens' }))
      await Promise.all(stores.map((store) => store.createTable()))
      expect(await stores[0]?.set('a', record(1), 5000)).toBe(true)
      expect(await stores[1]?.get('a')).toEqual(record(1))
    })

    test('is used by a role that may not create one', async () => {
      const { table } = await make()
      await pool.query(`CREATE ROLE app LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO app`)
      const { pool: own, close } = await pooled({
        user: 'app',
        connectionString: server.url.replace('postgres@', 'app@'),
      })
      const store = new PostgresTokenStore({ pool: own, table })
      await store.createTable()
      expect(await store.set('a', record(1), 5000)).toBe(true)
      expect(await store.withLease('a', () => store.get('a'))).toEqual(record(1))
      await close()
    })

    test('is missing: the error says what to do', async () => {
      const store = new PostgresTokenStore({ pool, table: 'nowhere' })
      await expect(store.get('a')).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringContaining('store.createTable()'),
      })
    })

    test('has no row without an end, and none whose end is not by the clock of the database', async () => {
      jest.spyOn(Date, 'now').mockReturnValue(0)
      const { store, rows } = await make()
      await store.set('a', record(1), 60_000)
      await store.delete('b', { tombstoneMs: 60_000 })
      await store.withLease('c', async () => {
        const [{ now }] = (await pool.query('SELECT now()')).rows
        const lives = (await rows()).map(({ kind, ends_at }) => [kind, Math.round((ends_at - now) / 1000)])
        expect(lives).toEqual([
          ['lease', 10],
          ['tokens', 60],
          ['tokens', 60],
        ])
      })
      expect(await store.get('a')).toEqual(record(1))
      expect(await rows()).toHaveLength(2)
    })
  })

  describe('rows that have ended', () => {
    async function fill(table: string, ended: number): Promise<void> {
      await pool.query(`INSERT INTO ${table} (kind, key, version, data, ends_at)
        SELECT 'tokens', decode(md5(i::text), 'hex'), 1, '', now() - i * interval '1 second' FROM generate_series(1, ${ended}) i`)
    }

    test('are removed in the background of a write, and nothing else is', async () => {
      const { store, table, rows } = await make()
      await fill(table, 1200)
      await pool.query(`INSERT INTO ${table} (kind, key, data, ends_at) VALUES ('lease', 'x', 'y', now())`)
      await store.set('a', record(1), 60_000)
      await until(async () => (await rows()).length === 1)
      expect(await store.get('a')).toEqual(record(1))
    })

    test('are removed by thousands, and not by more, within a minute', async () => {
      const { store, table, rows } = await make()
      await fill(table, 6000)
      await store.set('a', record(1), 60_000)
      await until(async () => (await rows()).length <= 1001)
      await store.set('a', record(2), 60_000)
      await sleep(100)
      expect(await rows()).toHaveLength(1001)
      // The next process that writes.
      await new PostgresTokenStore({ pool, table }).set('b', record(1), 60_000)
      await until(async () => (await rows()).length === 2)
    })

    test('do not stop a sweep where another process is at work on one', async () => {
      const { store, table, rows } = await make()
      await fill(table, 10)
      const other = await pool.connect()
      await other.query(`BEGIN; SELECT 1 FROM ${table} ORDER BY ends_at LIMIT 1 FOR UPDATE`)
      await store.set('a', record(1), 60_000)
      await until(async () => (await rows()).length === 2)
      await other.query('ROLLBACK')
      other.release()
    })
  })

  describe('its leases', () => {
    test('keep no connection, no transaction and no lock of the session', async () => {
      const { pool: own, close } = await pooled({ application_name: 'leases', max: 2 })
      const { store } = await make({ pool: own })
      const held = (keys: string[]): Promise<void> => {
        const [key, ...more] = keys
        return key === undefined ? expectNothingHeld() : store.withLease(key, () => held(more))
      }
      const expectNothingHeld = async () => {
        const busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'leases' AND state <> 'idle'"
        expect((await pool.query(busy)).rows).toEqual([])
        expect((await pool.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).rows).toEqual([])
      }
      await held(['a', 'b', 'c', 'd', 'e'])
      await close()
    })

    test('one that another process has taken is lost, and stays theirs', async () => {
      const { store, table, rows } = await make({ leaseMs: 300 })
      await store.withLease('a', async ({ signal }) => {
        await pool.query(`UPDATE ${table} SET data = 'stolen', ends_at = now() + interval '1 minute'`)
        await once(signal, 'abort', { signal: AbortSignal.timeout(2000) })
        expect(signal.reason).toMatchObject(unavailable)
      })
      expect(await rows()).toMatchObject([{ kind: 'lease', data: Buffer.from('stolen') }])
    })

    test('one that is gone is lost', async () => {
      const { store, table } = await make({ leaseMs: 300 })
      await store.withLease('a', async ({ signal }) => {
        await pool.query(`DELETE FROM ${table}`)
        await once(signal, 'abort', { signal: AbortSignal.timeout(2000) })
      })
    })

    test('waiting for one writes nothing', async () => {
      const { store, table, rows } = await make()
      await store.withLease('a', async () => {
        const [before] = await rows()
        const waiting = store.withLease('a', async () => {}, { signal: AbortSignal.timeout(500) })
        await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
        const { rows: locked } = await pool.query(`SELECT xmax::text FROM ${table}`)
        expect(locked).toEqual([{ xmax: '0' }])
        expect(await rows()).toEqual([before])
      })
    })

    const waitsForOneThatWasKilled = async (url: string) => {
      const { store, table } = await make({ leaseMs: 1000 })
      const module = new URL('../../src/tokens/stores/postgres.ts', import.meta.url).href
      const holder = startNode(
        `import pg from 'pg'
        const { PostgresTokenStore } = await import('${module}')
        const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
        const store = new PostgresTokenStore({ pool, table: '${table}', leaseMs: 1000 })
        await store.withLease('a', async () => {
          process.send('held')
          await new Promise((resolve) => setTimeout(resolve, 60_000))
        })`,
        { DATABASE_URL: url },
      )
      await once(holder, 'message')
      await sleep(500) // at least one renewal later
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      const before = performance.now()
      await store.withLease('a', async () => {})
      return performance.now() - before
    }

    test('one whose holder was killed is free after leaseMs', async () => {
      const ms = await waitsForOneThatWasKilled(server.url)
      expect(ms).toBeLessThan(1500)
      expect(ms).toBeGreaterThan(250) // or the holder was not there
    })

    needs('pgbouncer')('through PgBouncer', () => {
      test('one whose holder was killed is free after leaseMs', async () => {
        const bouncer = await startPgBouncer(server)
        expect(await waitsForOneThatWasKilled(bouncer.url)).toBeLessThan(1500)
        await bouncer.stop()
      })
    })
  })

  test('an error shows nothing of the record', async () => {
    const { store, table } = await make()
    await pool.query(`ALTER TABLE ${table} ALTER data TYPE text USING '', ADD CHECK (data IS NULL)`)
    const data = 'sealed-and-still-nobodys-business'
    const error = await store.set('a-key-nobody-may-see', { version: 2, data }, 5000).catch((reason: unknown) => reason)
    expect(error).toMatchObject(unavailable)
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error))
    for (const text of [data, 'a-key-nobody-may-see']) {
      expect(shown).not.toContain(text)
      expect(shown).not.toContain(Buffer.from(text).toString('hex'))
    }
  })

  test('a connection that the server ends is one failure, and no more', async () => {
    const { pool: own, close } = await pooled({ max: 1, application_name: 'ended' })
    const ended = jest.fn()
    own.on('error', ended)
    const { store, table } = await make({ pool: own, timeoutMs: 20_000 })
    await store.set('a', record(1), 60_000)
    const blocker = await pool.connect()
    try {
      await blocker.query(`BEGIN; LOCK TABLE ${table}`)
      const reading = store.get('a').catch((error: unknown) => error)
      const isWaiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'ended' AND wait_event_type = 'Lock'"
      await until(async () => (await pool.query(isWaiting)).rows.length === 1)
      await pool.query(`SELECT pg_terminate_backend(pid) FROM (${isWaiting}) AS waiting`)
      // Its message is PostgreSQL's, or that of the broken connection, whichever is noticed first.
      expect(await reading).toMatchObject(unavailable)
    } finally {
      blocker.release(true)
    }
    expect(await store.get('a')).toEqual(record(1))
    expect(ended).not.toHaveBeenCalled()
    await close()
  })
})

needs('postgres')('a PostgreSQL that is silent or stopped', () => {
  let server: PostgresServer
  let pool: Pool
  let store: PostgresTokenStore
  beforeAll(async () => {
    server = await startPostgres()
    pool = new Pool({ connectionString: server.url, max: 3 })
    pool.on('error', () => {})
    store = new PostgresTokenStore({ pool, leaseMs: 600, timeoutMs: 500 })
    await new PostgresTokenStore({ pool, timeoutMs: 20_000 }).createTable()
  })
  beforeEach(async () => {
    await store.delete('a')
    await store.set('a', record(1), 60_000)
  })
  afterEach(async () => {
    server.resume()
    await server.start()
    await until(async () => (await outcome(store.get('a'))) !== 'store_unavailable')
  })
  afterAll(async () => {
    await pool?.end()
    await server?.stop()
  })

  /** What a call comes to, and that it does so in time. */
  async function outcome(call: Promise<unknown>): Promise<string> {
    const before = performance.now()
    const result = await call.then(String, (error: { code: string }) => error.code)
    expect(performance.now() - before).toBeLessThan(3000)
    return result
  }

  const calls = () => [
    store.get('a'),
    store.set('a', record(2), 60_000),
    store.touch('a', 60_000),
    store.delete('b'),
    store.delete('b', { tombstoneMs: 60_000 }),
    store.withLease('c', async () => {}),
  ]

  const outages = [
    { name: 'silent', begin: () => server.pause(), end: async () => server.resume() },
    { name: 'stopped', begin: () => server.kill(), end: () => server.start() },
  ]

  test.each(outages)('ends every call in time, and works again afterwards ($name)', async ({ begin, end }) => {
    await begin()
    expect(await Promise.all(calls().map(outcome))).toEqual(Array(6).fill('store_unavailable'))
    expect(await Promise.all(calls().map(outcome))).toEqual(Array(6).fill('store_unavailable'))
    await end()
    await until(async () => (await outcome(store.get('a'))) !== 'store_unavailable')
    // What was asked for in vain may hold it still.
    const lease = store.withLease('c', () => store.set('a', record(3), 60_000), { signal: AbortSignal.timeout(5000) })
    expect(await lease).toBe(true)
    expect(await store.get('a')).toEqual(record(3))
  })

  test.each(outages)('a lease is lost in time ($name)', async ({ begin }) => {
    const lostAfterMs = await store.withLease('a', async (lease) => {
      await begin()
      const before = performance.now()
      await once(lease.signal, 'abort', { signal: AbortSignal.timeout(2000) })
      return performance.now() - before
    })
    expect(lostAfterMs).toBeLessThan(800)
  })

  test('leaves no lease of a waiter that gave up while it was silent', async () => {
    const patient = new PostgresTokenStore({ pool, leaseMs: 15_000, timeoutMs: 500 })
    await server.pause()
    const waiting = patient.withLease('b', async () => 'never', { signal: AbortSignal.timeout(50) })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    server.resume()
    await until(async () => (await outcome(store.get('a'))) !== 'store_unavailable')
    expect(await patient.withLease('b', async () => 'held', { signal: AbortSignal.timeout(5000) })).toBe('held')
  })

  test('does not use up the connections of a pool whose server has gone without a word', async () => {
    const sockets: Socket[] = []
    const network = createServer((near) => {
      const far = connect(server.port, '127.0.0.1')
      sockets.push(near, far)
      near.pipe(far).pipe(near)
      for (const socket of [near, far]) socket.on('error', () => {})
    })
    await once(network.listen(0, '127.0.0.1'), 'listening')
    const { port } = network.address() as { port: number }
    const few = new Pool({ connectionString: server.url.replace(`:${server.port}`, `:${port}`), max: 2 })
    const beyond = new PostgresTokenStore({ pool: few, timeoutMs: 1000 })
    await Promise.all([beyond.get('a'), beyond.get('a')])
    for (const socket of sockets) socket.pause().unpipe()
    const answers = await Promise.all([beyond.get('a'), beyond.get('a'), beyond.get('a')].map(outcome))
    expect(answers).toEqual(Array(3).fill('store_unavailable'))
    expect(await beyond.get('a')).toEqual(record(1))
    await few.end()
    for (const socket of sockets) socket.destroy()
    network.close()
  })
})

describe('the options of PostgresTokenStore', () => {
  const pool = new Pool()
  const withOptions = (o: object) => () => new PostgresTokenStore({ pool, ...o })

  test.each([undefined, null, {}, { query() {} }, 'postgres://localhost'])('a pool like %p is refused', (other) => {
    expect(withOptions({ pool: other })).toThrow(TypeError)
    expect(withOptions({ pool: other })).toThrow(/^pool must be/)
  })

  test.each(['', 'a.b.c', 'Tokens', 'a"b', "a'; DROP TABLE b", '.a', 'a.', 'x'.repeat(51), 7])(
    'a table named %p is refused',
    (table) => {
      expect(withOptions({ table })).toThrow(/^table must be/)
    },
  )

  test.each([15_001, 0, -1, Number.NaN, '10000'])('leaseMs %p is refused', (leaseMs) => {
    expect(withOptions({ leaseMs })).toThrow(/^leaseMs must be/)
  })

  test.each([0, Number.NaN, Number.POSITIVE_INFINITY])('a time of %p is refused', async (ms) => {
    expect(withOptions({ timeoutMs: ms })).toThrow(/^timeoutMs must be/)
    const store = new PostgresTokenStore({ pool })
    await expect(store.set('a', record(1), ms)).rejects.toThrow(/^ttlMs must be/)
    await expect(store.touch('a', ms)).rejects.toThrow(/^ttlMs must be/)
    if (ms !== 0) await expect(store.delete('a', { tombstoneMs: ms })).rejects.toThrow(/^tombstoneMs must be/)
  })

  test('statements do not collect without end', async () => {
    const silent = { query: () => new Promise(() => {}), connect() {} }
    const store = new PostgresTokenStore({ pool: silent, timeoutMs: 50 })
    const outcome = () => store.get('a').then(String, (error: Error) => error.message)
    const messages = await Promise.all(Array.from({ length: 10_001 }, outcome))
    expect(messages.filter((message) => message.includes('too many statements'))).toHaveLength(1)
  })
})
