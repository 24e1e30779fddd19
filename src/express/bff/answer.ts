import type { Response } from 'express'
import { APIError, IlertError, InsufficientScope, ReauthenticationRequired } from '../../ilert/errors.ts'
import { challengeOf } from '../bearer/challenge.ts'
import { USER_REPLACED } from '../request-grant.ts'
import type { Refusal } from './judge.ts'

/** JSON that this app says itself: for one user, for now, and for scripts alone. */
export function sendJSON(res: Response, status: number, body: object): void {
  res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
  res.status(status).json(body)
}

/** A request that was not passed on. */
export function sendRefusal(res: Response, { status, error, message, allow }: Refusal): void {
  if (allow) res.set('Allow', allow.join(', '))
  // What of the body has not arrived is not waited for.
  if (status === 413) res.set('Connection', 'close')
  sendJSON(res, status, { error, message })
}

/**
 * Tells a page that a call has failed, and how to go on: `loginURL` is where to send the browser if a sign-in would help.
 *
 * @param loginURL of a sign-in that asks for these scopes as well; undefined if it has been tried in vain.
 * @returns whether the error is one for the page. Others are the app's.
 */
export function sendFailure(res: Response, error: unknown, loginURL: (scope: string) => string | undefined): boolean {
  if (!(error instanceof IlertError) || isMistakeOfApp(error)) return false
  if (error instanceof InsufficientScope) {
    const { scope } = error
    const at = scope === '' ? undefined : loginURL(scope)
    res.set('WWW-Authenticate', challengeOf({ status: 403, error: 'insufficient_scope', scope }))
    sendJSON(res, 403, { error: 'insufficient_scope', scope, ...(at !== undefined && { loginURL: at }) })
  } else if (isSignInOver(error)) {
    res.set('WWW-Authenticate', challengeOf({ status: 401 }))
    sendJSON(res, 401, { error: 'unauthorized', loginURL: loginURL('') })
  } else {
    const { retryAfterSeconds } = error as { retryAfterSeconds?: number }
    if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds))
    sendJSON(res, error.status, { error: error.code, message: error.message })
  }
  return true
}

/** What is wrong with how the app is put together is told to its developer. */
function isMistakeOfApp(error: IlertError): boolean {
  return error.status === 500 && !(error instanceof APIError)
}

/** Whether only another sign-in helps. */
function isSignInOver(error: IlertError): boolean {
  if (error instanceof ReauthenticationRequired || error.code === USER_REPLACED) return true
  return error instanceof APIError && error.status === 401
}
