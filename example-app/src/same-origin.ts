import type { IncomingHttpHeaders } from 'node:http'
import type { RequestHandler } from 'express'

/**
 * Refuses forms that were sent from another site (CSRF). The session's cookie is `SameSite=Lax`, so such a form comes
 * without it anyway; this also covers other hosts under the same domain, which count as the same site.
 */
export const sameOriginOnly: RequestHandler = (req, _res, next) => {
  if (req.method === 'GET' || req.method === 'HEAD' || isSameOrigin(req.headers)) next()
  else next(Object.assign(new Error('The request comes from another site.'), { status: 403 }))
}

/** Browsers send one of the two with every form, and no page can forge either. */
function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const { 'sec-fetch-site': site, origin = '', host } = headers
  if (site !== undefined) return site === 'same-origin'
  return URL.canParse(origin) && new URL(origin).host === host
}
