import type { Request } from 'express'
import type { TokenInfo } from '../../client/answers.ts'
import { IlertClient } from '../../client/client.ts'
import { type Clock, type Connection, ResolvedConnection } from '../../client/connection.ts'
import { APP_OPTIONS, ENV_OPTIONS } from '../../client/options.ts'
import type { AccessTokenClaims } from '../../ilert/claims.ts'
import { IlertError, OAuthError } from '../../ilert/errors.ts'
import { covers, formatScope, type Scope, toList } from '../../ilert/scopes.ts'
import {
  allowedTenantsOption,
  booleanOption,
  functionOption,
  oneVerify,
  refuseMisspelt,
  strategyArguments,
} from '../options.ts'
import { StrategyBase } from '../strategy-base.ts'
import { asError, type Done, type Verdict } from '../verify.ts'
import { BearerAnswers } from './cache.ts'
import { challengeOf, challengeWith, type Refusal } from './challenge.ts'
import { claimsOf, readAuthorization, whyNot, whyNotApp, whyNotTenant } from './token.ts'
import { askAbout, type BearerCallback, type BearerUser, type BearerVerify } from './verify.ts'

/** How an API is protected. */
interface BearerOptions extends Connection {
  /**
   * The app whose tokens are taken: the number that ilert shows for it. Required, since a token says what its user
   * granted to that app alone: an API that takes the tokens of any app lets each of them act for its users. `'any'` does
   * so on purpose. Variable `ILERT_APP_ID`.
   */
  appID?: number | 'any'
  /** What a token must cover on every request. Default: nothing. */
  scope?: string | readonly Scope[]
  /**
   * The tenants whose users' tokens are taken, as token_info names them (`tenant_id`). A token of which ilert names no
   * tenant is refused then. Default: any tenant. Variable `ILERT_ALLOWED_TENANTS`, separated by commas.
   */
  allowedTenants?: readonly string[]
  /**
   * Turns a token into the app's user, or into false to refuse it with a 401. Called on every request, also where
   * ilert's answer is remembered. What it throws goes to the app's error handler. Default: the user is the token.
   * Passport's form, `(token, done)`, is an argument of its own.
   */
  verify?: BearerVerify
  /** Gives the verify in Passport's form the request as its first argument. Default false. */
  passReqToCallback?: boolean
}

/**
 * An app's options may be given to this strategy as they are: what is about sign-ins and stored tokens has nothing to do
 * here. A `name` is refused: Passport would put this strategy in the place of the app's other one.
 */
const { name: _, ...BEARER_OPTIONS } = APP_OPTIONS

/** What `passport.authenticate('ilert-bearer', options)` takes beside Passport's own options. */
interface BearerAuthenticateOptions {
  /** What a token must cover on this route, in addition to the strategy's `scope`. */
  scope?: string | readonly Scope[]
}

type Outcome = { refusal: Refusal } | { user: Express.User; info: object }

/**
 * Protects an API: takes requests with `Authorization: Bearer` and an access token of ilert (RFC 6750, section 2.1).
 * Tokens in forms and queries are not looked at.
 *
 * ilert's token_info decides. Its yes is remembered for at most 60 s and never past the token's expiry, its no for 10 s;
 * requests that arrive together share one question. What is no JWT, has expired, or was issued to another app by its own
 * claims is refused without asking.
 *
 * - 400 `invalid_request`: the header is malformed, or there are two.
 * - 401: no token; with `invalid_token`, one that is not good. Its `error_description` says why.
 * - 403 `insufficient_scope`: `scope` names what is needed.
 * - Passport's error, with a `NetworkError` (503), where ilert does not answer: neither yes nor no.
 *
 * The first three come with `WWW-Authenticate` (RFC 6750, section 3). `req.authInfo` is `{ scope }`.
 *
 * @example
 * passport.use(new IlertBearerStrategy({ appID: 250 }))
 * const bearer = (scope: string) => passport.authenticate('ilert-bearer', { session: false, scope })
 * app.post('/api/pages', bearer('alert:w'), (req, res) => …)
 */
export class IlertBearerStrategy extends StrategyBase {
  /** What `passport.authenticate()` calls the strategy. */
  override name: string
  /** ilert's protocol, with this strategy's options. `client.close()` ends its connections. */
  readonly client: IlertClient

  // Not #private: Passport calls the strategy through Object.create(), and #fields throw there.
  private readonly appID: number | 'any'
  private readonly scope: string
  private readonly allowedTenants: readonly string[] | undefined
  private readonly ask: (token: BearerUser, req: Request) => Promise<Verdict>
  private readonly clock: Clock
  private readonly answers: BearerAnswers

