import type { Dispatcher } from 'undici'
import { NetworkError } from '../ilert/errors.ts'
import { defaultDispatcher } from './dispatcher.ts'
import { type Exchange, type HttpAnswer, WholeExchange } from './exchange.ts'
import { translate, wasNeverConnected } from './network-error.ts'
import { afterAlive, afterReading } from './patience.ts'
import { type StreamedAnswer, StreamedExchange } from './streamed.ts'

/** A call whose connection was never made is made once more, this much later. */
const RECONNECT_MS = 100

/** A connection that was idle for so long may have been closed at the other end without being read here yet. */
const IDLE_MS = 1000

export interface HttpCall {
  method: string
  /** A path on the origin, with its query. */
  path: string
  headers: Record<string, string>
  /** One that is made while it is sent must be able to begin anew, since a call may be repeated. */
  body?: string | Buffer | AsyncIterable<Buffer>
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
  /** Absent before the first call, unless one was passed in. */
  #dispatcher: Dispatcher | undefined
  readonly #load: (() => Promise<Dispatcher>) | undefined
  #closing: Promise<void> | undefined
  /** When a connection was last in use, by the monotonic clock. Absent before the first call. */
  #usedAt: number | undefined

  constructor({ origin, timeoutMs, maxBodyBytes, dispatcher }: HttpOptions) {
    this.#origin = origin
    this.#timeoutMs = timeoutMs
    this.#maxBodyBytes = maxBodyBytes
    this.#dispatcher = dispatcher
    this.#load = dispatcher ? undefined : defaultDispatcher(origin, timeoutMs)
  }

  /**
   * @throws NetworkError where no whole answer arrives.
   * @throws the signal's reason where the caller aborts.
   */
  async send(call: HttpCall): Promise<HttpAnswer> {
    return await this.#answer(call, () => new WholeExchange(this.#maxBodyBytes))
  }

  /**
   * The same, for a body that is passed on as it arrives: resolves as soon as the head is there. The bounds hold for the
   * body as well, which fails where it breaks them.
   */
  async open(call: HttpCall): Promise<StreamedAnswer> {
    return await this.#answer(call, () => new StreamedExchange(this.#maxBodyBytes, call.method))
  }

  async #answer<Answer>(call: HttpCall, exchangeOf: () => Exchange<Answer>): Promise<Answer> {
    const { signal } = call
    signal?.throwIfAborted()
    this.#dispatcher ??= await this.#load?.()
    signal?.throwIfAborted()
    const timeoutMs = Math.min(call.timeoutMs ?? this.#timeoutMs, this.#timeoutMs)
    let exchange = this.#begin(call, exchangeOf())
    // Not AbortSignal.timeout(), which lets the process end while a call is under way, and is not patient.
    const stop = afterAlive(timeoutMs, () => {
      exchange.end(new NetworkError(`ilert did not answer within ${timeoutMs} ms. Try again.`, { code: 'timeout' }))
    })
    const onAbort = () => exchange.end(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await exchange.answer.catch((error: unknown) => {
        if (exchange.ended || !wasNeverConnected(error)) throw error
        exchange = this.#begin(call, exchangeOf(), RECONNECT_MS)
        return exchange.answer
      })
    } catch (error) {
      throw exchange.ended ? error : translate(error)
    } finally {
      exchange.whenOver(() => {
        stop()
        this.#usedAt = performance.now()
        signal?.removeEventListener('abort', onAbort)
      })
    }
  }

  /** Hands a call to undici, after so many milliseconds. */
  #begin<Answer>({ method, path, headers, body }: HttpCall, exchange: Exchange<Answer>, delayMs = 0): Exchange<Answer> {
    const options = {
      origin: this.#origin,
      method: method as Dispatcher.HttpMethod,
      path,
      headers: { 'accept-encoding': 'identity', ...headers },
      body: (body ?? null) as string | null, // undici takes iterables, too; its types do not say so
    }
    const dispatch = () => {
      if (!exchange.ended) exchange.dispatch(this.#dispatcher as Dispatcher, options)
    }
    if (delayMs > 0) setTimeout(dispatch, delayMs)
    // After a stall the end of an idle connection may lie unread in its socket: what is sent there is lost.
    else if (this.#usedAt !== undefined && performance.now() - this.#usedAt > IDLE_MS) afterReading(dispatch)
    else dispatch()
    return exchange
  }

  /** Ends idle connections, and lets calls under way end. A dispatcher that was passed in stays as it is. */
  async close(): Promise<void> {
    // Also before the first call: a closed dispatcher refuses later ones.
    if (this.#load) this.#closing ??= this.#load().then((dispatcher) => dispatcher.close())
    await this.#closing
  }
}
