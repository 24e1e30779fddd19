import {
  fieldsOf,
  judgeAPI,
  judgeRevocation,
  judgeTokenInfo,
  judgeTokens,
  judgeUser,
} from '../../src/client/answers.ts'
import { APIError, type IlertError, NetworkError, OAuthError } from '../../src/ilert/errors.ts'

const SENT_AT = 1_700_000_000_000
const TOKENS = {
  token_type: 'Bearer',
  access_token: 'header.payload.signature',
  expires_in: 3600,
  scope: 'profile source:w',
  refresh_token: 'refresh-token',
  refresh_token_expires_in: 31_536_000,
}
const JWT = `${b64('{"alg":"RS256"}')}.${b64('{"il_s":"profile alert:w"}')}.c2ln`
const HTML = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>'

type Headers = Record<string, string | string[] | undefined>
const answer = (status: number, body: unknown, headers: Headers = {}) => ({
  status,
  headers,
  text: typeof body === 'string' ? body : JSON.stringify(body),
})
const tokens = (fields: Record<string, unknown> | string, status = 200) =>
  judgeTokens(answer(status, typeof fields === 'string' ? fields : { ...TOKENS, ...fields }), SENT_AT, [])

/** Every judge, for what they have in common. */
const OAUTH_JUDGES: [string, (a: ReturnType<typeof answer>) => unknown][] = [
  ['judgeTokens', (a) => judgeTokens(a, SENT_AT, [])],
  ['judgeTokenInfo', (a) => judgeTokenInfo(a)],
  ['judgeRevocation', (a) => judgeRevocation(a, [])],
]

