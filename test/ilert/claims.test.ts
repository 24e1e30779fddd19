import { readClaims } from '../../src/ilert/claims.ts'

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown) => `${encode({ alg: 'RS256' })}.${encode(claims)}.c2lnbmF0dXJl`

/** The claims of ilert's sample access token. docs/ilert.md, "Wire formats". */
const SAMPLE = {
  iss: 'ilert',
  il_t: 'ACCESS',
  il_u: 'someUser',
  il_n: 'someTenant',
  il_a: 250,
  il_s: 'profile source:w',
  il_v: 1,
  exp: 1_700_000_000,
}

describe('readClaims', () => {
  it("reads ilert's sample access token, its expiry in milliseconds", () => {
    expect(readClaims(jwt(SAMPLE))).toEqual({
      tenant: 'someTenant',
      username: 'someUser',
      appID: 250,
      scope: ['profile', 'source:w'],
      expiresAt: 1_700_000_000_000,
    })
  })

  it('reads a token without a signature as well: it proves nothing either way', () => {
    expect(readClaims(`${encode({ alg: 'none' })}.${encode(SAMPLE)}.`)?.tenant).toBe('someTenant')
  })

  it.each([
    ['an empty string', ''],
    ['a word', 'opaque-access-token'],
    ['dots', '..'],
    ['two parts', `${encode({ alg: 'RS256' })}.${encode(SAMPLE)}`],
    ['five parts', 'a.b.c.d.e'],
    ['claims that are no JSON', jwt('{"il_n": "some')],
    ['claims that are a list', jwt([SAMPLE])],
    ['claims that are null', jwt('null')],
    ['claims that are a string', jwt('"text"')],
    ['claims that are no base64', `${encode({ alg: 'RS256' })}.!!!.x`],
  ])('is undefined for %s, which is no JWT', (_, token) => {
    expect(readClaims(token)).toBeUndefined()
  })

  it.each([undefined, null, 7, {}])('is undefined for %p', (token) => {
    expect(readClaims(token as never)).toBeUndefined()
  })

  it('leaves out what is missing or of another type', () => {
    expect(readClaims(jwt({}))).toEqual({})
    expect(readClaims(jwt({ il_n: 7, il_u: ['x'], il_a: '250', il_s: ['profile'], exp: '1700000000' }))).toEqual({})
    expect(readClaims(jwt({ il_n: '', il_n2: 'x' }))).toEqual({})
    expect(readClaims(jwt('{"exp": 1e999}'))).toEqual({})
  })

  it('never takes a claim from a prototype', () => {
    expect(readClaims(jwt('{"__proto__": {"il_n": "evil", "il_a": 1}}'))).toEqual({})
    expect(({} as Record<string, unknown>).il_n).toBeUndefined()
  })

  it('keeps no empty scopes', () => {
    expect(readClaims(jwt({ il_s: '  profile   alert:w ' }))?.scope).toEqual(['profile', 'alert:w'])
    expect(readClaims(jwt({ il_s: '' }))?.scope).toEqual([])
  })

  it.each([
    ['dots', '.'.repeat(1 << 20)],
    ['a letter', 'a'.repeat(1 << 20)],
    ['a big claim', jwt({ il_s: 'x '.repeat(1 << 19) })],
  ])('is done with a megabyte at once: %s', (_, token) => {
    const startedAt = performance.now()
    readClaims(token)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })
})
