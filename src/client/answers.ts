/*
 * The judges: each takes an answer of ilert's server and says what it means. No I/O, so each is tested with plain
 * answers. An error thrown here never quotes the answer's body.
 */
import { readClaims } from '../ilert/claims.ts'
import { type IlertError, NetworkError, OAuthError } from '../ilert/errors.ts'
import { ACCESS_TOKEN_SECONDS, RETRY_AFTER_SECONDS } from '../ilert/limits.ts'
import { namedScopes } from '../ilert/scopes.ts'
import { apiError } from './api-error.ts'
import type { HttpAnswer } from './exchange.ts'

/** A user's tokens. Times are milliseconds since the epoch. */
export interface TokenSet {
  accessToken: string
  /** Absent for a PKCE-only app without `offline_access`. */
  refreshToken?: string
  /** What the user granted. */
  scope: string[]
  expiresAt: number
  /** Absent: does not expire. */
  refreshTokenExpiresAt?: number
}

/** What token_info says of an access token. */
export interface TokenInfo {
  /** Whether ilert takes the token; if not, the rest is empty. */
  active: boolean
  tenant?: string
  username?: string
  scope: string[]
  appID?: number
}

/** ilert's user. All but `id` may be absent; fields unknown to this package are kept. */
export interface IlertUser {
  id: number
  username?: string
  firstName?: string
  lastName?: string
  email?: string
  role?: string
  timezone?: string
  language?: string
  [field: string]: unknown
}

/** What ilert sent, of the objects that were made of it. */
const sent = new WeakMap<object, { fields?: Record<string, unknown>; json?: string }>()

/** The fields of the token answer with which ilert issued tokens, for the `params` of Passport's classic verify. */
export function fieldsOf(tokens: TokenSet): Record<string, unknown> {
  return sent.get(tokens)?.fields ?? {}
}

/** A user's JSON as ilert sent it. Written anew it might be another, and cannot be where it is nested too deeply. */
export function jsonOf(user: IlertUser): string {
  return sent.get(user)?.json ?? JSON.stringify(user)
}

/** A century: an answer that says more is cut, so that adding it to a date stays a date. */
const MAX_SECONDS = 100 * 365 * 86_400

/**
 * Judges an answer of the token endpoint (RFC 6749, sections 5.1 and 5.2, and docs/ilert.md, "Wire formats").
 *
 * @param sentAt when the request was sent: what the lifetimes are counted from, so that they err on the short side.
 * @param secrets what was sent along; it is taken out of ilert's own words.
 * @param requested the scopes that were asked for. An answer may leave its scope out if it is the same (section 5.1).
 * @throws OAuthError, NetworkError
 */
export function judgeTokens(
  answer: HttpAnswer,
  sentAt: number,
  secrets: readonly string[],
  requested: readonly string[] = [],
): TokenSet {
  const body = judgeOAuth(answer, secrets)
  const { access_token, token_type, refresh_token, scope } = body
  if (!isToken(access_token)) throw invalid('no usable access_token')
  if (token_type != null && !(typeof token_type === 'string' && token_type.toLowerCase() === 'bearer')) {
    throw invalid('a token_type other than Bearer')
  }
  if (refresh_token != null && refresh_token !== '' && !isRefreshToken(refresh_token)) {
    throw invalid('no usable refresh_token')
  }
  const lifetime = body.expires_in == null ? ACCESS_TOKEN_SECONDS : seconds(body.expires_in)
  if (lifetime === undefined) throw invalid('an expires_in that is not a positive number')

  const tokens: TokenSet = {
    accessToken: access_token,
    // What the token says of itself is nearer to the truth than what was asked for.
    scope: namedScopes(isTexts(scope) ? scope.join(' ') : scope) ?? readClaims(access_token)?.scope ?? [...requested],
    expiresAt: sentAt + lifetime * 1000,
  }
  if (refresh_token) {
    tokens.refreshToken = refresh_token
    const refreshLifetime = seconds(body.refresh_token_expires_in)
    if (refreshLifetime !== undefined) tokens.refreshTokenExpiresAt = sentAt + refreshLifetime * 1000
  }
  sent.set(tokens, { fields: body })
  return tokens
}

