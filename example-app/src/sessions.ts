import type { RequestHandler } from 'express'
import session from 'express-session'
import type { Config } from './config.ts'
import { HttpError } from './errors.ts'
import type { Stores } from './stores.ts'

declare module 'express-session' {
  interface SessionData {
    /** When the user has signed in, in milliseconds since the epoch. */
    signedInAt?: number
    /** Where the user wanted to go; passport-ilert brings it through the sign-in. */
    returnTo?: string
    /** Something to tell the user on the next page. */
    notice?: string
  }
}

const STORE_TIMEOUT_MS = 5000

/** Sessions that end when they are not used for a while. */
export function sessions({ secure, sessionSecrets, idleMs }: Config, { sessions: store }: Stores): RequestHandler {
  const middleware = session({
    name: secure ? '__Host-session' : 'session', // browsers let no other host set a __Host- cookie
    secret: sessionSecrets,
    store,
    resave: false,
    saveUninitialized: false,
    rolling: true, // each request begins the time anew
    cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: idleMs },
  })
  return (req, res, next) => {
    // A store may also never answer, and nobody should wait for it.
    const timer = setTimeout(done, STORE_TIMEOUT_MS, new Error('timeout'))
    let waiting = true
    function done(cause?: unknown): void {
      clearTimeout(timer)
      if (waiting)
        next(cause === undefined ? undefined : new HttpError(503, 'The session store is unavailable.', { cause }))
      waiting = false
    }
    middleware(req, res, done)
  }
}

/** Ends sessions that have lasted long enough, with their tokens. */
export function endOldSessions({ maxMs }: Config, now: () => number): RequestHandler {
  return async (req, _res, next) => {
    const { signedInAt = 0 } = req.session
    if (!req.user || now() - signedInAt < maxMs) return next()
    await req.ilert.disconnect()
    req.logOut(next)
  }
}
