import type { Request } from 'express'
import { knownOptions } from '../../ilert/arguments.ts'
import { requiredScope } from '../../ilert/scopes.ts'
import { safeReturnTo } from '../return-to.ts'
import { allowedRoutes, type ProxyRoute, type Route } from './allow.ts'
import { antiForgeryHeader } from './anti-forgery.ts'

/** What both parts of a backend for a page take. */
interface PageOptions {
  /**
   * Where a page sends the browser to sign in: the path of the app's route with `passport.authenticate('ilert')`. A page is
   * told it as browsers find it, below a prefix too. Default `/auth/ilert`.
   */
  loginURL?: string
  /**
   * The header by which a request shows that a page of this site made it, where the browser does not say so by
   * `Sec-Fetch-Site`. Any value will do. Default `X-Requested-With`.
   */
  antiForgeryHeader?: string
}

/** What `ilert.proxy()` takes. */
export interface ProxyOptions extends PageOptions {
  /**
   * What is passed on to ilert: methods and paths, such as `GET /api/alerts` and `PUT /api/alerts/{id}/accept`. All else is
   * refused. `HEAD` goes with `GET`.
   */
  allow: readonly ProxyRoute[]
  /**
   * `Cache-Control` of ilert's answers. Default `no-store`. With `private, no-cache` a browser keeps answers and asks with
   * their `ETag` whether they are still good. What shared caches may keep (`public`, `s-maxage`) is refused: answers are of
   * one user.
   */
  cacheControl?: string
  /** Bytes of a request's body that are passed on, from 1024 to 100 MiB. Default 1 MiB (1 048 576). */
  maxBodyBytes?: number
}

/** What `ilert.me()` takes. */
export interface MeOptions extends PageOptions {
  /** What a page may know of its user, as JSON. Default: `id`, `username`, `displayName` and `tenant` of `req.user`. */
  user?: (req: Request) => unknown
  /** Where a page sends a POST to sign out: the path of the app's route with `ilert.logout()`. Default `/logout`. */
  logoutURL?: string
  /** The status of the answer if nobody is signed in. Default 200. */
  anonymous?: 200 | 401
}

/** The same, checked and complete. */
export interface ProxySettings {
  readonly routes: readonly Route[]
  /** What the routes need. */
  readonly scopes: readonly string[]
  readonly loginURL: string
  readonly header: string
  readonly cacheControl: string
  readonly maxBodyBytes: number
}

const MIB = 1024 * 1024

/** @throws TypeError which names the option. */
export function proxySettings(options: ProxyOptions | undefined): ProxySettings {
  const { allow, loginURL, antiForgeryHeader, cacheControl, maxBodyBytes } = knownOptions('proxy', options, {
    allow: true,
    loginURL: true,
    antiForgeryHeader: true,
    cacheControl: true,
    maxBodyBytes: true,
  })
  const routes = allowedRoutes(allow)
  return {
    routes,
    scopes: routes.flatMap(({ method, segments }) => requiredScope(method, segments.join('/')) ?? []),
    cacheControl: cacheControlOption(cacheControl),
    maxBodyBytes: bytesOption(maxBodyBytes),
    ...pageSettings({ loginURL, antiForgeryHeader }),
  }
}

export interface MeSettings {
  readonly user: (req: Request) => unknown
  readonly loginURL: string
  readonly logoutURL: string
  readonly header: string
  readonly anonymous: 200 | 401
}

/** @throws TypeError which names the option. */
export function meSettings(options: MeOptions | undefined): MeSettings {
  const { user, loginURL, logoutURL, antiForgeryHeader, anonymous } = knownOptions('me', options, {
    user: true,
    loginURL: true,
    logoutURL: true,
    antiForgeryHeader: true,
    anonymous: true,
  })
  if (user !== undefined && typeof user !== 'function') throw new TypeError('user: expected a function of the request.')
  if (anonymous !== undefined && anonymous !== 200 && anonymous !== 401) {
    throw new TypeError('anonymous: expected the status 200 or 401.')
  }
  return {
    user: user ?? ((req) => safeUser(req.user)),
    logoutURL: pathOption('logoutURL', logoutURL, '/logout'),
    anonymous: anonymous ?? 200,
    ...pageSettings({ loginURL, antiForgeryHeader }),
  }
}

function pageSettings(given: { [name in keyof PageOptions]: unknown }): { loginURL: string; header: string } {
  return {
    loginURL: pathOption('loginURL', given.loginURL, '/auth/ilert'),
    header: antiForgeryHeader(given.antiForgeryHeader),
  }
}

function pathOption(name: string, value: unknown, otherwise: string): string {
  if (value === undefined) return otherwise
  if (typeof value !== 'string' || value !== safeReturnTo(value) || value.includes('#')) {
    throw new TypeError(`${name}: expected a path on this site, such as '${otherwise}'.`)
  }
  return value
}

function cacheControlOption(value: unknown): string {
  if (value === undefined) return 'no-store'
  if (typeof value !== 'string' || !/^[\w=, -]{1,200}$/.test(value) || /\b(?:public|s-maxage)\b/i.test(value)) {
    throw new TypeError("cacheControl: expected directives for one user's browser, such as 'private, no-cache'.")
  }
  return value
}

function bytesOption(value: unknown): number {
  if (value === undefined) return MIB
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1024 || value > 100 * MIB) {
    throw new TypeError(`maxBodyBytes: expected a whole number of bytes from 1024 to ${100 * MIB}.`)
  }
  return value
}

const SAFE = ['id', 'username', 'displayName', 'tenant'] as const

/** What of a user is safe to show to a page, whatever else the app has put there. */
function safeUser(user: unknown): Record<string, string | number> {
  const fields = (user ?? {}) as Record<string, unknown>
  const shown: Record<string, string | number> = {}
  for (const name of SAFE) {
    const value = fields[name]
    if (typeof value === 'string' || typeof value === 'number') shown[name] = value
  }
  return shown
}
