/* What ilert's server answers: each judge gives what it promises, or throws an IlertError without secrets. */
import fc from 'fast-check'
import {
  judgeAPI,
  judgeRevocation,
  judgeTokenInfo,
  judgeTokens,
  judgeUser,
  type TokenSet,
} from '../../../src/client/answers.ts'
import type { HttpAnswer } from '../../../src/client/exchange.ts'
import { toProfile } from '../../../src/express/profile.ts'
import { APIError, NetworkError } from '../../../src/ilert/errors.ts'
import { ALL_SECRETS, expectIlertError, expectNoSecret } from '../canary.ts'
import { answers, retryAfters } from '../generators/answers.ts'
import { jwts } from '../generators/jwt.ts'
import { mutated } from '../generators/text.ts'
import { expectThat, type Target, target } from '../target.ts'

const NOW = 1_800_000_000_000
const CENTURY_MS = 100 * 366 * 86_400_000

function judged<T>(
  name: string,
  good: fc.Arbitrary<Record<string, unknown>>,
  judge: (answer: HttpAnswer) => T,
  check: (value: T) => void,
): Target {
  return target(name, answers(good), (answer) => {
    let value: T
    try {
      value = judge(answer)
    } catch (error) {
      expectIlertError(error)
      return 'rejected'
    }
    check(value)
    return 'accepted'
  })
}

const tokenAnswer = fc.record({
  token_type: fc.constantFrom('Bearer', 'bearer'),
  access_token: fc.oneof(fc.constant('opaque'), jwts),
  expires_in: fc.constantFrom(3600, 1, 0.5),
  scope: mutated(fc.constant('profile source:w')),
  refresh_token: fc.constantFrom('refresh', ''),
  refresh_token_expires_in: fc.constantFrom(31_536_000, 0),
})

const FITS_A_HEADER = /^[\x21-\x7e]+$/

function isTime(ms: number): boolean {
  return ms >= NOW && ms <= NOW + CENTURY_MS
}

function checkTokens({ accessToken, refreshToken, scope, expiresAt, refreshTokenExpiresAt }: TokenSet): void {
  expectThat(FITS_A_HEADER.test(accessToken), 'an access token that breaks out of its header')
  expectThat(refreshToken === undefined || /^[\x20-\x7e]+$/.test(refreshToken), 'refreshToken')
  expectThat(isTime(expiresAt) && (refreshTokenExpiresAt === undefined || isTime(refreshTokenExpiresAt)), 'a time')
  expectThat(
    scope.every((each) => typeof each === 'string' && each !== ''),
    'scope',
  )
}

const tokens = judged(
  'an answer of the token endpoint',
  tokenAnswer,
  (answer) => judgeTokens(answer, NOW, ALL_SECRETS),
  checkTokens,
)

const infoAnswer = fc.record({
  active: fc.constantFrom(true, true, false),
  tenant_id: fc.constant('nordwind'),
  username: fc.constant('mara.lindqvist'),
  scope: fc.constant('profile'),
  app_id: fc.constant(250),
})

const tokenInfo = judged(
  'an answer of token_info',
  infoAnswer,
  judgeTokenInfo,
  ({ active, tenant, username, scope, appID }) => {
    expectThat(typeof active === 'boolean' && scope.every((each) => typeof each === 'string'), 'active, scope')
    if (!active)
      expectThat(scope.length === 0 && tenant === undefined && username === undefined, 'a bad token has something')
    expectThat(appID === undefined || typeof appID === 'number', 'appID')
  },
)

const userAnswer = fc.record({
  id: fc.constantFrom(41_023, 1),
  username: fc.constant('mara.lindqvist'),
  firstName: fc.constantFrom('Mara', ''),
  lastName: fc.constant('Lindqvist'),
  email: fc.constant('mara@nordwind.example'),
  role: fc.constant('ADMIN'),
  shiftColor: fc.constant('#2f7de1'),
})

const user = judged(
  'an answer of the current user',
  userAnswer,
  (answer) => judgeUser(answer, ALL_SECRETS),
  (body) => {
    const profile = toProfile(body, { accessToken: 'opaque', scope: [], expiresAt: NOW })
    expectThat(profile.id === String(body.id) && /^-?\d+$/.test(profile.id), `id: ${profile.id}`)
    expectThat(profile.username !== '' && profile.displayName !== '', 'no name')
    for (const value of Object.values(profile))
      expectThat(typeof value === 'string' || typeof value === 'object', 'a field')
    expectThat(profile.emails?.every(({ verified }) => verified === false) ?? true, 'an address is called verified')
    JSON.stringify(profile)
    JSON.parse(profile._raw)
  },
)

const revocation = judged(
  'an answer of revoke',
  fc.constant({}),
  (answer) => judgeRevocation(answer, ALL_SECRETS),
  () => {},
)

const api = target(
  'an answer of the API',
  answers(fc.record({ id: fc.constant(7), list: fc.constant([1, 2]) })),
  (answer) => {
    try {
      judgeAPI(answer, ALL_SECRETS)
      return 'accepted'
    } catch (error) {
      expectIlertError(error)
      if (error instanceof APIError) expectThat(error.status === answer.status, 'another status')
      return 'rejected'
    }
  },
)

/** 'rejected' is the 10 seconds that ilert suggests: nothing else of these is as long. */
const retryAfter = target(
  'Retry-After',
  fc.tuple(retryAfters, mutated(fc.constant('Fri, 20 Nov 2026 10:00:00 GMT')), fc.constantFrom(429, 503)),
  ([after, date, status]) => {
    const answer = { status, headers: { 'retry-after': after, date }, text: '{}' }
    for (const judge of [() => judgeTokens(answer, NOW, []), () => judgeAPI(answer, [])]) {
      try {
        judge()
      } catch (error) {
        expectIlertError(error)
        const { retryAfterSeconds } = error as NetworkError | APIError
        if (error instanceof NetworkError || status === 429) {
          expectThat(
            Number.isSafeInteger(retryAfterSeconds) && (retryAfterSeconds as number) >= 0,
            `${retryAfterSeconds} s`,
          )
          if (retryAfterSeconds === 10 && after !== '10') return 'rejected'
        }
      }
    }
    return 'accepted'
  },
)

const secretsInErrors = target(
  'a body that repeats what was sent',
  fc.tuple(answers(fc.constant({ code: 'x' })), fc.constantFrom(400, 401, 403, 404, 500)),
  ([answer, status]) => {
    try {
      judgeAPI({ ...answer, status }, ALL_SECRETS)
    } catch (error) {
      expectIlertError(error)
      expectNoSecret(JSON.stringify(error))
      return error.message.includes('[redacted]') ? 'rejected' : 'accepted'
    }
    throw new Error('an error was taken for a success')
  },
)

export const answerTargets: readonly Target[] = [tokens, tokenInfo, user, revocation, api, retryAfter, secretsInErrors]
