import type { Dispatcher } from 'undici'
import { Exchange, type HttpAnswer, wholeAnswer } from './exchange.ts'
import { translate } from './network-error.ts'

/** What a body is handed to, part by part. None of its methods may throw. */
export interface BodyReader {
  data(chunk: Buffer): void
  end(): void
  /** The body is not complete, and never will be. */
  fail(error: unknown): void
}

/** An answer whose body may still be on its way. */
export interface StreamedAnswer extends Pick<HttpAnswer, 'status' | 'headers'> {
  /** Whether the body has arrived, or failed. */
  readonly over: boolean
  /**
   * Hands on what is there already, and then each part as it arrives. Several readers may read, each from the beginning.
   *
   * @returns what ends the reading. The others go on.
   */
  read(reader: BodyReader): () => void
  /** Ends the call, if its body is still on its way. */
  discard(): void
  /** @throws NetworkError, or the error of a body that is too long. */
  whole(): Promise<HttpAnswer>
}

/**
 * A call whose answer can be read while it arrives. All of the body stays here for readers who come later; it is bounded as
 * other answers are. Nobody's slowness holds it up: the bounds of the call are those of the connection to ilert alone.
 */
export class StreamedExchange extends Exchange<StreamedAnswer> implements StreamedAnswer {
  status = 0
  headers: HttpAnswer['headers'] = {}
  readonly #method: string
  readonly #chunks: Buffer[] = []
  readonly #readers = new Set<BodyReader>()
  #outcome: { readonly error?: unknown } | undefined
  #whenOver: (() => void) | undefined

  constructor(maxBodyBytes: number, method: string) {
    super(maxBodyBytes)
    this.#method = method
  }

  get over(): boolean {
    return this.#outcome !== undefined
  }

  read(reader: BodyReader): () => void {
    for (const chunk of this.#chunks) reader.data(chunk)
    if (this.#outcome) tell(reader, this.#outcome)
    else this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  discard(): void {
    if (!this.over) this.end(new Error('Nobody reads the answer.'))
  }

  whole(): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.read({
        data() {},
        end: () => {
          const answer = wholeAnswer(this.status, this.headers, Buffer.concat(this.#chunks), this.maxBodyBytes)
          if (answer === 'too large') reject(this.tooLarge())
          else resolve(answer)
        },
        fail: reject,
      })
    })
  }

  override whenOver(then: () => void): void {
    if (this.over) then()
    else this.#whenOver = then
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    if (status < 200) return // an interim answer (RFC 9110, section 15.2): the one that counts follows
    this.status = status
    this.headers = headers
    // Said before anything is passed on, while it can still be answered with an error.
    if (this.#method !== 'HEAD' && Number(headers['content-length']) > this.maxBodyBytes) this.endTooLarge()
    else this.resolve(this)
  }

  onResponseEnd(): void {
    this.#finish({})
  }

  protected override fail(reason: unknown): void {
    super.fail(reason)
    this.#finish({ error: this.ended ? reason : translate(reason) })
  }

  protected take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    for (const reader of this.#readers) reader.data(chunk)
  }

  #finish(outcome: { readonly error?: unknown }): void {
    if (this.#outcome) return
    this.#outcome = outcome
    for (const reader of this.#readers) tell(reader, outcome)
    this.#readers.clear()
    this.#whenOver?.()
  }
}

function tell(reader: BodyReader, outcome: { readonly error?: unknown }): void {
  if ('error' in outcome) reader.fail(outcome.error)
  else reader.end()
}
