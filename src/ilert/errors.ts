import { redact } from './redact.ts'

/** What an error says beside its message. */
interface ErrorDetails {
  code?: string
  status?: number
  /** The error that has caused this one; pass it only if it can hold no secret. */
  cause?: unknown
}

/**
 * Whatever this package reports about ilert. Its message, properties, stack and `cause` never hold a token, an
 * authorization code, a verifier or a secret.
 */
export class IlertError extends Error {
  /** A word for programs, which stays the same between releases. ilert's own words are passed on as they are. */
  readonly code: string
  /** The HTTP status with which Express answers when the error reaches it. */
  readonly status: number

  constructor(message?: string, { code = 'ilert_error', status = 500, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = status
  }

  /** `status`, under the name by which NestJS, Fastify and others that follow the http-errors package look for it. */
  get statusCode(): number {
    return this.status
  }

  /** Whether these may show the message to the client: below 500. */
  get expose(): boolean {
    return this.status < 500
  }

  static {
    // On the prototype, so that the name of each class is in its stack and never an own property.
    IlertError.prototype.name = 'IlertError'
  }
}

/** The words of ilert and of RFC 6749, 6750 and 7009: public, so they stay also where a secret happens to resemble one. */
const PUBLIC_CODES = new Set([
  'invalid_request',
  'invalid_scope',
  'access_denied',
  'unsupported_grant_type',
  'invalid_grant',
  'server_error',
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'temporarily_unavailable',
  'invalid_token',
  'insufficient_scope',
  'unsupported_token_type',
])

/**
 * ilert refused: its answer carried a code, such as `invalid_grant` or `access_denied`.
 *
 * @see docs/ilert.md, "Error codes"; RFC 6749, sections 4.1.2.1 and 5.2
 */
export class OAuthError extends IlertError {
  /** ilert's explanation without control characters and without secrets, at most 300 characters. */
  readonly description: string | undefined

  constructor(message?: string, { description, ...details }: ErrorDetails & { description?: string | undefined } = {}) {
    super(message, details)
    this.description = description
  }

  /**
   * Made of ilert's own words.
   *
   * @param secrets what was sent along, so that it can be taken out of words which repeat it.
   */
  static from(code: string, status: number, description?: string, secrets: readonly string[] = []): OAuthError {
    const safeCode = PUBLIC_CODES.has(code) ? code : redact(code, secrets, 60) || 'unknown_error'
    const safe = description === undefined ? undefined : redact(description, secrets, 300)
    const message = safe ? `ilert refused: ${safeCode}: ${safe}` : `ilert refused: ${safeCode}`
    return new OAuthError(message, { code: safeCode, status, description: safe })
  }

  static {
    OAuthError.prototype.name = 'OAuthError'
  }
}

/** The same, of errors after which it may be worth trying again. */
interface RetryDetails extends ErrorDetails {
  retryAfterSeconds?: number | undefined
}

/** What ilert's API says of an error beside its message. */
interface APIErrorDetails extends RetryDetails {
  details?: unknown
  detailedCode?: string | undefined
}

/** ilert's API answered with a status that is not a success. `status` is that status, `code` is ilert's word. */
export class APIError extends IlertError {
  /** With a 429: how long ilert wants the caller to wait. Without its word, until the minute ends that it counts in. */
  readonly retryAfterSeconds: number | undefined
  /** ilert's `details`, as JSON, if there are any: such as the fields that it does not accept. Without secrets, and cut. */
  readonly details: unknown
  /** ilert's second, more precise word, if there is one. */
  readonly detailedCode: string | undefined

  constructor(message?: string, { retryAfterSeconds, details, detailedCode, ...more }: APIErrorDetails = {}) {
    super(message, { code: 'api_error', ...more })
    this.retryAfterSeconds = retryAfterSeconds
    this.details = details
    this.detailedCode = detailedCode
  }

  static {
    APIError.prototype.name = 'APIError'
  }
}

/** What kept an answer from arriving, or from being one. */
type NetworkErrorCode =
  | 'timeout'
  | 'connection_failed'
  | 'connection_lost'
  | 'rate_limited'
  | 'server_error'
  | 'redirect_refused'
  | 'invalid_response'
  | 'store_unavailable'
  | 'backing_off'
  | 'refresh_refused'
  | 'too_many_sign_ins'

/**
 * Nothing is known to be wrong with the user or the grant: ilert, the network or the token store is unavailable. Trying again
 * later helps. `status` is 503.
 */
export class NetworkError extends IlertError {
  declare readonly code: NetworkErrorCode
  /** How long to wait before the next attempt, where that is known. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    message?: string,
    {
      code = 'connection_lost',
      cause,
      retryAfterSeconds,
    }: Omit<RetryDetails, 'status'> & { code?: NetworkErrorCode } = {},
  ) {
    super(message, { code, status: 503, cause })
    this.retryAfterSeconds = retryAfterSeconds
  }

  static {
    NetworkError.prototype.name = 'NetworkError'
  }
}

/** The grant has ended, or was never there: the user has to sign in with ilert again. `status` is 401. */
export class ReauthenticationRequired extends IlertError {
  constructor(
    message = 'The sign-in with ilert has ended. Send the user to sign in with ilert again.',
    details: ErrorDetails = {},
  ) {
    super(message, { code: 'reauthentication_required', status: 401, ...details })
  }

  static {
    ReauthenticationRequired.prototype.name = 'ReauthenticationRequired'
  }
}

/** The grant does not cover what was asked of it. `status` is 403. */
export class InsufficientScope extends IlertError {
  /** The scopes to ask the user for, separated by spaces. */
  readonly scope: string

  constructor(message?: string, { scope = '', ...details }: ErrorDetails & { scope?: string } = {}) {
    super(message, { code: 'insufficient_scope', status: 403, ...details })
    this.scope = scope
  }

  /** With a message that names the scopes which the user has not granted. */
  static of(scope: string): InsufficientScope {
    return new InsufficientScope(`This needs the scope '${scope}', which the user has not granted.`, { scope })
  }

  static {
    InsufficientScope.prototype.name = 'InsufficientScope'
  }
}

/** The HTTP status that goes with each of ilert's codes. docs/ilert.md, "Error codes". */
export const OAUTH_STATUS = {
  invalid_request: 400,
  invalid_scope: 400,
  access_denied: 400,
  unsupported_grant_type: 400,
  invalid_grant: 401,
  server_error: 500,
} as const
