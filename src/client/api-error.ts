import { APIError, InsufficientScope } from '../ilert/errors.ts'
import { redact } from '../ilert/redact.ts'
import { parseScope, toList } from '../ilert/scopes.ts'

/** What is kept of `details`: texts and numbers in all, levels, and characters of a text. */
const MOST_DETAILS = 50
const DEEPEST_DETAILS = 4
const LONGEST_DETAIL = 300

/**
 * The error of an answer of ilert's API that is not a success. ILERT.md, "The API".
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
  const word = text(code, secrets, 60) || 'api_error'
  if (status === 403 && word === 'OAUTH2_SCOPE_ERROR') return missingScope(scope)
  const words = text(message, secrets, 300)
  const said = `ilert's API answered ${status} ${word}${words ? `: ${words}` : ''}`
  return new APIError(status === 402 ? `${said} ${PLAN}` : said, {
    code: word,
    status,
    retryAfterSeconds,
    details: details === undefined ? undefined : safeJSON(details, secrets, { left: MOST_DETAILS }),
    detailedCode: text(detailedCode, secrets, 60) || undefined,
  })
}

const PLAN = "(The ilert account's plan does not include this, or it is used up. Ask the account's owner.)"

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

function text(value: unknown, secrets: readonly string[], longest: number): string {
  return typeof value === 'string' ? redact(value, secrets, longest) : ''
}

/** A copy whose names and texts repeat no secret, and which ends. */
function safeJSON(value: unknown, secrets: readonly string[], budget: { left: number }, depth = 0): unknown {
  budget.left -= 1
  if (typeof value === 'string') return redact(value, secrets, LONGEST_DETAIL)
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEEPEST_DETAILS) return '…'
  const copies: [string, unknown][] = []
  for (const [name, field] of Object.entries(value)) {
    if (budget.left <= 0) break
    copies.push([redact(name, secrets, 60), safeJSON(field, secrets, budget, depth + 1)])
  }
  return Array.isArray(value) ? copies.map(([, copy]) => copy) : Object.fromEntries(copies)
}
