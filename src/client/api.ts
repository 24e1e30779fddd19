import { type Known, knownOptions } from '../ilert/arguments.ts'
import type { ApiCalls } from './api-calls.ts'
import type { Query } from './api-path.ts'
import type { ApiDeletes, ApiGets, ApiPosts, ApiPuts, ApiQueries } from './api-paths.ts'
import { paginate } from './paginate.ts'
import type { TokenSource } from './send.ts'

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

/** What every call takes. */
export const CALL_OPTIONS: Known<CallInit> = {
  query: true,
  headers: true,
  signal: true,
  retry: true,
  scope: true,
  response: true,
}

/** The same, to be told the whole answer. */
type WholeInit = CallInit & { response: true }

/** The same, to be told its JSON alone. */
type JsonInit = CallInit & { response?: false }

/** The paths of a map. Patterns such as `/api/alerts/${number}` are index signatures, which TypeScript looks up itself. */
type Path<Map> = keyof Map & string

/** The paths of a map that take no body. */
type BarePath<Map, P extends Path<Map>> = Map[P] extends readonly [undefined, unknown] ? P : never

/** Any path but a known one, which another signature checks. */
type Other<Map, P extends string> = P extends keyof Map ? never : P

/** What a path takes. */
type BodyOf<Map, P extends Path<Map>> = Map[P] extends readonly [infer Body, unknown] ? Body : never
/** What a path gives. */
type AnswerOf<Map, P extends Path<Map>> = Map[P] extends readonly [unknown, infer Answer] ? Answer : never
/** What a list is of. */
type EntryOf<List> = List extends readonly (infer Entry)[] ? Entry : unknown

/** `CallInit` for a known path: the names of its query complete, and their values are checked. */
interface InitFor<P> extends Omit<CallInit, 'query'> {
  query?: Query & (P extends keyof ApiQueries ? ApiQueries[P] : unknown)
}

/** What a call resolves to. */
type Reply<Json, Init> = Init extends { response: true } ? ApiResponse<Json> : Json

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
 * Known paths have the types of ilert's OpenAPI document: `get('/api/alerts')` resolves to alerts, and `post` checks its
 * body. An id in a path is a number (`/api/alerts/${id}`); a path that is not known when the code is written gives
 * `unknown`. `get<T>()` and `post<T>()` say the type themselves, and check nothing.
 *
 * Calls reject with
 *
 * - `APIError` where ilert answers with an error; `status`, `code` and, with a 429, `retryAfterSeconds` are ilert's;
 * - `InsufficientScope`, before anything is sent, where the user has not granted what the path needs;
 * - `NetworkError` where no answer came, or where a token is needed and cannot be had now;
 * - `IlertError` (502, `response_too_large`) if the answer is longer than 1 MiB: ask for less;
 * - `ReauthenticationRequired` where the user has to sign in again;
 * - `IlertError` with the code `invalid_path`, or a `TypeError` that names the argument. Nothing is sent then.
 *
 * On a 401 the token is refreshed, where the rules allow it, and the call repeated once. GET, HEAD, PUT and DELETE are
 * repeated once after a lost connection and after 502, 503 and 504; other methods never are.
 */
export interface IlertApi {
  // A known path's signature comes first, since editors complete by the first; three in all, since TypeScript explains
  // what is wrong with up to three.

  /** Reads. Resolves to the answer's JSON, whose type is that of ilert's document if the path is known. */
  get<P extends Path<ApiGets>, Init extends InitFor<P> = InitFor<P>>(
    path: P,
    init?: Init,
  ): Promise<Reply<ApiGets[P], Init>>
  /** The same at any other path, or with a type that the app says itself: the whole answer. */
  get<T = unknown, P extends string = string>(path: Other<ApiGets, P>, init: WholeInit): Promise<ApiResponse<T>>
  /** The same at any other path, or with a type that the app says itself. */
  get<T = unknown, P extends string = string>(path: Other<ApiGets, P>, init?: CallInit): Promise<T>

  /** Deletes. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  delete<P extends Path<ApiDeletes>, Init extends CallInit = CallInit>(
    path: P,
    init?: Init,
  ): Promise<Reply<ApiDeletes[P], Init>>
  /** The same at any other path, or with a type that the app says itself: the whole answer. */
  delete<T = unknown, P extends string = string>(path: Other<ApiDeletes, P>, init: WholeInit): Promise<ApiResponse<T>>
  /** The same at any other path, or with a type that the app says itself. */
  delete<T = unknown, P extends string = string>(path: Other<ApiDeletes, P>, init?: CallInit): Promise<T>

