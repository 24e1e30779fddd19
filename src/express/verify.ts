import type { Request } from 'express'
import { fieldsOf, type TokenSet } from '../client/answers.ts'
import { IlertError } from '../ilert/errors.ts'
import type { IlertProfile } from './profile.ts'

/** What a sign-in has brought, for the app to make a user of. */
export interface VerifyContext {
  req: Request
  tokens: TokenSet
  profile: IlertProfile
}

/** Turns a sign-in into the app's user, or into false to refuse it. */
export type Verify = (context: VerifyContext) => Express.User | false | Promise<Express.User | false>

/** Passport's callback: `done(error)`, `done(null, user)`, `done(null, false, { message })`. */
export type Done = (error: unknown, user?: Express.User | false, info?: object) => void

/** Passport's forms of verify, told apart by the number of their parameters. */
export type ClassicVerify =
  | ((accessToken: string, refreshToken: string | undefined, profile: IlertProfile, done: Done) => void)
  | ((
      accessToken: string,
      refreshToken: string | undefined,
      params: Record<string, unknown>,
      profile: IlertProfile,
      done: Done,
    ) => void)
  | ((req: Request, accessToken: string, refreshToken: string | undefined, profile: IlertProfile, done: Done) => void)
  | ((
      req: Request,
      accessToken: string,
      refreshToken: string | undefined,
      params: Record<string, unknown>,
      profile: IlertProfile,
      done: Done,
    ) => void)

/** A user, or false for a refusal. */
export interface Verdict {
  user: Express.User | false
  info?: object
}

/** Asks the app, in whatever form it wants to be asked. Rejects with what it throws. */
export type Ask = (context: VerifyContext) => Promise<Verdict>

/** One form in the place of all of them. Without any, the user is the profile. */
export function askWith(verify: Verify | undefined, classic: ClassicVerify | undefined, passReq: boolean): Ask {
  if (classic) return (context) => askClassic(classic, passReq, context)
  if (verify) {
    return async ({ tokens, ...context }) => {
      const copy = { ...tokens, scope: [...tokens.scope] } // whatever the app does to it, the grant stays what it is
      return { user: (await verify({ ...context, tokens: copy })) || false }
    }
  }
  return async ({ profile }) => ({ user: profile as Express.User })
}

function askClassic(verify: ClassicVerify, passReq: boolean, context: VerifyContext): Promise<Verdict> {
  const { req, tokens, profile } = context
  const args: unknown[] = passReq ? [req] : []
  args.push(tokens.accessToken, tokens.refreshToken)
  if (verify.length === args.length + 3) args.push(fieldsOf(tokens))
  args.push(profile)
  return verdictOf(verify, args)
}

/** Calls a verify in Passport's form, which tells its verdict through `done`, its last argument. */
export function verdictOf(verify: (...args: never[]) => unknown, args: readonly unknown[]): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    // A promise settles once: a second call of done, or a throw after the first, changes nothing.
    const done = (error: unknown, user?: Express.User | false | null, info?: object | string) => {
      const told = typeof info === 'string' ? { message: info } : info
      if (error) reject(error)
      else resolve({ user: user || false, ...(told && { info: told }) })
    }
    Promise.resolve((verify as (...args: unknown[]) => unknown)(...args, done)).catch(reject)
  })
}

/** What verify threw, as an error for Express: to Express nothing, 'route' and 'router' mean that the request goes on. */
export function asError(reason: unknown): unknown {
  if (reason && reason !== 'route' && reason !== 'router') return reason
  return new IlertError('The sign-in failed, and verify did not say why.')
}
