import { abortSignal, knownOptions, plainObject } from '../ilert/arguments.ts'
import { type APIError, InsufficientScope } from '../ilert/errors.ts'
import { covers, requiredScope } from '../ilert/scopes.ts'
import { judgeAPI } from './answers.ts'
import { type ApiResponse, CALL_OPTIONS, type CallInit } from './api.ts'
import { apiPath } from './api-path.ts'
import type { HttpAnswer } from './exchange.ts'
import type { Http, HttpCall } from './http.ts'
import { abortable, sendOnceOrTwice, type TokenSource } from './send.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** What belongs to the connection, to the token, or to the reader of the answer. */
const OURS =
  /^(?:authorization|proxy-.*|host|connection|keep-alive|content-length|transfer-encoding|accept-encoding|upgrade|te|trailer|expect)$/i

/** The least that is waited for after a 429 that is not the first. */
const LEAST_WAIT_MS = 1000

/** Makes one call, with all that may follow from its answer. */
export async function callAPI(
  http: Http,
  source: TokenSource,
  method: string,
  path: string,
  init?: CallInit & { body?: unknown },
): Promise<ApiResponse> {
  const { call, checksScope, mostWaitMs } = readInit(method, path, init)
  const { signal } = call
  let patienceMs = mostWaitMs
  signal?.throwIfAborted()

  let { accessToken, scope } = await abortable(source.tokens(), signal)
  const needed = checksScope ? requiredScope(method, path) : null
  if (needed !== null && !covers(scope, needed)) throw InsufficientScope.of(needed)

  let repeated = false
  let leastMs = 0
  for (;;) {
    const answer = await sendOnceOrTwice((authorized) => http.send(authorized), call, accessToken)
    if (answer.status === 401 && !repeated && (await abortable(source.rejected(accessToken), signal))) {
      repeated = true
      accessToken = (await abortable(source.tokens(), signal)).accessToken
      continue
    }
    try {
      const body = judgeAPI(answer, [accessToken])
      return { status: answer.status, headers: headersOf(answer), body }
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

/** Checks everything that the caller has said. `mostWaitMs`: after a 429; undefined if it is not to be waited. */
function readInit(method: string, path: string, init: (CallInit & { body?: unknown }) | undefined) {
  const given = knownOptions('init', init, { ...CALL_OPTIONS, body: true })
  const { response, retry, scope, ...rest } = given
  if (response !== undefined && typeof response !== 'boolean') throw new TypeError('response: expected true or false.')
  if (scope !== undefined && scope !== false) throw new TypeError('scope: expected false, or nothing.')
  const signal = abortSignal(given.signal)
  const call = { ...prepare(method, path, rest), signal }
  return { call, checksScope: scope !== false, mostWaitMs: maxDelay(retry) }
}

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
  const { maxDelayMs } = knownOptions('retry', retry, { maxDelayMs: true })
  if (typeof maxDelayMs !== 'number' || !(maxDelayMs >= 0 && maxDelayMs <= 3_600_000)) {
    throw new TypeError('retry.maxDelayMs: expected milliseconds, from 0 to 3 600 000.')
  }
  return maxDelayMs
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

/** For the caller to read; cookies are between ilert and a browser. */
function headersOf(answer: HttpAnswer): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name !== 'set-cookie') for (const single of [value ?? []].flat()) headers.append(name, single)
  }
  return headers
}
