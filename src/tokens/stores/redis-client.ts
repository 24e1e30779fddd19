import { NetworkError } from '../../ilert/errors.ts'
import { redact } from '../../ilert/redact.ts'
import { within } from '../time.ts'

type Evaluator = (script: string, keys: string[], args: string[], signal: AbortSignal) => Promise<unknown>

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
    return (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args)
  }
  if (has(client, 'eval') && has(client, 'pExpire')) {
    const redis = client as unknown as NodeRedis
    return (script, keys, args, signal) =>
      (redis.withAbortSignal?.(signal) ?? redis).eval(script, { keys, arguments: args })
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
export class Redis {
  readonly #evaluate: Evaluator
  readonly #timeoutMs: number
  #pending = 0

  /** @throws {TypeError} for what is no client that answers with promises */
  constructor(client: object | undefined, timeoutMs: number) {
    this.#evaluate = evaluatorOf(client)
    this.#timeoutMs = timeoutMs
  }

  async run(
    script: string,
    keys: string[],
    args: (string | number)[],
    limitMs: number = Infinity,
  ): Promise<string | undefined> {
    if (this.#pending >= MOST_PENDING) throw unavailable('too many commands are without an answer')
    const ms = Math.min(this.#timeoutMs, limitMs)
    const late = new AbortController()
    const reply = await within(this.#send(script, keys, args.map(String), late.signal), ms, () => {
      late.abort()
      return unavailable(`no answer within ${Math.round(ms)} ms`)
    })
    // Clients can be told to answer with buffers, and with strings or bigints for integers.
    if (reply === null || reply === undefined) return undefined
    return reply instanceof Uint8Array ? Buffer.from(reply).toString() : `${reply as string | number | bigint}`
  }

  async #send(script: string, keys: string[], args: string[], signal: AbortSignal): Promise<unknown> {
    this.#pending += 1
    try {
      return await this.#evaluate(script, keys, args, signal)
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
