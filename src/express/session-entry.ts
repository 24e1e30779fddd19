import type { Request } from 'express'
import type { Session, SessionData, Store } from 'express-session'
import { IlertError } from '../ilert/errors.ts'
import { LRUMap } from '../tokens/lru-map.ts'
import type { SessionMarks } from '../tokens/session-records.ts'
import { isEndless } from '../tokens/stores/stored-session.ts'
import { hashOfJSON, hashOfKey, hashOfUser, isObject, saysTheSame, type UserKey } from './passport-user.ts'

/** What express-session puts on a request. */
export type RequestSession = Session & Partial<SessionData> & Record<string, unknown>

/** What a session knows of its tokens: where they are, and whose. The tokens themselves are in the token store. */
export interface SessionEntry extends SessionMarks {
  /** The key in the token store: random, or the app's own with `tokenKey`. */
  readonly key: string
  /** The app's own key: other sessions and jobs use it too. */
  readonly shared?: true
  /** The ilert user's id. */
  readonly ilertID: string
  /** The scopes that sign-ins asked for because a page needed them, and that were not granted. */
  readonly declined?: string
  /** A hash of the Passport user under whom the tokens were attached; null when nobody was signed in. */
  readonly user: string | null
  /** A hash of that user's id alone: tells when perhaps only other fields have changed. */
  readonly id?: string
  /** When they were attached, in milliseconds since the epoch: of two entries the later one counts. */
  readonly at: number
}

/** Sessions outlive versions of this package, and apps may write to them. */
function isEntry(value: unknown): value is SessionEntry {
  if (!isObject(value)) return false
  const { key, ilertID, user, at } = value as Partial<SessionEntry>
  const isOf = user === null || typeof user === 'string'
  return typeof key === 'string' && key !== '' && typeof ilertID === 'string' && isOf && typeof at === 'number'
}

/** What a sign-in has a session remember of its tokens. */
export type NewEntry = Omit<SessionEntry, 'user' | 'id' | 'at'>

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
  throw new IlertError(whyNoSession(req), { code: 'session_missing', status: 500 })
}

const ADD_SESSION = 'put app.use(session({ … })) of express-session before ilert.session() and the sign-in routes.'

function whyNoSession(req: Request): string {
  const { session } = sessionParts(req)
  if (!session) return `req.session is missing: ${ADD_SESSION}`
  // What cookie-session alone puts on a request.
  if (!('sessionOptions' in req)) return `req.sessionStore is missing: ${ADD_SESSION}`
  return (
    'cookie-session keeps sessions in the browser, where no sign-out and no refresh of tokens can reach them. Use ' +
    `express-session in its place, with a session store that all processes share: ${ADD_SESSION}`
  )
}

/** No store is asked to keep anything for longer. */
const LONGEST_SESSION_MS = 10 * 365 * 86_400_000

/** Milliseconds that the session lives after each request. */
export function lifetimeOf({ cookie }: RequestSession): number {
  return isEndless(cookie) ? ENDLESS_SESSION_MS : Math.min(cookie.originalMaxAge as number, LONGEST_SESSION_MS)
}

/** What one strategy's tokens are known by in sessions, and whose they are: one for each strategy. */
export class SessionEntries {
  /** The strategy's name. */
  readonly name: string
  /** Users of sessions as each was when it was first seen: an app may add to one that it has got from Passport. */
  readonly #seen = new WeakMap<object, { readonly json: string; readonly hash: string }>()
  /** Where in a session the entry is. */
  readonly field: string
  readonly #userKey: UserKey | undefined
  /** What was attached here lately, by session id: a slow request may yet write such a session as it was before. */
  readonly #latest = new LRUMap<SessionEntry>({ max: 10_000, ttlMs: 600_000 })
  /** The keys that the entries had of sessions whose request has changed them. */
  readonly #changed = new WeakMap<RequestSession, string | undefined>()

  constructor(name: string, userKey?: UserKey) {
    this.name = name
    this.field = `passport-${name}`
    this.#userKey = userKey
  }

  /**
   * A short hash of the Passport user whom the request's session has now; undefined when nobody is signed in.
   *
   * @throws TypeError when the app's `userKey` returns no key.
   */
  userOf(req: Request): string | undefined {
    return this.#userIn(sessionParts(req).session) ?? undefined
  }

  /** The entry of the session's tokens, if they were attached under the Passport user that the session has now. */
  read(req: Request): SessionEntry | undefined {
    const { session } = sessionParts(req)
    const entry = session && this.raw(session)
    return entry && this.isOf(entry, session) ? entry : undefined
  }

