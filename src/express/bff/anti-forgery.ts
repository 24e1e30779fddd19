import type { IncomingHttpHeaders } from 'node:http'

/** What a page of the app adds to its requests, for browsers that do not say where a request comes from. */
const DEFAULT_HEADER = 'X-Requested-With'

/** Headers that another site's page can send without being asked, or that browsers set themselves. */
const USELESS =
  /^(?:accept|accept-.*|content-.*|range|authorization|cookie|host|origin|referer|user-agent|connection|keep-alive|te|trailer|transfer-encoding|upgrade|via|date|dnt|expect|priority|downlink|dpr|ect|rtt|save-data|viewport-width|width|x-forwarded-.*|x-real-ip|(?:sec|proxy|access-control|if|upgrade)-.*|cache-control|pragma)$/

/**
 * The name of the header, as Node writes it.
 *
 * @throws TypeError where it is none, or one that proves nothing.
 */
export function antiForgeryHeader(name: unknown = DEFAULT_HEADER): string {
  if (typeof name !== 'string' || !/^[\w-]{1,60}$/.test(name) || USELESS.test(name.toLowerCase())) {
    throw new TypeError(
      `antiForgeryHeader: expected the name of a header that only a page of the app sends, such as '${DEFAULT_HEADER}'.`,
    )
  }
  return name.toLowerCase()
}

/**
 * Whether a request comes from a page of this very origin. Browsers say so in `Sec-Fetch-Site`, which no page can set
 * (Fetch Metadata, section 2.3). Where it is absent (older browsers, and plain http: beyond localhost) the custom header
 * stands for it: another origin's page can add one only after a preflight (RFC 10017, section 6.1.3.3.2).
 */
export function isFromThisOrigin(headers: IncomingHttpHeaders, header: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  // Not what every object has by the name of `constructor`.
  return Object.hasOwn(headers, header) && headers[header] !== ''
}
