import { tracingChannel } from 'node:diagnostics_channel'
import { IlertError } from '../ilert/errors.ts'

/** What a subscriber of a tracing channel is told. Never a token, a code, a verifier or a secret. */
export interface TraceMessage {
  /** `api`: the method, and the path without its query. */
  method?: string
  path?: string
  /** `store`: what the token store was asked for. */
  operation?: 'get' | 'set' | 'touch' | 'delete' | 'list'
  /** `renewal`: why new tokens were asked for. */
  reason?: 'due' | 'expired' | 'refused' | 'unstored'
  /**
   * How it ended, unless with an error. `login`: `success`, or `refused`. `renewal`: `refreshed`, `elsewhere` (another process
   * has brought new tokens), `unneeded` (the present tokens are good), or `ended` (the grant has ended).
   */
  outcome?: 'success' | 'refused' | 'refreshed' | 'elsewhere' | 'unneeded' | 'ended'
  /** How long it took, in milliseconds. Absent until it has ended. */
  durationMs?: number
  /** Of the error with which the work ended, if it did; foreign errors have no more than their name. */
  error?: { name: string; code?: string; status?: number }
}

type Channel = 'login' | 'refresh' | 'api' | 'revoke' | 'renewal' | 'lease' | 'store'

const channels = {
  login: tracingChannel<string, TraceMessage>('passport-ilert:login'),
  refresh: tracingChannel<string, TraceMessage>('passport-ilert:refresh'),
  api: tracingChannel<string, TraceMessage>('passport-ilert:api'),
  revoke: tracingChannel<string, TraceMessage>('passport-ilert:revoke'),
  /** All that a process does for new tokens: `lease`, `store` and `refresh` are parts of it. */
  renewal: tracingChannel<string, TraceMessage>('passport-ilert:renewal'),
  /** The wait for the lease that lets one process at a time refresh a grant. */
  lease: tracingChannel<string, TraceMessage>('passport-ilert:lease'),
  /** A call of the token store. */
  store: tracingChannel<string, TraceMessage>('passport-ilert:store'),
}

/**
 * Tells the subscribers of a channel about work: `start`, `end`, `error`, `asyncStart` and `asyncEnd`, each with the same
 * message, as Node's tracePromise does. That one would publish the result, which here is a token.
 */
export async function traced<T>(
  name: Channel,
  message: TraceMessage,
  work: (message: TraceMessage) => Promise<T>,
): Promise<T> {
  const channel = channels[name]
  const { start, end, error, asyncStart, asyncEnd } = channel
  if (![start, end, error, asyncStart, asyncEnd].some((each) => each.hasSubscribers)) return await work(message)
  const startedAt = performance.now()
  const isDone = () => {
    message.durationMs = performance.now() - startedAt
  }
  // runStores lets a subscriber's AsyncLocalStorage, such as OpenTelemetry's, span the work.
  const result = start.runStores(message, () => {
    const promise = work(message)
    end.publish(message)
    return promise
  })
  try {
    const value = await result
    isDone()
    asyncStart.publish(message)
    return value
  } catch (reason) {
    isDone()
    message.error = describe(reason)
    error.publish(message)
    asyncStart.publish(message)
    throw reason
  } finally {
    asyncEnd.publish(message)
  }
}

function describe(reason: unknown): NonNullable<TraceMessage['error']> {
  if (reason instanceof IlertError) return { name: reason.name, code: reason.code, status: reason.status }
  // Anything can be thrown, and any of it may have a `name`.
  const { name } = (reason ?? {}) as { name?: unknown }
  return { name: typeof name === 'string' && /^\w{0,60}Error$/.test(name) ? name : 'Error' }
}