describe('judgeTokens', () => {
  it("reads ilert's answer, lifetimes counted from sending the request", () => {
    expect(tokens({})).toEqual({
      accessToken: 'header.payload.signature',
      refreshToken: 'refresh-token',
      scope: ['profile', 'source:w'],
      expiresAt: SENT_AT + 3_600_000,
      refreshTokenExpiresAt: SENT_AT + 31_536_000_000,
    })
  })

  it("keeps ilert's own fields for those who ask", () => {
    const body = { ...TOKENS, extra: { a: 1 } }
    expect(fieldsOf(judgeTokens(answer(200, body), SENT_AT, []))).toEqual(body)
  })

  it('takes one hour where expires_in is absent', () => {
    expect(tokens({ expires_in: undefined }).expiresAt).toBe(SENT_AT + 3_600_000)
  })

  it.each([0, -1, -0.5, '0', '-1', '', ' ', '1e3', '0x10', '3600s', 'soon', '9'.repeat(99), true, [], [3600], {}])(
    'refuses expires_in %j',
    (expires_in) => {
      expectNetworkError(() => tokens({ expires_in }), 'invalid_response')
    },
  )

  it.each([
    ['3600', 3600],
    ['1.5', 1.5],
    ['0003600', 3600],
  ])('takes a lifetime that is written as a string: %j', (text, seconds) => {
    const set = tokens({ expires_in: text, refresh_token_expires_in: text })
    expect([set.expiresAt, set.refreshTokenExpiresAt]).toEqual([SENT_AT + seconds * 1000, SENT_AT + seconds * 1000])
  })

  it.each(['1e999', '1e308', '9007199254740993', '1e18'])('gives a moment that is a date for expires_in %s', (long) => {
    const { expiresAt } = tokens(JSON.stringify(TOKENS).replace('3600', long))
    expect(Number.isNaN(new Date(expiresAt).getTime())).toBe(false)
    expect(expiresAt).toBeGreaterThan(SENT_AT)
  })

  it('takes fractions of seconds', () => {
    expect(tokens({ expires_in: 1.5 }).expiresAt).toBe(SENT_AT + 1500)
  })

  it.each([undefined, null, 0, -1])('takes refresh_token_expires_in %p for "does not expire"', (value) => {
    expect(tokens({ refresh_token_expires_in: value })).not.toHaveProperty('refreshTokenExpiresAt')
  })

  it.each(['1e999', '1e308'])('gives a moment that is a date for refresh_token_expires_in %s', (long) => {
    const { refreshTokenExpiresAt = Number.NaN } = tokens(JSON.stringify(TOKENS).replace('31536000', long))
    expect(Number.isNaN(new Date(refreshTokenExpiresAt).getTime())).toBe(false)
  })

  it.each([undefined, null, ''])('takes a refresh token of %p for none', (refresh_token) => {
    const set = tokens({ refresh_token })
    expect(set).not.toHaveProperty('refreshToken')
    expect(set).not.toHaveProperty('refreshTokenExpiresAt')
    expect(set.accessToken).toBe('header.payload.signature')
  })

  it.each([
    undefined,
    null,
    '',
    7,
    true,
    {},
    ['token'],
    'to\r\nken',
    'token\n',
    'to ken',
    ' token',
    'tökén',
    'token\u0000',
    'token\u007f',
  ])('refuses the access token %j', (access_token) => {
    expectNetworkError(() => tokens({ access_token }), 'invalid_response')
  })

  it('takes a refresh token with spaces, as RFC 6749 allows it (appendix A.17)', () => {
    expect(tokens({ refresh_token: ' to ken ' }).refreshToken).toBe(' to ken ')
  })

  it.each([7, true, {}, ['token'], 'to\r\nken', 'token\n', 'tökén', 'token\u0000'])(
    'refuses the refresh token %j',
    (refresh_token) => {
      expectNetworkError(() => tokens({ refresh_token }), 'invalid_response')
    },
  )

  it('takes the scopes from the token where the answer has none', () => {
    for (const scope of [undefined, null, 7]) {
      expect(tokens({ access_token: JWT, scope }).scope).toEqual(['profile', 'alert:w'])
      expect(tokens({ access_token: 'opaque', scope }).scope).toEqual([])
    }
    expect(tokens({ access_token: JWT, scope: '' }).scope).toEqual([])
    expect(tokens({ scope: '  profile   x:w ' }).scope).toEqual(['profile', 'x:w'])
  })

  it.each([[['profile', 'x:w']], [['profile x:w']], ['profile,x:w'], ['profile, x:w,'], ['profile\nx:w']])(
    'reads the scopes as some servers write them: %j',
    (scope) => expect(tokens({ scope }).scope).toEqual(['profile', 'x:w']),
  )

  it('takes the scopes that were asked for if neither the answer nor the token names any (section 5.1)', () => {
    const judge = (change: object) => judgeTokens(answer(200, { ...TOKENS, ...change }), SENT_AT, [], ['alert', 'team'])
    for (const scope of [undefined, null, 7, [7], {}]) {
      expect(judge({ access_token: 'opaque', scope }).scope).toEqual(['alert', 'team'])
      expect(judge({ access_token: JWT, scope }).scope).toEqual(['profile', 'alert:w'])
    }
    expect(judge({ access_token: 'opaque', scope: 'alert' }).scope).toEqual(['alert'])
    expect(judge({ access_token: 'opaque', scope: '' }).scope).toEqual([])
  })

  it('keeps no more than 1000 scopes, and none that is longer than a scope can be', () => {
    const scope = `${'x'.repeat(200)} ${Array.from({ length: 5000 }, (_, i) => `s${i}`).join(' ')}`
    expect(tokens({ scope }).scope).toHaveLength(999)
    expect(tokens({ access_token: JWT, scope }).scope[0]).toBe('s0')
  })

  it.each(['Bearer', 'bearer', 'BEARER', undefined, null])('takes the token_type %p', (token_type) => {
    expect(tokens({ token_type }).accessToken).toBe('header.payload.signature')
  })

  it.each(['mac', 'DPoP', '', 7, {}])('refuses the token_type %p', (token_type) => {
    expectNetworkError(() => tokens({ token_type }), 'invalid_response')
  })

  it.each([
    ['HTML', HTML],
    ['nothing', ''],
    ['truncated JSON', JSON.stringify(TOKENS).slice(0, -1)],
    ['a list', [TOKENS]],
    ['null', 'null'],
    ['a string', '"header.payload.signature"'],
    ['a number', '7'],
    ['an empty object', {}],
    ['a refusal with status 200', { code: 'invalid_grant', error: 'Provided code is unknown' }],
  ])('takes %s with status 200 for no answer', (_, body) => {
    expectNetworkError(() => judgeTokens(answer(200, body), SENT_AT, []), 'invalid_response')
  })

  it('never takes a field from a prototype', () => {
    const inherited = `{"__proto__": ${JSON.stringify(TOKENS)}}`
    expectNetworkError(() => judgeTokens(answer(200, inherited), SENT_AT, []), 'invalid_response')
    const both = JSON.stringify(TOKENS).replace('{', '{"__proto__": {"polluted": true}, "constructor": {"x": 1},')
    const set = judgeTokens(answer(200, both), SENT_AT, [])
    expect(set).not.toHaveProperty('polluted')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(set)).toBe(Object.prototype)
  })
})

