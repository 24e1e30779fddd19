import { randomUUID } from 'node:crypto'
import { type Known, knownOptions, noMore } from '../../ilert/arguments.ts'
import { ArgumentError, checkDuration, checkKey, checkOwner, checkTokens } from './checks.ts'
import { checkLeaseMs, type LeaseCommands, underLease } from './lease.ts'
import { Redis } from './redis-client.ts'
import { ACQUIRE, DELETE, END, GET, READ, RELEASE, RENEW, SCAN, SET, TOUCH } from './redis-scripts.ts'
import type { Lease, ListedTokens, StoredTokens, TokenStore } from './store.ts'

/** What a `RedisTokenStore` is made of. */
export interface RedisTokenStoreOptions {
  /**
   * A connected client of `redis` or `ioredis` (5 or 6); a cluster or a pool of either serves as well. It stays the
   * caller's: the store neither connects nor closes it.
   */
  client: object
  /**
   * What the name of every key of this store begins with. Default: `ilert:`. In Redis Cluster, `list` needs one with a hash
   * tag, such as `{ilert}:`, which keeps records and their index on one node.
   */
  prefix?: string
  /**
   * After how many milliseconds without news from its holder a lease ends, from 10 to 15 000. Default: 10 000. It is
   * renewed at a third of that, so work may take longer.
   */
  leaseMs?: number
  /** How long one command may take, in milliseconds. Default: 2000. */
  timeoutMs?: number
}

const OPTIONS: Known<RedisTokenStoreOptions> = { client: true, prefix: true, leaseMs: true, timeoutMs: true }

/** About how many records `list` reads at a time. */
const PAGE = 50

/**
 * Keeps records in Redis, where all processes of an app share them: writes are compared and set in one step, and a lease
 * lets one process at a time refresh a grant.
 *
 * An index of the records, and one for each owner, are written with them in one step. Redis Cluster refuses that, unless the
 * prefix has a hash tag: there the store goes on without an index, and `list` throws. Everything goes through `EVAL`, reading
 * too: it is answered by a primary, and never by a replica that lags behind.
 *
 * Every method rejects with a `NetworkError` (`store_unavailable`) when Redis fails or stays silent for `timeoutMs`. A
 * write may have landed then all the same.
 */
export class RedisTokenStore implements TokenStore {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #leaseMs: number
  /** Whether Redis keeps an index in one step with its records. */
  #isIndexed = true

  /** @throws {TypeError} naming the option that cannot be used */
  constructor(options: RedisTokenStoreOptions)
  constructor(options: RedisTokenStoreOptions, ...rest: unknown[]) {
    noMore('RedisTokenStore', rest)
    const given = knownOptions('RedisTokenStore', options, OPTIONS)
    const { client, prefix = 'ilert:', leaseMs = 10_000, timeoutMs = 2000 } = given
    if (typeof prefix !== 'string') throw new TypeError('prefix must be a string.')
    this.#redis = new Redis(client, checkDuration('timeoutMs', timeoutMs))
    this.#prefix = prefix
    this.#leaseMs = checkLeaseMs(leaseMs)
  }

  async get(key: string): Promise<StoredTokens | undefined> {
    return parse(await this.#redis.run(GET, [this.#record(key)], []))
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    const { version, data, owner } = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    return (await this.#write(SET, key, [ttl, key, version, data], owner)) === '1'
  }

  /** @throws {TypeError} for a key, a `ttlMs` or an `owner` that is none */
  async touch(key: string, ttlMs: number, { owner }: { owner?: string } = {}): Promise<void> {
    await this.#write(TOUCH, key, [checkDuration('ttlMs', ttlMs), key], owner)
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    if (tombstoneMs === 0) await this.#write(DELETE, key, [0, key])
    else await this.#write(END, key, [checkDuration('tombstoneMs', tombstoneMs), key])
  }

  /** @throws {TypeError} for an `owner` that is none, and in Redis Cluster if the prefix has no hash tag */
  async *list({ owner }: { owner?: string } = {}): AsyncGenerator<ListedTokens> {
    const index = owner === undefined ? this.#index : this.#indexOf(owner)
    let cursor = '0'
    do {
      const reply = await this.#inOneSlot(() =>
        this.#redis.run(SCAN, [index, this.#record('a'), this.#record('b')], [cursor, PAGE]),
      )
      const [next = '0', ...found] = JSON.parse(reply ?? '[]') as string[]
      cursor = next
      const keys = found.filter((_, i) => i % 2 === 0) // beside each its score
      if (keys.length > 0) yield* await this.#readAll(keys)
    } while (cursor !== '0')
  }

  async #readAll(keys: string[]): Promise<ListedTokens[]> {
    const reply = await this.#redis.run(
      READ,
      keys.map((key) => this.#record(key)),
      [],
    )
    const records = JSON.parse(reply ?? '[]') as (string | false)[]
    return keys.flatMap((key, i) => {
      const tokens = parse(records[i] || undefined)
      return tokens ? [{ key, tokens }] : []
    })
  }

