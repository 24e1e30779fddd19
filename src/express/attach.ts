import type { Request } from 'express'
import { covers, toList } from '../ilert/scopes.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import type { SessionLike } from '../tokens/stores/stored-session.ts'
import type { Attempt } from './attempts.ts'
import { failRequest, responseOf } from './express.ts'
import type { LostSessions } from './lost-session.ts'
import { serializedUser } from './passport.ts'
import {
  lifetimeOf,
  type NewEntry,
  type RequestSession,
  type SessionEntries,
  type SessionEntry,
  sessionOf,
  sessionParts,
} from './session-entry.ts'
import type { SessionWatch } from './session-watch.ts'
import type { SignIn } from './sign-in.ts'

/** How tokens find their way into a session. */
export interface Attachment {
  readonly signIn: SignIn
  readonly tokens: AppTokens
  readonly entries: SessionEntries
  readonly attempt: Attempt
  readonly watch: SessionWatch
  readonly lost: LostSessions
  /** Makes the request's session store known. */
  readonly bind: (req: Request) => void
  /** Says which session the record will belong to that is stored next under a key. */
  readonly belongs: (key: string, owner: () => Promise<SessionLike>) => void
}

type LogIn = (user: Express.User, options: object, done: (error?: unknown) => void) => void

/**
 * Attaches the tokens when the request's user is logged in: by Passport itself, or by the app in a custom callback. Only
 * then does the session exist that they belong to, since Passport makes a new one (0.6 and later).
 */
export function attachAtLogIn(req: Request, attachment: Attachment): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its request below
  const logIn = req.logIn as unknown as LogIn
  const attaching = (user: Express.User, options: unknown, done: unknown): void => {
    req.logIn = req.login = logIn as unknown as typeof req.logIn
    const [o, callback] = typeof options === 'function' ? [{}, options] : [options ?? {}, done]
    const { session } = o as { session?: boolean }
    if (session === false || typeof callback !== 'function') {
      logIn.call(req, user, o, callback as () => void)
      return
    }
    const asUser = { user, logIn: (keep: LogInOptions) => called(logIn, req, user, { ...o, ...keep }) }
    logInAndAttach(req, attachment, asUser)
      .then(
        () => callback(),
        (error: unknown) => callback(error),
      )
      // Thrown by the app's own callback, which must not be called a second time.
      .catch((error: unknown) => failRequest(req, error))
  }
  req.logIn = req.login = attaching as typeof req.logIn
}

/** Attaches the tokens to the session that the request has: `passport.authorize()` keeps the user who is signed in. */
export async function attachNow(req: Request, attachment: Attachment): Promise<void> {
  await logInAndAttach(req, attachment)
}

type LogInOptions = { keepSessionInfo?: true }

async function logInAndAttach(
  req: Request,
  { attempt, belongs, bind, entries, lost, signIn, tokens, watch }: Attachment,
  { user, logIn }: { user?: Express.User; logIn?: (o: LogInOptions) => Promise<void> } = {},
): Promise<void> {
  const { asked, expects, returnTo } = attempt
  const session = sessionOf(req)
  bind(req)
  const before = entries.raw(session)
  // Stored before anybody is logged in, so that no session ever points to tokens that could not be stored.
  const lifetime = lifetimeOf(session)
  const stored = await signIn.store(req, lifetime, (key, shared) => belongs(key, () => ownerOf(req, user, shared)))
  const former = before?.ilertID === stored.ilertID ? before : undefined
  const itsOwn = (key: string) => belongs(key, () => ownerOf(req, user, false))
  const marks = await tokens.sessions.begin(lifetime, stored.shared === true, former, itsOwn, stored.ilertID)
  const entry = { ...stored, ...marks }
  // A step-up of the user who is signed in, and still is: what else the session knows is theirs.
  const present = entries.read(req)
  const keep: LogInOptions = expects !== undefined && expects === present?.ilertID ? { keepSessionInfo: true } : {}
  try {
    await logIn?.(keep)
    const after = sessionOf(req)
    const declined = toList(asked ?? '').filter((scope) => !covers(signIn.scope, scope))
    entries.write(after, { ...entry, ...(declined.length > 0 && { declined: declined.join(' ') }) })
    if (returnTo !== undefined) after.returnTo = returnTo
    // Before the answer, as Passport does it: a browser follows a redirect before express-session has saved by itself.
    await saved(after)
    if (!before) await lost.expect(req, attempt.redirectURI, entry)
  } catch (error) {
    if (logIn) undoLogIn(req, entries)
    else entries.restore(session, before)
    throw error
  }
  // A new session of a client that has gone is nobody's. It may yet come with another request.
  if (!logIn || !responseOf(req).destroyed) signIn.attached(req)
  watch.attached(req)
  if (before) void endReplaced(before, entry, tokens, lifetime)
}

/**
 * The session that the tokens will belong to, as far as its store looks at it. It does not exist yet: Passport is asked what
 * it will put there.
 */
async function ownerOf(req: Request, user: Express.User | undefined, shared: boolean): Promise<SessionLike> {
  const { cookie, passport, ...fields } = sessionOf(req)
  // One under a key of the app's own outlives its session.
  const life = shared ? {} : { cookie }
  if (user === undefined) return { ...fields, passport, ...life }
  const serialized = await serializedUser(req, user)
  return { ...life, ...(serialized !== undefined && { passport: { user: serialized } }) }
}

/**
 * The session's former tokens would use up one of the 10 that ilert allows. Requests that began under them go on with their
 * successor, if it is the same ilert user's; another one's ends them at once.
 */
async function endReplaced(before: SessionEntry, entry: NewEntry, tokens: AppTokens, lifetime: number): Promise<void> {
  if (before.shared || before.key === entry.key) return
  const isSuccessor = before.ilertID === entry.ilertID && !entry.shared
  const end = isSuccessor
    ? tokens.supersede(before, { key: entry.key, account: entry.ilertID }, lifetime)
    : tokens.abandon(before.key)
  await end.catch(() => {}) // the store is unavailable: the record ends by itself
}

/** express-session saves what there is when the request ends, and its store may be back by then. */
function undoLogIn(req: Request, entries: SessionEntries): void {
  const { session } = sessionParts(req)
  if (session) {
    delete session.passport
    entries.remove(req)
  }
  delete req.user
}

function called(logIn: LogIn, req: Request, user: Express.User, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    logIn.call(req, user, options, (error) => (error ? reject(error) : resolve()))
  })
}

function saved(session: RequestSession): Promise<void> {
  return new Promise((resolve, reject) => {
    session.save((error: unknown) => (error ? reject(error) : resolve()))
  })
}