describe('a refusal', () => {
  it.each([
    ["in ilert's form", { code: 'invalid_grant', error: 'Provided code is unknown' }],
    ["in RFC 6749's form", { error: 'invalid_grant', error_description: 'Provided code is unknown' }],
    ['with a code that is empty', { code: '', error: 'invalid_grant', error_description: 'Provided code is unknown' }],
    ['with a code that is null', { code: null, error: 'invalid_grant', error_description: 'Provided code is unknown' }],
    ['with a status as code', { code: 401, error: 'invalid_grant', error_description: 'Provided code is unknown' }],
    ["in the API's form", { status: 401, code: 'invalid_grant', message: 'Provided code is unknown' }],
  ])('is read %s', (_, body) => {
    const error = thrown(() => judgeTokens(answer(401, body), SENT_AT, []))
    expect(error).toBeInstanceOf(OAuthError)
    expect(error).toMatchObject({ code: 'invalid_grant', status: 401, description: 'Provided code is unknown' })
    expect(error.message).toContain('Provided code is unknown')
  })

  it.each([{ code: 'invalid_grant' }, { error: 'invalid_grant' }, { code: 'invalid_grant', error: { a: 1 } }])(
    'has no description where there is none: %j',
    (body) => {
      const error = thrown(() => judgeTokens(answer(400, body), SENT_AT, [])) as OAuthError
      expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_grant', status: 400 })
      expect(error.description).toBeUndefined()
    },
  )

  it.each([
    ['invalid_request', 400],
    ['invalid_scope', 400],
    ['access_denied', 400],
    ['unsupported_grant_type', 400],
    ['invalid_grant', 401],
    ['invalid_client', 403],
    ['some_new_code', 422],
  ])('keeps the code %s and the status %d', (code, status) => {
    const error = thrown(() => judgeTokens(answer(status, { code, error: 'x' }), SENT_AT, []))
    expect(error).toMatchObject({ name: 'OAuthError', code, status })
  })

  it('repeats nothing that was sent', () => {
    const body = { code: 'invalid_grant', error: 'The code CANARY-code-0123 is unknown' }
    const error = thrown(() => judgeTokens(answer(401, body), SENT_AT, ['', 'CANARY-code-0123', '', '']))
    expect(error.message).not.toContain('CANARY')
    expect((error as OAuthError).description).toMatch(/^The code .+ is unknown$/)
  })
})

describe.each(OAUTH_JUDGES)('%s', (name, judge) => {
  it.each([500, 501, 502, 503, 504, 599])('takes status %d for "unavailable", whatever the body says', (status) => {
    for (const body of [HTML, '', { code: 'invalid_grant', error: 'x' }, { error: 'invalid_grant' }, TOKENS]) {
      expectNetworkError(() => judge(answer(status, body)), 'server_error')
    }
  })

  it.each([
    ['HTML', HTML],
    ['a refusal', { code: 'invalid_grant', error: 'x' }],
    ['an empty body', ''],
  ])('takes status 429 with %s for "later"', (_, body) => {
    expectNetworkError(() => judge(answer(429, body)), 'rate_limited')
  })

  it.each([300, 301, 302, 303, 304, 307, 308])('takes status %d for a redirect, which is refused', (status) => {
    const headers = { location: 'https://evil.example/' }
    expectNetworkError(() => judge(answer(status, TOKENS, headers)), 'redirect_refused')
  })

  if (name !== 'judgeTokenInfo') {
    it.each([
      ['HTML', HTML],
      ['nothing', ''],
      ['truncated JSON', '{"code": "invalid_gra'],
      ['JSON without a code', { message: 'x' }],
      ['codes that are no words', { code: 7, error: 8 }],
      ['empty codes', { code: '', error: '' }],
      ['a list', ['invalid_grant']],
      ['a code on a prototype', '{"__proto__": {"code": "invalid_grant"}}'],
    ])('takes a 400 with %s for "unavailable", since nobody was refused', (_, body) => {
      for (const status of [400, 401, 403, 404]) {
        expectNetworkError(() => judge(answer(status, body)), 'invalid_response')
      }
    })
  }
})

