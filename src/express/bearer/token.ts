import type { Request } from 'express'
import { type AccessTokenClaims, readClaims } from '../../ilert/claims.ts'

/** What a request brings: a token, nothing for this scheme, or something that cannot be read. */
export type Credentials = { kind: 'none' } | { kind: 'malformed'; why: string } | { kind: 'token'; token: string }

/** An access token of ilert has less than 1 KiB. What is longer is neither hashed nor decoded. */
const LONGEST_TOKEN = 8 * 1024

/** RFC 9110, section 11.4: a scheme, alone or with something after one space. */
const SCHEME = /^([!#$%&'*+.^_`|~\w-]+)(?: |$)/

/** RFC 6750, section 2.1: `b64token`. RFC 9110, section 11.1: the scheme's case does not matter. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i

/**
 * Reads `Authorization: Bearer` (RFC 6750, section 2.1). Tokens in forms and queries (sections 2.2 and 2.3) are not
 * looked at: URLs end up in logs.
 */
export function readAuthorization(req: Request): Credentials {
  const value: unknown = req.headers.authorization
  if (value === undefined || value === '') return { kind: 'none' }
  // Node keeps the first of two, and a proxy in front may have read the second.
  if (countOf(req, 'authorization') > 1) return malformed('There is more than one Authorization header.')
  const scheme = typeof value === 'string' ? SCHEME.exec(value)?.[1] : undefined
  if (scheme === undefined) return malformed('The Authorization header does not begin with a scheme.')
  if (scheme.toLowerCase() !== 'bearer') return { kind: 'none' }
  const token = BEARER.exec(value as string)?.[1]
  if (token === undefined) return malformed('Expected one token after Bearer, and nothing after it.')
  return { kind: 'token', token }
}

function malformed(why: string): Credentials {
  return { kind: 'malformed', why }
}

function countOf({ rawHeaders }: Request, name: string): number {
  return rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length
}

/** The claims of what may be an access token of ilert, and undefined for what is none: no JWT (RFC 7519), or too long. */
export function claimsOf(token: string): AccessTokenClaims | undefined {
  return token.length <= LONGEST_TOKEN ? readClaims(token) : undefined
}

/** Why a token is refused by what it says of itself, and undefined where only ilert can say. `now` in milliseconds. */
export function whyNot(claims: AccessTokenClaims | undefined, appID: number | 'any', now: number): string | undefined {
  if (!claims) return 'This is no access token of ilert.'
  // RFC 7519, section 4.1.4: not accepted on or after that moment.
  if (claims.expiresAt !== undefined && claims.expiresAt <= now) return 'The access token has expired. Refresh it.'
  return claims.appID === undefined ? undefined : whyNotApp(claims.appID, appID)
}

/** Why a token that was issued to the app `seen` is refused by an API that takes `appID`. */
export function whyNotApp(seen: number | undefined, appID: number | 'any'): string | undefined {
  if (appID === 'any' || seen === appID) return undefined
  if (seen === undefined)
    return `ilert does not say to which app this token was issued, and this API takes app ${appID}.`
  return `This token was issued to app ${seen}, and this API takes app ${appID}.`
}

/**
 * Why a token of the tenant `seen` is refused by an API that takes those of `allowed` alone. `seen` is what token_info says:
 * the claims of a token may say anything.
 */
export function whyNotTenant(seen: string | undefined, allowed: readonly string[] | undefined): string | undefined {
  if (!allowed || (seen !== undefined && allowed.includes(seen))) return undefined
  if (seen === undefined)
    return 'ilert does not say to which tenant this token belongs, and this API does not take every tenant.'
  return `Users of the ilert tenant '${seen}' may not use this API.`
}
