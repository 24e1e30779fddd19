import { setTimeout as sleep } from 'node:timers/promises'
import { NetworkError } from '../../ilert/errors.ts'
import { redact } from '../../ilert/redact.ts'
import { within } from '../time.ts'

export type Row = Readonly<Record<string, string>>

type Values = (string | number | Buffer)[]

/** What is used of `pg`: its own types would make it a dependency of every app. */
interface Connection {
  query(query: object): Promise<{ readonly rows: Row[] }>
}

interface PooledConnection extends Connection {
  on(event: 'error', listener: () => void): unknown
  off(event: 'error', listener: () => void): unknown
  release(error?: unknown): void
}

interface Pool {
  connect(): Promise<PooledConnection>
}

/** Has a connection for some work, unless the time for it is up before there is one. */
type Connections = <T>(late: AbortSignal, work: (connection: Connection) => Promise<T>) => Promise<T>

/** Statements without an answer; a pool that waits for its server for ever would collect them for as long. */
const MOST_PENDING = 10_000

/** PostgreSQL gives up one of two statements that are in each other's way: how often it is tried again. */
const CONFLICT_TRIES = 50
const CONFLICTS = ['40001', '40P01']

/** The only doorway to PostgreSQL: every statement has an end, and every failure is a `NetworkError`. */
export class Postgres {
  readonly #connections: Connections
  readonly #timeoutMs: number
  #pending = 0

  /** @throws {TypeError} for what is neither a pool nor a client */
  constructor(pool: object | undefined, timeoutMs: number) {
    this.#connections = connectionsOf(pool)
    this.#timeoutMs = timeoutMs
  }

  /** @param text one statement; or several if there are no values, which are one transaction then */
  async run(text: string, values: Values = [], limitMs: number = Infinity): Promise<Row[]> {
    if (this.#pending >= MOST_PENDING) throw unavailable('too many statements are without an answer')
    const ms = Math.min(this.#timeoutMs, limitMs)
    const late = new AbortController()
    return await within(this.#send(text, values, late.signal), ms, () => {
      late.abort()
      return unavailable(`no answer within ${Math.round(ms)} ms`)
    })
  }

  async #send(text: string, values: Values, late: AbortSignal): Promise<Row[]> {
    this.#pending += 1
    try {
      // All results as PostgreSQL's text: an app may have set parsers of its own.
      const query = { text, types: { getTypeParser: () => String }, ...(values.length > 0 && { values }) }
      return await this.#connections(late, (connection) => unlessInTheWay(connection, query, late))
    } catch (error) {
      throw unavailable(reason(error, values))
    } finally {
      this.#pending -= 1
    }
  }
}

/** Conflicts are all there is to them if an app has set another isolation level for all its transactions. */
async function unlessInTheWay(connection: Connection, query: object, late: AbortSignal): Promise<Row[]> {
  for (let tries = 1; ; tries++) {
    try {
      return (await connection.query(query)).rows
    } catch (error) {
      const isConflict = CONFLICTS.includes((error as { code?: string }).code ?? '')
      if (!isConflict || late.aborted || tries === CONFLICT_TRIES) throw error
      await sleep(Math.random() * 20)
    }
  }
}

/** Tells a pool from a client by what only a pool has. */
function connectionsOf(pool: object | undefined): Connections {
  const given = pool as { query?: unknown; connect?: unknown; totalCount?: unknown } | null | undefined
  if (typeof given?.query === 'function' && typeof given.connect === 'function') {
    return typeof given.totalCount === 'number'
      ? pooled(given as unknown as Pool)
      : oneAfterTheOther(given as unknown as Connection)
  }
  throw new TypeError("pool must be a Pool of 'pg', or a connected Client of it.")
}

function pooled(pool: Pool): Connections {
  return async (late, work) => {
    const connection = await pool.connect()
    if (late.aborted) {
      connection.release()
      throw new Error('late')
    }
    // A connection that breaks emits its error beside rejecting the statement, which would end the process.
    connection.on('error', ignore)
    let isReleased = false
    const release = (error?: unknown) => {
      if (isReleased) return
      isReleased = true
      connection.release(error) // one with an error is closed
      connection.off('error', ignore)
    }
    // One that has not answered is not given to others: its server may be gone without a word.
    const discard = () => release(new Error('late'))
    late.addEventListener('abort', discard)
    try {
      const result = await work(connection)
      release()
      return result
    } catch (error) {
      release(error)
      throw error
    } finally {
      late.removeEventListener('abort', discard)
    }
  }
}

/** A client takes one statement at a time: `pg` 8 warns of more, and `pg` 9 refuses them. */
function oneAfterTheOther(client: Connection): Connections {
  let last: Promise<unknown> = Promise.resolve()
  return (late, work) => {
    const result = last.then(async () => {
      if (late.aborted) throw new Error('late')
      return await work(client)
    })
    last = result.catch(ignore)
    return result
  }
}

/** Without what else hangs on an error of `pg`, such as the values that PostgreSQL objects to. */
function reason(error: unknown, values: Values): string {
  const { code, message, name } = error as { code?: string; message?: string; name?: string }
  if (code === '42P01') return 'its table is missing. Create it with store.createTable(), or with docs/postgres.sql'
  const secrets = values
    .filter((value) => Buffer.isBuffer(value))
    .flatMap((value) => [value.toString(), value.toString('hex')])
  return redact(`${code === undefined ? '' : `${code} `}${message || name || String(error)}`, secrets, 200)
}

function unavailable(why: string): NetworkError {
  return new NetworkError(`The token store in PostgreSQL failed: ${why}.`, { code: 'store_unavailable' })
}

function ignore(): void {}
