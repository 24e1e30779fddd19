/* What ilert says of scopes, of tokens, and of what went wrong. */
import fc from 'fast-check'
import { readClaims } from '../../../src/ilert/claims.ts'
import { OAuthError } from '../../../src/ilert/errors.ts'
import {
  covers,
  formatScope,
  likelyScope,
  parseScope,
  requiredScope,
  scopes,
  toList,
} from '../../../src/ilert/scopes.ts'
import { ALL_SECRETS, expectNoSecret, expectTypeError } from '../canary.ts'
import { echoes } from '../generators/echo.ts'
import { jwts } from '../generators/jwt.ts'
import { mutated } from '../generators/text.ts'
import { expectThat, type Target, target } from '../target.ts'

const resources = Object.keys(scopes)
const scope = fc
  .tuple(fc.constantFrom(...resources, 'alerts', 'new_thing', 'policies'), fc.constantFrom('', '', ':r', ':w', ':d'))
  .map(([name, permission]) => (name === 'offline_access' ? name : name + permission))

const oneScope = target('a scope', mutated(scope), (text) => {
  let parsed: ReturnType<typeof parseScope>
  try {
    parsed = parseScope(text)
  } catch (error) {
    expectTypeError(error)
    // What is not well-formed grants nothing, and is no reason to fail.
    expectThat(!covers([text.replaceAll(' ', '\t') || '-'], 'alert') || text.includes('alert'), 'grants alert')
    return 'rejected'
  }
  const { resource, permission } = parsed
  expectThat(text === resource || text === `${resource}:${permission}`, 'parts that are not the whole')
  expectThat(formatScope([text]) === text, 'formatting one scope changes it')
  expectThat(covers(text, text), 'does not cover itself')
  const likely = likelyScope(text)
  if (likely !== undefined) expectThat(Object.hasOwn(scopes, parseScope(likely).resource), `likely is ${likely}`)
  return 'accepted'
})

const scopeList = target(
  'a list of scopes',
  mutated(fc.array(scope, { minLength: 1, maxLength: 6 }).map((list) => list.join(' '))),
  (text) => {
    const list = toList(text)
    let formatted: string
    try {
      formatted = formatScope(list)
    } catch (error) {
      expectTypeError(error)
      return 'rejected'
    }
    expectThat(formatScope(toList(formatted)) === formatted, 'formatting twice changes it')
    expectThat(covers(formatted, list) && covers(list, formatted), 'formatting changes what is granted')
    return 'accepted'
  },
)

const paths = fc
  .tuple(
    fc.constantFrom(...Object.values(scopes).flatMap((each) => each.paths)),
    fc.constantFrom('', '/7', '/7/accept', '?x=1', '/current'),
  )
  .map(([path, rest]) => path.replace('{id}', '7') + rest)

const pathScope = target(
  'the scope of a path',
  fc.tuple(mutated(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD')), mutated(paths)),
  ([method, path]) => {
    const needed = requiredScope(method, path)
    const bare = path.split(/[?#]/, 1)[0] ?? ''
    for (const same of [bare, `${bare}?a=/api/teams`, `${bare}#x`]) {
      expectThat(requiredScope(method, same) === needed, 'the query decides')
    }
    if (needed === null) return 'rejected'
    expectThat(Object.hasOwn(scopes, parseScope(needed).resource), `an unknown scope: ${needed}`)
    return 'accepted'
  },
)

const claims = target('the claims of a token', jwts, (token) => {
  const read = readClaims(token)
  if (read === undefined) return 'rejected'
  const { tenant, username, appID, scope: granted, expiresAt } = read
  expectThat(tenant === undefined || (typeof tenant === 'string' && tenant !== ''), 'tenant')
  expectThat(username === undefined || typeof username === 'string', 'username')
  expectThat(appID === undefined || typeof appID === 'number', 'appID')
  expectThat(granted === undefined || granted.every((each) => typeof each === 'string' && each !== ''), 'scope')
  expectThat(expiresAt === undefined || !Number.isNaN(expiresAt), 'expiresAt')
  return 'accepted'
})

const refusal = target(
  'the words of a refusal',
  fc.tuple(
    fc.oneof(fc.constantFrom('invalid_grant', 'odd'), mutated(echoes)),
    fc.oneof(mutated(echoes), mutated(fc.constant('Provided code is unknown'))),
  ),
  ([code, description]) => {
    const error = OAuthError.from(code, 400, description, ALL_SECRETS)
    expectNoSecret(error)
    expectThat(error.code !== '' && error.code.length <= 60, `code: ${error.code}`)
    const shown = error.description ?? ''
    expectThat(shown.length <= 300 && !/[\p{Cc}\u2028\u202e]/u.test(shown), `description: ${shown}`)
    return error.message.includes('[redacted]') ? 'rejected' : 'accepted'
  },
)

export const ilertTargets: readonly Target[] = [oneScope, scopeList, pathScope, claims, refusal]