  /** Creates: `body` is sent as JSON. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  post<P extends Path<ApiPosts>, Init extends CallInit = CallInit>(
    path: P,
    body: BodyOf<ApiPosts, P>,
    init?: Init,
  ): Promise<Reply<AnswerOf<ApiPosts, P>, Init>>
  /** The same, of what takes no body. */
  post<P extends Path<ApiPosts>>(path: BarePath<ApiPosts, P>): Promise<AnswerOf<ApiPosts, P>>
  /** The same at any other path, or with a type that the app says itself, whose body is not checked. */
  post<T = unknown, P extends string = string, Init extends CallInit = JsonInit>(
    path: Other<ApiPosts, P>,
    body?: unknown,
    init?: Init,
  ): Promise<Reply<T, Init>>

  /** Changes: `body` is sent as JSON. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  put<P extends Path<ApiPuts>, Init extends CallInit = CallInit>(
    path: P,
    body: BodyOf<ApiPuts, P>,
    init?: Init,
  ): Promise<Reply<AnswerOf<ApiPuts, P>, Init>>
  /** The same, of what takes no body. */
  put<P extends Path<ApiPuts>>(path: BarePath<ApiPuts, P>): Promise<AnswerOf<ApiPuts, P>>
  /** The same at any other path, or with a type that the app says itself, whose body is not checked. */
  put<T = unknown, P extends string = string, Init extends CallInit = JsonInit>(
    path: Other<ApiPuts, P>,
    body?: unknown,
    init?: Init,
  ): Promise<Reply<T, Init>>

  /** Any method. Resolves to the whole answer. */
  request<T = unknown>(method: string, path: string, init: WholeInit & { body?: unknown }): Promise<ApiResponse<T>>
  /** Any method. Resolves to the answer's JSON, or to undefined where the answer is empty. */
  request<T = unknown>(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<T>

  /**
   * All entries of a list, page by page, fetched as they are asked for.
   *
   * @param init.pageSize how many entries a page has: from 1 to the most that the list allows, which is also the default.
   */
  paginate<T = unknown, P extends string = string>(
    path: Other<ApiGets, P>,
    init?: CallInit & { pageSize?: number },
  ): AsyncIterable<T>
  /** The same at any other path, or with a type that the app says itself. */
  paginate<P extends Path<ApiGets>>(
    path: P,
    init?: InitFor<P> & { pageSize?: number },
  ): AsyncIterable<EntryOf<ApiGets[P]>>
}

/** Every method, on top of the one that makes a call. */
class Methods {
  readonly #calls: ApiCalls
  readonly #source: TokenSource

  constructor(calls: ApiCalls, source: TokenSource) {
    this.#calls = calls
    this.#source = source
  }

  get(path: string, init?: CallInit): Promise<unknown> {
    return this.request('GET', path, init)
  }

  delete(path: string, init?: CallInit): Promise<unknown> {
    return this.request('DELETE', path, init)
  }

  async post(path: string, body?: unknown, init?: CallInit): Promise<unknown> {
    return await this.request('POST', path, { ...knownOptions('init', init, CALL_OPTIONS), body })
  }

  async put(path: string, body?: unknown, init?: CallInit): Promise<unknown> {
    return await this.request('PUT', path, { ...knownOptions('init', init, CALL_OPTIONS), body })
  }

  async request(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<unknown> {
    const answer = await this.#calls.call(this.#source, method, path, init)
    return init?.response ? answer : answer.body
  }

  async *paginate(path: string, init?: CallInit & { pageSize?: number }): AsyncGenerator<unknown, void> {
    const given = knownOptions('init', init, { ...CALL_OPTIONS, pageSize: true })
    const { pageSize, query, response, ...rest } = given
    if (response !== undefined) throw new TypeError('response: paginate() gives entries alone. Use get().')
    const read = (page: Query) => this.#calls.call(this.#source, 'GET', path, { ...rest, query: page })
    yield* paginate(read, path, { pageSize, query })
  }
}

/** The methods as their types promise them; what a path gives is known to the types alone. */
export const ApiMethods: new (calls: ApiCalls, source: TokenSource) => IlertApi = Methods as never