/**
 * Judges an answer of token_info: `active: false` and any 4xx mean that the token is not good, unless the answer says that
 * the client is not (RFC 7662, section 2.3).
 *
 * @throws OAuthError, NetworkError
 */
export function judgeTokenInfo(answer: HttpAnswer, secrets: readonly string[] = []): TokenInfo {
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    const body = parse(answer.text)
    const error = isObject(body) ? refusal(body, answer.status, secrets) : undefined
    if (error?.code === 'invalid_client' || error?.code === 'unauthorized_client') throw error
    return { active: false, scope: [] }
  }
  const { active, tenant_id, username, scope, app_id } = judgeOAuth(answer, secrets)
  if (typeof active !== 'boolean') throw invalid('no active field')
  if (!active) return { active, scope: [] }
  return {
    active,
    scope: namedScopes(scope) ?? [],
    ...(typeof tenant_id === 'string' && { tenant: tenant_id }),
    ...(typeof username === 'string' && { username }),
    ...(typeof app_id === 'number' && { appID: app_id }),
  }
}

/** Judges an answer of revoke (RFC 7009, section 2.2). A token that ilert does not know, or no more, is revoked. */
export function judgeRevocation(answer: HttpAnswer, secrets: readonly string[]): void {
  if (answer.status < 300) return
  try {
    judgeOAuth(answer, secrets)
  } catch (error) {
    if (!(error instanceof OAuthError && error.code === 'invalid_grant')) throw error
  }
}

/** Judges an answer of the current user. */
export function judgeUser(answer: HttpAnswer, secrets: readonly string[]): IlertUser {
  const body = judgeAPI(answer, secrets)
  // An id past 2^53 would have lost its last digits in JSON.parse, and two users would be one.
  if (!isObject(body) || !Number.isSafeInteger(body.id)) throw invalid('a user without an id')
  sent.set(body, { json: answer.text })
  return body as IlertUser
}

/** The JSON of a successful answer of the API; undefined where it is empty. */
export function judgeAPI(answer: HttpAnswer, secrets: readonly string[]): unknown {
  const { status } = answer
  if (status < 300) {
    const text = readable(answer)
    if (text === '') return undefined
    const body = parse(text)
    if (body === undefined) throw invalid('something that is not JSON')
    return body
  }
  if (status < 400) throw redirected()
  const body = parse(refusalText(answer.text))
  const wait = status === 429 ? retryAfter(answer, secondsUntilNextMinute(answer)) : undefined
  throw apiError(status, isObject(body) ? body : {}, secrets, wait)
}

/** The JSON object of a successful answer of one of the OAuth2 endpoints. */
function judgeOAuth(answer: HttpAnswer, secrets: readonly string[]): Record<string, unknown> {
  const { status } = answer
  if (status === 429) {
    const message = 'ilert takes no more requests for now. Try again later.'
    throw new NetworkError(message, { code: 'rate_limited', retryAfterSeconds: retryAfter(answer) })
  }
  if (status >= 500)
    throw new NetworkError(`ilert is unavailable (${status}). Try again.`, { code: 'server_error', ...after(answer) })
  if (status >= 300 && status < 400) throw redirected()
  const text = readable(answer)
  const body = parse(status < 300 ? text : refusalText(text))
  if (!isObject(body)) throw invalid('something that is not a JSON object')
  if (status < 300) return body
  throw refusal(body, status, secrets) ?? invalid(`status ${status} without a code`)
}

/**
 * Reads a refusal in ilert's form, `{"code": "invalid_grant", "error": "Provided code is unknown"}`, and in that of
 * RFC 6749, `{"error": "invalid_grant", "error_description": "…"}`.
 */
