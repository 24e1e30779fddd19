import { hash } from 'node:crypto'
import { parse } from 'cookie'
import type { Request, Response } from 'express'
import type { Clock } from '../client/connection.ts'
import { randomText } from '../tokens/random.ts'
import type { Sealer } from '../tokens/seal.ts'

/** What one sign-in must remember until the user comes back from ilert. */
export interface Attempt {
  redirectURI: string
  codeVerifier: string
  /** The path to go back to; absent: wherever the app sends people who have just signed in. */
  returnTo?: string
  /** The scopes that a page has demanded. */
  asked?: string
  /** The ilert user who must come back. */
  expects?: string
}

const LIFETIME_SECONDS = 600
const MAX_COOKIE_BYTES = 1024
const MAX_PENDING_BYTES = 4096
const NAME = /^(?:__Host-)?ilert\.([\w-]{22})$/

/**
 * Sign-ins under way. Each lives in a sealed cookie of its own, named after its state: so it is bound to the browser that
 * began it, works before there is any session, and no other attempt can overwrite it.
 */
export class Attempts {
  readonly #sealer: Sealer
  readonly #clock: Clock

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer
    this.#clock = clock
  }

  /** Sets the cookie of a new attempt. Returns what goes to ilert: the state, and the challenge of RFC 7636. */
  async begin(req: Request, o: Omit<Attempt, 'codeVerifier'>): Promise<{ state: string; codeChallenge: string }> {
    const state = randomText(16)
    const codeVerifier = randomText(32)
    const name = cookieName(state, o.redirectURI)
    let value = await this.#seal(name, { ...o, codeVerifier })
    if (name.length + value.length >= MAX_COOKIE_BYTES)
      value = await this.#seal(name, { ...o, codeVerifier, returnTo: '/' })
    await this.#dropOldest(req, name.length + value.length)
    putCookie(req, name, value, LIFETIME_SECONDS)
    return { state, codeChallenge: hash('sha256', codeVerifier, 'base64url') }
  }

  /**
   * The attempt with this state, if this browser began it and it is not too old. Its cookie is used up with that.
   *
   * @param redirectURI where the answer has arrived. Over TLS no cookie counts that another host could have planted.
   */
  async take(req: Request, state: string, redirectURI: string): Promise<Attempt | undefined> {
    const name = cookieName(state, redirectURI)
    const value = NAME.test(name) ? parse(req.headers.cookie ?? '')[name] : undefined
    if (!value) return undefined
    putCookie(req, name, '', 0)
    const attempt = await this.#open(name, value)
    return attempt && attempt.expiresAt > this.#clock.now() ? attempt : undefined
  }

  async #seal(name: string, { redirectURI, codeVerifier, returnTo, asked, expects }: Attempt): Promise<string> {
    const expiresAt = Math.floor(this.#clock.now() / 1000) + LIFETIME_SECONDS
    // A list, since the names of fields would be a tenth of the cookie.
    return await this.#sealer.seal(
      JSON.stringify([
        redirectURI,
        codeVerifier,
        returnTo,
        expiresAt,
        ...(asked === undefined ? [] : [asked, expects]),
      ]),
      name, // a cookie opens under its own name
    )
  }

  async #open(name: string, value: string): Promise<(Attempt & { expiresAt: number }) | undefined> {
    const text = await this.#sealer.open(value, name)
    if (text === undefined) return undefined
    const [redirectURI, codeVerifier, returnTo, expiresAt, asked, expects] = JSON.parse(text)
    return {
      redirectURI,
      codeVerifier,
      ...(returnTo && { returnTo }),
      ...(asked && { asked }),
      ...(expects && { expects }),
      expiresAt: expiresAt * 1000,
    }
  }

  /** Makes room for a new attempt, so that all of them together never outgrow what servers take for a header. */
  async #dropOldest(req: Request, newBytes: number): Promise<void> {
    const { cookie = '' } = req.headers
    if (cookie.length + newBytes <= MAX_PENDING_BYTES) return // they cannot take more than the header that they are in
    const pending = cookiesOf(cookie).filter(([name]) => NAME.test(name))
    let bytes = pending.reduce((sum, [name, value]) => sum + name.length + value.length, newBytes)
    const aged = await Promise.all(
      pending.map(async ([name, value]) => ({
        name,
        bytes: name.length + value.length,
        expiresAt: (await this.#open(name, value))?.expiresAt ?? 0,
      })),
    )
    for (const oldest of aged.sort((a, b) => a.expiresAt - b.expiresAt)) {
      if (bytes <= MAX_PENDING_BYTES) return
      putCookie(req, oldest.name, '', 0)
      bytes -= oldest.bytes
    }
  }
}

/** Over TLS the prefix keeps other hosts of the same domain from planting a cookie (RFC 6265bis, section 4.1.3.2). */
function cookieName(state: string, redirectURI: string): string {
  return `${/^https:/i.test(redirectURI) ? '__Host-' : ''}ilert.${state}`
}

// Not res.cookie(), which takes 20 us to check and encode what here needs neither: names and values are of base64url and
// dots (RFC 6265, section 4.1.1).
function putCookie(req: Request, name: string, value: string, seconds: number): void {
  const secure = name.startsWith('__Host-') ? '; Secure' : ''
  const res = responseOf(req)
  const expires = new Date(seconds > 0 ? Date.now() + seconds * 1000 : 0).toUTCString()
  const attributes = `Max-Age=${seconds}; Path=/; Expires=${expires}; HttpOnly${secure}; SameSite=Lax`
  res.appendHeader('Set-Cookie', `${name}=${value}; ${attributes}`)
  // A cache that keeps an answer with cookies hands one browser's attempt to others.
  res.setHeader('Cache-Control', 'no-store')
}

function cookiesOf(header: string): [string, string][] {
  return Object.entries(parse(header)).filter((entry): entry is [string, string] => Boolean(entry[1]))
}

/** Passport gives a strategy the request alone; Express has put the response on it. */
export function responseOf(req: Request): Response {
  if (!req.res) throw new TypeError('IlertStrategy needs Express: the request has no res.')
  return req.res
}
