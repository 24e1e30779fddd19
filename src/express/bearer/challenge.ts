import type { Response } from 'express'

/** Why a request is refused, as RFC 6750, section 3 has it. */
export interface Refusal {
  /** 400 `invalid_request`, 401 `invalid_token` or none, 403 `insufficient_scope` (section 3.1). */
  readonly status: 400 | 401 | 403
  /** Absent where the request brings no credentials: section 3 wants no error information then. */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  /** What was wrong, for the developer of the caller. */
  readonly description?: string
  /** The scopes that are needed. */
  readonly scope?: string
}

const HEADER = 'WWW-Authenticate'

/** The value of `WWW-Authenticate`. */
export function challengeOf({ error, description, scope }: Refusal): string {
  const parameters = Object.entries({ realm: 'ilert', error, error_description: description, scope })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${quoted(String(value))}"`)
  return `Bearer ${parameters.join(', ')}`
}

/** What fits into a quoted string (RFC 9110, section 5.6.4) of printable ASCII, which RFC 6750 narrows it to. */
function quoted(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')
}

/**
 * Gives a response its challenge at the moment that its headers are sent, if it has the refusal's status then. Passport
 * itself sends challenges with 401 only and never before a callback of the app's own; set at once, the header would stay
 * on the answer to a request that another strategy lets through.
 */
export function challengeWith(res: Response, { status }: Refusal, challenge: string): void {
  const writeHead = res.writeHead.bind(res) as (status: number, ...rest: unknown[]) => Response
  const withChallenge = (sent: number, ...rest: unknown[]): Response => {
    const present = [res.getHeader(HEADER) ?? []].flat().map(String)
    if (sent === status && !present.includes(challenge)) res.setHeader(HEADER, [...present, challenge])
    return writeHead(sent, ...rest)
  }
  res.writeHead = withChallenge as Response['writeHead']
}