function refusal(body: Record<string, unknown>, status: number, secrets: readonly string[]): OAuthError | undefined {
  const { code, error, error_description, message } = body
  const [word, text] = typeof code === 'string' && code !== '' ? [code, error ?? message] : [error, error_description]
  if (typeof word !== 'string' || word === '') return undefined
  return OAuthError.from(word, status, typeof text === 'string' ? text : undefined, secrets)
}

function after(answer: HttpAnswer): { retryAfterSeconds?: number } {
  return answer.headers['retry-after'] === undefined ? {} : { retryAfterSeconds: retryAfter(answer) }
}

/**
 * ilert's API counts in fixed windows of a minute, and names no time when it refuses.
 * docs/ilert.md, "Lifetimes and limits".
 */
function secondsUntilNextMinute({ headers }: HttpAnswer): number {
  const now = Date.parse(String(headers.date ?? '')) || Date.now()
  return 60 - (Math.floor(now / 1000) % 60)
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3), or `otherwise` if it is absent or unreadable. */
function retryAfter({ headers }: HttpAnswer, otherwise: number = RETRY_AFTER_SECONDS): number {
  const value = String(headers['retry-after'] ?? '').trim()
  if (/^\d{1,9}$/.test(value)) return Number(value)
  // Only a text with a weekday: Date.parse reads a moment into '-5' and '1, 2' as well.
  const until = /^[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN
  // Against the answer's own Date: it says how far off the moment is, whatever this machine's clock says.
  const wait = until - (Date.parse(String(headers.date ?? '')) || Date.now())
  return Number.isNaN(wait) ? otherwise : Math.max(0, Math.ceil(wait / 1000))
}

function redirected(): IlertError {
  return new NetworkError(
    'ilert answered with a redirect, which is never followed, so that tokens stay with ilert. Check apiURL.',
    { code: 'redirect_refused' },
  )
}

function invalid(what: string): IlertError {
  return new NetworkError(`ilert's answer cannot be used: ${what}. Check apiURL, or try again.`, {
    code: 'invalid_response',
  })
}

/** @throws NetworkError if the answer has a body that could not be read. */
function readable({ text, unreadable }: HttpAnswer): string {
  if (unreadable !== undefined) throw invalid(unreadable)
  return text
}

/** A refusal has a few words. What is as long as this is a page of something that stands before ilert. */
const LONGEST_REFUSAL = 64 * 1024

function refusalText(text: string): string {
  return text.length > LONGEST_REFUSAL ? '' : text
}

/** A list of objects with one field each has fewer in the longest answer that is read by default. */
const MOST_PARTS = 150_000

/** In answers that are longer than that, since the app wants them to be, a part has so many characters on average. */
const CHARACTERS_OF_A_PART = 7

function parse(text: string): unknown {
  try {
    const most = Math.max(MOST_PARTS, text.length / CHARACTERS_OF_A_PART)
    return countParts(text) > most ? undefined : JSON.parse(text)
  } catch {
    return undefined // the error would quote the body, and with it a token
  }
}

/**
 * Counts the lists and objects of a JSON text, which take JSON.parse most of its time: half a million of them, one inside
 * the other, keep it busy for 100 ms.
 */
function countParts(text: string): number {
  if (text.length <= MOST_PARTS) return 0 // that many at most
  let parts = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) quoted = !quoted
    else if (quoted) i += char === 0x5c ? 1 : 0
    else if (char === 0x5b || char === 0x7b) parts++
  }
  return parts
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 6749, appendix A.12: printable ASCII. Whatever else would break out of the header that it is sent in. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}

/** Some servers write scopes as a list. */
function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

/** RFC 6749, appendix A.17: `VSCHAR`, with the space, as it is only ever sent in forms. */
function isRefreshToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
}

/** A lifetime. Some servers write the number as a string. Undefined if it is not above 0. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,20}(?:\.\d{1,20})?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && number > 0 ? Math.min(number, MAX_SECONDS) : undefined
}
