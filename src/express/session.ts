import type { NextFunction, Request, RequestHandler } from 'express'
import { apiCallsOf, type IlertClient } from '../client/client.ts'
import type { AppTokens } from '../tokens/app-tokens.ts'
import type { LostSessions } from './lost-session.ts'
import { RequestGrant } from './request-grant.ts'
import { SessionIlert } from './request-ilert.ts'
import { lifetimeOf, type SessionEntries, sessionOf } from './session-entry.ts'
import type { SessionWatch } from './session-watch.ts'

interface SessionParts {
  readonly entries: SessionEntries
  readonly client: IlertClient
  readonly tokens: AppTokens
  readonly lost: LostSessions
  readonly watch: SessionWatch
  /** Makes the request's session store, and its app, known. */
  readonly attend: (req: Request) => void
}

/** Puts `req.ilert` on the request. Waits for the store if it must be asked, for a bounded time, and never for ilert. */
export function sessionMiddleware({ entries, client, lost, tokens, watch, attend }: SessionParts): RequestHandler {
  const calls = apiCallsOf(client)
  return (req, res, next) => {
    let waiting: Promise<boolean> | undefined
    try {
      const session = sessionOf(req)
      attend(req)
      lost.see(req)
      watch.follow(req, res)
      const grant = new RequestGrant(req, entries, tokens)
      req.ilert = new SessionIlert(entries.name, grant, calls, req.ilert)
      waiting = grant.attend(lifetimeOf(session))
    } catch (error) {
      next(error)
      return
    }
    if (waiting) void waiting.then((signedOut) => (signedOut ? endSession(req, next) : next()))
    else next()
  }
}

/**
 * Ends a session that was signed out of, and that is back because a request which began before has saved it since. What is
 * stored is gone already; what is left is the session itself, and whom Passport has read from it.
 */
function endSession(req: Request, next: NextFunction): void {
  if (req.logout) req.logout(next)
  else sessionOf(req).regenerate(next)
}
