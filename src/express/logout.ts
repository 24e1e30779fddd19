import type { Request, RequestHandler } from 'express'
import type { AppTokens } from '../tokens/app-tokens.ts'
import { takeBackAttempts } from './attempts.ts'
import { LostSessions } from './lost-session.ts'
import { lifetimeOf, type RequestSession, type SessionEntries, sessionOf } from './session-entry.ts'
import type { SignIns } from './sign-ins.ts'

interface LogoutParts {
  readonly entries: SessionEntries
  readonly signIns: SignIns
  readonly tokens: AppTokens
  readonly bind: (req: Request) => void
}

/**
 * Ends the sign-in: the tokens at ilert and here, and the session.
 *
 * @throws TypeError
 */
export function logoutMiddleware(
  { entries, signIns, tokens, bind }: LogoutParts,
  redirect: string | undefined,
): RequestHandler {
  if (redirect !== undefined && (typeof redirect !== 'string' || redirect === '')) {
    throw new TypeError('redirect: expected a path or a URL.')
  }
  return (req, res, next) => {
    if (req.method !== 'POST') {
      // A link, an image or a prefetch must not be able to sign a user out.
      res.set('Allow', 'POST').status(405).type('text').send('Sign out with a POST.')
      return
    }
    const run = async () => {
      const session = sessionOf(req)
      bind(req)
      const entry = entries.raw(session)
      const lifetime = lifetimeOf(session)
      takeBackAttempts(req)
      LostSessions.takeBack(req)
      signIns.end(req.sessionID, entry?.ilertID)
      // The session ends first: whatever happens to the tokens, the user is signed out here.
      await destroyed(session)
      if (entry) await tokens.signOut(entry, lifetime)
      if (redirect === undefined) res.status(204).end()
      else res.redirect(303, redirect)
    }
    run().catch(next)
  }
}

function destroyed(session: RequestSession): Promise<void> {
  return new Promise((resolve, reject) => {
    session.destroy((error: unknown) => (error ? reject(error) : resolve()))
  })
}
