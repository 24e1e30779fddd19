import { OAuthError } from 'passport-ilert'
import type { ErrorText } from './views.ts'

/** Passport's way to say that nobody is signed in now, made an error. */
export class SignInFailed extends Error {
  readonly status: number
  /** Whether the user said no. */
  readonly declined: boolean

  constructor(info: unknown, status: unknown) {
    const { code, message } = (info ?? {}) as { code?: string; message?: string }
    super(message ?? 'The sign-in failed.')
    this.status = typeof status === 'number' ? status : 401
    this.declined = code === 'access_denied'
  }
}

interface Description {
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  readonly text: ErrorText
}

/** What to tell the user. Messages of unknown errors are for the log: who knows what is in them. */
export function describeError(error: unknown): Description {
  const { status, retryAfterSeconds } = (error ?? {}) as { status?: unknown; retryAfterSeconds?: number }
  const known = typeof status === 'number' && status >= 400 && status <= 599 ? status : 500
  return { status: known, retryAfterSeconds, text: textFor(error, known) }
}

const HOME = { label: 'Go to the start page', href: '/' }
const SIGN_IN = { label: 'Sign in with ilert', href: '/auth/ilert' }
const TRY_AGAIN = { label: 'Try again', href: '/auth/ilert' }

function textFor(error: unknown, status: number): ErrorText {
  if (error instanceof SignInFailed && error.declined) {
    const advice = 'You are not signed in, and this app has learnt nothing about you. Was it a slip? Then try again.'
    return { title: 'You declined the request', advice, action: TRY_AGAIN }
  }
  if (error instanceof SignInFailed) {
    return { title: 'You are not signed in', advice: error.message, action: TRY_AGAIN }
  }
  if (error instanceof OAuthError) {
    const advice = `${error.message}. Try again. If it happens again, the settings of this app at ilert need a look.`
    return { title: 'ilert refused the sign-in', advice, action: TRY_AGAIN }
  }
  switch (status) {
    case 401:
      return { title: 'Please sign in', advice: 'Your sign-in is over. Sign in again to go on.', action: SIGN_IN }
    case 403:
      return { title: 'Not from here', advice: 'Go back to the page and send the form from there.', action: HOME }
    case 404:
      return { title: 'There is no such page', advice: 'Is the address right? The start page leads on.', action: HOME }
    case 503: {
      const advice = 'Nothing is wrong with your account. Wait a minute, then try again.'
      return { title: 'ilert does not answer right now', advice, action: TRY_AGAIN }
    }
    default:
      return status < 500
        ? { title: 'This request makes no sense here', advice: 'Begin again from the start page.', action: HOME }
        : { title: 'Something broke', advice: 'It is written down here. Try again in a minute.', action: HOME }
  }
}
