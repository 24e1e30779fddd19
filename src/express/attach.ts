import type { Request } from 'express'
import type { TokenManager } from '../tokens/manager.ts'
import {
  lifetimeOf,
  type RequestSession,
  rawEntry,
  type SessionEntry,
  sessionOf,
  sessionParts,
  writeEntry,
} from './session-entry.ts'
import type { SignIn } from './sign-in.ts'

/** How tokens find their way into a session. */
export interface Attachment {
  readonly signIn: SignIn
  readonly tokens: TokenManager
  /** The strategy's name. */
  readonly name: string
  /** Comes back as `req.session.returnTo`. */
  readonly returnTo: string | undefined
}

type LogIn = (user: Express.User, options: object, done: (error?: unknown) => void) => void

/**
 * Attaches the tokens when the request's user is logged in: by Passport itself, or by the app in a custom callback. Only
 * then does the session exist that they belong to, since Passport makes a new one (0.6 and later).
 */
export function attachAtLogIn(req: Request, attachment: Attachment): void {
  const logIn = req.logIn as unknown as LogIn
  const attaching = (user: Express.User, options: unknown, done: unknown): void => {
    req.logIn = req.login = logIn as unknown as typeof req.logIn
    const [o, callback] = typeof options === 'function' ? [{}, options] : [options ?? {}, done]
    const { session } = o as { session?: boolean }
    if (session === false || typeof callback !== 'function' || !sessionParts(req).session) {
      logIn.call(req, user, o, callback as () => void)
      return
    }
    logInAndAttach(req, attachment, () => called(logIn, req, user, o)).then(
      () => callback(),
      (error: unknown) => callback(error),
    )
  }
  req.logIn = req.login = attaching as typeof req.logIn
}

/** Attaches the tokens to the session that the request has: `passport.authorize()` keeps the user who is signed in. */
export async function attachNow(req: Request, attachment: Attachment): Promise<void> {
  await logInAndAttach(req, attachment, async () => {})
}

async function logInAndAttach(req: Request, attachment: Attachment, logIn: () => Promise<void>): Promise<void> {
  const { name, returnTo, signIn, tokens } = attachment
  const session = sessionOf(req)
  const before = rawEntry(session, name)
  // Stored before anybody is logged in, so that no session ever points to tokens that could not be stored.
  const entry = await signIn.store(req, lifetimeOf(session))
  await logIn()
  const after = sessionOf(req)
  writeEntry(after, name, entry)
  if (returnTo !== undefined) after.returnTo = returnTo
  // Before the answer, as Passport does it: a browser follows a redirect before express-session has saved by itself.
  await saved(after)
  signIn.attached()
  if (before) void revokeReplaced(before, entry, tokens)
}

/** The session's former tokens are nobody's now, and would use up one of the 10 that ilert allows. */
async function revokeReplaced(before: SessionEntry, { grant }: Pick<SessionEntry, 'grant'>, tokens: TokenManager) {
  if (before.shared || before.grant === grant) return
  await tokens.revoke(before.grant).catch(() => {}) // the store is away: the record ends by itself
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
