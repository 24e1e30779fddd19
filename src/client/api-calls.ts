import type { ApiResponse, CallInit } from './api.ts'
import { callAPI } from './call.ts'
import { Flights, type Seat } from './flights.ts'
import type { Http, HttpCall } from './http.ts'
import { type OpenedAnswer, openAPI } from './open.ts'
import type { TokenSource } from './send.ts'
import { traced } from './trace.ts'

/** Calls of ilert's API, as the user whose tokens a source gives. */
export class ApiCalls {
  readonly #http: Http
  readonly #flights = new Flights<OpenedAnswer>(({ answer }) => answer.over)

  constructor(http: Http) {
    this.#http = http
  }

  /** Makes a call, with all that follows from its answer. */
  async call(
    source: TokenSource,
    method: string,
    path: string,
    init?: CallInit & { body?: unknown },
  ): Promise<ApiResponse> {
    const message = { method, path: typeof path === 'string' ? withoutQuery(path) : '' }
    const call = traced('api', message, () => callAPI(this.#http, source, method, path, init))
    return await (isReading(method) ? call : this.#changing(source, call))
  }

  /**
   * Makes a call whose answer is passed on while it arrives. Equal GETs of one owner that are under way share one call,
   * unless a change of that owner lies between.
   *
   * @param call has been checked.
   */
  open(source: TokenSource, call: HttpCall): Seat<OpenedAnswer> {
    const { method, path } = call
    const begin = (signal: AbortSignal) =>
      traced('api', { method, path: withoutQuery(path) }, () => openAPI(this.#http, source, { ...call, signal }))
    const { owner } = source
    if (!isReading(method)) return this.#flights.alone((signal) => this.#changing(source, begin(signal)))
    if (method !== 'GET' || owner === undefined) return this.#flights.alone(begin)
    return this.#flights.join(owner, `${path} ${JSON.stringify(call.headers)}`, begin)
  }

  /** What a change brings. Nobody joins a call that was begun before its end: what that brings may be older. */
  async #changing<T>({ owner }: TokenSource, change: Promise<T>): Promise<T> {
    try {
      return await change
    } finally {
      if (owner !== undefined) this.#flights.close(owner)
    }
  }
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? ''
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
