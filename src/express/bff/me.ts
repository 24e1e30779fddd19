import type { Request, RequestHandler, Response } from 'express'
import { challengeOf } from '../bearer/challenge.ts'
import { ilertOf } from '../request-ilert.ts'
import type { SessionEntries } from '../session-entry.ts'
import type { Site } from '../site.ts'
import { sendJSON, sendRefusal } from './answer.ts'
import { isFromThisOrigin } from './anti-forgery.ts'
import { notFromThisOrigin, refuse } from './judge.ts'
import type { MeSettings } from './options.ts'

interface MeParts {
  readonly entries: SessionEntries
  readonly site: Site
  readonly settings: MeSettings
}

/** Tells a page who is signed in, and where to sign in and out. */
export function meMiddleware(parts: MeParts): RequestHandler {
  const { settings } = parts
  return (req, res, next) => {
    if (!isFromThisOrigin(req.headers, settings.header)) {
      sendRefusal(res, notFromThisOrigin(settings.header))
    } else if (req.method !== 'GET' && req.method !== 'HEAD') {
      sendRefusal(res, { ...refuse(405, 'method_not_allowed', 'Ask with a GET.'), allow: ['GET', 'HEAD'] })
    } else {
      tell(req, res, parts).catch(next)
    }
  }
}

async function tell(req: Request, res: Response, { entries, settings, site }: MeParts): Promise<void> {
  const { connected, scope, expiresAt = null } = ilertOf(req, entries.name)
  const isSignedIn = Boolean(req.user) || connected
  const user = isSignedIn ? ((await settings.user(req)) ?? null) : null
  const status = isSignedIn ? 200 : settings.anonymous
  if (status === 401) res.set('WWW-Authenticate', challengeOf({ status }))
  const [loginURL, logoutURL] = [site.find(req, settings.loginURL), site.find(req, settings.logoutURL)]
  sendJSON(res, status, { user, connected, scope, expiresAt, loginURL, logoutURL })
}
