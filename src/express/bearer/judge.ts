import type { Request } from 'express'
import type { TokenInfo } from '../../client/answers.ts'
import type { Clock } from '../../client/connection.ts'
import type { AccessTokenClaims } from '../../ilert/claims.ts'
import { covers, formatScope, type Scope, toList } from '../../ilert/scopes.ts'
import { refuseMisspelt } from '../options.ts'
import type { Verdict } from '../verify.ts'
import type { BearerAnswers } from './cache.ts'
import type { Refusal } from './challenge.ts'
import { claimsOf, readAuthorization, whyNot, whyNotApp, whyNotTenant } from './token.ts'
import type { BearerUser } from './verify.ts'

/** How an API is protected, checked and filled in. */
export interface Protection {
  readonly appID: number | 'any'
  /** What a token must cover on every request. */
  readonly scope: string
  readonly allowedTenants: readonly string[] | undefined
  readonly ask: (token: BearerUser, req: Request) => Promise<Verdict>
  readonly clock: Clock
  readonly answers: BearerAnswers
}

/** What `passport.authenticate('ilert-bearer', options)` takes beside Passport's own options. */
export interface BearerAuthenticateOptions {
  /** What a token must cover on this route, in addition to the strategy's `scope`. */
  scope?: string | readonly Scope[]
}

export type Outcome = { refusal: Refusal } | { user: Express.User; info: object }

/** Judges a request. Rejects with NetworkError if ilert does not answer, and with what the app's verify throws. */
export async function judge(
  { appID, scope: always, allowedTenants, ask, clock, answers }: Protection,
  req: Request,
  options: BearerAuthenticateOptions,
): Promise<Outcome> {
  refuseMisspelt('authenticate', options, ['scope'])
  const needed = formatScope(toList([always, ...neededScopes(options.scope)]))
  const credentials = readAuthorization(req)
  if (credentials.kind === 'none') return { refusal: { status: 401 } }
  if (credentials.kind === 'malformed') {
    return { refusal: { status: 400, error: 'invalid_request', description: credentials.why } }
  }

  const claims = claimsOf(credentials.token)
  const unasked = whyNot(claims, appID, clock.now())
  if (!claims || unasked) return invalidToken(unasked)
  const info = await answers.about(credentials.token, claims.expiresAt)
  // Once more by its claims: it may have expired while ilert was being asked.
  const why = info.active
    ? (whyNot(claims, appID, clock.now()) ?? whyNotApp(info.appID, appID) ?? whyNotTenant(info.tenant, allowedTenants))
    : 'ilert does not take this token (any more). Refresh it, or sign in again.'
  if (why) return invalidToken(why)
  const token = bearerUser(info, claims)
  if (!token) return invalidToken('ilert does not say whose token this is, or to which app it was issued.')
  if (!covers(token.scope, needed)) {
    const description = 'The user has not granted this token what is needed here.'
    return { refusal: { status: 403, error: 'insufficient_scope', description, scope: needed } }
  }

  const scope = [...token.scope] // whatever the app does to the token's
  const { user, info: told } = await ask(token, req)
  if (user) return { user, info: { scope, ...told } }
  return invalidToken(messageOf(told) ?? 'This API does not take the token of this user.')
}

/** What verify says of a refusal. */
function messageOf(info: { message?: unknown } | undefined): string | undefined {
  return typeof info?.message === 'string' && info.message !== '' ? info.message : undefined
}

function invalidToken(description: string | undefined): Outcome {
  return { refusal: { status: 401, error: 'invalid_token', ...(description && { description }) } }
}

/** A new one for each request, for the app to do with as it likes. What token_info leaves out, the token itself says. */
function bearerUser(info: TokenInfo, claims: AccessTokenClaims): BearerUser | undefined {
  const username = info.username ?? claims.username
  const appID = info.appID ?? claims.appID
  if (username === undefined || appID === undefined) return undefined
  return { tenant: info.tenant, username, scope: [...info.scope], appID }
}

/**
 * What a token must cover.
 *
 * @throws TypeError where it is malformed, or empty: a variable that is not set must not open an API.
 */
export function neededScopes(scope: string | readonly string[] | undefined): string[] {
  if (scope === undefined) return []
  const list = toList(scope)
  if ([scope].flat().some((entry) => entry.trim() === '')) {
    throw new TypeError('scope: is empty. Leave it out, or name a scope.')
  }
  return list
}
