import { type APIError, InsufficientScope, NetworkError } from '../ilert/errors.ts'
import { covers, requiredScope } from '../ilert/scopes.ts'
import { judgeAPI, type TokenSet } from './answers.ts'
import { apiPath, type Query } from './api-path.ts'
import { plainObject } from './arguments.ts'
import type { HttpAnswer } from './exchange.ts'
import type { Http, HttpCall } from './http.ts'

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

/** The methods that follow from `request`. */
export abstract class ApiMethods implements IlertApi {
  abstract request<T = unknown>(method: string, path: string, init?: CallInit & { body?: unknown }): Promise<T>

  get<T = unknown>(path: string, init?: CallInit): Promise<T> {
    return this.request<T>('GET', path, init)
  }

  delete<T = unknown>(path: string, init?: CallInit): Promise<T> {
    return this.request<T>('DELETE', path, init)
  }

  post<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T> {
    return this.request<T>('POST', path, { ...init, body })
  }

  put<T = unknown>(path: string, body?: unknown, init?: CallInit): Promise<T> {
    return this.request<T>('PUT', path, { ...init, body })
  }

  async *paginate<T = unknown>(path: string, init?: CallInit & { pageSize?: number }): AsyncGenerator<T, void> {
    const { pageSize = MAX_PAGE, query, ...rest } = plainObject('init', init)
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE) {
      throw new TypeError(`pageSize: expected a whole number from 1 to ${MAX_PAGE}.`)
    }
    // In the path they would stand there twice, and the server might read those: the same page, again and again.
    if (/[?&](?:start-index|max-results)=/.test(path)) {
      throw new TypeError("path: has start-index or max-results. Pass query['start-index'], and pageSize.")
    }
    let start = Number(plainObject('query', query)['start-index'] ?? 0)
    if (!Number.isSafeInteger(start) || start < 0) {
      throw new TypeError("query['start-index']: expected a whole number, 0 or more.")
    }
    for (;;) {
      const page = await this.get<T[]>(path, {
        ...rest,
        query: { ...query, 'start-index': start, 'max-results': pageSize },
      })
      if (!Array.isArray(page)) {
        throw new NetworkError("ilert's answer is not a list.", { code: 'invalid_response' })
      }
      yield* page
      if (page.length !== pageSize) return // more than a page: the server has sent all there is
      start += page.length
    }
  }
}

/** Where a call gets its token from. */
export interface TokenSource {
  /** Fresh tokens. */
  tokens(): Promise<Readonly<TokenSet>>
  /** ilert's API refused the token before its time. Resolves to whether there is another one now. */
  refused(accessToken: string): Promise<boolean>
}

const MAX_PAGE = 100
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])
/** What belongs to the connection, to the token, or to whoever reads the answer. */
const OURS =
  /^(?:authorization|proxy-.*|host|connection|keep-alive|content-length|transfer-encoding|accept-encoding|upgrade|te|trailer|expect)$/i

/** The least that is waited for after a 429 that is not the first. */
const LEAST_WAIT_MS = 1000

/** Makes one call, with all that may follow from its answer. */
export async function callAPI<T>(
  http: Http,
  source: TokenSource,
  method: string,
  path: string,
  init?: CallInit & { body?: unknown },
): Promise<T> {
  const { retry, scope: checked, signal, ...rest } = plainObject('init', init)
  if (checked !== undefined && checked !== false) throw new TypeError('scope: expected false, or nothing.')
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal: expected an AbortSignal.')
  const call = { ...prepare(method, path, rest), signal }
  let patienceMs = maxDelay(retry)
  signal?.throwIfAborted()

  let { accessToken, scope } = await abortable(source.tokens(), signal)
  const needed = checked === false ? null : requiredScope(method, path)
  if (needed !== null && !covers(scope, needed)) throw InsufficientScope.of(needed)

  let repeated = false
  let leastMs = 0
  for (;;) {
    const answer = await sendOnceOrTwice(http, call, accessToken)
    if (answer.status === 401 && !repeated && (await abortable(source.refused(accessToken), signal))) {
      repeated = true
      accessToken = (await abortable(source.tokens(), signal)).accessToken
      continue
    }
    try {
      return judgeAPI(answer, [accessToken]) as T
    } catch (error) {
      const { retryAfterSeconds } = error as APIError
      if (patienceMs === undefined || retryAfterSeconds === undefined) throw error
      const waitMs = Math.max(retryAfterSeconds * 1000, leastMs)
      if (waitMs > patienceMs) throw error
      patienceMs -= waitMs
      leastMs = LEAST_WAIT_MS
      await pause(waitMs, signal)
    }
  }
}

/** Checks everything that the caller has said. */
function prepare(
  method: string,
  path: string,
  { body, headers, query }: Pick<CallInit, 'headers' | 'query'> & { body?: unknown },
): HttpCall {
  if (!METHODS.has(method)) throw new TypeError(`method: expected one of ${[...METHODS].join(', ')}.`)
  const added = Object.entries(plainObject('headers', headers))
  for (const [name, value] of added) checkHeader(name, value)
  const json = body === undefined ? undefined : toJSON(body)
  if (json !== undefined && (method === 'GET' || method === 'HEAD')) throw new TypeError(`body: ${method} has none.`)
  return {
    method,
    path: apiPath(path, query),
    headers: {
      accept: 'application/json',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...Object.fromEntries(added.map(([name, value]) => [name.toLowerCase(), value])),
    },
    ...(json !== undefined && { body: json }),
  }
}

function checkHeader(name: string, value: unknown): void {
  if (OURS.test(name)) throw new TypeError(`headers: '${name}' is set by this package alone.`)
  const isHeader = /^[!#$%&'*+\-.^`|~\w]+$/.test(name) && typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value)
  if (!isHeader) throw new TypeError('headers: a name or a value has characters that a header cannot have.')
}

function toJSON(body: unknown): string {
  let json: string | undefined
  let cause: unknown
  try {
    json = JSON.stringify(body)
  } catch (error) {
    cause = error // a circle, or a BigInt
  }
  if (json === undefined) throw new TypeError('body: cannot be written as JSON.', { cause })
  return json
}

/** Milliseconds; undefined where the caller wants no waiting. */
function maxDelay(retry: CallInit['retry']): number | undefined {
  if (retry === undefined) return undefined
  const { maxDelayMs } = plainObject('retry', retry)
  if (typeof maxDelayMs !== 'number' || !(maxDelayMs >= 0 && maxDelayMs <= 3_600_000)) {
    throw new TypeError('retry.maxDelayMs: expected milliseconds, from 0 to 3 600 000.')
  }
  return maxDelayMs
}

/** Sends an idempotent call once more where the connection broke, or where what is before ilert could not reach it. */
async function sendOnceOrTwice(http: Http, call: HttpCall, accessToken: string): Promise<HttpAnswer> {
  const authorized = { ...call, headers: { ...call.headers, authorization: `Bearer ${accessToken}` } }
  if (!IDEMPOTENT.has(call.method)) return await http.send(authorized)
  try {
    const answer = await http.send(authorized)
    if (![502, 503, 504].includes(answer.status)) return answer
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'connection_lost') throw error
  }
  return await http.send(authorized)
}

/** What `promise` brings, unless the signal is aborted before. What was begun goes on without being waited for. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await abortable(over, signal)
  } finally {
    clearTimeout(timer)
  }
}
