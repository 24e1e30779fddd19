import type { IncomingHttpHeaders } from 'node:http'
import { apiPath } from '../../client/api-path.ts'
import type { IlertError } from '../../ilert/errors.ts'
import { requiredScope } from '../../ilert/scopes.ts'
import { match, type Route } from './allow.ts'
import { isFromThisOrigin } from './anti-forgery.ts'
import { isJSON, sentHeaders } from './headers.ts'

/** What is known of a request before ilert or a store is asked. */
export interface Asked {
  readonly method: string
  /** Below the proxy, with its query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** What a proxy passes on. */
export interface Rules {
  readonly routes: readonly Route[]
  /** The anti-forgery header, in small letters. */
  readonly header: string
  readonly maxBodyBytes: number
}

/** A request that is refused, and why. */
export interface Refusal {
  readonly passes: false
  readonly status: number
  readonly error: string
  readonly message: string
  /** The methods by which the path is allowed. */
  readonly allow?: readonly string[]
}

/** A request that is passed on, as it is sent. */
export interface Passed {
  readonly passes: true
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly hasBody: boolean
  /** What the user must have granted; null where no documented scope opens the path. */
  readonly scope: string | null
}

/** Decides whether a request passes, and as what. Pure: whose request it is comes later. */
export function judge({ method, url, headers }: Asked, rules: Rules): Passed | Refusal {
  if (!isFromThisOrigin(headers, rules.header)) return notFromThisOrigin(rules.header)
  let path: string
  try {
    path = apiPath(url)
  } catch (error) {
    return refuse(400, 'invalid_path', (error as IlertError).message)
  }
  const route = match(rules.routes, method, path)
  if (!('method' in route)) {
    if (route.length === 0) return refuse(404, 'not_allowed', 'The app does not pass this path on to ilert.')
    return { ...refuse(405, 'method_not_allowed', 'The app does not pass this method on to ilert.'), allow: route }
  }
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const body = hasBody ? judgeBody(method, headers, rules) : undefined
  if (body) return body
  const sent = sentHeaders(headers, hasBody)
  if (!sent) return refuse(400, 'invalid_header', 'A header has a character outside printable ASCII.')
  return { passes: true, method, path, headers: sent, hasBody, scope: requiredScope(method, path) }
}

function judgeBody(method: string, headers: IncomingHttpHeaders, { maxBodyBytes }: Rules): Refusal | undefined {
  if (method === 'GET' || method === 'HEAD') return refuse(400, 'unexpected_body', `${method} has no body.`)
  if (!isJSON(headers) || headers['content-encoding'] !== undefined) {
    return refuse(415, 'not_json', 'Send JSON, as application/json, and not compressed.')
  }
  return Number(headers['content-length'] ?? 0) > maxBodyBytes ? tooLarge(maxBodyBytes) : undefined
}

export function notFromThisOrigin(header: string): Refusal {
  return refuse(403, 'cross_site', `This is no request of a page of this site, or it lacks the header ${header}.`)
}

/** A body that is longer than the app allows. */
export function tooLarge(maxBodyBytes: number): Refusal {
  return refuse(413, 'body_too_large', `The body is longer than ${maxBodyBytes} bytes.`)
}

export function refuse(status: number, error: string, message: string): Refusal {
  return { passes: false, status, error, message }
}
