import type { Request } from 'express'
import { IlertError } from '../ilert/errors.ts'
import { covers, toList } from '../ilert/scopes.ts'

/** What a page asks for in the URL with which it begins a sign-in. */
export interface SignInQuery {
  /** Where the user goes afterwards. Not checked yet. */
  readonly returnTo: string | undefined
  /** Asked for as well. */
  readonly scope: readonly string[]
}

/** Longer than any path that an attempt can remember, together with every scope. */
const LONGEST = 4096

/**
 * Reads it from the URL itself: what Express makes of a query depends on the app's settings. Any site can write such a URL,
 * so it can ask for no more than the app offers to its own pages.
 *
 * @param offered what pages may ask for; without any, the URL has no say in it.
 * @throws IlertError 400 `invalid_scope`
 */
export function readSignInQuery(req: Request, offered: ReadonlySet<string>): SignInQuery {
  const start = req.url.indexOf('?')
  if (start < 0 || req.url.length - start > LONGEST) return { returnTo: undefined, scope: [] }
  const query = new URLSearchParams(req.url.slice(start))
  const paths = query.getAll('returnTo')
  // Twice is once too often: who reads the first one and who reads the last one would disagree.
  const returnTo = paths.length > 1 ? '' : paths[0]
  const scope = offered.size > 0 ? toList(query.getAll('scope')) : []
  if (!areOffered(scope, offered)) {
    const message = 'scope: the app does not offer this scope to its pages. Nothing was asked for.'
    throw new IlertError(message, { code: 'invalid_scope', status: 400 })
  }
  return { returnTo, scope }
}

/** Whether pages may ask for scopes. What is not well-formed, nobody may. */
export function areOffered(scope: string | readonly string[], offered: ReadonlySet<string>): boolean {
  try {
    return covers([...offered], scope)
  } catch {
    return false
  }
}
