import type { IncomingHttpHeaders } from 'node:http'
import type { HttpAnswer } from '../../client/exchange.ts'

/**
 * What a page may say to ilert. Nothing else of a request goes on: no cookie, no credential, nothing of the connection or
 * of what stands before the app. `Range` is not among it, since ilert's JSON is of use as a whole only.
 */
const SENT = [
  'accept-language',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'team-context',
] as const

/** What a page is told of ilert's answer beside its status, its type and its length. */
const TOLD = ['etag', 'last-modified', 'next-cursor', 'retry-after'] as const

/** What a header may have on its way to ilert and back: printable ASCII, and tabs. */
const PRINTABLE = /^[\t\x20-\x7e]*$/

/** The headers of a call; undefined if one of them has what no header of ilert's has. */
export function sentHeaders(headers: IncomingHttpHeaders, hasBody: boolean): Record<string, string> | undefined {
  const sent: Record<string, string> = { accept: 'application/json' }
  const kept = ofConnection(headers)
  for (const name of hasBody ? [...SENT, 'content-type', 'content-length'] : SENT) {
    const value = headers[name]
    if (value === undefined || kept.includes(name)) continue
    if (typeof value !== 'string' || !PRINTABLE.test(value)) return undefined
    sent[name] = value
  }
  return sent
}

/** The headers that are passed on; without any that repeats the token, or could not be sent. */
export function toldHeaders(headers: HttpAnswer['headers'], accessToken: string): Record<string, string> {
  const told: Record<string, string> = {}
  const kept = ofConnection(headers)
  for (const name of TOLD) {
    const [value] = [headers[name] ?? []].flat()
    if (value !== undefined && PRINTABLE.test(value) && !value.includes(accessToken) && !kept.includes(name))
      told[name] = value
  }
  return told
}

/** What a sender wants to go no further than this connection (RFC 9110, section 7.6.1). */
function ofConnection({ connection }: HttpAnswer['headers'] | IncomingHttpHeaders): string[] {
  const named = [connection ?? []].flat().join(',').toLowerCase()
  // What nearly all say names nothing that could be passed on.
  return named === 'keep-alive' || named === 'close' ? [] : named.split(',').map((name) => name.trim())
}

const JSON_TYPE = /^application\/(?:[\w.+-]{1,60}\+)?json\s*(?:;|$)/i

/** Whether a body is JSON by its type. What is not must not be shown by this origin: it could be a page with a script. */
export function isJSON(headers: HttpAnswer['headers'] | IncomingHttpHeaders): boolean {
  return JSON_TYPE.test(String(headers['content-type'] ?? ''))
}
