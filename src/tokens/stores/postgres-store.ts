import { randomUUID } from 'node:crypto'
import { type Known, knownOptions, noMore } from '../../ilert/arguments.ts'
import { after, waited } from '../time.ts'
import { checkDuration, checkKey, checkOwner, checkTokens } from './checks.ts'
import { checkLeaseMs, type LeaseCommands, underLease } from './lease.ts'
import { Postgres, type Row } from './postgres-client.ts'
import { type Statements, statementsFor, tableName } from './postgres-table.ts'
import type { Lease, ListedTokens, StoredTokens, TokenStore } from './store.ts'

/** What a `PostgresTokenStore` is made of. */
export interface PostgresTokenStoreOptions {
  /**
   * A `Pool` of `pg`, or a connected `Client` of it that is in no transaction. It stays the caller's: the store does not
   * close it, and listens to none of its events. A pooler such as PgBouncer may be in between, in transaction mode too.
   */
  pool: object
  /** The table's name, with or without its schema: `auth.ilert_tokens`. Default: `ilert_tokens`. */
  table?: string
  /**
   * After how many milliseconds without news from its holder a lease ends, from 10 to 15 000. Default: 10 000. It is
   * renewed at a third of that, so work may take longer.
   */
  leaseMs?: number
  /** How long one statement may take, in milliseconds, and the wait for a connection with it. Default: 2000. */
  timeoutMs?: number
}

const OPTIONS: Known<PostgresTokenStoreOptions> = { pool: true, table: true, leaseMs: true, timeoutMs: true }

/** Rows that have ended are removed this often by each process that writes, so many at a time, and so many times. */
const SWEEP_EVERY_MS = 60_000
const SWEEP_ROWS = 500
const MOST_SWEEPS = 10

/** Rows that are read at a time by `list`. */
const PAGE_ROWS = 100

/** How often a lease is given back whose holder got no answer. */
const RELEASE_TRIES = 4

/**
 * Keeps records in a table of PostgreSQL, where all processes of an app share them: writes are compared and set in one
 * statement, and a lease lets one process at a time refresh a grant. Create the table first: `await store.createTable()`,
 * or docs/postgres.sql.
 *
 * No statement needs a transaction, a session, a lock or a listener that outlives it, and none keeps a connection: a pool
 * of few connections does, and a pooler may give each statement to another one. All times are the database's.
 *
 * Every method rejects with a `NetworkError` (`store_unavailable`) when PostgreSQL fails, or does not answer within
 * `timeoutMs`. A write may have been carried out then all the same.
 */
export class PostgresTokenStore implements TokenStore {
  readonly #db: Postgres
  readonly #sql: Statements
  readonly #leaseMs: number
  #nextSweepAt = Number.NEGATIVE_INFINITY

  /** @throws {TypeError} naming the option that cannot be used */
  constructor(options: PostgresTokenStoreOptions)
  constructor(options: PostgresTokenStoreOptions, ...rest: unknown[]) {
    noMore('PostgresTokenStore', rest)
    const given = knownOptions('PostgresTokenStore', options, OPTIONS)
    const { pool, table = 'ilert_tokens', leaseMs = 10_000, timeoutMs = 2000 } = given
    this.#leaseMs = checkLeaseMs(leaseMs)
    this.#sql = statementsFor(tableName(table))
    this.#db = new Postgres(pool, checkDuration('timeoutMs', timeoutMs))
  }

