import type { Request } from 'express'
import type { IlertClient } from '../client/client.ts'
import { formatScope, type Scope, toList } from '../ilert/scopes.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import type { Attempt, Attempts } from './attempts.ts'
import type { LostSessions } from './lost-session.ts'
import { refuseMisspelt, requestedScope } from './options.ts'
import { warnOfOtherHost } from './redirect-uri.ts'
import { safeReturnTo } from './return-to.ts'
import { type SessionEntries, sessionParts } from './session-entry.ts'
import { areOffered, readSignInQuery } from './sign-in-query.ts'
import type { Site } from './site.ts'

/** What `passport.authenticate('ilert', options)` takes beside Passport's own options. */
export interface AuthenticateOptions {
  /** Asks for these scopes, and `profile`, instead of the strategy's. */
  scope?: string | readonly Scope[]
  /** Asks on the host of this tenant. */
  tenant?: string
  /**
   * Where the user goes afterwards: a path on this site. Default: `returnTo` in the query of the request, as in
   * `/auth/ilert?returnTo=/board`, and then `req.session.returnTo`.
   */
  returnTo?: string
}

/** Passport's own options that matter here. */
export interface PassportOptions extends AuthenticateOptions {
  session?: boolean
  /** Set by `passport.authorize()`. */
  assignProperty?: string
  /** Passport's: where a user goes who has signed in. */
  successRedirect?: string
  /** Passport's: the same for users without a `req.session.returnTo`. */
  successReturnToOrRedirect?: string
}

const AUTHENTICATE_OPTIONS: readonly (keyof AuthenticateOptions)[] = ['scope', 'tenant', 'returnTo']

/**
 * Passport's own options pass, and whatever an app's callbacks look for.
 *
 * @throws TypeError where an option looks like one of ours, or would be expected to do something.
 */
export function checkAuthenticateOptions(options: object): void {
  refuseMisspelt('authenticate', options, AUTHENTICATE_OPTIONS)
  if ('callbackURL' in options) {
    throw new TypeError('authenticate: callbackURL is an option of IlertStrategy, the same for all sign-ins.')
  }
}

/** What a sign-in is begun with when a page demands more than the user has granted. */
export interface Demand {
  /** All that is asked for. */
  readonly scope: readonly string[]
  /** What is asked for because it is missing, and what was asked for before in vain. */
  readonly asked: string
  /** The ilert user who must come back; absent where nobody is signed in. */
  readonly expects?: string
}

interface BeginParts {
  readonly attempts: Attempts
  readonly client: IlertClient
  readonly entries: SessionEntries
  readonly lost: LostSessions
  readonly tokens: AppTokens
  readonly callbackURL: string
  readonly site: Site
  /** What every sign-in of the app asks for. */
  readonly scope: readonly string[]
  /** Asked for as well, whatever a route asks for. */
  readonly extraScope: readonly Scope[]
  /** Makes the request's session store known. */
  readonly bind: (req: Request) => void
}

/** What a user who is connected has granted, and who that is at ilert. */
interface Present {
  /** Their id at ilert. */
  readonly ilertID: string
  readonly scope: readonly string[]
  /** What was asked for before in vain. */
  readonly declined: readonly string[]
}

/** How sign-ins begin. Each way resolves to where the browser goes. */
export class Begin {
  /** What ilert is asked for by a sign-in of which nobody asks for anything else. */
  readonly usualScope: string
  readonly #parts: BeginParts
  /** What pages may have a user asked for by the URL of a sign-in. */
  readonly #offered = new Set<string>()

  constructor(parts: BeginParts) {
    this.#parts = parts
    this.usualScope = formatScope([...parts.scope, ...parts.extraScope])
  }

  /** Lets pages have a user asked for these scopes, and for what every sign-in asks for. */
  offer(scopes: readonly string[]): void {
    for (const scope of [...this.#parts.scope, ...scopes]) this.#offered.add(scope)
  }

  /** Whether pages may have a user asked for a scope. */
  offers(scope: string): boolean {
    return areOffered(scope, this.#offered)
  }

  /**
   * A sign-in that a route of the app begins. Any site can send a browser to that route, and ilert need not ask the user
   * anything. So a user who is connected is asked for all that there was as well, and must come back as the same ilert
   * user; only `passport.authorize` may link another one.
   *
   * @throws NetworkError when the token store is unavailable, and so it is not known what there was.
   */
  async byRoute(req: Request, options: PassportOptions): Promise<string> {
    const { site } = this.#parts
    const query = readSignInQuery(req, this.#offered)
    const returnTo = options.returnTo ?? query.returnTo ?? sessionParts(req).session?.returnTo
    const usual = options.scope === undefined ? this.#parts.scope : requestedScope(options.scope)
    const present = options.session === false ? undefined : await this.#present(req)
    const attempt = {
      ...(returnTo !== undefined && { returnTo: safeReturnTo(returnTo, site.homeOf(req)) }),
      ...(present && options.assignProperty === undefined && { asked: '', expects: present.ilertID }),
      ...(query.scope.length > 0 && { asked: [...new Set([...(present?.declined ?? []), ...query.scope])].join(' ') }),
    }
    return await this.#url(req, [...(present?.scope ?? []), ...usual, ...query.scope], attempt, options.tenant)
  }

  /** A sign-in that a page demands. The user comes back to it. */
  async byPage(req: Request, { scope, ...attempt }: Demand): Promise<string> {
    const { site } = this.#parts
    return await this.#url(req, scope, { ...attempt, returnTo: safeReturnTo(site.pathOf(req), site.homeOf(req)) })
  }

  /** What the user who is connected has granted, and who that is at ilert. */
  async #present(req: Request): Promise<Present | undefined> {
    const { bind, entries, tokens } = this.#parts
    const entry = entries.read(req)
    if (!entry) return undefined
    bind(req)
    const { keeper } = await tokens.find(entry.key)
    if (!keeper?.connected) return undefined
    return { ilertID: entry.ilertID, scope: keeper.grant.tokens.scope, declined: toList(entry.declined ?? '') }
  }

  async #url(
    req: Request,
    scope: readonly string[],
    attempt: Pick<Attempt, 'asked' | 'expects' | 'returnTo'>,
    tenant?: string,
  ): Promise<string> {
    const { attempts, callbackURL, client, entries, extraScope, lost, site } = this.#parts
    const user = entries.userOf(req)
    const redirectURI = site.callbackURL(req)
    warnOfOtherHost(req, callbackURL)
    await lost.check(req, redirectURI)
    const asked = formatScope([...scope, ...extraScope])
    const remembered = {
      redirectURI,
      ...attempt,
      ...(asked !== this.usualScope && { scope: asked }),
      ...(user !== undefined && { user }),
    }
    const url = client.authorizationURL({
      redirectURI,
      scope: asked,
      ...(tenant !== undefined && { tenant }),
      ...(await attempts.begin(req, remembered, site.homeOf(req))),
    })
    return url.href
  }
}
