import type { Request } from 'express'
import { ENV_OPTIONS } from '../client/options.ts'
import { IlertError } from '../ilert/errors.ts'
import { forwardedHeader } from './express.ts'

/** What a browser can have asked for. A longer name than DNS allows would not fit into an attempt's cookie. */
const ORIGIN = /^https?:\/\/(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i

/**
 * A path of the app as the URL that the browser used for it. Whatever a proxy makes of the host (capitals, a dot at the
 * end, the port that goes without saying), it is written in one way, which is the one to register at ilert.
 *
 * @throws IlertError 400 `invalid_host` if the request's host, or a proxy's word for it, is none.
 */
export function absoluteURL(req: Request, path: string): string {
  if (!path.startsWith('/')) return path
  const origin = originOf(req)
  if (origin) return `${origin.protocol}//${origin.host}${path}`
  throw new IlertError('The request names no host.', { code: 'invalid_host', status: 400 })
}

/** Where the browser sent a request, in WHATWG's one way of writing it; undefined if the host is none. */
function originOf(req: Request): URL | undefined {
  const origin = `${req.protocol}://${hostOf(req)}`
  if (!ORIGIN.test(origin)) return undefined
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  // DNS takes a name with a dot at its end for the same name, and cookies and ilert do not.
  if (url?.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url?.hostname.split('.').every(Boolean) ? url : undefined
}

/** The host with its port. Behind a proxy that the app trusts, the first of those that the proxy was asked for. */
function hostOf(req: Request): string {
  return (forwardedHeader(req, 'x-forwarded-host') || req.get('host') || '').split(',', 1)[0]?.trim() ?? ''
}

/** Any client can send any host: no more than so many are warned of. */
const MOST_WARNINGS = 10
const warnedOf = new Set<string>()

/**
 * Warns, once for each pair of hosts, if a sign-in begins at another host than that of a callback URL which is whole: the
 * attempt's cookie belongs to the host that sets it, so it cannot come back. docs/decisions/another-host-is-a-warning.md
 */
export function warnOfOtherHost(req: Request, callbackURL: string): void {
  if (callbackURL.startsWith('/')) return
  const here = originOf(req)?.hostname
  const there = new URL(callbackURL).hostname.replace(/\.$/, '')
  if (here === undefined || here === there || warnedOf.has(`${here} ${there}`) || warnedOf.size >= MOST_WARNINGS) return
  warnedOf.add(`${here} ${there}`)
  process.emitWarning(
    `A sign-in began at ${here}, and callbackURL (${ENV_OPTIONS.callbackURL}) leads back to ${there}, where the browser ` +
      `does not bring the sign-in's cookie: it will end with a 403. Begin sign-ins at ${there}, or make callbackURL a ` +
      "path. If a proxy has changed the host, let it send X-Forwarded-Host, and set Express's 'trust proxy'.",
    { type: 'IlertWarning', code: 'ILERT_OTHER_HOST' },
  )
}