  /** @throws TypeError where an option or an argument is missing or malformed; it names the option and its variable. */
  constructor(options?: BearerOptions)
  constructor(verify: (token: BearerUser, done: Done) => void | Promise<void>)
  constructor(
    options: BearerOptions & { passReqToCallback: true },
    verify: (req: Request, token: BearerUser, done: Done) => void | Promise<void>,
  )
  constructor(options: BearerOptions | undefined, verify: (token: BearerUser, done: Done) => void | Promise<void>)
  constructor(...args: unknown[]) {
    super()
    const { options, callback } = strategyArguments<BearerOptions, BearerCallback>(
      'IlertBearerStrategy',
      args,
      BEARER_OPTIONS,
    )
    const verify = functionOption('verify', options.verify)
    oneVerify(verify, callback)
    this.name = 'ilert-bearer'
    this.appID = appIDOption(options.appID)
    this.scope = formatScope(neededScopes(options.scope))
    this.allowedTenants = allowedTenantsOption(options.allowedTenants)
    this.ask = askAbout(verify, callback, booleanOption('passReqToCallback', options.passReqToCallback))
    const connection = new ResolvedConnection(options)
    this.clock = connection.clock
    this.client = new IlertClient(connection)
    const ask = (token: string, timeoutMs?: number) => this.client.tokenInfo(token, { timeoutMs }).catch(asOurs)
    this.answers = new BearerAnswers({ ask, clock: this.clock })
  }

  /** Passport's entry. */
  override authenticate(req: Request, options: BearerAuthenticateOptions = {}): void {
    this.judge(req, options)
      .then(
        (outcome) => this.deliver(req, outcome),
        (error: unknown) => this.error(asError(error) as Error),
      )
      // Thrown by the app's own callback, which must not be called a second time.
      .catch((error: unknown) => req.next?.(asError(error)))
  }

  private async judge(req: Request, options: BearerAuthenticateOptions): Promise<Outcome> {
    refuseMisspelt('authenticate', options, ['scope'])
    const needed = formatScope(toList([this.scope, ...neededScopes(options.scope)]))
    const credentials = readAuthorization(req)
    if (credentials.kind === 'none') return { refusal: { status: 401 } }
    if (credentials.kind === 'malformed') {
      return { refusal: { status: 400, error: 'invalid_request', description: credentials.why } }
    }

    const claims = claimsOf(credentials.token)
    const unasked = whyNot(claims, this.appID, this.clock.now())
    if (!claims || unasked) return invalidToken(unasked)
    const info = await this.answers.about(credentials.token, claims.expiresAt)
    // Once more by its claims: it may have expired while ilert was being asked.
    const why = info.active
      ? (whyNot(claims, this.appID, this.clock.now()) ??
        whyNotApp(info.appID, this.appID) ??
        whyNotTenant(info.tenant, this.allowedTenants))
      : 'ilert does not take this token (any more). Refresh it, or sign in again.'
    if (why) return invalidToken(why)
    const token = bearerUser(info, claims)
    if (!token) return invalidToken('ilert does not say whose token this is, or to which app it was issued.')
    if (!covers(token.scope, needed)) {
      const description = 'The user has not granted this token what is needed here.'
      return { refusal: { status: 403, error: 'insufficient_scope', description, scope: needed } }
    }

    const scope = [...token.scope] // whatever the app does to the token's
    const { user, info: told } = await this.ask(token, req)
    if (user) return { user, info: { scope, ...told } }
    return invalidToken(messageOf(told) ?? 'This API does not take the token of this user.')
  }

  private deliver(req: Request, outcome: Outcome): void {
    if ('user' in outcome) {
      this.success(outcome.user, outcome.info)
      return
    }
    const challenge = challengeOf(outcome.refusal)
    if (req.res) challengeWith(req.res, outcome.refusal, challenge)
    this.fail(challenge, outcome.refusal.status)
  }
}

/** An error that ilert makes of our own credentials is none of the caller's. */
function asOurs(error: unknown): never {
  if (!(error instanceof OAuthError)) throw error
  const { clientID, clientSecret } = ENV_OPTIONS
  throw new IlertError(
    `ilert refuses the credentials of this API (${error.code}). Check clientID (${clientID}) and clientSecret (${clientSecret}).`,
    { code: error.code, status: 500, cause: error },
  )
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
function neededScopes(scope: string | readonly string[] | undefined): string[] {
  if (scope === undefined) return []
  const list = toList(scope)
  if ([scope].flat().some((entry) => entry.trim() === '')) {
    throw new TypeError('scope: is empty. Leave it out, or name a scope.')
  }
  return list
}

/** @throws TypeError */
function appIDOption(value: unknown): number | 'any' {
  const label = 'appID (ILERT_APP_ID)'
  const hint =
    "the number that ilert shows for the app whose tokens this API takes, or 'any' for the tokens of all apps"
  const variable = process.env.ILERT_APP_ID?.trim() || undefined
  if (value === undefined && variable === undefined) throw new TypeError(`${label}: missing. Set ${hint}.`)
  const digits = value === undefined && /^\d+$/.test(variable ?? '') ? Number(variable) : undefined
  const appID = value ?? digits ?? variable
  if (appID === 'any' || (Number.isSafeInteger(appID) && (appID as number) > 0)) return appID as number | 'any'
  throw new TypeError(`${label}: expected ${hint}.`)
}
