import type { Request } from 'express'
import { APP_OPTIONS, ENV_OPTIONS, fromEnvironment, isLoopback, isProduction, option } from '../client/options.ts'
import { type Known, knownOptions, noMore } from '../ilert/arguments.ts'
import { formatScope, likelyScope, type Scope, toList } from '../ilert/scopes.ts'
import { nearest } from '../ilert/spelling.ts'
import type { Keeping } from '../tokens/keeping.ts'
import type { UserKey } from './passport-user.ts'
import type { IlertProfile } from './profile.ts'
import type { Verify } from './verify.ts'

/** Each option wins over its environment variable. What is malformed throws a TypeError that names both. */
export interface IlertStrategyOptions extends Keeping {
  /** What `passport.authenticate()` calls the strategy. Default `ilert`. */
  name?: string
  /**
   * Where ilert sends the user back to: the URL that is registered at ilert, or a path that is resolved against the
   * request. Plain `http:` is for loopback: in production another host is a TypeError, elsewhere a warning. Default `/auth/ilert/callback`. Variable `ILERT_CALLBACK_URL`.
   */
  callbackURL?: string
  /**
   * The path below which browsers find the app, such as `/portal`, if that is not the root of its site: a proxy may remove
   * it from the URLs that the app sees. The user comes back below it, and `callbackURL` is below it if it is a path. Default:
   * `X-Forwarded-Prefix`, if Express's `trust proxy` says that the proxy which sends it is to be trusted, then where the app
   * is mounted in another one. Variable `ILERT_BASE_PATH`.
   */
  basePath?: string
  /** What to ask the user for, beside `profile`, which is always included. Variable `ILERT_SCOPE`. */
  scope?: string | readonly Scope[]
  /**
   * The tenants whose users may sign in, as their access tokens name them (`profile.tenant`). Default: every tenant. Variable
   * `ILERT_ALLOWED_TENANTS`, separated by commas.
   */
  allowedTenants?: readonly string[]
  /**
   * The key under which a user's tokens are kept. Default: each session has tokens of its own. With it, all sessions and
   * jobs that use the same key share them, and they outlive sign-out: end them with `tokens.revoke(key)`. A sign-in of the
   * same ilert user that brings fewer scopes leaves the grant that is there; to have it replaced all the same, call
   * `tokens.save(key, tokens)` of the strategy in `verify`.
   */
  tokenKey?: (context: { req: Request; profile: IlertProfile }) => string | Promise<string>
  /**
   * Says by a non-empty string who a user is, for apps that serialize fields which change: `(user) => user.id`. It gets
   * the user as `serializeUser` has put it into the session. A session's tokens are there for the user under whom they
   * were attached. Default: the whole serialized user decides, and primitive ids are compared as text.
   */
  userKey?: UserKey
  /** Turns a sign-in into the app's user, or into false to refuse it. Default: the user is the profile. */
  verify?: Verify
  /** Gives the classic verify the request as its first argument. Default false. */
  passReqToCallback?: boolean
}

/** Fails to compile where `APP_OPTIONS` lacks one. */
export const STRATEGY_OPTIONS: Known<IlertStrategyOptions> = APP_OPTIONS

const LONGEST_CALLBACK_URL = 256

/** Each thing is warned of once. */
const warnedOf = new Set<string>()

/** @throws TypeError */
export function callbackOption(options: IlertStrategyOptions): string {
  const label = `callbackURL (${ENV_OPTIONS.callbackURL})`
  const value = option(options, 'callbackURL') ?? '/auth/ilert/callback'
  if (value.length > LONGEST_CALLBACK_URL)
    throw new TypeError(`${label}: longer than ${LONGEST_CALLBACK_URL} characters.`)
  if (/^\/(?![/\\])[\x21-\x7e]*$/.test(value)) return value
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError(`${label}: expected an https: or http: URL, or a path such as /auth/ilert/callback.`)
  }
  if (url.hash || url.username || url.password) {
    throw new TypeError(`${label}: expected no fragment and no credentials (RFC 6749, section 3.1.2).`)
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    warnOfHTTP(`${label}: http: sends authorization codes`, url)
  return value
}

/** @throws TypeError in production */
function warnOfHTTP(problem: string, { origin, hostname }: URL): void {
  const message = `${problem} and session cookies in the clear. Use https:; http: is for this machine alone.`
  if (isProduction()) throw new TypeError(message)
  if (warnedOf.has(origin) || warnedOf.size > 100) return
  warnedOf.add(origin)
  process.emitWarning(`${message} With NODE_ENV=production this is an error. (${hostname})`, {
    type: 'IlertWarning',
    code: 'ILERT_INSECURE_CALLBACK',
  })
}

