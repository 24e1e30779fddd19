import type { Request, RequestHandler } from 'express'
import type { IlertClient } from '../client/client.ts'
import { knownOptions, noMore } from '../ilert/arguments.ts'
import type { Scope } from '../ilert/scopes.ts'
import type { TokenManager } from '../tokens/manager.ts'
import { checkAuthenticateOptions, type PassportOptions } from './begin.ts'
import { meMiddleware } from './bff/me.ts'
import { type MeOptions, meSettings, type ProxyOptions, proxySettings } from './bff/options.ts'
import { proxyMiddleware } from './bff/proxy.ts'
import { MalformedCallback, readCallback } from './callback.ts'
import { failRequest, responseOf } from './express.ts'
import type { Success } from './finish.ts'
import { logoutMiddleware } from './logout.ts'
import type { IlertStrategyOptions } from './options.ts'
import { assemble, type Parts } from './parts.ts'
import type { IlertProfile } from './profile.ts'
import { type Failure, failWithReason, refuse, START_AGAIN, wayOn } from './refusal.ts'
import { requireScopeMiddleware } from './require-scope.ts'
import { sessionMiddleware } from './session.ts'
import { strategySettings } from './settings.ts'
import { StrategyBase } from './strategy-base.ts'
import { asError, type Done } from './verify.ts'

declare module 'passport' {
  interface AuthenticateOptions {
    /** ilert: asks on the host of this tenant. */
    tenant?: string
    /** ilert: where the user goes afterwards, a path on this site. */
    returnTo?: string
  }
}

/** What becomes of a request: one of Passport's four ways to end it. */
type Outcome = { action: 'redirect'; url: string } | Failure | Success

/**
 * Signs users in with ilert: authorization code with PKCE (RFC 6749, section 4.1; RFC 7636), each attempt on its own.
 *
 * @example
 * const ilert = new IlertStrategy()          // reads ILERT_* from the environment
 * passport.use(ilert)
 * app.use(ilert.session())                   // req.ilert
 * app.get('/auth/ilert', passport.authenticate('ilert'))
 * app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
 */
export class IlertStrategy extends StrategyBase {
  /** What `passport.authenticate()` calls the strategy. */
  override name: string
  /** ilert's protocol, with this strategy's options. */
  readonly client: IlertClient
  /** The users' tokens, also for work outside a request. */
  readonly tokens: TokenManager
  readonly #parts: Parts

  /** @throws TypeError where an option is missing or malformed; it names the option and its variable. */
  constructor(options?: IlertStrategyOptions)
  constructor(
    options: IlertStrategyOptions & { passReqToCallback: true },
    verify: (
      req: Request,
      accessToken: string,
      refreshToken: string | undefined,
      profile: IlertProfile,
      done: Done,
    ) => void,
  )
  constructor(
    options: IlertStrategyOptions & { passReqToCallback: true },
    verify: (
      req: Request,
      accessToken: string,
      refreshToken: string | undefined,
      params: Record<string, unknown>,
      profile: IlertProfile,
      done: Done,
    ) => void,
  )
  constructor(
    options: IlertStrategyOptions,
    verify: (accessToken: string, refreshToken: string | undefined, profile: IlertProfile, done: Done) => void,
  )
  constructor(
    options: IlertStrategyOptions,
    verify: (
      accessToken: string,
      refreshToken: string | undefined,
      params: Record<string, unknown>,
      profile: IlertProfile,
      done: Done,
    ) => void,
  )
  constructor(
    verify: (accessToken: string, refreshToken: string | undefined, profile: IlertProfile, done: Done) => void,
  )
  constructor(
    verify: (
      accessToken: string,
      refreshToken: string | undefined,
      params: Record<string, unknown>,
      profile: IlertProfile,
      done: Done,
    ) => void,
  )
  constructor(...args: unknown[]) {
    const settings = strategySettings(args)
    super()
    const parts = assemble(settings)
    this.name = settings.name
    this.client = parts.client
    this.tokens = parts.manager
    this.#parts = parts
  }

