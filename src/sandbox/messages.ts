import type { IncomingHttpHeaders } from 'node:http'
import { OAUTH_STATUS } from '../ilert/errors.ts'
import type { Clock } from './clock.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Settings, State } from './state.ts'

/** A request, read and parsed, as the endpoints see it. */
export interface SandboxRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The IP address of the sender. */
  readonly address: string
}

/** What an endpoint answers. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the log says about it: a code word, never a value from the request. */
  readonly note?: string
}

/** What the endpoints work on. */
export interface Ilert {
  readonly state: State
  readonly rateLimit: RateLimit
  readonly clock: Clock
  readonly settings: Settings
}

/** One method of one path. It may throw `Refused`. */
export type Endpoint = (request: SandboxRequest, ilert: Ilert) => Answer | Promise<Answer>

/** Thrown by an endpoint whose answer is a refusal, from wherever it finds out. */
export class Refused {
  readonly answer: Answer

  constructor(answer: Answer) {
    this.answer = answer
  }
}

/** Answers may hold tokens, and what a sandbox answers changes anyway. */
const NO_STORE = { 'cache-control': 'no-store' }

export function json(status: number, body: unknown, headers: Record<string, string> = {}, note?: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...NO_STORE, ...headers },
    body: JSON.stringify(body),
    ...(note !== undefined && { note }),
  }
}

export function noContent(status = 204): Answer {
  return { status, headers: NO_STORE, body: '' }
}

export function redirect(to: string, note?: string): Answer {
  const headers = { location: to, 'referrer-policy': 'no-referrer', ...NO_STORE }
  return { status: 303, headers, body: '', ...(note !== undefined && { note }) }
}

/** ilert's own codes, and the sandbox's word for a refresh that comes too soon. */
const STATUS: Record<OAuthCode, number> = { ...OAUTH_STATUS, too_many_requests: 429 }

export type OAuthCode = keyof typeof OAUTH_STATUS | 'too_many_requests'

/** An error of the token, token_info and revoke endpoints, in ilert's form. docs/ilert.md, "Wire formats". */
export function oauthError(
  code: OAuthCode,
  error: string,
  { status = STATUS[code], headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Answer {
  return json(status, { code, error }, headers, code)
}

/** An error of the API, in ilert's form. docs/ilert.md, "The API". */
export function apiError(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { status, code, message }, headers, code)
}

/** What a missing scope gets. */
export function scopeError(scope: string): Answer {
  const code = 'OAUTH2_SCOPE_ERROR'
  return json(403, { status: 403, code, message: `The access token lacks the scope ${scope}`, scope }, {}, code)
}

/** What is not there, or not in the account of the user. */
export function notFound(): Answer {
  return apiError(404, 'NOT_FOUND', 'There is no such resource')
}

/** Throws an OAuth error. */
export function refuse(code: OAuthCode, error: string, details?: Parameters<typeof oauthError>[2]): never {
  throw new Refused(oauthError(code, error, details))
}

/** The first name that is there more than once (RFC 6749, section 3.2: none may). */
export function repeated(params: URLSearchParams): string | undefined {
  const seen = new Set<string>()
  for (const name of params.keys()) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

/** A request's form, or undefined where its body is not one. */
export function readForm({ headers, body }: SandboxRequest): URLSearchParams | undefined {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === 'application/x-www-form-urlencoded' ? new URLSearchParams(body) : undefined
}

/** The form of an OAuth endpoint. ilert reads parameters from the body alone. */
export function oauthForm(request: SandboxRequest): URLSearchParams {
  const form = readForm(request)
  if (!form) refuse('invalid_request', 'The content type must be application/x-www-form-urlencoded')
  if (repeated(form) !== undefined) refuse('invalid_request', 'A parameter is there more than once')
  return form
}

/** A form field that has to be there. */
export function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) refuse('invalid_request', `Parameter ${name} is missing`)
  return value
}
