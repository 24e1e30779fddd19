import type { Request, RequestHandler } from 'express'
import type { TokenManager } from '../tokens/manager.ts'
import { SessionIlert } from './request-ilert.ts'
import { lifetimeOf, sessionOf } from './session-entry.ts'

interface SessionParts {
  readonly name: string
  readonly tokens: TokenManager
  /** Makes the request's session store known. */
  readonly bind: (req: Request) => void
}

/** Puts `req.ilert` on the request. Waits for the store where it must be asked, and never for ilert. */
export function sessionMiddleware({ name, tokens, bind }: SessionParts): RequestHandler {
  return (req, _res, next) => {
    let waiting: Promise<void> | undefined
    try {
      const session = sessionOf(req)
      bind(req)
      const ilert = new SessionIlert(req, name, tokens)
      req.ilert = ilert
      waiting = ilert.attend(lifetimeOf(session))
    } catch (error) {
      next(error)
      return
    }
    if (waiting) waiting.then(() => next(), next)
    else next()
  }
}
