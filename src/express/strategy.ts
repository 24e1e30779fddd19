import type { Request, RequestHandler } from 'express'
import { IlertClient } from '../client/client.ts'
import { resolveConnection } from '../client/connection.ts'
import { ENV_OPTIONS, option } from '../client/options.ts'
import { knownOptions, noMore } from '../ilert/arguments.ts'
import { APP_URL } from '../ilert/endpoints.ts'
import type { Scope } from '../ilert/scopes.ts'
import { TokenManager } from '../tokens/manager.ts'
import { encryptionSecrets } from '../tokens/sealing/keys.ts'
import { Sealer, tokenSealer } from '../tokens/sealing/seal.ts'
import type { TokenStore } from '../tokens/stores/store.ts'
import { AppSessionStore } from './app-session-store.ts'
import { type Attachment, attachAtLogIn, attachNow } from './attach.ts'
import { type Attempt, Attempts } from './attempts.ts'
import { Begin, checkAuthenticateOptions, type PassportOptions } from './begin.ts'
import { meMiddleware } from './bff/me.ts'
import { type MeOptions, meSettings, type ProxyOptions, proxySettings } from './bff/options.ts'
import { proxyMiddleware } from './bff/proxy.ts'
import { type CallbackQuery, MalformedCallback, readCallback } from './callback.ts'
import { responseOf } from './cookies.ts'
import { logoutMiddleware } from './logout.ts'
import { LostSessions } from './lost-session.ts'
import {
  allowedTenantsOption,
  booleanOption,
  callbackOption,
  functionOption,
  type IlertStrategyOptions,
  nameOption,
  oneVerify,
  STRATEGY_OPTIONS,
  scopeOption,
  strategyArguments,
} from './options.ts'
import type { IlertProfile } from './profile.ts'
import { type Failure, failWithReason, refuse, refusedByIlert, START_AGAIN, wayOn } from './refusal.ts'
import { requireScopeMiddleware } from './require-scope.ts'
import { sessionMiddleware } from './session.ts'
import { SessionEntries } from './session-entry.ts'
import { SessionWatch } from './session-watch.ts'
import { SignIns } from './sign-ins.ts'
import { basePathOption, Site } from './site.ts'
import { StrategyBase } from './strategy-base.ts'
import { asError, askWith, type ClassicVerify, type Done, type Verify } from './verify.ts'

declare module 'passport' {
  interface AuthenticateOptions {
    /** ilert: asks on the host of this account. */
    tenant?: string
    /** ilert: where the user goes afterwards, a path on this site. */
    returnTo?: string
  }
}

/** What becomes of a request: one of Passport's four ways to end it. */
type Outcome =
  | { action: 'redirect'; url: string }
  | Failure
  | { action: 'success'; user: Express.User; info: object | undefined }

