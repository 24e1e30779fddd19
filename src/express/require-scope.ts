import type { Request, RequestHandler, Response } from 'express'
import { InsufficientScope, ReauthenticationRequired } from '../ilert/errors.ts'
import { covers, formatScope } from '../ilert/scopes.ts'
import { ilertOf } from './request-ilert.ts'
import { readEntry, type SessionEntry } from './session-entry.ts'

/** What a sign-in is begun with when a page demands more than the user has granted. */
export interface Demand {
  /** All that is asked for. */
  readonly scope: readonly string[]
  /** What is asked for because it is missing. */
  readonly asked: string
  /** The ilert user who must come back; absent where nobody is signed in. */
  readonly expects?: string
  readonly returnTo: string
}

interface RequireScopeParts {
  readonly name: string
  /** What every sign-in of the app asks for. */
  readonly scope: readonly string[]
  /** Begins a sign-in. Resolves to where the browser goes. */
  readonly begin: (req: Request, demand: Demand) => Promise<string>
}

/** Lets requests through whose grant covers the scopes; the others are sent to ilert, or told what is missing. */
export function requireScopeMiddleware(parts: RequireScopeParts, scopes: readonly string[]): RequestHandler {
  const wanted = formatScope(scopes)
  return (req, res, next) => {
    decide(req, parts.name, wanted)
      .then(async (verdict) => {
        if (verdict.allowed) next()
        else await refuse(req, res, parts, verdict)
      })
      .catch(next)
  }
}

type Verdict =
  | { allowed: true }
  | { allowed: false; entry: SessionEntry | undefined; granted: readonly string[]; missing: string }

/** @throws NetworkError where it cannot be told now: nobody is sent to sign in because something is away. */
async function decide(req: Request, name: string, wanted: string): Promise<Verdict> {
  const ilert = ilertOf(req)
  if (!(await isConnected(req))) return { allowed: false, entry: undefined, granted: [], missing: wanted }
  const missing = wanted.split(' ').filter((scope) => !covers(ilert.scope, scope))
  if (missing.length === 0) return { allowed: true }
  return { allowed: false, entry: readEntry(req, name), granted: ilert.scope, missing: missing.join(' ') }
}

async function isConnected(req: Request): Promise<boolean> {
  const ilert = ilertOf(req)
  if (!ilert.connected) return false
  try {
    await ilert.accessToken()
    return true
  } catch (error) {
    if (error instanceof ReauthenticationRequired) return false
    throw error
  }
}

async function refuse(
  req: Request,
  res: Response,
  { begin, scope }: RequireScopeParts,
  { entry, granted, missing }: Extract<Verdict, { allowed: false }>,
): Promise<void> {
  res.vary('Accept')
  res.vary('Sec-Fetch-Mode')
  res.set('Cache-Control', 'no-store')
  // Asked for once in vain: ilert, or the user, did not grant it, and asking again would go round in circles.
  const inVain = entry?.asked !== undefined && covers(entry.asked, missing)
  if (!isNavigation(req)) {
    const error = entry ? 'insufficient_scope' : 'unauthorized'
    res.set('WWW-Authenticate', entry ? `Bearer error="insufficient_scope", scope="${missing}"` : 'Bearer')
    res.status(entry ? 403 : 401).json({ error, scope: missing })
    return
  }
  if (inVain) throw InsufficientScope.of(missing)
  const demand: Demand = {
    scope: [...(entry ? granted : scope), ...missing.split(' ').filter(Boolean)],
    asked: missing,
    returnTo: req.originalUrl,
    ...(entry && { expects: entry.account }),
  }
  res.redirect(await begin(req, demand))
}

/** Whether a browser wants to show a page, for which alone a detour makes sense. */
function isNavigation(req: Request): boolean {
  if (req.method !== 'GET') return false
  if (/\bprefetch\b/.test(`${req.get('sec-purpose') ?? ''} ${req.get('purpose') ?? ''}`)) return false
  const mode = req.get('sec-fetch-mode')
  return mode === undefined ? /(?:^|[\s,])text\/html\s*(?:[;,]|$)/i.test(req.get('accept') ?? '') : mode === 'navigate'
}
