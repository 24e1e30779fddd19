import type { Request } from 'express'
import { ApiMethods, type IlertApi } from '../client/api.ts'
import type { ApiCalls } from '../client/api-calls.ts'
import { IlertError } from '../ilert/errors.ts'
import type { IlertProfile } from './profile.ts'
import type { RequestGrant } from './request-grant.ts'

declare global {
  namespace Express {
    interface Request {
      /** The signed-in user's ilert: there on every request that has passed `ilert.session()`. */
      ilert: RequestIlert
    }
  }
}

/**
 * Who `req.user` is: what the app has declared as `Express.User`, and ilert's profile in apps that declare nothing, whose
 * user it is unless `verify` returns another.
 */
export type SignedInUser = keyof Express.User extends never ? IlertProfile : Express.User

declare module 'express-serve-static-core' {
  interface Request {
    user?: SignedInUser | undefined
  }
}

/** The signed-in user's ilert, as `req.ilert`: what became of the sign-in, and ilert's API as this user. */
export interface RequestIlert extends IlertApi {
  /** A good token is there or can be had. False where the user has to sign in with ilert (again). */
  readonly connected: boolean
  /** What the user has granted. */
  readonly scope: readonly string[]
  /** When the sign-in or the refresh brought it, in milliseconds since the epoch; undefined where there is no token. */
  readonly issuedAt: number | undefined
  /** When the present access token ends, in milliseconds since the epoch; undefined where there is none. */
  readonly expiresAt: number | undefined
  /** How often the tokens have been refreshed since the sign-in. */
  readonly refreshes: number
  /**
   * The access token, refreshed first only if it is not good for 10 more seconds.
   *
   * Rejects with `ReauthenticationRequired` (401) where the user is not connected, and with `NetworkError` (503) where a
   * refresh is needed and ilert or the token store is unavailable.
   */
  accessToken(): Promise<string>
  /**
   * Revokes and deletes the tokens, and keeps the session: the user stays signed in to the app. With `tokenKey` it does so
   * for all sessions and jobs that use the key.
   */
  disconnect(): Promise<void>
}

/**
 * What the strategy of this name knows of the request, whichever `session()` has run last.
 *
 * @throws IlertError where that strategy's `session()` has not run; it says what to add, and where.
 */
export let ilertOf: (req: Request, name: string) => SessionIlert

/** The same, for this package: `req.ilert` itself shows what its type says, and nothing else. */
export let grantOf: (req: Request, name: string) => RequestGrant

export class SessionIlert extends ApiMethods implements RequestIlert {
  readonly #name: string
  readonly #grant: RequestGrant
  /**
   * What another strategy's `session()` has put there before. A list from one to the other, since each property more of a
   * request costs every request 2 us, and an entry in a WeakMap as much.
   */
  readonly #before: RequestIlert | undefined

  static {
    ilertOf = (req, name) => {
      for (let ilert = req.ilert; ilert instanceof SessionIlert; ilert = ilert.#before as RequestIlert) {
        if (ilert.#name === name) return ilert
      }
      const message = 'req.ilert is missing: put app.use(ilert.session()) before this route.'
      throw new IlertError(message, { code: 'session_missing', status: 500 })
    }
    grantOf = (req, name) => ilertOf(req, name).#grant
  }

  constructor(name: string, grant: RequestGrant, calls: ApiCalls, before: RequestIlert | undefined) {
    super(calls, grant)
    this.#name = name
    this.#grant = grant
    this.#before = before
  }

  get connected(): boolean {
    return this.#grant.connected
  }

  get scope(): readonly string[] {
    return [...(this.#grant.present?.tokens.scope ?? [])]
  }

  get issuedAt(): number | undefined {
    return this.#grant.present?.issuedAt
  }

  get expiresAt(): number | undefined {
    return this.#grant.present?.tokens.expiresAt
  }

  get refreshes(): number {
    return this.#grant.present?.refreshes ?? 0
  }

  async accessToken(): Promise<string> {
    return (await this.#grant.tokens()).accessToken
  }

  async disconnect(): Promise<void> {
    await this.#grant.disconnect()
  }
}
