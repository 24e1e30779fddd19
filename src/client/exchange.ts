import type { Dispatcher } from 'undici'
import { IlertError } from '../ilert/errors.ts'
import { decoded } from './encoding.ts'

export interface HttpAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** What is wrong with the body, if it could not be read; `text` is empty then. The status may be enough. */
  unreadable?: string
}

/**
 * One call on its way through undici, and what it comes to: an answer, undici's error, or an end before either.
 *
 * It is undici's handler itself. `Dispatcher.request()` would put a stream around each body and a signal around each
 * call, which together cost a third of a call to the API.
 */
export abstract class Exchange<Answer> implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>
  /** How many bytes of a body are taken. */
  protected readonly maxBodyBytes: number
  protected bytes = 0
  #resolve!: (answer: Answer) => void
  #reject!: (reason: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #ended = false

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Whether `end` was called. */
  get ended(): boolean {
    return this.#ended
  }

  dispatch(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): void {
    try {
      dispatcher.dispatch(options, this)
    } catch (error) {
      this.fail(error)
    }
  }

  /** Ends it now, wherever it is. Callers who wait for the answer need not wait until undici is connected. */
  end(reason: unknown): void {
    this.#ended = true
    this.fail(reason)
    this.#controller?.abort(new Error('The call has ended.'))
  }

  /** Runs something once nothing more will come: at once, if the answer is all there is. */
  whenOver(then: () => void): void {
    then()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended) controller.abort(new Error('The call has ended.'))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.bytes <= this.maxBodyBytes) this.take(chunk)
    else this.endTooLarge()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }

  abstract onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpAnswer['headers'],
  ): void
  abstract onResponseEnd(): void

  /** A part of the body, within the bounds. */
  protected abstract take(chunk: Buffer): void

  protected resolve(answer: Answer): void {
    this.#resolve(answer)
  }

  protected fail(reason: unknown): void {
    this.#reject(reason)
  }

  protected endTooLarge(): void {
    this.end(this.tooLarge())
  }

  /** Trying again would bring the same answer: no NetworkError, and no 503. */
  protected tooLarge(): IlertError {
    const message = `ilert's answer is longer than ${this.maxBodyBytes} bytes. Ask for less, such as fewer entries per page, or raise maxResponseBytes.`
    return new IlertError(message, { code: 'response_too_large', status: 502 })
  }
}

/** A call whose answer is read to its end first. */
export class WholeExchange extends Exchange<HttpAnswer> {
  #status = 0
  #headers: HttpAnswer['headers'] = {}
  #chunks: Buffer[] = []

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseEnd(): void {
    const answer = wholeAnswer(this.#status, this.#headers, Buffer.concat(this.#chunks), this.maxBodyBytes)
    if (answer === 'too large') this.endTooLarge()
    else this.resolve(answer)
  }

  protected take(chunk: Buffer): void {
    this.#chunks.push(chunk)
  }
}

/** What a body of these bytes says. */
export function wholeAnswer(
  status: number,
  headers: HttpAnswer['headers'],
  bytes: Buffer,
  maxBytes: number,
): HttpAnswer | 'too large' {
  const body = decoded(bytes, headers['content-encoding'], maxBytes)
  if (body === 'too large') return body
  if ('unreadable' in body) return { status, headers, text: '', ...body }
  return { status, headers, text: body.toString('utf8') }
}
