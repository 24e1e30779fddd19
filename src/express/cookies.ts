import type { Request } from 'express'
import { responseOf } from './express.ts'

/**
 * Over TLS the prefix keeps other hosts of the domain, and scripts, from setting the cookie. Browsers that do not know
 * `__Host-Http-` yet enforce `__Host-`, with which it begins (RFC 6265bis, "Cookie Name Prefixes").
 */
const OVER_TLS = '__Host-Http-ilert.'
const PLAIN = 'ilert.'

/** The name of a cookie of ours, at the place where an answer of ilert arrives. */
export function cookieName(name: string, redirectURI: string): string {
  return (/^https:/i.test(redirectURI) ? OVER_TLS : PLAIN) + name
}

/**
 * How many cookies of one name are looked at. Browsers keep up to 180 for a site, and a neighbouring host can set
 * all but one of them; a request can bring thousands.
 */
const MOST_OF_ONE_NAME = 200

/** The values of the cookies with this name. Around a pair only spaces and tabs count for nothing (RFC 6265bis, 5.6). */
export function cookiesNamed(req: Request, name: string): string[] {
  const beginning = `${name}=`
  const values: string[] = []
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    if (!pair.includes(beginning)) continue // nearly all of them: no need to look closer
    const bare = pair.replace(/^[ \t]+/, '')
    if (bare.startsWith(beginning)) values.push(bare.slice(beginning.length))
    if (values.length === MOST_OF_ONE_NAME) break
  }
  return values
}

/** What a cookie of ours may be called, without TLS and over it. */
export function cookieNames(name: string): string[] {
  return [PLAIN + name, OVER_TLS + name]
}

/** Takes a cookie of ours back, if the browser has it. */
export function takeBackCookie(req: Request, name: string): void {
  for (const full of cookieNames(name)) if (cookiesNamed(req, full).length > 0) putCookie(req, full, '', 0)
}

/** Sets a cookie of ours for so many seconds; for none, takes it back. */
// Not res.cookie(), which takes 20 us to check and encode what here needs neither: names and values are of base64url and
// dots (RFC 6265, section 4.1.1).
export function putCookie(req: Request, name: string, value: string, seconds: number): void {
  const secure = name.startsWith('__Host-') ? '; Secure' : ''
  const res = responseOf(req)
  const expires = new Date(seconds > 0 ? Date.now() + seconds * 1000 : 0).toUTCString()
  const attributes = `Max-Age=${seconds}; Path=/; Expires=${expires}; HttpOnly${secure}; SameSite=Lax`
  res.appendHeader('Set-Cookie', `${name}=${value}; ${attributes}`)
  // A cache that keeps an answer with cookies hands one browser's attempt to others.
  res.setHeader('Cache-Control', 'no-store')
}
