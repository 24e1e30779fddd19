import type { Request } from 'express'
import { IlertClient } from '../../client/client.ts'
import { type Connection, ResolvedConnection } from '../../client/connection.ts'
import { APP_OPTIONS, ENV_OPTIONS } from '../../client/options.ts'
import { IlertError, OAuthError } from '../../ilert/errors.ts'
import { formatScope, type Scope } from '../../ilert/scopes.ts'
import { failRequest } from '../express.ts'
import { allowedTenantsOption, booleanOption, functionOption, oneVerify, strategyArguments } from '../options.ts'
import { StrategyBase } from '../strategy-base.ts'
import { asError, type Done } from '../verify.ts'
import { BearerAnswers } from './cache.ts'
import { challengeOf, challengeWith } from './challenge.ts'
import { type BearerAuthenticateOptions, judge, neededScopes, type Outcome, type Protection } from './judge.ts'
import { askAbout, type BearerCallback, type BearerUser, type BearerVerify } from './verify.ts'

/** How an API is protected. */
export interface BearerOptions extends Connection {
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

  readonly #protection: Protection

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
    const connection = new ResolvedConnection(options)
    const client = new IlertClient(connection)
    const { clock } = connection
    const lookUp = (token: string, timeoutMs?: number) => client.tokenInfo(token, { timeoutMs }).catch(asOurs)
    this.name = 'ilert-bearer'
    this.client = client
    this.#protection = {
      appID: appIDOption(options.appID),
      scope: formatScope(neededScopes(options.scope)),
      allowedTenants: allowedTenantsOption(options.allowedTenants),
      ask: askAbout(verify, callback, booleanOption('passReqToCallback', options.passReqToCallback)),
      clock,
      answers: new BearerAnswers({ ask: lookUp, clock }),
    }
  }

  /** Passport calls a strategy through an object whose prototype it is, which has none of its private fields. */
  static #protectionOf(strategy: IlertBearerStrategy): Protection {
    let owner = strategy
    while (!(#protection in owner)) owner = Object.getPrototypeOf(owner) as IlertBearerStrategy
    return owner.#protection
  }

  /** Passport's entry. */
  override authenticate(req: Request, options: BearerAuthenticateOptions = {}): void {
    judge(IlertBearerStrategy.#protectionOf(this), req, options)
      .then(
        (outcome) => deliver(this, req, outcome),
        (error: unknown) => this.error(asError(error) as Error),
      )
      // Thrown by the app's own callback, which must not be called a second time.
      .catch((error: unknown) => failRequest(req, asError(error)))
  }
}

function deliver(strategy: IlertBearerStrategy, req: Request, outcome: Outcome): void {
  if ('user' in outcome) {
    strategy.success(outcome.user, outcome.info)
    return
  }
  const challenge = challengeOf(outcome.refusal)
  if (req.res) challengeWith(req.res, outcome.refusal, challenge)
  strategy.fail(challenge, outcome.refusal.status)
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