  /** The entry of the session, also if another user is signed in now. One that is not of this form counts as none. */
  raw(session: RequestSession): SessionEntry | undefined {
    const entry = session[this.field]
    return isEntry(entry) ? entry : undefined
  }

  /** Binds tokens to a session and to the Passport user that it has now. */
  write(session: RequestSession, entry: NewEntry): void {
    const id = idIn(session)
    const written = { ...entry, user: this.#userIn(session), ...(id !== undefined && { id }), at: Date.now() }
    this.#change(session)
    session[this.field] = written
    if (session.id) this.#latest.set(session.id, written)
  }

  /**
   * To be called before a session is written: copies into it what was attached to this session of this user
   * since it was read, and has the entry go along with what was added to the user.
   */
  renew(session: RequestSession): void {
    const present = this.raw(session)
    const latest = this.#latest.get(session.id)
    const isLater = latest && latest.key !== present?.key && !(present && present.at > latest.at)
    const entry = isLater && this.isOf(latest, session) ? latest : present
    if (entry && this.isOf(entry, session)) session[this.field] = { ...entry, user: this.#userIn(session) }
  }

  /**
   * To be called before a session is written which others may have written since its request has read it: copies into
   * it what another process has attached to it meanwhile, unless this request has attached something later.
   */
  takeOver(session: RequestSession, stored: RequestSession): void {
    const [theirs, ours] = [this.raw(stored), this.raw(session)]
    if (!theirs || !this.isOf(theirs, session)) return
    const isOurs = this.#changed.has(session)
    if (isOurs && (theirs.key === this.#changed.get(session) || (ours && ours.at >= theirs.at))) return
    session[this.field] = theirs
  }

  /** Puts an entry back as it was. */
  restore(session: RequestSession, entry: SessionEntry | undefined): void {
    this.#change(session)
    this.#latest.delete(session.id)
    if (entry) session[this.field] = entry
    else delete session[this.field]
  }

  /** Forgets the session's tokens. */
  remove(req: Request): void {
    const { session } = sessionParts(req)
    if (session) this.restore(session, undefined)
  }

  /** Whether the tokens were attached under the Passport user that the session has now. */
  isOf({ user }: SessionEntry, session: RequestSession): boolean {
    if (user === this.#userIn(session)) return true
    if (user === null) return false
    // Attached before the app had a userKey: the same user is the same by either.
    if (this.#userKey) return user === wholeUserIn(session)
    const seen = this.#seenIn(session)
    return seen !== undefined && user === seen.hash && saysTheSame(JSON.parse(seen.json), passportUser(session))
  }

  /** Whether there are tokens of the session's user as that was before the app has changed it in this request. */
  wasChanged(req: Request): boolean {
    const { session } = sessionParts(req)
    const entry = session && this.raw(session)
    const seen = this.#seenIn(session)
    return entry !== undefined && seen !== undefined && entry.user === seen.hash && this.read(req) === undefined
  }

  #change(session: RequestSession): void {
    if (!this.#changed.has(session)) this.#changed.set(session, this.raw(session)?.key)
  }

  #seenIn(session: RequestSession | undefined): { readonly json: string; readonly hash: string } | undefined {
    const user = passportUser(session)
    return isObject(user) ? this.#seen.get(user) : undefined
  }

  /** Whether the tokens were attached under this user, as Passport serializes it. */
  isOfUser(entry: SessionEntry, user: unknown): boolean {
    return user !== undefined && this.isOf(entry, { passport: { user } } as unknown as RequestSession)
  }

  /** Whether the session's user has the id of the one under whom the tokens were attached, and nobody knows more. */
  isLike({ id }: SessionEntry, session: RequestSession): boolean {
    return this.#userKey === undefined && id !== undefined && id === idIn(session)
  }

  #userIn(session: RequestSession | undefined): string | null {
    const user = passportUser(session)
    if (user === undefined || user === null) return wholeUserIn(session)
    if (this.#userKey) return hashOfKey(user, this.#userKey)
    const json = JSON.stringify(user)
    const seen = this.#seenIn(session)
    if (seen?.json === json) return seen.hash
    const hash = hashOfJSON(json)
    if (isObject(user) && !seen) this.#seen.set(user, { json, hash })
    return hash
  }
}

function wholeUserIn(session: RequestSession | undefined): string | null {
  const user = passportUser(session)
  return user === undefined ? null : hashOfUser(user)
}

/** A hash of the id of a user who is an object with one. */
function idIn(session: RequestSession): string | undefined {
  const { id } = (passportUser(session) ?? {}) as { id?: unknown }
  return id === undefined ? undefined : hashOfUser(id)
}

function passportUser(session: RequestSession | undefined): unknown {
  return (session?.passport as { user?: unknown } | undefined)?.user
}