/** @throws TypeError */
export function nameOption(value: string | undefined): string {
  if (value === undefined) return 'ilert'
  if (typeof value !== 'string' || value === '') throw new TypeError('name: expected a string that is not empty.')
  return value
}

/** The scopes of the app as a list, `profile` among them. @throws TypeError */
export function scopeOption(options: IlertStrategyOptions): string[] {
  const { scope = fromEnvironment('scope') ?? [] } = options
  try {
    return requestedScope(scope)
  } catch (error) {
    throw new TypeError((error as Error).message.replace(/^scope:/, `scope (${ENV_OPTIONS.scope}):`))
  }
}

/** What to ask ilert for, given what the app asks for. @throws TypeError */
export function requestedScope(scope: string | readonly Scope[]): string[] {
  return formatScope(['profile', ...checkedScopes(scope)]).split(' ')
}

/** Warns, once, about what looks like a spelling mistake. @throws TypeError where a scope is not well-formed. */
export function checkedScopes(scope: string | readonly Scope[]): string[] {
  const list = toList(scope)
  for (const entry of list) warnOfMistake(entry)
  return list
}

function warnOfMistake(scope: string): void {
  const likely = likelyScope(scope)
  if (likely === undefined || warnedOf.has(scope) || warnedOf.size > 100) return
  warnedOf.add(scope)
  process.emitWarning(
    `scope (${ENV_OPTIONS.scope}): '${scope}' is not a scope that is known. Did you mean '${likely}'?`,
    {
      type: 'IlertWarning',
      code: 'ILERT_UNKNOWN_SCOPE',
    },
  )
}

/** @throws TypeError */
export function allowedTenantsOption(value: readonly string[] | undefined): readonly string[] | undefined {
  const listed = fromEnvironment('allowedTenants')?.split(',')
  const tenants = value === undefined ? listed?.map((tenant) => tenant.trim()) : value
  if (tenants === undefined) return undefined
  // Names are compared as they are: one with a space around it would match no tenant.
  const isName = (name: unknown) => typeof name === 'string' && name !== '' && name === name.trim()
  if (!Array.isArray(tenants) || tenants.length === 0 || !tenants.every(isName)) {
    throw new TypeError(
      `allowedTenants (${ENV_OPTIONS.allowedTenants}): expected a list with the name of at least one tenant.`,
    )
  }
  return [...tenants]
}

/** @throws TypeError where an option that takes a function has something else. */
export function functionOption<F>(name: string, value: F | undefined): F | undefined {
  if (value !== undefined && typeof value !== 'function') throw new TypeError(`${name}: expected a function.`)
  return value
}

/**
 * Passport's ways to construct a strategy: `(options)`, `(options, verify)` and `(verify)`. NestJS's `PassportStrategy`
 * puts its callback, which calls `validate()`, after what its `super()` is given.
 *
 * @throws TypeError where an argument is anything else: a verify that is not called would let everybody in.
 */
export function strategyArguments<Options extends object, Callback>(
  what: string,
  args: readonly unknown[],
  known: Known<Options>,
): { options: Partial<Options>; callback: Callback | undefined } {
  const [options, callback, ...rest] = typeof args[0] === 'function' ? [undefined, ...args] : args
  noMore(`${what}(options, verify)`, rest)
  return {
    options: knownOptions(what, options as Options | undefined, known),
    callback: functionOption('verify (second argument)', callback as Callback | undefined),
  }
}

const spelt = new WeakSet<object>()

/**
 * For options that Passport and an app's own callbacks share with a strategy, so that not all names can be known.
 *
 * @throws TypeError where one looks like a known one: `scopes` would leave a route without the scope that it wants.
 */
export function refuseMisspelt(what: string, options: object, known: readonly string[]): void {
  if (spelt.has(options)) return
  for (const name of Object.keys(options)) {
    const likely = known.includes(name) ? undefined : nearest(name, known)
    if (likely !== undefined) throw new TypeError(`${what}: unknown option '${name}'. Did you mean '${likely}'?`)
  }
  spelt.add(options) // Passport hands over the same object each time
}

/** @throws TypeError where verify is given twice, of which one would not be called. */
export function oneVerify(verify: unknown, callback: unknown): void {
  if (verify && callback) throw new TypeError('verify: pass it as an option or as the second argument, not both.')
}

/** @throws TypeError where an option that is true or false has something else. */
export function booleanOption(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name}: expected true or false.`)
  return value ?? false
}
