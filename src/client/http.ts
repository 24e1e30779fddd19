import type { Dispatcher } from 'undici'
import { NetworkError } from '../ilert/errors.ts'
import { defaultDispatcher } from './dispatcher.ts'
import { Exchange, type HttpAnswer } from './exchange.ts'
import { afterAlive, afterReading } from './patience.ts'

/** A call whose connection was never made is made once more, this much later. */
const RECONNECT_MS = 100

/** A connection that was idle for so long may have been closed at the other end without being read here yet. */
const IDLE_MS = 1000

/** Errors after which it is certain that nothing was sent. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

export interface HttpCall {
  method: string
  /** A path on the origin, with its query. */
  path: string
  headers: Record<string, string>
  body?: string
  signal?: AbortSignal | undefined
  /** Milliseconds, if this call is to take less than others may. */
  timeoutMs?: number | undefined
}

export interface HttpOptions {
  origin: string
  timeoutMs: number
  /** Bytes of a body that are read; a longer one is an error. */
  maxBodyBytes: number
  dispatcher?: Dispatcher | undefined
}

/**
 * The one doorway to ilert. It is bound to one origin and follows no redirect, so nothing that passes through it reaches
 * another one; every call ends within `timeoutMs`, and no body is read beyond `maxBodyBytes`.
 */
export class Http {
  readonly #origin: string
  readonly #timeoutMs: number
  readonly #maxBodyBytes: number
  readonly #dispatcher: Dispatcher
  readonly #ownsDispatcher: boolean
  #closing: Promise<void> | undefined
  /** When a connection was last in use, by the monotonic clock. Absent before the first call. */
  #usedAt: number | undefined

  constructor({ origin, timeoutMs, maxBodyBytes, dispatcher }: HttpOptions) {
    this.#origin = origin
    this.#timeoutMs = timeoutMs
    this.#maxBodyBytes = maxBodyBytes
    this.#dispatcher = dispatcher ?? defaultDispatcher(origin, timeoutMs)
    this.#ownsDispatcher = dispatcher === undefined
  }

  /**
   * @throws NetworkError where no whole answer arrives.
   * @throws the signal's reason where the caller aborts.
   */
  async send(call: HttpCall): Promise<HttpAnswer> {
    const { signal } = call
    signal?.throwIfAborted()
    const timeoutMs = Math.min(call.timeoutMs ?? this.#timeoutMs, this.#timeoutMs)
    let exchange = this.#begin(call)
    // Not AbortSignal.timeout(), which lets the process end while a call is under way, and is not patient.
    const stop = afterAlive(timeoutMs, () => {
      exchange.end(new NetworkError(`ilert did not answer within ${timeoutMs} ms. Try again.`, { code: 'timeout' }))
    })
    const onAbort = () => exchange.end(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await exchange.answer.catch((error: unknown) => {
        if (exchange.ended || !NEVER_CONNECTED.has(codeOf(error))) throw error
        exchange = this.#begin(call, RECONNECT_MS)
        return exchange.answer
      })
    } catch (error) {
      throw exchange.ended ? error : translate(error)
    } finally {
      stop()
      this.#usedAt = performance.now()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Hands a call to undici, after so many milliseconds. */
  #begin({ method, path, headers, body }: HttpCall, delayMs = 0): Exchange {
    const exchange = new Exchange(this.#maxBodyBytes)
    const options = {
      origin: this.#origin,
      method: method as Dispatcher.HttpMethod,
      path,
      headers: { 'accept-encoding': 'identity', ...headers },
      body: body ?? null,
    }
    const dispatch = () => {
      if (!exchange.ended) exchange.dispatch(this.#dispatcher, options)
    }
    if (delayMs > 0) setTimeout(dispatch, delayMs)
    // After a stall the end of an idle connection may lie unread in its socket: what is sent there is lost.
    else if (this.#usedAt !== undefined && performance.now() - this.#usedAt > IDLE_MS) afterReading(dispatch)
    else dispatch()
    return exchange
  }

  /** Ends idle connections, and lets calls under way end. A dispatcher that was passed in stays as it is. */
  async close(): Promise<void> {
    if (this.#ownsDispatcher) this.#closing ??= this.#dispatcher.close()
    await this.#closing
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** The one place where errors of the network become ours. */
function translate(error: unknown): Error {
  const code = codeOf(error)
  const label = code ? ` (${code})` : ''
  const cause = holdsNoSecret(error) ? error : undefined
  if (NEVER_CONNECTED.has(code)) {
    const message = `ilert cannot be reached${label}. Check the network, apiURL and the proxy variables.`
    return new NetworkError(message, { code: 'connection_failed', cause })
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    const message = `The dispatcher takes no such call${label}. It must be one of undici 7 or later.`
    return new NetworkError(message, { code: 'connection_failed' })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new NetworkError('ilert did not answer in time. Try again.', { code: 'timeout', cause })
  }
  const message = `The connection to ilert broke before the answer was complete${label}. Try again.`
  return new NetworkError(message, { code: 'connection_lost', cause })
}

/** System errors and undici's own about sockets; others carry what was sent or read (a parser's bytes, a bad URL). */
function holdsNoSecret(error: unknown): boolean {
  return /^(?:E(?!RR_)[A-Z_]+|UND_ERR_(?:CONNECT_TIMEOUT|SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT))$/.test(codeOf(error))
}