  /** Passport calls a strategy through an object whose prototype it is, which has none of its private fields. */
  static #partsOf(strategy: IlertStrategy): Parts {
    let owner = strategy
    while (!(#parts in owner)) owner = Object.getPrototypeOf(owner) as IlertStrategy
    return owner.#parts
  }

  /** Passport's entry: begins a sign-in, or ends one. */
  override authenticate(req: Request, options: PassportOptions = {}): void {
    const parts = IlertStrategy.#partsOf(this)
    answer(parts, req, options)
      .then(
        (outcome) => deliver(this, outcome, req, () => wayOn(options, parts.site.homeOf(req))),
        (error: unknown) => this.error(asError(error)),
      )
      // Thrown by the app's own callback, which must not be called a second time.
      .catch((error: unknown) => failRequest(req, asError(error)))
  }

  /** Puts `req.ilert` on every request, and refreshes in the background when its tokens are due. */
  session(): RequestHandler
  session(...rest: unknown[]): RequestHandler {
    noMore('session', rest)
    return sessionMiddleware(this.#parts)
  }

  /**
   * Lets requests through whose user has granted the scopes; without any, whose user is signed in with ilert. A browser
   * that wants to show a page is sent to ilert, which asks for what is missing, and comes back to that page. Anything else
   * gets a 401 or 403 as JSON, `{ error: 'unauthorized' | 'insufficient_scope', scope }`, with `WWW-Authenticate` (RFC
   * 6750, section 3). What ilert did not grant when asked is not asked for again: the page then fails with
   * `InsufficientScope` (403). Where it cannot be told now the request fails with `NetworkError` (503).
   *
   * @throws TypeError where a scope is not well-formed.
   */
  requireScope(...scopes: Scope[]): RequestHandler {
    return requireScopeMiddleware(this.#parts, scopes)
  }

  /**
   * Signs out: ends the session, deletes the tokens and revokes them at ilert. If ilert is unavailable, nobody stays signed in
   * here. With `tokenKey` the tokens stay, since other sessions and jobs use them. Takes POST only.
   *
   * `redirect` is where the browser goes then; without it the answer is an empty 204.
   */
  logout(options?: { redirect?: string }): RequestHandler
  logout(options?: { redirect?: string }, ...rest: unknown[]): RequestHandler {
    noMore('logout', rest)
    const { redirect } = knownOptions('logout', options, { redirect: true })
    return logoutMiddleware(this.#parts, redirect)
  }

  /**
   * ilert's API for pages of this site, without a token in the browser (RFC 10017, section 6.1): passes on the methods and
   * paths of `allow`, as the signed-in user. Put it after `ilert.session()`, at a path of its own.
   *
   * Every request has to come from a page of this origin, by `Sec-Fetch-Site` or by a header of its own; else 403. Nobody
   * signed in is 401, a missing scope 403 `insufficient_scope`, both with the `loginURL` to send the browser to.
   *
   * @example
   * app.use('/api/ilert', ilert.proxy({ allow: ['GET /api/alerts', 'PUT /api/alerts/{id}/accept'] }))
   * @throws TypeError where an option is missing or malformed.
   */
  proxy(options: ProxyOptions): RequestHandler
  proxy(options: ProxyOptions, ...rest: unknown[]): RequestHandler {
    noMore('proxy', rest)
    const settings = proxySettings(options)
    this.#parts.begin.offer(settings.scopes)
    return proxyMiddleware({ ...this.#parts, settings })
  }

  /**
   * Tells a page who is signed in: `{ user, connected, scope, expiresAt, loginURL, logoutURL }`, with `expiresAt` in
   * milliseconds since the epoch. `user` and `expiresAt` are null where there is none. Takes GET, from pages of this origin.
   *
   * @example
   * app.get('/me', ilert.me())
   * @throws TypeError where an option is malformed.
   */
  me(options?: MeOptions): RequestHandler
  me(options?: MeOptions, ...rest: unknown[]): RequestHandler {
    noMore('me', rest)
    return meMiddleware({ ...this.#parts, settings: meSettings(options) })
  }
}

/** Begins a sign-in, or ends one. */
async function answer({ begin, finish, site }: Parts, req: Request, options: PassportOptions): Promise<Outcome> {
  checkAuthenticateOptions(options)
  const callback = readOrRefuse(req)
  if (callback && 'action' in callback) return callback
  // ilert answers with a GET. A form that is posted here comes from elsewhere, and HEAD would use the attempt up.
  if (req.method !== 'GET' && (callback || site.isCallback(req))) {
    return refuse(405, 'The sign-in can only be finished with a GET.')
  }
  if (callback) return await finish.byCallback(req, options, callback)
  return { action: 'redirect', url: await begin.byRoute(req, options) }
}

function readOrRefuse(req: Request): ReturnType<typeof readCallback> | Failure {
  try {
    return readCallback(req)
  } catch (error) {
    if (error instanceof MalformedCallback) return refuse(400, `${error.message} ${START_AGAIN}`)
    throw error
  }
}

/** Returns what the app's callback returns: the promise of one that is async. */
function deliver(strategy: IlertStrategy, outcome: Outcome, req: Request, href: () => string): unknown {
  if (outcome.action === 'redirect') return strategy.redirect(outcome.url)
  if (outcome.action === 'success') return strategy.success(outcome.user, outcome.info)
  // Passport's types know a challenge as a string; what it hands on may be any info.
  const fail = () => strategy.fail(outcome.info as unknown as string, outcome.status as number)
  return failWithReason(responseOf(req), fail, outcome, href())
}
