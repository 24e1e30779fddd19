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
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpAnswer>
  readonly #maxBodyBytes: number
  #resolve!: (answer: HttpAnswer) => void
  #reject!: (reason: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #ended = false
  #status = 0
  #headers: HttpAnswer['headers'] = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes
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
      this.#reject(error)
    }
  }

  /** Ends it now, wherever it is. Whoever waits for the answer need not wait until undici is connected. */
  end(reason: unknown): void {
    this.#ended = true
    this.#reject(reason)
    this.#controller?.abort(new Error('The call has ended.'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended) controller.abort(new Error('The call has ended.'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= this.#maxBodyBytes) this.#chunks.push(chunk)
    else this.#endTooLarge()
  }

  onResponseEnd(): void {
    const [status, headers] = [this.#status, this.#headers]
    const body = decoded(Buffer.concat(this.#chunks), headers['content-encoding'], this.#maxBodyBytes)
    if (body === 'too large') this.#endTooLarge()
    else if ('unreadable' in body) this.#resolve({ status, headers, text: '', ...body })
    else this.#resolve({ status, headers, text: body.toString('utf8') })
  }

  /** Trying again would bring the same answer: no NetworkError, and no 503. */
  #endTooLarge(): void {
    const message = `ilert's answer is longer than ${this.#maxBodyBytes} bytes. Ask for less, such as fewer entries per page, or raise maxResponseBytes.`
    this.end(new IlertError(message, { code: 'response_too_large', status: 502 }))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error)
  }
}
