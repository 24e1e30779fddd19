import type { Request } from 'express'
import type { Session, SessionData, Store } from 'express-session'
import { IlertError } from '../ilert/errors.ts'

/** What express-session puts on a request. */
export type RequestSession = Session & Partial<SessionData> & Record<string, unknown>

/** What a session knows of its tokens: where they are, and whose. The tokens themselves are in the token store. */
export interface SessionEntry {
  /** The key in the token store: random, or the app's own with `tokenKey`. */
  readonly grant: string
  /** The app's own key: other sessions and jobs use it too. */
  readonly shared?: true
  /** The ilert user's id. */
  readonly account: string
  /** The scopes that sign-ins asked for because a page needed them, and that were not granted. */
  readonly refused?: string
  /** The Passport user under whom the tokens were attached. */
  readonly user: string | null
}

/**
 * Sessions whose cookie has no end live as long as their store likes; the longest default of the usual stores is 14 days
 * (connect-mongo). The tokens must not end before.
 */
const ENDLESS_SESSION_MS = 14 * 86_400_000

interface SessionParts {
  session?: RequestSession
  sessionStore?: Store
}

/** What express-session has put on the request, if it is there. */
export function sessionParts(req: Request): SessionParts {
  return req as unknown as SessionParts
}

/** @throws IlertError where express-session is missing; it says what to add, and where. */
export function sessionOf(req: Request): RequestSession {
  const { session, sessionStore } = sessionParts(req)
  if (session && sessionStore) return session
  const missing = session ? 'req.sessionStore' : 'req.session'
  throw new IlertError(
    `${missing} is missing: put app.use(session({ … })) of express-session before ilert.session() and the sign-in routes.`,
    { code: 'session_missing', status: 500 },
  )
}

/** The entry of the session's tokens, if they were attached under the Passport user that the session has now. */
export function readEntry(req: Request, name: string): SessionEntry | undefined {
  const { session } = sessionParts(req)
  const entry = session?.[entryName(name)] as SessionEntry | undefined
  return entry && entry.user === passportUser(session) ? entry : undefined
}

/** Where in a session the entry is. */
export function entryName(name: string): string {
  return `passport-${name}`
}

/** Whatever entry there is, whoever is signed in now. */
export function rawEntry(session: RequestSession, name: string): SessionEntry | undefined {
  return session[entryName(name)] as SessionEntry | undefined
}

/** Binds tokens to a session and to the Passport user that it has now. */
export function writeEntry(session: RequestSession, name: string, entry: Omit<SessionEntry, 'user'>): void {
  session[entryName(name)] = { ...entry, user: passportUser(session) }
}

/** Forgets the session's tokens. */
export function removeEntry(req: Request, name: string): void {
  delete sessionParts(req).session?.[entryName(name)]
}

/** Milliseconds that the session lives after each request. */
export function lifetimeOf({ cookie }: RequestSession): number {
  return cookie.originalMaxAge ?? ENDLESS_SESSION_MS
}

/**
 * Tells one Passport user from another by what `serializeUser` made of them. Of an object its `id` decides, so that an
 * app may change the rest of it, together with `provider`, since ids of different providers may coincide.
 */
function passportUser(session: RequestSession | undefined): string | null {
  const user = (session?.passport as { user?: unknown } | undefined)?.user
  if (user === undefined) return null
  const { id, provider = null } = (user ?? {}) as { id?: unknown; provider?: unknown }
  return JSON.stringify(typeof id === 'string' || typeof id === 'number' ? [provider, id] : user)
}