describe('Retry-After', () => {
  const date = 'Tue, 14 Nov 2023 22:13:20 GMT'
  it.each<[string, Headers, number]>([
    ['seconds', { 'retry-after': '17' }, 17],
    ['seconds with spaces', { 'retry-after': ' 17 ' }, 17],
    ['zero', { 'retry-after': '0' }, 0],
    ['a date', { 'retry-after': 'Tue, 14 Nov 2023 22:13:50 GMT', date }, 30],
    ['a date that has passed', { 'retry-after': 'Tue, 14 Nov 2023 22:13:00 GMT', date }, 0],
    ['nothing', {}, 10],
    ['an empty text', { 'retry-after': '' }, 10],
    ['a word', { 'retry-after': 'soon', date }, 10],
    ['a negative number', { 'retry-after': '-5', date }, 10],
    ['a fraction', { 'retry-after': '1.5', date }, 10],
    ['two numbers', { 'retry-after': ['1', '2'], date }, 10],
    ['two numbers in one', { 'retry-after': '1, 2', date }, 10],
    ['a date that begins with its day', { 'retry-after': '14 Nov 2023 22:13:50 GMT', date }, 10],
    ['a letter and a year', { 'retry-after': 'a 2023', date }, 10],
    ['a number too long', { 'retry-after': '9'.repeat(400), date }, 10],
  ])('is read as %s', (_, headers, seconds) => {
    for (const [, judge] of OAUTH_JUDGES) {
      expect(thrown(() => judge(answer(429, '', headers)))).toMatchObject({ retryAfterSeconds: seconds })
    }
    if (seconds !== 10)
      expect(thrown(() => judgeUser(answer(429, '', headers), []))).toMatchObject({ retryAfterSeconds: seconds })
  })

  it.each<[string, Headers, number]>([
    ['at the beginning of a minute', { date: 'Tue, 14 Nov 2023 22:13:00 GMT' }, 60],
    ['in it', { date }, 40],
    ['in its last second', { date: 'Tue, 14 Nov 2023 22:13:59 GMT' }, 1],
    ['in it, with a word that is no time', { date, 'retry-after': 'soon' }, 40],
  ])("without it ilert's API is to be asked when its minute ends: %s", (_, headers, seconds) => {
    expect(thrown(() => judgeAPI(answer(429, '', headers), []))).toMatchObject({ retryAfterSeconds: seconds })
  })

  it("without it and without a date this machine's clock tells when the minute ends", () => {
    const { retryAfterSeconds } = thrown(() => judgeAPI(answer(429, ''), [])) as APIError
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1)
    expect(retryAfterSeconds).toBeLessThanOrEqual(60)
  })

  it("is counted from this machine's clock where the answer has no date", () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString()
    const error = thrown(() => judgeTokens(answer(429, '', { 'retry-after': inAMinute }), SENT_AT, []))
    const { retryAfterSeconds } = error as NetworkError
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(58)
    expect(retryAfterSeconds).toBeLessThanOrEqual(61)
  })

  it('is kept with a 503, and absent where that says nothing', () => {
    expect(thrown(() => judgeTokens(answer(503, '', { 'retry-after': '7' }), SENT_AT, []))).toMatchObject({
      retryAfterSeconds: 7,
    })
    const error = thrown(() => judgeTokens(answer(503, ''), SENT_AT, []))
    expect((error as NetworkError).retryAfterSeconds).toBeUndefined()
  })
})

