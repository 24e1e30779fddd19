import type { ErrorRequestHandler, RequestHandler } from 'express'
import { IlertError, InsufficientScope, OAuthError, ReauthenticationRequired } from 'passport-ilert'

/** What the user is told when something goes wrong, and where the button below it leads. */
interface Advice {
  readonly title: string
  readonly text: string
  readonly action: { readonly label: string; readonly href: string }
}

/** An error with the status that it is answered with. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** Passport's way to say that nobody is signed in now, made an error. */
export class SignInFailed extends HttpError {
  /** Whether the user said no. */
  readonly declined: boolean

  constructor(info: unknown, status: unknown) {
    const { code, message } = (info ?? {}) as { code?: string; message?: string }
    super(typeof status === 'number' ? status : 401, message ?? 'The sign-in failed.')
    this.declined = code === 'access_denied'
  }
}

export const notFound: RequestHandler = (_req, _res, next) => next(new HttpError(404, 'There is no such page.'))

/** The last middleware: a page for every error. */
export const showError: ErrorRequestHandler = (error, req, res, next) => {
  if (res.headersSent) return next(error)
  const status = statusOf(error)
  const { retryAfterSeconds } = error as { retryAfterSeconds?: number }
  // passport-ilert's errors hold no token and no secret. An OAuthError is a mistake in the settings, such as the secret.
  if (status >= 500 || error instanceof OAuthError) req.log.error({ err: error }, logMessage(error))
  if (retryAfterSeconds !== undefined) res.set('retry-after', String(retryAfterSeconds))
  const { title, text, action } = adviceFor(error, status, req.user !== undefined)
  res.status(status).render('error', { title, text, action })
}

/** What an operator reads first. */
function logMessage(error: unknown): string {
  if (!(error instanceof OAuthError)) return 'request failed'
  return `ilert refused the sign-in (${error.code}): look at ILERT_CLIENT_ID, ILERT_CLIENT_SECRET, ILERT_CALLBACK_URL`
}

function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown }
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
}

const HOME = { label: 'Go to the desk', href: '/' }
const SIGN_IN = { label: 'Sign in with ilert', href: '/auth/ilert' }
const TRY_AGAIN = { label: 'Try again', href: '/auth/ilert' }

/** The messages of unknown errors are for the log: who knows what is in them. */
function adviceFor(error: unknown, status: number, signedIn: boolean): Advice {
  if (error instanceof SignInFailed && error.declined && signedIn) {
    const text = 'Nothing has changed: you are still signed in, and this app may do what it could do before.'
    return { title: 'You declined the request', text, action: HOME }
  }
  if (error instanceof SignInFailed && error.declined) {
    const text = 'You are not signed in, and this app has learnt nothing about you. Was it a slip? Then try again.'
    return { title: 'You declined the request', text, action: TRY_AGAIN }
  }
  if (error instanceof SignInFailed && signedIn)
    return { title: 'Nothing has changed', text: error.message, action: HOME }
  if (error instanceof SignInFailed) return { title: 'You are not signed in', text: error.message, action: TRY_AGAIN }
  if (error instanceof OAuthError) {
    const text = `${error.message}. Try again. If it happens again, the settings of this app at ilert need a look.`
    return { title: 'ilert refused the sign-in', text, action: TRY_AGAIN }
  }
  if (error instanceof InsufficientScope) {
    const text =
      'You have not allowed this app to do that, or ilert does not let you. An admin of your account can help.'
    return { title: 'That is not allowed', text, action: HOME }
  }
  if (error instanceof ReauthenticationRequired) {
    return { title: 'The connection to ilert has ended', text: 'Sign in again to go on.', action: SIGN_IN }
  }
  if (error instanceof IlertError && status === 503) {
    const still = signedIn ? ', and you are still signed in' : ''
    const text = `Nothing is wrong with your account${still}. Wait a minute, then try again.`
    return { title: 'ilert does not answer right now', text, action: HOME }
  }
  if (error instanceof HttpError && status === 502) {
    return { title: 'This desk is not set up yet', text: error.message, action: HOME }
  }
  switch (status) {
    case 401:
      return { title: 'Please sign in', text: 'Your session has ended. Sign in again to go on.', action: SIGN_IN }
    case 403:
      return { title: 'Not from here', text: 'Go back to the page and send the form from there.', action: HOME }
    case 404:
      return { title: 'There is no such page', text: 'Is the address right? The desk leads on.', action: HOME }
    case 429:
      return { title: 'Slow down', text: 'There were many requests from your address. Wait a minute.', action: HOME }
    case 503:
      return {
        title: 'The desk is unavailable',
        text: 'Its session store does not answer. Wait a minute, then try again.',
        action: HOME,
      }
    default:
      return status < 500
        ? { title: 'This request makes no sense here', text: 'Begin again from the desk.', action: HOME }
        : { title: 'Something broke', text: 'It is written down here. Try again in a minute.', action: HOME }
  }
}
