import { STATUS_CODES } from 'node:http'
import type { Response } from 'express'
import { OAuthError } from '../ilert/errors.ts'
import { escapeHTML } from '../ilert/html.ts'
import { safeReturnTo } from './return-to.ts'

/** A sign-in that fails, as Passport is told it. */
export interface Failure {
  readonly action: 'fail'
  readonly status: number | undefined
  readonly info: object | undefined
  /** The user is signed in already: they are sent on to where the sign-in would have led. */
  readonly leadsOn?: boolean
}

export const START_AGAIN = 'Start again from the sign-in page.'

export function refuse(status: number, message: string): Failure {
  return { action: 'fail', status, info: { message } }
}

/**
 * A user who declines is a failure of the sign-in; the rest are mistakes of the app or of ilert. All of it is what a
 * browser has brought, and any browser may bring it again and again: never a 5xx, whatever ilert's word is.
 */
export function refusedByIlert(code: string, description: string | undefined, secrets: readonly string[]): Failure {
  const error = OAuthError.from(code, 400, description, secrets)
  if (code !== 'access_denied') throw error
  const info = { code, message: error.description ?? 'The user declined.' }
  return { action: 'fail', status: 403, info }
}

/** What of `passport.authenticate()`'s options says where a route leads those who have signed in. */
interface Destinations {
  returnTo?: string
  successRedirect?: string
  successReturnToOrRedirect?: string
}

/** Where a route leads those who have signed in. Nothing of it is taken from the URL. */
export function wayOn({ returnTo, successRedirect, successReturnToOrRedirect }: Destinations, home: string): string {
  return successReturnToOrRedirect ?? successRedirect ?? safeReturnTo(returnTo, home)
}

/**
 * Reports a failure to Passport, and says the reason and the way on in the place of Passport's own page, which says
 * "Forbidden" and nothing else. Whether there would be that page is known only when Passport ends the response: before, it
 * has looked for a callback of the app, another strategy, `failureRedirect` and `failWithError`.
 */
export function failWithReason(res: Response, fail: () => unknown, failure: Failure, href: string): unknown {
  type End = (...args: unknown[]) => unknown
  const patched = res as unknown as { end: End }
  const original = patched.end
  const end: End = (...args) => {
    if (patched.end === end) patched.end = original
    return isDefaultPage(res, args, failure) ? answer(res, failure, href) : original.apply(res, args)
  }
  patched.end = end
  try {
    return fail()
  } finally {
    if (patched.end === end) patched.end = original
  }
}

/** Whether these are the arguments of Passport: an app's own answer has a type, or other words. */
function isDefaultPage(res: Response, [body, ...more]: readonly unknown[], { status = 401 }: Failure): boolean {
  return (
    res.statusCode === status &&
    body === STATUS_CODES[status] &&
    more.length === 0 &&
    !['content-type', 'www-authenticate'].some((name) => res.hasHeader(name))
  )
}

function answer(res: Response, { info, leadsOn }: Failure, href: string): void {
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' })
  if (leadsOn) {
    res.redirect(href)
    return
  }
  if (!res.hasHeader('content-security-policy')) res.set('Content-Security-Policy', "default-src 'none'")
  res.type('html').send(page(messageOf(info) ?? `The sign-in was refused. ${START_AGAIN}`, href))
}

function messageOf(info: unknown): string | undefined {
  const message = typeof info === 'object' ? (info as { message?: unknown } | null)?.message : info
  return typeof message === 'string' && message !== '' ? message : undefined
}

function page(reason: string, href: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign-in refused</title>
<h1>Sign-in refused</h1>
<p>${escapeHTML(reason)}</p>
<p><a href="${escapeHTML(href)}">Continue</a></p>
</html>
`
}