const ANOTHER_USER = `The user who began this sign-in is not signed in here any more. Nothing was changed. ${START_AGAIN}`
const NOT_UNDER_WAY = `This sign-in was not begun in this browser, has ended, or took too long. ${START_AGAIN}`

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

  // Not #private: Passport calls the strategy through Object.create(), and #fields throw there. None holds a secret in
  // reach of an inspection: these objects keep theirs in #fields.
  private readonly attempts: Attempts
  private readonly begin: Begin
  private readonly lost: LostSessions
  private readonly signIns: SignIns
  private readonly appStore: AppSessionStore | undefined
  private readonly entries: SessionEntries
  private readonly watch: SessionWatch
  private readonly site: Site
  private readonly scope: readonly string[]

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
    const { options, callback } = strategyArguments<IlertStrategyOptions, ClassicVerify>(
      'IlertStrategy',
      args,
      STRATEGY_OPTIONS,
    )
    const { clientID, clientSecret, appURL, apiURL, clock } = resolveConnection(options)
    if (clientID === undefined) {
      throw new TypeError(`clientID (${ENV_OPTIONS.clientID}): missing. Set the id that ilert shows for your app.`)
    }
    const verify = functionOption<Verify>('verify', options.verify)
    oneVerify(verify, callback)

    super()
    this.name = nameOption(options.name)
    this.entries = new SessionEntries(this.name, functionOption('userKey', options.userKey))
    const callbackURL = callbackOption(options)
    this.site = new Site({ basePath: basePathOption(option(options, 'basePath')), callbackURL })
    this.scope = scopeOption(options)

    // Once for all: without a key, each call would make a random one of its own.
    const secrets = encryptionSecrets(options)
    this.client = new IlertClient(options)
    this.appStore = options.tokenStore === undefined ? new AppSessionStore(clock) : undefined
    const tokenStore = this.appStore ?? (options.tokenStore as TokenStore)
    const internals = { client: this.client, sealer: tokenSealer(secrets, clientID) }
    this.tokens = new TokenManager({ ...options, tokenStore }, internals)
    this.watch = new SessionWatch(this.entries, this.tokens)
    // An attempt is finished where it was begun: at the same provider (RFC 9700, section 4.4), by the same app.
    const purpose = `attempts of ${clientID} at ${appURL ?? APP_URL} and ${apiURL}`
    const sealer = new Sealer(secrets, purpose)
    this.attempts = new Attempts(sealer, clock)
    this.lost = new LostSessions(sealer, clock, this.entries, this.tokens)
    this.begin = new Begin({
      attempts: this.attempts,
      client: this.client,
      entries: this.entries,
      lost: this.lost,
      tokens: this.tokens,
      callbackURL,
      site: this.site,
      scope: this.scope,
      // An app without a secret gets no refresh tokens otherwise. docs/ilert.md, "Scopes".
      extraScope: clientSecret === undefined ? ['offline_access'] : [],
      bind: (req) => this.bind(req),
    })
    this.signIns = new SignIns({
      clock,
      client: this.client,
      tokens: this.tokens,
      scope: this.begin.usualScope,
      ask: askWith(verify, callback, booleanOption('passReqToCallback', options.passReqToCallback)),
      allowedTenants: allowedTenantsOption(options.allowedTenants),
      tokenKey: functionOption('tokenKey', options.tokenKey),
    })
  }

  /** Passport's entry: begins a sign-in, or ends one. */
  override authenticate(req: Request, options: PassportOptions = {}): void {
    this.answer(req, options)
      .then(
        (outcome) => this.deliver(req, options, outcome),
        (error: unknown) => this.error(asError(error)),
      )
      // Thrown by the app's own callback, which must not be called a second time.
      .catch((error: unknown) => req.next?.(asError(error)))
  }

  /** Puts `req.ilert` on every request, and refreshes behind it when its tokens are due. */
  session(): RequestHandler
  session(...rest: unknown[]): RequestHandler {
    noMore('session', rest)
    const { client, entries, lost, tokens, watch } = this
    const bind = (req: Request) => {
      this.bind(req)
      this.site.serve(req)
      this.appStore?.keepAlive(req, entries)
    }
    return sessionMiddleware({ client, entries, lost, tokens, watch, bind })
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
    return requireScopeMiddleware(
      {
        entries: this.entries,
        scope: this.scope,
        begin: (req, demand) => this.begin.byPage(req, demand),
      },
      scopes,
    )
  }

  /**
   * Signs out: ends the session, forgets the tokens and revokes them at ilert. ilert being away keeps nobody signed in
   * here. With `tokenKey` the tokens stay, since other sessions and jobs use them. Takes POST only.
   *
   * `redirect` is where the browser goes then; without it the answer is an empty 204.
   */
  logout(options?: { redirect?: string }): RequestHandler
  logout(options?: { redirect?: string }, ...rest: unknown[]): RequestHandler {
    noMore('logout', rest)
    const { redirect } = knownOptions('logout', options, { redirect: true })
    const { entries, signIns, tokens } = this
    return logoutMiddleware({ entries, signIns, tokens, bind: (req) => this.bind(req) }, redirect)
  }

  /**
   * ilert's API for pages of this site, without a token in the browser (RFC 10017, section 6.1): passes on the methods and
   * paths of `allow`, as the signed-in user. Put it behind `ilert.session()`, at a path of its own.
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
    const { begin, client, entries, site } = this
    const settings = proxySettings(options)
    begin.offer(settings.scopes)
    return proxyMiddleware({ client, entries, settings, site, offers: (scope) => begin.offers(scope) })
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
    const { entries, site } = this
    return meMiddleware({ entries, settings: meSettings(options), site })
  }

  /** Makes the request's session store known. */
  private bind(req: Request): void {
    this.appStore?.bind(req)
    this.watch.bind(req)
  }

  private async answer(req: Request, options: PassportOptions): Promise<Outcome> {
    checkAuthenticateOptions(options)
    let callback: CallbackQuery | undefined
    try {
      callback = readCallback(req)
    } catch (error) {
      if (error instanceof MalformedCallback) return refuse(400, `${error.message} ${START_AGAIN}`)
      throw error
    }
    // ilert answers with a GET. A form that is posted here comes from elsewhere, and HEAD would use the attempt up.
    if (req.method !== 'GET' && (callback || this.site.isCallback(req))) {
      return refuse(405, 'The sign-in can only be finished with a GET.')
    }
    if (callback) return await this.finish(req, options, callback)
    return { action: 'redirect', url: await this.begin.byRoute(req, options) }
  }

  private async finish(req: Request, options: PassportOptions, callback: CallbackQuery): Promise<Outcome> {
    const { state, code, error, errorDescription } = callback
    const redirectURI = this.site.callbackURL(req)
    if (state !== undefined && code !== undefined) this.signIns.admit(req, state)
    const attempt = state === undefined ? undefined : await this.attempts.take(req, state, redirectURI)
    if (state === undefined || !attempt) return this.refuseUnknown(req)
    if (error !== undefined) return refusedByIlert(error, errorDescription, [code ?? '', attempt.codeVerifier])
    if (code === undefined) return refuse(400, `The answer has no code. ${START_AGAIN}`)
    if (!this.isBeginner(req, attempt, state)) return refuse(403, ANOTHER_USER)

    const signIn = this.signIns.take(req, state, code, attempt)
    if (signIn === 'another code') return refuse(400, `This sign-in goes on with another code. ${START_AGAIN}`)
    if (signIn === 'spent') return this.refuseUnknown(req)
    const result = await signIn.result
    if (signIn.ended) return refuse(403, NOT_UNDER_WAY)
    if (!result.user)
      return { action: 'fail', status: 'status' in result ? result.status : undefined, info: result.info }

    if (options.session !== false) {
      const { entries, lost, tokens, watch } = this
      const bind = (req: Request) => this.bind(req)
      const belongs: Attachment['belongs'] = (key, owner) => this.appStore?.belongs(key, owner)
      const attachment: Attachment = { attempt, belongs, bind, entries, lost, signIn, tokens, watch }
      if (options.assignProperty === undefined) attachAtLogIn(req, attachment)
      else await attachNow(req, attachment)
    }
    return { action: 'success', user: result.user, info: 'info' in result ? result.info : undefined }
  }

  /**
   * Whether the user who is signed in now is the one who began the attempt, if one was signed in then. Otherwise what one
   * user has granted would become another's, in a browser that they share.
   */
  private isBeginner(req: Request, { user }: Attempt, state: string): boolean {
    const present = this.entries.userOf(req)
    if (user === undefined || user === present) return true
    // A second click: the first one's sign-in has replaced the session whose cookie this request still has.
    return present === undefined && this.signIns.knows(state)
  }

  /**
   * Nothing is exchanged, and nobody becomes another user. One who is signed in with ilert has no use for a reason: they
   * have pressed Back and allowed again what is done already.
   */
  private refuseUnknown(req: Request): Failure {
    return { ...refuse(403, NOT_UNDER_WAY), leadsOn: this.entries.read(req) !== undefined }
  }

  /** Returns what the app's callback returns: the promise of one that is async. */
  private deliver(req: Request, options: PassportOptions, outcome: Outcome): unknown {
    if (outcome.action === 'redirect') return this.redirect(outcome.url)
    if (outcome.action === 'success') return this.success(outcome.user, outcome.info)
    // Passport's types know a challenge as a string; what it hands on may be any info.
    const fail = () => this.fail(outcome.info as unknown as string, outcome.status as number)
    return failWithReason(responseOf(req), fail, outcome, wayOn(options, this.site.homeOf(req)))
  }
}
