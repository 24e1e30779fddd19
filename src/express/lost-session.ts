import type { Request } from 'express'
import type { Clock } from '../client/connection.ts'
import { IlertError } from '../ilert/errors.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import { LRUMap } from '../tokens/lru-map.ts'
import type { Sealer } from '../tokens/sealing/seal.ts'
import { cookieName, cookieNames, cookiesNamed, putCookie, takeBackCookie } from './cookies.ts'
import { beforeHeaders, responseOf } from './express.ts'
import { type SessionEntries, type SessionEntry, sessionParts } from './session-entry.ts'

/** So soon a browser is back that is sent on to the page which it had asked for. */
const EXPECTED_WITHIN_SECONDS = 10

const MARKER = 'back'

const INSECURE =
  "express-session's cookie.secure is set, Express takes the request for insecure, and so the session's cookie is not sent"
const TRUST_PROXY = "If a proxy ends TLS, set Express's 'trust proxy'."
const MESSAGE =
  'A sign-in has just ended, and its session did not come back with the next request: another sign-in would end in the ' +
  `same way. Likely causes: ${INSECURE} (${TRUST_PROXY}); its cookie.sameSite is 'strict' (use 'lax'); a proxy or CDN ` +
  'removes Set-Cookie or Cookie; the session store has lost the session, or is not shared by all processes.'

/**
 * Notices that the session of a finished sign-in does not come back. A page that needs a sign-in would otherwise send its
 * browser round for ever, with a new grant each time. Without a session this is known by a cookie of its own, the marker:
 * set with the session, for a few seconds. A request that brings both ends what the marker says: later the app may sign
 * the user out in any way, and they may sign in again.
 */
export class LostSessions {
  readonly #sealer: Sealer
  readonly #clock: Clock
  readonly #entries: SessionEntries
  readonly #tokens: AppTokens
  /** Markers that have come back with their session. Not taken back: that would change the answers of the app's pages. */
  readonly #seen = new LRUMap<true>({ max: 10_000, ttlMs: EXPECTED_WITHIN_SECONDS * 1000 })
  #warnedOfInsecure = false

  constructor(sealer: Sealer, clock: Clock, entries: SessionEntries, tokens: AppTokens) {
    this.#sealer = sealer
    this.#clock = clock
    this.#entries = entries
    this.#tokens = tokens
  }

  /** To be called when a session has its tokens: the next request has to bring it. */
  async expect(
    req: Request,
    redirectURI: string,
    { key, shared }: Pick<SessionEntry, 'key' | 'shared'>,
  ): Promise<void> {
    // Without ilert.session() nobody would see that it comes back; after the headers it cannot be set.
    if (!req.ilert || responseOf(req).headersSent) return
    if (req.headers.cookie?.includes(req.sessionID)) return // it has come back already
    const name = cookieName(MARKER, redirectURI)
    const until = this.#clock.now() + EXPECTED_WITHIN_SECONDS * 1000
    const text = JSON.stringify([until, shared ? null : key])
    putCookie(req, name, await this.#sealer.seal(text, this.#context(name)), EXPECTED_WITHIN_SECONDS)
  }

  /** To be called for every request. */
  see(req: Request): void {
    if (!req.headers.cookie?.includes(`ilert.${MARKER}=`) || !this.#hasTokens(req)) return
    for (const value of cookieNames(MARKER).flatMap((name) => cookiesNamed(req, name))) this.#seen.set(value, true)
    const res = responseOf(req)
    // Whatever ends the session, the next sign-in may begin at a process that has not seen the marker come back.
    beforeHeaders(res, () => {
      const isSet = String(res.getHeader('set-cookie')).includes(`ilert.${MARKER}=`)
      if (!isSet && !this.#hasTokens(req)) LostSessions.takeBack(req)
    })
  }

  /**
   * To be called before a sign-in begins.
   *
   * @throws IlertError 500 `session_lost` if the browser has just ended one, and is here without its session. The tokens of
   * that session are revoked.
   */
  async check(req: Request, redirectURI: string): Promise<void> {
    this.#warnOfInsecure(req, redirectURI)
    if (this.#hasTokens(req)) return
    const name = cookieName(MARKER, redirectURI)
    for (const value of cookiesNamed(req, name)) {
      const text = await this.#sealer.open(value, this.#context(name))
      if (text === undefined || this.#seen.has(value)) continue
      takeBackCookie(req, MARKER)
      const [until, key] = JSON.parse(text) as [number, string | null]
      if (until <= this.#clock.now()) return
      if (key !== null) await this.#tokens.abandon(key).catch(() => {}) // the record ends by itself
      process.emitWarning(MESSAGE, { type: 'IlertWarning', code: 'ILERT_SESSION_LOST' })
      throw new IlertError(MESSAGE, { code: 'session_lost', status: 500 })
    }
  }

  /** To be called when a user signs out: another process may not have seen the marker come back. */
  static takeBack(req: Request): void {
    takeBackCookie(req, MARKER)
  }

  #warnOfInsecure(req: Request, redirectURI: string): void {
    const { session } = sessionParts(req)
    if (this.#warnedOfInsecure || session?.cookie.secure !== true || req.secure || !/^https:/i.test(redirectURI)) return
    this.#warnedOfInsecure = true
    process.emitWarning(
      `${INSECURE}: nobody will stay signed in. ${TRUST_PROXY} With express-session's own option proxy it is sent.`,
      { type: 'IlertWarning', code: 'ILERT_INSECURE_SESSION' },
    )
  }

  #hasTokens(req: Request): boolean {
    const { session } = sessionParts(req)
    return session !== undefined && this.#entries.raw(session) !== undefined
  }

  /** Strategies that share a key, and even a client, do not open the markers of one another. */
  #context(name: string): string {
    return `${name} of ${this.#entries.name}`
  }
}