describe('judgeTokenInfo', () => {
  const INFO = { active: true, tenant_id: 'someTenant', username: 'someUser', scope: 'profile source:w', app_id: 250 }

  it("reads ilert's answer", () => {
    expect(judgeTokenInfo(answer(200, { ...INFO, scope: 'profile  source:w ' }))).toEqual({
      active: true,
      tenant: 'someTenant',
      username: 'someUser',
      scope: ['profile', 'source:w'],
      appID: 250,
    })
  })

  it('takes active: false and any 4xx but 429 for "not active", and tells nothing of it then', () => {
    const inactive = { active: false, scope: [] }
    expect(judgeTokenInfo(answer(200, { ...INFO, active: false }))).toEqual(inactive)
    for (const status of [400, 401, 403, 404, 422]) {
      for (const body of ['', HTML, INFO, { code: 'invalid_request', error: 'x' }]) {
        expect(judgeTokenInfo(answer(status, body))).toEqual(inactive)
      }
    }
  })

  it.each(['true', 1, null, undefined, {}])('takes active: %p for no answer, neither yes nor no', (active) => {
    expectNetworkError(() => judgeTokenInfo(answer(200, { ...INFO, active })), 'invalid_response')
  })

  it.each(['', HTML, 'null', '[]', '{"active": tr', '{"__proto__": {"active": true}}'])(
    'takes %j for no answer, neither yes nor no',
    (body) => {
      expectNetworkError(() => judgeTokenInfo(answer(200, body)), 'invalid_response')
    },
  )

  it('leaves out what is missing or of another type', () => {
    const odd = { active: true, tenant_id: 7, username: null, scope: ['profile'], app_id: '250' }
    expect(judgeTokenInfo(answer(200, odd))).toEqual({ active: true, scope: [] })
  })
})

describe('judgeRevocation', () => {
  it.each(['', '{}', 'OK', HTML])('takes any success for done, with the body %j too', (body) => {
    for (const status of [200, 202, 204]) expect(judgeRevocation(answer(status, body), [])).toBeUndefined()
  })

  it('takes a token that ilert knows no more for revoked', () => {
    expect(judgeRevocation(answer(401, { code: 'invalid_grant', error: 'x' }), [])).toBeUndefined()
    expect(judgeRevocation(answer(400, { error: 'invalid_grant' }), [])).toBeUndefined()
  })

  it('takes every other refusal for one', () => {
    const error = thrown(() => judgeRevocation(answer(400, { code: 'invalid_request', error: 'x' }), []))
    expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_request', status: 400 })
  })
})

