import type { Query } from './api-path.ts'
import { plainObject } from './arguments.ts'
import { paginate } from './paginate.ts'

/** How to make a call. */
export interface CallInit {
  /** Added to the path. Lists are repeated, and what is undefined is left out. */
  query?: Query
  /** Beside those that are set anyway. `authorization` and what belongs to the connection are refused. */
  headers?: Record<string, string>
  /** Ends the call early; it then rejects with the signal's reason. */
  signal?: AbortSignal
  /** On a 429, wait as long as ilert asks and try again, if all waits together take no longer than this. */
  retry?: { maxDelayMs: number }
  /** `false` sends the call whatever the user has granted. */
  scope?: false
  /** `true` resolves to an `ApiResponse`, with the status and the headers of the answer. Default: to its JSON alone. */
  response?: boolean
}

/** A successful answer of ilert's API, as `{ response: true }` asks for it. */
export interface ApiResponse<T = unknown> {
  /** 200 to 299. */
  readonly status: number
  /** Such as `ETag`, which `If-Match` takes, `Location` and `next-cursor`. Without cookies. */
  readonly headers: Headers
  /** The JSON; undefined if the answer is empty. */
  readonly body: T
}

/**
 * ilert's API as a user. JSON goes in and comes out; an empty answer is `undefined`.
 *
 * Calls reject with
 *
 * - `APIError` where ilert answers with an error; `status`, `code` and, with a 429, `retryAfterSeconds` are ilert's;
 * - `InsufficientScope`, before anything is sent, where the user has not granted what the path needs;
 * - `NetworkError` where no answer came, or where a token is needed and cannot be had now;
 * - `ReauthenticationRequired` where the user has to sign in again;
 * - `IlertError` with the code `invalid_path`, or a `TypeError` that names the argument. Nothing is sent then.
 *
 * On a 401 the token is refreshed, where the rules allow it, and the call repeated once. GET, HEAD, PUT and DELETE are
 * repeated once after a lost connection and after 502, 503 and 504; other methods never are.
 */
export interface IlertApi {
  /** Reads. Resolves to the answer's JSON. */
  get<T = unknown>(path: string, init?: CallInit): Promise<T>
  /** Deletes. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  delete<T = unknown>(path: string, init?: CallInit): Promise<T>
  /** Creates: `body` is sent as JSON. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  post<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T>
  /** Changes: `body` is sent as JSON. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  put<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T>
  /** Any method. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  request<T = unknown>(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<T>
  /**
   * All entries of a list, page by page (`start-index`, `max-results`), fetched as they are asked for.
   *
   * @param init.pageSize 1 to 100, which is also the default.
   */
  paginate<T = unknown>(path: string, init?: CallInit & { pageSize?: number }): AsyncIterable<T>
}

/** Makes a call with all that follows from its answer. */
type Send = (method: string, path: string, init?: CallInit & { body?: unknown }) => Promise<ApiResponse>

/** Every method, on top of the one that makes a call. */
class Calls {
  readonly #send: Send

  constructor(send: Send) {
    this.#send = send
  }

  get(path: string, init?: CallInit): Promise<unknown> {
    return this.request('GET', path, init)
  }

  delete(path: string, init?: CallInit): Promise<unknown> {
    return this.request('DELETE', path, init)
  }

  post(path: string, body?: unknown, init?: CallInit): Promise<unknown> {
    return this.request('POST', path, { ...init, body })
  }

  put(path: string, body?: unknown, init?: CallInit): Promise<unknown> {
    return this.request('PUT', path, { ...init, body })
  }

  async request(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<unknown> {
    const answer = await this.#send(method, path, init)
    return init?.response ? answer : answer.body
  }

  async *paginate(path: string, init?: CallInit & { pageSize?: number }): AsyncGenerator<unknown, void> {
    const { pageSize, query, response, ...rest } = plainObject('init', init)
    if (response !== undefined) throw new TypeError('response: paginate() gives entries alone. Use get().')
    const read = (page: Query) => this.#send('GET', path, { ...rest, query: page })
    yield* paginate(read, path, { pageSize, query })
  }
}

/** The methods as their types promise them; what a path gives is known to the types alone. */
export const ApiMethods: new (send: Send) => IlertApi = Calls as never
