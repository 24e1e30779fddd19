import { randomUUID } from 'node:crypto'
import { type Known, knownOptions, noMore } from '../../ilert/arguments.ts'
import { NetworkError } from '../../ilert/errors.ts'
import { redact } from '../../ilert/redact.ts'
import { within } from '../time.ts'
import { checkDuration, checkKey, checkTokens } from './checks.ts'
import { checkLeaseMs, type LeaseCommands, underLease } from './lease.ts'
import type { Lease, StoredTokens, TokenStore } from './store.ts'

/** What a `RedisTokenStore` is made of. */
export interface RedisTokenStoreOptions {
  /**
   * A connected client of `redis` or `ioredis` (5 or 6); a cluster or a pool of either serves as well. It stays the
   * caller's: the store neither connects nor closes it.
   */
  client: object
  /** What the name of every key of this store begins with. Default: `ilert:`. */
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

/**
 * Keeps records in Redis, where all processes of an app share them: writes are compared and set in one step, and a lease
 * lets one process at a time refresh a grant.
 *
 * Every script uses a single key, so that Redis Cluster can run it. Everything goes through `EVAL`, reading too: it is
 * answered by a primary, and never by a replica that lags behind.
 *
 * Every method rejects with a `NetworkError` (`store_unavailable`) when Redis fails or stays silent for `timeoutMs`. A
 * write may have landed then all the same.
 */
export class RedisTokenStore implements TokenStore {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #leaseMs: number

  /** @throws {TypeError} naming the option that cannot be used */
  constructor(options: RedisTokenStoreOptions)
  constructor(options: RedisTokenStoreOptions, ...rest: unknown[]) {
    noMore('RedisTokenStore', rest)
    const given = knownOptions('RedisTokenStore', options, OPTIONS)
    const { client, prefix = 'ilert:', leaseMs = 10_000, timeoutMs = 2000 } = given
    if (typeof prefix !== 'string') throw new TypeError('prefix must be a string.')
    this.#redis = new Redis(evaluatorOf(client), checkDuration('timeoutMs', timeoutMs))
    this.#prefix = prefix
    this.#leaseMs = checkLeaseMs(leaseMs)
  }

  async get(key: string): Promise<StoredTokens | undefined> {
    const reply = await this.#redis.run('return redis.call("GET", KEYS[1])', this.#record(key), [])
    const [, version, data] = /^(\d{1,16}):(.*)$/s.exec(reply ?? '') ?? []
    return data === undefined ? undefined : { version: Number(version), data }
  }

