import type { ServerResponse } from 'node:http'
import { type LoggedRequest, record, shownPath } from './log.ts'
import type { Answer } from './messages.ts'
import { crossOriginHeaders } from './routes.ts'

/** What was asked, and when by the sandbox's clock. */
interface Asked {
  readonly at: number
  readonly method: string
  readonly path: string
}

/** A request's answer on its way out, and what the log says of the two. */
export class Exchange {
  readonly response: ServerResponse
  /** As it was asked for; the entry has it as it may be shown. */
  readonly path: string
  readonly entry: LoggedRequest
  readonly #log: LoggedRequest[]
  #logged = false

  constructor(response: ServerResponse, { at, method, path }: Asked, log: LoggedRequest[]) {
    this.response = response
    this.path = path
    this.entry = { at, method, path: shownPath(path), status: 0 }
    this.#log = log
  }

  send(answer: Answer, note: string | undefined = answer.note): void {
    this.begin(answer.status, answer.headers, note)
    this.response.end(answer.body)
  }

  /** Sends an answer's head, and leaves its body to the caller. */
  begin(status: number, headers: Answer['headers'], note: string | undefined): void {
    this.entry.status = status
    this.log(note)
    this.response.writeHead(status, { ...headers, ...crossOriginHeaders(this.path) })
  }

  /** Called before the answer goes out: a client that has it finds it in the log. Of several notes the last one stays. */
  log(note: string | undefined): void {
    if (note !== undefined) this.entry.note = note
    if (!this.#logged) record(this.#log, this.entry)
    this.#logged = true
  }
}
