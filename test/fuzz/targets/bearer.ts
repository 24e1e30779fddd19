/* Authorization headers, and what is said about them. */
import fc from 'fast-check'
import { challengeOf } from '../../../src/express/bearer/challenge.ts'
import { claimsOf, readAuthorization, whyNot } from '../../../src/express/bearer/token.ts'
import { expectNoSecret, SECRETS } from '../canary.ts'
import { jwts } from '../generators/jwt.ts'
import { mutated } from '../generators/text.ts'
import { requestOf } from '../request.ts'
import { expectThat, type Target, target } from '../target.ts'

const NOW = 1_800_000_000_000

const headers = mutated(
  fc
    .tuple(
      fc.constantFrom('Bearer ', 'bearer ', 'BEARER  ', 'Basic ', ''),
      fc.oneof(
        { weight: 3, arbitrary: jwts },
        { weight: 1, arbitrary: fc.constantFrom(SECRETS.accessToken, 'a.b.c', '') },
      ),
    )
    .map(([scheme, token]) => scheme + token),
)

const header = target('an Authorization header', headers, (authorization) => {
  const credentials = readAuthorization(requestOf('/', { authorization }))
  if (credentials.kind !== 'token') {
    expectNoSecret(credentials)
    return 'rejected'
  }
  const { token } = credentials
  expectThat(/^[\w.~+/-]+=*$/.test(token), 'a token that breaks out of a header')
  expectThat(
    authorization.endsWith(token) && /^bearer +$/i.test(authorization.slice(0, -token.length)),
    'another token',
  )
  return 'accepted'
})

const token = target('a bearer token', jwts, (text) => {
  const why = whyNot(claimsOf(text), 250, NOW)
  if (why === undefined) return 'accepted'
  expectThat(why.length < 120, `why: ${why}`)
  return 'rejected'
})

const challenge = target(
  'a challenge',
  fc.tuple(
    mutated(fc.constant('This token was issued to app 7.')),
    mutated(fc.constantFrom('alert:w', 'profile alert')),
  ),
  ([description, scope]) => {
    const value = challengeOf({ status: 403, error: 'insufficient_scope', description, scope })
    expectThat(/^[\x20-\x7e]*$/.test(value), 'breaks out of the header')
    const parameters = [...value.slice('Bearer '.length).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:, |$)/g)]
    const read = Object.fromEntries(
      parameters.map(([, name = '', quoted = '']) => [name, quoted.replaceAll(/\\(.)/g, '$1')]),
    )
    expectThat(
      Object.keys(read).join() === 'realm,error,error_description,scope',
      `is read as ${Object.keys(read).join()}`,
    )
    expectThat(`Bearer ${parameters.map(([all]) => all).join('')}` === value, 'has something else in it')
    return read.error_description === description && read.scope === scope ? 'accepted' : 'rejected'
  },
)

export const bearerTargets: readonly Target[] = [header, token, challenge]
