import { APIError, InsufficientScope } from '../ilert/errors.ts'
import { redactor } from '../ilert/redact.ts'
import { parseScope, toList } from '../ilert/scopes.ts'

/** What is kept of `details`: texts and numbers in all, levels, and characters of a text. */
const MOST_DETAILS = 50
const DEEPEST_DETAILS = 4
const LONGEST_DETAIL = 300

/**
 * The error of an answer of ilert's API that is not a success. docs/ilert.md, "The API".
 *
 * @param body its JSON, if it is an object.
 * @param secrets what was sent along; it is taken out of ilert's own words.
 */
export function apiError(
  status: number,
  body: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  retryAfterSeconds: number | undefined,
): APIError | InsufficientScope {
  const { code, detailedCode, details, message, scope } = body
  const clean = redactor(secrets)
  const word = text(code, clean, 60) || 'api_error'
  if (status === 403 && word === 'OAUTH2_SCOPE_ERROR') return missingScope(scope)
  const words = text(message, clean, 300)
  const said = `ilert's API answered ${status} ${word}${words ? `: ${words}` : ''}`
  return new APIError(status === 402 ? `${said} ${PLAN}` : said, {
    code: word,
    status,
    retryAfterSeconds,
    details: details === undefined ? undefined : safeJSON(details, clean, { left: MOST_DETAILS }),
    detailedCode: text(detailedCode, clean, 60) || undefined,
  })
}

const PLAN = "(The plan of this ilert tenant does not include this, or is used up. Ask the tenant's owner.)"

/** The scopes that ilert names, as far as they are scopes. */
function missingScope(scope: unknown): InsufficientScope {
  const named = typeof scope === 'string' ? toList(scope.slice(0, 1000)).filter(isScope) : []
  if (named.length > 0) return InsufficientScope.of(named.join(' '))
  return new InsufficientScope("ilert's API wants a scope that the user has not granted, and does not name it.")
}

function isScope(scope: string): boolean {
  try {
    return Boolean(parseScope(scope))
  } catch {
    return false
  }
}

type Clean = ReturnType<typeof redactor>

function text(value: unknown, clean: Clean, longest: number): string {
  return typeof value === 'string' ? clean(value, longest) : ''
}

/** A copy whose names and texts repeat no secret, and which ends. */
function safeJSON(value: unknown, clean: Clean, budget: { left: number }, depth = 0): unknown {
  budget.left -= 1
  if (typeof value === 'string') return clean(value, LONGEST_DETAIL)
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEEPEST_DETAILS) return '…'
  const copies: [string, unknown][] = []
  // No more names than can be kept: of a list there may be hundreds of thousands.
  const names = Array.isArray(value) ? Object.keys(value.slice(0, MOST_DETAILS)) : Object.keys(value)
  for (const name of names) {
    if (budget.left <= 0) break
    const field = (value as Readonly<Record<string, unknown>>)[name]
    copies.push([clean(name, 60), safeJSON(field, clean, budget, depth + 1)])
  }
  return Array.isArray(value) ? copies.map(([, copy]) => copy) : Object.fromEntries(copies)
}