  /** @throws {TypeError} for a key, a record or a `ttlMs` that is none */
  async set(key: string, tokens: StoredTokens, ttlMs: number): Promise<boolean> {
    const { version, data } = checkTokens(tokens)
    const ttl = checkDuration('ttlMs', ttlMs)
    return (await this.#redis.run(SET, this.#record(key), [version, data, ttl])) === '1'
  }

  /** @throws {TypeError} for a key or a `ttlMs` that is none */
  async touch(key: string, ttlMs: number): Promise<void> {
    await this.#redis.run(TOUCH, this.#record(key), [checkDuration('ttlMs', ttlMs)])
  }

  /** @throws {TypeError} for a key or a `tombstoneMs` that is none */
  async delete(key: string, { tombstoneMs = 0 }: { tombstoneMs?: number } = {}): Promise<void> {
    if (tombstoneMs === 0) await this.#redis.run('return redis.call("DEL", KEYS[1])', this.#record(key), [])
    else await this.#redis.run(END, this.#record(key), [checkDuration('tombstoneMs', tombstoneMs)])
  }

  /**
   * Runs `work` while no other process that uses this Redis and prefix runs work under the same key.
   *
   * The lease is renewed while `work` runs. Its signal is aborted when somebody else has it, or when it could not be
   * renewed for `leaseMs` by this process's own monotonic clock. It is given back when `work` is done, and ends by
   * itself after `leaseMs` when the process dies.
   *
   * `signal` ends the waiting and not the work. Rejects with its reason, with what `work` rejects with, or with a
   * `NetworkError` (`store_unavailable`) when Redis is away before `work` begins.
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
      acquire: () => this.#redis.run(ACQUIRE, name, [token, this.#leaseMs]).then(isDone),
      renew: (limitMs) => this.#redis.run(RENEW, name, [token, this.#leaseMs], limitMs).then(isDone),
      release: () => this.#redis.run(RELEASE, name, [token]),
    }
  }

  // Records and leases have parts of the name space of their own: a record may have any key, 'lease:x' too.
  #record(key: string): string {
    return `${this.#prefix}tokens:${checkKey(key)}`
  }
}

// Scripts ---------------------------------------------------------------------------------------------------------------

/*
 * A record is a string, '<version>:<data>', and a tombstone the word 'ended'; anything else counts as absent. Lua's
 * numbers are doubles, which hold every version up to 2^53 exactly.
 */

const STATE = `
local head = redis.call('GETRANGE', KEYS[1], 0, 16)
local ended = head == 'ended'
local version = tonumber(string.match(head, '^(%d+):'))
`

const SET = `${STATE}
if ended or (version and version >= tonumber(ARGV[1])) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return 1
`

const TOUCH = `${STATE}
if version then return redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 0
`

// The longer one of two tombstones stays: each was promised to somebody.
const END = `${STATE}
if ended and redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 'ended', 'PX', ARGV[1])
return 1
`

// A token that is there already is this waiter's own: a client may send a command again after a reconnect.
const ACQUIRE = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`

// The client ------------------------------------------------------------------------------------------------------------

type Evaluator = (script: string, key: string, args: string[], signal: AbortSignal) => Promise<unknown>

interface IORedis {
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

interface NodeRedis {
  eval(script: string, o: { keys: string[]; arguments: string[] }): Promise<unknown>
  /** Takes a command that is not sent yet out of the queue. A cluster has none. */
  withAbortSignal?(signal: AbortSignal): NodeRedis
}

/** Tells the clients apart by methods that only one of them has. */
function evaluatorOf(client: object | undefined): Evaluator {
  if (answersNoPromise(client)) {
    const message =
      'client must be a client itself. What legacy(), multi() and pipeline() return, and a client in legacyMode, answer ' +
      'with no promise: pass the client that they were made of, without legacyMode.'
    throw new TypeError(message)
  }
  if (has(client, 'eval') && has(client, 'defineCommand')) {
    const redis = client as unknown as IORedis
    return (script, key, args) => redis.eval(script, 1, key, ...args)
  }
  if (has(client, 'eval') && has(client, 'pExpire')) {
    const redis = client as unknown as NodeRedis
    return (script, key, args, signal) =>
      (redis.withAbortSignal?.(signal) ?? redis).eval(script, { keys: [key], arguments: args })
  }
  throw new TypeError("client must be a connected client of 'redis' (5 or 6) or 'ioredis'.")
}

/** A relative of a client, with the same commands. */
function answersNoPromise(client: object | undefined): boolean {
  const sends = has(client, 'sendCommand') || has(client, 'exec')
  return (sends && !has(client, 'connect')) || (has(client, 'eval') && 'v4' in (client as object))
}

function has(client: object | undefined, method: string): boolean {
  return typeof (client as { [name: string]: unknown } | undefined | null)?.[method] === 'function'
}

/** Commands without an answer; a client that reconnects for ever would collect them for as long. */
const MOST_PENDING = 10_000

/** The only doorway to Redis: every command has an end, and every failure is a `NetworkError`. */
class Redis {
  readonly #evaluate: Evaluator
  readonly #timeoutMs: number
  #pending = 0

  constructor(evaluate: Evaluator, timeoutMs: number) {
    this.#evaluate = evaluate
    this.#timeoutMs = timeoutMs
  }

  async run(script: string, key: string, args: (string | number)[], limitMs = Infinity): Promise<string | undefined> {
    if (this.#pending >= MOST_PENDING) throw unavailable('too many commands are without an answer')
    const ms = Math.min(this.#timeoutMs, limitMs)
    const late = new AbortController()
    const reply = await within(this.#send(script, key, args.map(String), late.signal), ms, () => {
      late.abort()
      return unavailable(`no answer within ${Math.round(ms)} ms`)
    })
    // Clients can be told to answer with buffers, and with strings or bigints for integers.
    if (reply === null || reply === undefined) return undefined
    return reply instanceof Uint8Array ? Buffer.from(reply).toString() : `${reply as string | number | bigint}`
  }

  async #send(script: string, key: string, args: string[], signal: AbortSignal): Promise<unknown> {
    this.#pending += 1
    try {
      return await this.#evaluate(script, key, args, signal)
    } catch (error) {
      const secrets = args.filter((arg) => arg.length > 16)
      throw unavailable(redact(error instanceof Error ? error.message || error.name : String(error), secrets, 200))
    } finally {
      this.#pending -= 1
    }
  }
}

/** Without the client's own error, since ioredis hangs the command with all its arguments on that. */
function unavailable(why: string): NetworkError {
  return new NetworkError(`The token store in Redis failed: ${why}.`, { code: 'store_unavailable' })
}