describe('judgeUser', () => {
  it('keeps every field, also those that nobody knows', () => {
    const user = { id: 7, username: 'ann', role: 'STAKEHOLDER', new: { a: [1] }, email: null }
    expect(judgeUser(answer(200, user), [])).toEqual(user)
    expect(judgeUser(answer(200, { id: 7 }), [])).toEqual({ id: 7 })
  })

  it.each(['7', 7.5, null, undefined, true, [7], 2 ** 53, 1e300])('refuses the id %p', (id) => {
    expectNetworkError(() => judgeUser(answer(200, { id, username: 'ann' }), []), 'invalid_response')
  })

  it('refuses an id whose last digits JSON loses, so that two users never become one', () => {
    expectNetworkError(() => judgeUser(answer(200, '{"id": 9007199254740993}'), []), 'invalid_response')
  })

  it('never takes an id from a prototype', () => {
    expectNetworkError(() => judgeUser(answer(200, '{"__proto__": {"id": 7}}'), []), 'invalid_response')
    const user = judgeUser(answer(200, '{"id": 7, "__proto__": {"id": 1, "role": "ADMIN"}}'), [])
    expect(user.id).toBe(7)
    expect(user.role).toBeUndefined()
  })

  it.each(['', HTML, 'null', '[]', '7', '{"id": 7', '"x"'])('takes %j with status 200 for no answer', (body) => {
    expectNetworkError(() => judgeUser(answer(200, body), []), 'invalid_response')
  })

  it("has ilert's code and status in an APIError", () => {
    const body = { status: 404, code: 'NOT_FOUND', message: 'No such user' }
    const error = thrown(() => judgeUser(answer(404, body), []))
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    expect(error.message).toContain('No such user')
  })

  it.each([400, 401, 403, 404, 429, 500, 502, 503])('gives an APIError for %d, whatever the body is', (status) => {
    for (const body of ['', HTML, 'null', '{"code": "NOT', '[]', { code: 7 }, { code: '' }, { message: {} }]) {
      const error = thrown(() => judgeUser(answer(status, body), []))
      expect(error).toBeInstanceOf(APIError)
      expect(error.status).toBe(status)
      expect(error.code).toMatch(/^\w+$/)
      expect(error.message).not.toContain('<')
      expect((error as APIError).retryAfterSeconds).toEqual(status === 429 ? expect.any(Number) : undefined)
    }
  })

  it.each([300, 301, 302, 307, 308])('refuses the redirect %d', (status) => {
    expectNetworkError(() => judgeUser(answer(status, { id: 7 }), []), 'redirect_refused')
  })

  it('repeats neither the token nor control characters', () => {
    const body = { code: 'X-CANARY-token-0123', message: `Bearer CANARY-token-0123\r\nbad ${'long '.repeat(1000)}` }
    const error = thrown(() => judgeUser(answer(401, body), ['CANARY-token-0123']))
    expect(`${error.stack} ${error.code}`).not.toContain('CANARY')
    expect(error.message).not.toMatch(/\p{Cc}/u)
    expect(error.message.length).toBeLessThan(450)
  })
})

describe('what an error says', () => {
  const CHECK = 'Check apiURL, or try again.'
  it.each<[string, () => unknown]>([
    ['no usable access_token', () => tokens({ access_token: undefined })],
    ['a token_type other than Bearer', () => tokens({ token_type: 'mac' })],
    ['no usable refresh_token', () => tokens({ refresh_token: 7 })],
    ['an expires_in that is not a positive number', () => tokens({ expires_in: 0 })],
    ['something that is not a JSON object', () => tokens('[]')],
    ['no active field', () => judgeTokenInfo(answer(200, {}))],
    ['a user without an id', () => judgeUser(answer(200, {}), [])],
    ['something that is not JSON', () => judgeUser(answer(200, HTML), [])],
  ])('%s, and what to check', (what, work) => {
    expect(thrown(work).message).toBe(`ilert's answer cannot be used: ${what}. ${CHECK}`)
  })

  it('that ilert is busy or out of order, which ends by itself', () => {
    expect(thrown(() => tokens({}, 429)).message).toBe('ilert takes no more requests for now. Try again later.')
    expect(thrown(() => tokens({}, 502)).message).toBe('ilert is unavailable (502). Try again.')
  })

  it('that a redirect was not followed, and why', () => {
    const message =
      'ilert answered with a redirect, which is never followed, so that tokens stay with ilert. Check apiURL.'
    expect(thrown(() => tokens({}, 302)).message).toBe(message)
  })

  it("what ilert's API says, where it says something", () => {
    const said = (body: object) => thrown(() => judgeUser(answer(404, body), [])).message
    expect(said({ code: 'NOT_FOUND', message: 'No such user' })).toBe(
      "ilert's API answered 404 NOT_FOUND: No such user",
    )
    expect(said({})).toBe("ilert's API answered 404 api_error")
  })
})

function expectNetworkError(work: () => unknown, code: string): void {
  const error = thrown(work)
  expect(error).toBeInstanceOf(NetworkError)
  expect(error).toMatchObject({ code, status: 503 })
  // What an answer holds may be a token.
  expect(error.message).not.toMatch(/refresh-token|payload|Bad Gateway|evil/)
}

function thrown(work: () => unknown): IlertError {
  try {
    work()
  } catch (error) {
    return error as IlertError
  }
  throw new Error('nothing was thrown')
}

function b64(text: string): string {
  return Buffer.from(text).toString('base64url')
}
