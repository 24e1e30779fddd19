import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import { IlertError, NetworkError } from '../../ilert/errors.ts'
import { tooLarge } from './judge.ts'

/**
 * The body of a request, as it arrives. What has been read is kept, so that a call can be repeated after a refresh; it is
 * bounded for that reason, too.
 */
class RequestBody implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterator<Buffer>
  readonly #maxBytes: number
  readonly #onFail: (reason: unknown) => void
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #complete = false
  #reading: Promise<boolean> | undefined

  /** @param onFail told once why the body cannot be read to its end. */
  constructor(req: IncomingMessage, maxBytes: number, onFail: (reason: unknown) => void) {
    this.#source = req.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    this.#maxBytes = maxBytes
    this.#onFail = onFail
  }

  /** Whether all of it has arrived. */
  get complete(): boolean {
    return this.#complete
  }

  /** From the beginning, each time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    for (let i = 0; i < this.#chunks.length || (await this.#more()); i++) yield this.#chunks[i] as Buffer
  }

  /** Reads one more part, once for all who wait for it. Resolves to whether there was one. */
  #more(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<boolean> {
    if (this.#complete) return false
    try {
      const { done, value } = await this.#source.next()
      if (done) {
        this.#complete = true
        return false
      }
      this.#bytes += value.length
      if (this.#bytes > this.#maxBytes) throw bodyTooLarge(this.#maxBytes)
      this.#chunks.push(value)
      return true
    } catch (error) {
      this.#onFail(error)
      throw error
    }
  }
}

/** The body of a request on its way to ilert. */
export interface Upload {
  readonly body: AsyncIterable<Buffer> | Buffer
  readonly headers: Record<string, string>
  /** Whether all of it has been read. */
  readonly complete: boolean
  /** The error to report in the place of a call's, if the client is to blame and not ilert. */
  blame(error: unknown): IlertError | undefined
}

/**
 * The body of a request: as it arrives, or as a middleware before the proxy has read it.
 *
 * @param onFail told why a body that is still arriving cannot be read to its end.
 * @throws IlertError if it is gone, or too long.
 */
export function uploadOf(req: Request, maxBytes: number, onFail: (reason: unknown) => void): Upload {
  if (req.readableDidRead) {
    const body = bodyReadBefore(req.body, maxBytes)
    return { body, headers: { 'content-length': String(body.length) }, complete: true, blame: () => undefined }
  }
  const body = new RequestBody(req, maxBytes, onFail)
  const blame = (error: unknown) => {
    const isTimeout = error instanceof NetworkError && error.code === 'timeout'
    return isTimeout && !body.complete ? new IlertError(TOO_SLOW, { code: 'body_timeout', status: 408 }) : undefined
  }
  return {
    body,
    headers: {},
    get complete() {
      return body.complete
    },
    blame,
  }
}

const TOO_SLOW = 'The body of the request did not arrive in time.'

/** A parser of the app has made of it whatever it makes of JSON: what comes out says the same. */
function bodyReadBefore(body: unknown, maxBytes: number): Buffer {
  if (body === undefined) {
    const message =
      'The body of this request was read before ilert.proxy() got it. Put ilert.proxy() before what reads bodies.'
    throw new IlertError(message, { code: 'body_gone', status: 500 })
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(text)
  if (bytes.length > maxBytes) throw bodyTooLarge(maxBytes)
  return bytes
}

function bodyTooLarge(maxBytes: number): IlertError {
  const { error, message, status } = tooLarge(maxBytes)
  return new IlertError(message, { code: error, status })
}
