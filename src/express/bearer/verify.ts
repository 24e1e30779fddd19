import type { Request } from 'express'
import { type Done, type Verdict, verdictOf } from '../verify.ts'

/** Whose an access token is, as ilert's token_info says. Without a `verify`, this is `req.user`. */
export interface BearerUser {
  /** As token_info names it; undefined if it names none. */
  tenant: string | undefined
  username: string
  /** What the user has granted. */
  scope: string[]
  /** The app to which the token was issued. */
  appID: number
}

/** Turns a token into the app's user, or into false to refuse it. */
export type BearerVerify = (token: BearerUser, req: Request) => Express.User | false | Promise<Express.User | false>

/** Passport's forms of the same, told apart by `passReqToCallback`. */
export type BearerCallback =
  | ((token: BearerUser, done: Done) => void | Promise<void>)
  | ((req: Request, token: BearerUser, done: Done) => void | Promise<void>)

/** One form in the place of all of them. Rejects with what the app throws. Without any, the user is the token. */
export function askAbout(
  verify: BearerVerify | undefined,
  callback: BearerCallback | undefined,
  passReq: boolean,
): (token: BearerUser, req: Request) => Promise<Verdict> {
  if (callback) return (token, req) => verdictOf(callback, passReq ? [req, token] : [token])
  if (verify) return async (token, req) => ({ user: (await verify(token, req)) || false })
  return async (token) => ({ user: token as Express.User })
}