  /**
   * Creates the table and its indexes, unless the table is there: call it at each start if you like, or run
   * docs/postgres.sql with what migrates your database.
   */
  async createTable(): Promise<void> {
    // Who may use a table need not have the right to create one.
    if ((await this.#db.run(this.#sql.exists)).length === 0) await this.#db.run(this.#sql.create)
  }

  async get(key: string): Promise<StoredTokens | undefined> {
    const [row] = await this.#db.run(this.#sql.get, [bytes(checkKey(key))])
    return row && recordIn(row)
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    const { version, data, owner = '' } = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    const rows = await this.#db.run(this.#sql.set, [bytes(checkKey(key)), version, bytes(data), ttl, owner])
    this.#sweepInTheBackground()
    return rows.length > 0
  }

  /** @throws {TypeError} for a key or a `ttlMs` that is none */
  async touch(key: string, ttlMs: number): Promise<void> {
    await this.#db.run(this.#sql.touch, [bytes(checkKey(key)), checkDuration('ttlMs', ttlMs)])
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    const name = bytes(checkKey(key))
    if (tombstoneMs === 0) await this.#db.run(this.#sql.delete, [name])
    else await this.#db.run(this.#sql.end, [name, checkDuration('tombstoneMs', tombstoneMs)])
    this.#sweepInTheBackground()
  }

  /** @throws {TypeError} for an `owner` that is none */
  async *list({ owner }: { owner?: string } = {}): AsyncGenerator<ListedTokens> {
    const [sql, more] = owner === undefined ? [this.#sql.list, []] : [this.#sql.listOfOwner, [checkOwner(owner)]]
    let last = Buffer.alloc(0)
    for (let rows = PAGE_ROWS; rows === PAGE_ROWS; ) {
      const page = await this.#db.run(sql, [last, PAGE_ROWS, ...more])
      rows = page.length
      for (const row of page) {
        last = Buffer.from(row.name as string, 'base64')
        yield { key: last.toString(), tokens: recordIn(row) }
      }
    }
  }

  /**
   * Runs `work` while no other process that uses this table runs work under the same key.
   *
   * The lease is a row, which is renewed while `work` runs. Its signal is aborted when another process has it, or when it
   * could not be renewed for `leaseMs` by this process's own monotonic clock. It is given back when `work` is done, and
   * ends by itself `leaseMs` after its last renewal, by the database's clock, when the process dies.
   *
   * `signal` ends the waiting and not the work. Rejects with its reason, with what `work` rejects with, or with a
   * `NetworkError` (`store_unavailable`) when PostgreSQL fails before `work` begins.
   */
  async withLease<T>(
    key: string,
    work: (lease: Lease) => Promise<T>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<T> {
    return await underLease(this.#leaseOf(bytes(checkKey(key))), this.#leaseMs, work, signal)
  }

  #leaseOf(key: Buffer): LeaseCommands {
    const holder = bytes(randomUUID())
    let asking: Promise<unknown> | undefined
    return {
      acquire: async () => {
        const rows = this.#db.run(this.#sql.acquire, [key, holder, this.#leaseMs])
        asking = rows.catch(() => {})
        return (await rows).length > 0
      },
      renew: async (limitMs) => {
        const rows = await this.#db.run(this.#sql.renew, [key, holder, this.#leaseMs], limitMs)
        return rows.length > 0
      },
      release: async () => {
        await asking // on another connection, maybe: it must not come after this
        await this.#release(key, holder)
      },
    }
  }

  /** A server that is silent may carry out later what was asked of it, after its waiter has given up. */
  async #release(key: Buffer, holder: Buffer, tries = 1): Promise<void> {
    try {
      await this.#db.run(this.#sql.release, [key, holder])
    } catch (error) {
      if (tries === RELEASE_TRIES) throw error
      await waited(this.#leaseMs / RELEASE_TRIES, after)
      await this.#release(key, holder, tries + 1)
    }
  }

  /** With a write, and without a timer: nothing has to be closed, and an app that writes nothing leaves nothing. */
  #sweepInTheBackground(): void {
    const now = performance.now()
    if (now < this.#nextSweepAt) return
    this.#nextSweepAt = now + SWEEP_EVERY_MS
    this.#sweep().catch(() => {}) // the next one removes as much
  }

  async #sweep(): Promise<void> {
    for (let sweeps = 0; sweeps < MOST_SWEEPS; sweeps++) {
      if ((await this.#db.run(this.#sql.sweep, [SWEEP_ROWS])).length < SWEEP_ROWS) return
    }
  }
}

function recordIn({ version, data = '' }: Row): StoredTokens {
  return { version: Number(version), data: Buffer.from(data, 'base64').toString() }
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}
