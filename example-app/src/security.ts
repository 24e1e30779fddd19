import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import type { Config } from './config.ts'
import { HttpError } from './errors.ts'

/** Nothing comes from another site, and nothing is inline. */
export function securityHeaders({ secure }: Config): RequestHandler {
  return helmet({
    strictTransportSecurity: secure && { includeSubDomains: false }, // other hosts are not this app's to decide on
    referrerPolicy: { policy: 'same-origin' }, // with helmet's own, browsers would send forms with `Origin: null`
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  })
}

/**
 * Refuses to go on if the proxy does not say that browsers use https: the session's cookie would never be sent, and
 * sign-ins would go round in a circle.
 */
export function behindTLS({ secure }: Config): RequestHandler {
  return (req, _res, next) => {
    if (!secure || req.secure) return next()
    const hint = "Let it send 'X-Forwarded-Proto: https', and check TRUST_PROXY."
    next(new HttpError(502, `The proxy in front of this app does not say that browsers use https. ${hint}`))
  }
}

/** Pages are made for one person, who may sign out. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set('cache-control', 'no-store')
  next()
}

/**
 * Refuses forms that were sent from another site (CSRF). The session's cookie is `SameSite=Lax`, so such a form comes
 * without it anyway; this also covers other hosts under the same domain, which count as the same site.
 */
export const sameOriginOnly: RequestHandler = (req, _res, next) => {
  if (req.method === 'GET' || req.method === 'HEAD' || isSameOrigin(req.headers)) next()
  else next(new HttpError(403, 'The request comes from another site.'))
}

/** Browsers send one of the two with every form, and no page can forge either. */
function isSameOrigin({ 'sec-fetch-site': site, origin = '', host }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin'
  return URL.canParse(origin) && new URL(origin).host === host
}

/** Each sign-in is two requests. Every process counts for itself. */
const PER_MINUTE = 60

/** Slows down clients that begin sign-ins by the hundred, by address: behind a proxy this needs `TRUST_PROXY`. */
export const limitSignIns: RequestHandler = rateLimit({
  windowMs: 60_000,
  limit: PER_MINUTE,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  handler: (_req, _res, next) => next(new HttpError(429, 'There were too many sign-ins from your address.')),
})
