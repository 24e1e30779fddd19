import type { Request } from 'express'
import { IlertError } from '../ilert/errors.ts'

/** ilert's answer to an authorize request, as the browser brings it (RFC 6749, sections 4.1.2 and 4.1.2.1). */
export interface CallbackQuery {
  state: string | undefined
  code: string | undefined
  error: string | undefined
  errorDescription: string | undefined
}

/** What is wrong with a callback on the face of it. */
export class MalformedCallback extends Error {}

/**
 * Reads the answer from the URL itself: what Express makes of a query depends on the app's settings.
 *
 * @returns undefined where the request is no callback but the beginning of a sign-in.
 * @throws MalformedCallback where a parameter is there twice.
 */
export function readCallback(req: Request): CallbackQuery | undefined {
  const start = req.url.indexOf('?')
  if (start < 0) return undefined
  const query = new URLSearchParams(req.url.slice(start))
  if (!['code', 'error', 'state'].some((name) => query.has(name))) return undefined
  const single = (name: string): string | undefined => {
    const [value, ...rest] = query.getAll(name)
    if (rest.length > 0) throw new MalformedCallback(`The answer has ${name} more than once.`)
    return value || undefined
  }
  return {
    state: single('state'),
    code: single('code'),
    error: single('error'),
    errorDescription: single('error_description'),
  }
}

/** Whether a request is for the path of a URL, or for a path, of the app. */
export function isAt(req: Request, url: string): boolean {
  return req.originalUrl.split('?', 1)[0] === new URL(url, 'http://localhost').pathname
}

/** What a browser can have asked for. A longer name than DNS allows would not fit into an attempt's cookie. */
const ORIGIN = /^https?:\/\/(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i

/**
 * A path of the app as the URL that the browser used for it.
 *
 * @throws IlertError 400 `invalid_host` where the request's host, or a proxy's word for it, is none.
 */
export function absoluteURL(req: Request, path: string): string {
  if (!path.startsWith('/')) return path
  const origin = `${req.protocol}://${hostOf(req)}`
  if (ORIGIN.test(origin)) return `${origin}${path}`
  throw new IlertError('The request names no host.', { code: 'invalid_host', status: 400 })
}

/** The host with its port. Behind a proxy that the app trusts, the one that the proxy was asked for. */
function hostOf(req: Request): string {
  const trusts = req.app.get('trust proxy fn') as ((address: string | undefined, hop: number) => boolean) | undefined
  const forwarded = trusts?.(req.socket.remoteAddress, 0) ? req.get('x-forwarded-host') : undefined
  return (forwarded ?? req.get('host') ?? '').split(',', 1)[0]?.trim() ?? ''
}