  /** Writes a record and its indexes, or the record alone where Redis Cluster would have them in several places. */
  async #write(script: string, key: string, args: (string | number)[], owner?: string): Promise<string | undefined> {
    const record = this.#record(key)
    const indexes = [this.#index, ...(owner === undefined ? [] : [this.#indexOf(owner)])]
    if (this.#isIndexed) {
      try {
        return await this.#redis.run(script, [record, ...indexes], args)
      } catch (error) {
        if (!isOfSeveralSlots(error)) throw error
        this.#isIndexed = false // nothing was written
      }
    }
    return await this.#redis.run(script, [record], args)
  }

  async #inOneSlot<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isOfSeveralSlots(error)) throw error
      throw new ArgumentError(
        "prefix: Redis Cluster lists the records of a prefix with a hash tag alone, such as '{ilert}:'. Records under " +
          'another prefix stay where they are, and their users sign in again.',
      )
    }
  }

  /**
   * Runs `work` while no other process that uses this Redis and prefix runs work under the same key.
   *
   * The lease is renewed while `work` runs. Its signal is aborted when another process has it, or when it could not be
   * renewed for `leaseMs` by this process's own monotonic clock. It is given back when `work` is done, and ends by
   * itself after `leaseMs` when the process dies.
   *
   * `signal` ends the waiting and not the work. Rejects with its reason, with what `work` rejects with, or with a
   * `NetworkError` (`store_unavailable`) when Redis is unavailable before `work` begins.
   *
   * @see https://redis.io/docs/latest/commands/set/#patterns
   */
  async withLease<T>(
    key: string,
    work: (lease: Lease) => Promise<T>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<T> {
    const commands = this.#leaseOf(`${this.#prefix}lease:${checkKey(key)}`, randomUUID())
    return await underLease(commands, this.#leaseMs, work, signal)
  }

  // A release that follows a command without an answer comes after it in Redis too: the connection keeps the order.
  #leaseOf(name: string, token: string): LeaseCommands {
    const isDone = (reply: string | undefined) => reply === '1'
    return {
      acquire: () => this.#redis.run(ACQUIRE, [name], [token, this.#leaseMs]).then(isDone),
      renew: (limitMs) => this.#redis.run(RENEW, [name], [token, this.#leaseMs], limitMs).then(isDone),
      release: () => this.#redis.run(RELEASE, [name], [token]),
    }
  }

  // Records and leases have parts of the name space of their own: a record may have any key, 'lease:x' too.
  #record(key: string): string {
    return `${this.#prefix}tokens:${checkKey(key)}`
  }

  get #index(): string {
    return `${this.#prefix}index`
  }

  #indexOf(owner: string): string {
    return `${this.#prefix}index:${checkOwner(owner)}`
  }
}

function parse(text: string | undefined): StoredTokens | undefined {
  const [, version, data] = /^(\d{1,16}):(.*)$/s.exec(text ?? '') ?? []
  return data === undefined ? undefined : { version: Number(version), data }
}

/** Redis Cluster's answer to a script whose keys are not all on one node. */
function isOfSeveralSlots(error: unknown): boolean {
  return error instanceof Error && error.message.includes('CROSSSLOT')
}
