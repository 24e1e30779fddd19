import type { Request, RequestHandler, Response } from 'express'
import { IlertError, InsufficientScope, ReauthenticationRequired } from '../ilert/errors.ts'
import { covers, formatScope, toList } from '../ilert/scopes.ts'
import { challengeOf } from './bearer/challenge.ts'
import type { Begin, Demand } from './begin.ts'
import { checkedScopes } from './options.ts'
import { USER_REPLACED } from './request-grant.ts'
import { ilertOf, type RequestIlert } from './request-ilert.ts'
import type { SessionEntries, SessionEntry } from './session-entry.ts'

interface RequireScopeParts {
  readonly entries: SessionEntries
  /** What every sign-in of the app asks for. */
  readonly scope: readonly string[]
  readonly begin: Begin
}

/**
 * Lets requests through whose grant covers the scopes; the others are sent to ilert, or told what is missing.
 *
 * @throws TypeError where a scope is not well-formed, or empty: a variable that is not set must not open a page.
 */
export function requireScopeMiddleware(parts: RequireScopeParts, scopes: readonly string[]): RequestHandler {
  const wanted = formatScope(checkedScopes(scopes))
  if (scopes.some((scope) => scope.trim() === ''))
    throw new TypeError('scope: is empty. Leave it out, or name a scope.')
  return (req, res, next) => {
    decide(req, parts.entries, wanted)
      .then(async (verdict) => {
        if (!verdict.allowed) return await refuse(req, res, parts, verdict)
        // What comes after uses the tokens that were looked at, also in an app with several strategies.
        req.ilert = verdict.ilert
        next()
      })
      .catch(next)
  }
}

type Verdict =
  | { allowed: true; ilert: RequestIlert }
  | {
      allowed: false
      entry: SessionEntry | undefined
      granted: readonly string[]
      missing: string
      /** A sign-in would not help: another user than the session's makes this request. */
      replaced?: IlertError
    }

/** @throws NetworkError where it cannot be told now: nobody is sent to sign in because ilert or the store is unavailable. */
async function decide(req: Request, entries: SessionEntries, wanted: string): Promise<Verdict> {
  const ilert = ilertOf(req, entries.name)
  try {
    await ilert.accessToken()
  } catch (error) {
    const refusal = { allowed: false, entry: undefined, granted: [], missing: wanted } as const
    if (error instanceof IlertError && error.code === USER_REPLACED) return { ...refusal, replaced: error }
    if (!(error instanceof ReauthenticationRequired)) throw error
    return refusal
  }
  const granted = ilert.scope
  const missing = wanted.split(' ').filter((scope) => scope !== '' && !covers(granted, scope))
  if (missing.length === 0) return { allowed: true, ilert }
  return { allowed: false, entry: entries.read(req), granted, missing: missing.join(' ') }
}

async function refuse(
  req: Request,
  res: Response,
  { begin, scope }: RequireScopeParts,
  { entry, granted, missing, replaced }: Extract<Verdict, { allowed: false }>,
): Promise<void> {
  res.vary('Accept')
  res.vary('Sec-Fetch-Mode')
  res.set('Cache-Control', 'no-store')
  if (!isNavigation(req)) {
    const refusal = entry
      ? ({ status: 403, error: 'insufficient_scope', scope: missing } as const)
      : ({ status: 401 } as const)
    res.set('WWW-Authenticate', challengeOf(refusal))
    res.status(refusal.status).json({ error: refusal.error ?? 'unauthorized', scope: missing })
    return
  }
  if (replaced) throw replaced
  // Asked for once in vain: asking again would go round in circles. A narrower scope may be granted where a wider one was
  // not, so each counts as it was asked for.
  const declined = toList(entry?.declined ?? '')
  if (entry && toList(missing).every((scope) => declined.includes(scope))) throw InsufficientScope.of(missing)
  const demand: Demand = {
    scope: ['profile', ...(entry ? granted : scope), ...toList(missing)],
    asked: [...new Set([...declined, ...toList(missing)])].join(' '),
    ...(entry && { expects: entry.ilertID }),
  }
  res.redirect(await begin.byPage(req, demand))
}

/** Whether a browser wants to show a page, for which alone a detour makes sense. */
function isNavigation(req: Request): boolean {
  if (req.method !== 'GET') return false
  if (['sec-purpose', 'purpose', 'x-moz'].some((name) => /\bprefetch\b/i.test(req.get(name) ?? ''))) return false
  const mode = req.get('sec-fetch-mode')
  return mode === undefined ? /(?:^|[\s,])text\/html\s*(?:[;,]|$)/i.test(req.get('accept') ?? '') : mode === 'navigate'
}
