import type { Request } from 'express'
import fc from 'fast-check'
import { challengeOf } from '../../src/express/bearer/challenge.ts'
import { claimsOf, readAuthorization, whyNot, whyNotApp } from '../../src/express/bearer/token.ts'
import { jwt } from './bearer-app.ts'

function read(...values: string[]) {
  const rawHeaders = values.flatMap((value) => ['Authorization', value])
  const headers = values[0] === undefined ? {} : { authorization: values[0] }
  return readAuthorization({ headers, rawHeaders } as unknown as Request)
}

describe('readAuthorization', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['bEaReR   abc', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
  ])('reads %j', (value, token) => {
    expect(read(value)).toEqual({ kind: 'token', token })
  })

  it.each(['', 'Basic dXNlcjpwYXNz', 'Negotiate', 'DPoP abc', 'Bearerx abc', 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'])(
    'leaves %j to others',
    (value) => {
      expect(read(value)).toEqual({ kind: 'none' })
    },
  )

  it('finds nothing where there is nothing', () => {
    expect(read()).toEqual({ kind: 'none' })
  })

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer "abc"',
    'Bearer =abc',
    'Bearer a=b',
    'Bearer\tabc',
    'Bearer,abc',
    'Bearer abc ',
    'Bearer äbc',
    'Bearer {}',
    ' Bearer abc',
    ', abc',
    '"',
  ])('takes %j for malformed', (value) => {
    expect(read(value)).toEqual({ kind: 'malformed', why: expect.stringMatching(/^[A-Z][ -~]+\.$/) })
  })

  it('refuses two headers, also where they are the same', () => {
    expect(read('Bearer a', 'Bearer a').kind).toBe('malformed')
    expect(read('Basic a', 'Bearer a').kind).toBe('malformed')
  })

  it('reads a header that a middleware has put there', () => {
    const req = { headers: { authorization: 'Bearer abc' }, rawHeaders: ['Host', 'a.example'] } as unknown as Request
    expect(readAuthorization(req)).toEqual({ kind: 'token', token: 'abc' })
  })

  it('gives a token or none, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `Bearer ${text}`),
        ),
        (value) => {
          const credentials = read(value)
          if (credentials.kind === 'token') expect(credentials.token).toMatch(/^[\w.~+/-]+=*$/)
        },
      ),
    )
  })
})

describe('claimsOf', () => {
  it('reads what ilert puts into a token', () => {
    const claims = {
      il_t: 'ACCESS',
      il_u: 'mara',
      il_n: 'acme',
      il_a: 250,
      il_s: 'profile alert:w',
      exp: 1_800_000_000,
    }
    expect(claimsOf(jwt(claims))).toEqual({
      username: 'mara',
      tenant: 'acme',
      appID: 250,
      scope: ['profile', 'alert:w'],
      expiresAt: 1_800_000_000_000,
    })
  })

  const [header, payload] = jwt({ il_a: 250 }).split('.')
  it.each([
    ['a word', 'garbage'],
    ['three words', 'a.b.c'],
    ['no signature part', `${header}.${payload}`],
    ['a fourth part', `${header}.${payload}.a.b`],
    ['an encrypted one', `${header}.${payload}.a.b.c`],
    ['a header that is no JSON', `garbage.${payload}.c2ln`],
    ['a header that is no object', jwt({}, [])],
    ['a header that is a number', jwt({}, 1)],
    ['a payload that is no JSON', `${header}.garbage.c2ln`],
    ['a payload that is no object', jwt([1])],
    ['a payload that is null', jwt(null)],
    ['dots', '..'],
    ['an API key', 'il1api0123456789abcdef0123456789abcdef'],
  ])('takes %s for no token', (_, token) => {
    expect(claimsOf(token)).toBeUndefined()
  })

  it('takes up to 8 KiB', () => {
    const longest = jwt({}, undefined, 'x').length
    expect(claimsOf(jwt({}, undefined, 'x'.repeat(8192 - longest + 1)))).toEqual({})
    expect(claimsOf(jwt({}, undefined, 'x'.repeat(8192 - longest + 2)))).toBeUndefined()
  })

  it('never throws', () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    const parts = fc.array(part, { maxLength: 6 }).map((all) => all.join('.'))
    fc.assert(
      fc.property(fc.oneof(fc.string(), parts), (token) => {
        claimsOf(token)
      }),
    )
  })
})

describe('whyNot', () => {
  const NOW = 1_800_000_000_000
  it.each([
    ['no JWT', undefined, 250, 'This is no access token of ilert.'],
    ['it ends now', { expiresAt: NOW }, 250, 'The access token has expired. Refresh it.'],
    ['it has a moment left', { expiresAt: NOW + 1 }, 250, undefined],
    ['it says nothing', {}, 250, undefined],
    ['another app', { appID: 251 }, 250, 'This token was issued to app 251, and this API takes app 250.'],
    ['this app', { appID: 250 }, 250, undefined],
    ['any app', { appID: 251 }, 'any' as const, undefined],
  ])('%s', (_, claims, appID, why) => {
    expect(whyNot(claims, appID, NOW)).toBe(why)
  })

  it('does not take the silence of ilert for the right app', () => {
    expect(whyNotApp(undefined, 250)).toMatch(/does not say to which app .* takes app 250/)
    expect(whyNotApp(undefined, 'any')).toBeUndefined()
  })
})

describe('challengeOf', () => {
  it('says nothing of an error where there was none', () => {
    expect(challengeOf({ status: 401 })).toBe('Bearer realm="ilert"')
  })

  it('has what RFC 6750 names', () => {
    const refusal = { status: 403, error: 'insufficient_scope', description: 'No.', scope: 'alert:w user' } as const
    expect(challengeOf(refusal)).toBe(
      'Bearer realm="ilert", error="insufficient_scope", error_description="No.", scope="alert:w user"',
    )
  })

  it('lets nothing break out of its quotation marks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (description) => {
        const value = challengeOf({ status: 401, error: 'invalid_token', description })
        expect(value).toMatch(
          /^Bearer realm="ilert", error="invalid_token", error_description="(?:[ !#-[\]-~]|\\["\\])*"$/,
        )
      }),
    )
    expect(challengeOf({ status: 401, description: 'a"b\\c\r\nSet-Cookie: d=e' })).toBe(
      'Bearer realm="ilert", error_description="a\\"b\\\\c??Set-Cookie: d=e"',
    )
  })
})
