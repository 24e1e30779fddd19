/*
 * What is asked of Passport beside its documented requests: which user a request has, and what the app's serializeUser makes
 * of a user.
 */
import type { Request } from 'express'

type Serialize = (user: unknown, req: Request, done: (error: unknown, serialized?: unknown) => void) => void

/** What Passport keeps on a request, beside the user. */
interface PassportRequest {
  /** What `passport.initialize({ userProperty })` names. */
  _userProperty?: string
  _sessionManager?: { _serializeUser?: Serialize }
}

/** The user that the request has now. */
export function userOn(req: Request): unknown {
  return (req as unknown as Record<string, unknown>)[(req as PassportRequest)._userProperty ?? 'user']
}

/** What Passport's serializers make of the request's user; undefined when they take their time. */
export function serializedNow(req: Request): unknown {
  let serialized: unknown
  serializeOf(req)?.(userOn(req), req, (error, value) => {
    if (!error) serialized = value
  })
  return serialized
}

/** What Passport's serializers make of a user. If they fail, it is undefined, and the log-in says so. */
export function serializedUser(req: Request, user: Express.User): Promise<unknown> {
  return new Promise((resolve) => {
    const serialize = serializeOf(req)
    if (serialize) serialize(user, req, (_error, serialized) => resolve(serialized))
    else resolve(undefined)
  })
}

function serializeOf(req: Request): Serialize | undefined {
  const manager = (req as PassportRequest)._sessionManager
  return typeof manager?._serializeUser === 'function' ? (...args) => manager._serializeUser?.(...args) : undefined
}
