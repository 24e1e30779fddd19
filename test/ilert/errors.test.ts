import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  APIError,
  IlertError,
  InsufficientScope,
  NetworkError,
  OAuthError,
  ReauthenticationRequired,
} from '../../src/ilert/errors.ts'

const all: [string, IlertError, { code: string; status: number }][] = [
  ['OAuthError', OAuthError.from('invalid_grant', 401, 'Unknown'), { code: 'invalid_grant', status: 401 }],
  ['APIError', new APIError('x', { code: 'NOT_FOUND', status: 404 }), { code: 'NOT_FOUND', status: 404 }],
  ['NetworkError', new NetworkError('x', { code: 'timeout' }), { code: 'timeout', status: 503 }],
  ['ReauthenticationRequired', new ReauthenticationRequired(), { code: 'reauthentication_required', status: 401 }],
  ['InsufficientScope', InsufficientScope.of('alert:w'), { code: 'insufficient_scope', status: 403 }],
]

describe('the errors', () => {
  it.each(all)('%s is an IlertError with a name, a code and a status', (name, error, expected) => {
    expect(error).toBeInstanceOf(IlertError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name, ...expected })
    expect(error.stack).toMatch(new RegExp(`^${name}: `))
    expect(String(error)).toMatch(new RegExp(`^${name}: `))
    expect(Object.keys(error)).not.toContain('name')
    expect('cause' in error).toBe(false)
  })

  it.each(all)('%s has what frameworks look for that follow http-errors', (_, error, { status }) => {
    expect([error.statusCode, error.expose]).toEqual([status, status < 500])
    // They add to what is seen of an error nothing that was not there before.
    expect(Object.keys(error)).not.toContain('statusCode')
  })

  it('keep the cause that they are given', () => {
    const cause = new Error('ECONNRESET')
    expect(new IlertError('x', { code: 'y', status: 500, cause }).cause).toBe(cause)
    expect(new NetworkError('x', { code: 'connection_lost', cause }).cause).toBe(cause)
    expect(new APIError('x', { code: 'y', status: 500, cause }).cause).toBe(cause)
  })

  it('keep how long to wait, zero included', () => {
    expect(new NetworkError('x', { code: 'rate_limited', retryAfterSeconds: 0 }).retryAfterSeconds).toBe(0)
    expect(new APIError('x', { code: 'y', status: 429, retryAfterSeconds: 30 }).retryAfterSeconds).toBe(30)
    expect(new NetworkError('x', { code: 'timeout' }).retryAfterSeconds).toBeUndefined()
  })

  it('have a code also where the app that makes one names none', () => {
    expect(new IlertError('x')).toMatchObject({ code: 'ilert_error', status: 500 })
    expect(new NetworkError('x')).toMatchObject({ code: 'connection_lost', status: 503 })
    expect(new InsufficientScope('x')).toMatchObject({ code: 'insufficient_scope', status: 403, scope: '' })
  })

  it('InsufficientScope names the scope that is missing', () => {
    expect(InsufficientScope.of('alert:w user').scope).toBe('alert:w user')
    expect(InsufficientScope.of('alert:w').message).toContain('alert:w')
  })
})

describe('OAuthError', () => {
  it("has ilert's word as code and ilert's text as description and in the message", () => {
    const error = OAuthError.from('invalid_grant', 401, 'Provided code is unknown')
    expect(error).toMatchObject({ code: 'invalid_grant', status: 401, description: 'Provided code is unknown' })
    expect(error.message).toContain('Provided code is unknown')
    expect(error.message).toContain('invalid_grant')
  })

  it('has no description where ilert gave none', () => {
    expect(OAuthError.from('access_denied', 400).description).toBeUndefined()
    expect(OAuthError.from('access_denied', 400, undefined, ['secret-secret']).description).toBeUndefined()
    expect(OAuthError.from('access_denied', 400).message).toBe('ilert refused: access_denied')
  })

  it.each(['invalid_request', 'invalid_scope', 'access_denied', 'unsupported_grant_type', 'invalid_grant'])(
    'leaves the code %s alone, whatever a secret looks like',
    (code) => {
      const secrets = [`${code}_token`, 'invalid_code', 'unsupported', 'access_denied_too', 'grant', 'a']
      expect(OAuthError.from(code, 400, undefined, secrets).code).toBe(code)
    },
  )

  it('has a code also where ilert sent an empty one', () => {
    expect(OAuthError.from('', 400).code).toBe('unknown_error')
    expect(OAuthError.from('\r\n', 400).code).toBe('unknown_error')
  })

  it('takes control characters out of code and description', () => {
    const evil = 'one\r\ntwo\u0000three\u001b[31mfour\u007ffive\u009bsix\u2028seven\u2029eight\u202enine\u2066ten'
    const error = OAuthError.from(`invalid\r\n${evil}`, 400, evil)
    for (const text of [error.code, error.description, error.message]) {
      expect(text).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
    }
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']) {
      expect(error.description).toContain(word)
    }
  })

  it('cuts the description at 300 characters', () => {
    expect(OAuthError.from('x', 400, 'a b '.repeat(10_000)).description?.length).toBe(300)
    expect(OAuthError.from('x', 400, 'a'.repeat(300)).description).toBe('a'.repeat(300))
    expect(OAuthError.from('x', 400, 'a'.repeat(301)).description?.length).toBe(300)
    expect(OAuthError.from('x'.repeat(5000), 400).message.length).toBeLessThan(200)
  })

  it('keeps what ilert says around a secret', () => {
    const error = OAuthError.from('invalid_grant', 401, 'Provided code abcdefgh-0123456 is unknown', [
      'abcdefgh-0123456',
    ])
    expect(error.description).toMatch(/^Provided code .* is unknown$/)
  })
})

describe('a secret that has nothing in it, or spaces around it', () => {
  it.each(['', ' ', ' CANARY0123456789abcdef', 'CANARY0123456789abcdef\n'])('takes nothing else out: %j', (secret) => {
    expect(OAuthError.from('x', 400, 'Provided code is unknown', [secret]).description).toBe('Provided code is unknown')
  })
})

describe('a secret that ilert repeats', () => {
  const SECRETS = {
    'a plain one': 'CANARY0123456789abcdefXYZ',
    'a JWT': `${b64('{"alg":"HS256"}')}.${b64('{"iss":"ilert","il_k":"CANARY-key-0123456"}')}.CANARYsignature_-0123456789`,
    'one with slashes and plus signs': '4/0CANARY+ab/cd+ef/gh==',
    'one with punctuation': 'p@C!N$A%R&Y*w(o)r:d;1,2?3#4~5|6{7}8[9]<0>\\z`^',
    'a verifier': 'CANARY_verifier.with-all~the._marks-0123456789',
    'a short one': 'c0de7',
  }

  const FORMS: [string, (secret: string) => string][] = [
    ['raw', (s) => s],
    ['quoted', (s) => `'${s}'`],
    ['as a query parameter', (s) => `?code=${s}&state=x`],
    ['in a form, URL-encoded', (s) => new URLSearchParams({ a: 'b', token: s, c: 'd' }).toString()],
    ['URL-encoded', (s) => encodeURIComponent(s)],
    ['URL-encoded in lower case', (s) => encodeURIComponent(s).replaceAll(/%../g, (hex) => hex.toLowerCase())],
    [
      'URL-encoded in full',
      (s) =>
        s
          .split('')
          .map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
          .join(''),
    ],
    ['URL-encoded twice', (s) => encodeURIComponent(encodeURIComponent(s))],
    ['JSON-escaped', (s) => JSON.stringify({ refresh_token: s })],
    ['JSON-escaped, slashes too', (s) => JSON.stringify({ refresh_token: s }).replaceAll('/', '\\/')],
    [
      'JSON-escaped as code points',
      (s) =>
        s
          .split('')
          .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
    ],
    ['base64', (s) => Buffer.from(s).toString('base64')],
    ['base64url', (s) => b64(s)],
    ['base64 of credentials', (s) => `Basic ${Buffer.from(`client:${s}`).toString('base64')}`],
    ['base64url of JSON', (s) => b64(JSON.stringify({ iss: 'x', token: s, y: 'z' }))],
    ['base64 after an equals sign', (s) => `token=${Buffer.from(s).toString('base64')};`],
    ['base64, URL-encoded', (s) => encodeURIComponent(Buffer.from(s).toString('base64'))],
    ['next to letters', (s) => `x${s}x`],
    ['twice', (s) => `${s} ${s}`],
    ['across a line end', (s) => `token:\n${s}\nend`],
  ]
  const CUT: [string, (secret: string) => string][] = [
    ['its beginning', (s) => s.slice(0, Math.ceil(s.length * 0.6))],
    ['its beginning, with dots', (s) => `${s.slice(0, Math.ceil(s.length * 0.6))}...`],
    ['its beginning, named', (s) => `code=${s.slice(0, Math.ceil(s.length * 0.6))}…`],
    ['its end', (s) => s.slice(Math.floor(s.length * 0.4))],
    ['its middle', (s) => s.slice(Math.floor(s.length * 0.2), Math.ceil(s.length * 0.8))],
    ['its beginning, URL-encoded and cut there', (s) => encodeURIComponent(s).slice(0, Math.ceil(s.length * 0.7))],
    ['its base64, without its beginning', (s) => Buffer.from(s).toString('base64').slice(5)],
    [
      'its base64, cut',
      (s) =>
        Buffer.from(s)
          .toString('base64')
          .slice(0, Math.ceil(s.length * 0.9)),
    ],
  ]

  describe.each(Object.entries(SECRETS))('%s', (_, secret) => {
    it.each(FORMS)('is taken out of description and code: %s', (_, form) => {
      expectClean(
        OAuthError.from('invalid_grant', 401, `Token ${form(secret)} is unknown`, ['other-one', secret]),
        secret,
      )
      expectClean(OAuthError.from(form(secret), 401, form(secret), [secret]), secret)
    })
  })

  describe.each(Object.entries(SECRETS).filter(([, secret]) => secret.length > 10))('%s', (_, secret) => {
    it.each(CUT)('is taken out where only a part of it is there: %s', (_, cut) => {
      expectClean(OAuthError.from('invalid_grant', 401, `Token ${cut(secret)} is unknown`, [secret]), secret)
      expectClean(OAuthError.from(cut(secret), 401, cut(secret), [secret]), secret)
    })
  })

  it('is taken out also where the limit of 300 characters cuts it', () => {
    const secret = SECRETS['a plain one']
    for (let before = 270; before <= 300; before++) {
      expectClean(OAuthError.from('x', 400, `${'y '.repeat(before / 2)}${secret} end`, [secret]), secret)
    }
  })

  it('is taken out wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!#-&(-~]{12,60}$/),
        fc.string({ maxLength: 200 }),
        fc.string({ maxLength: 40 }),
        fc.constantFrom(...FORMS.filter(([, form]) => !form('').includes('Basic')).map(([, form]) => form)),
        (secret, before, after, form) => {
          expectClean(OAuthError.from('invalid_grant', 401, `${before} ${form(secret)} ${after}`, [secret]), secret)
        },
      ),
    )
  })

  it('is taken out where it is a token that nobody sent: what looks like a JWT goes', () => {
    const jwt = SECRETS['a JWT']
    for (const form of [
      jwt,
      `token=${jwt}`,
      `(${jwt})`,
      `"${jwt}"`,
      b64(jwt),
      `x.${jwt}`,
      `Bearer:${jwt},`,
      jwt.slice(0, 60),
    ]) {
      expectClean(OAuthError.from('x', 400, `not good: ${form} - see there`), jwt)
    }
  })
})

describe('a megabyte of text', () => {
  const LENGTH = 1024 * 1024
  const secrets = ['CANARY0123456789', 'e'.repeat(4000), '.'.repeat(500), 'a', 'ed', '%25'.repeat(1000)]
  it.each([
    'a',
    'e',
    '.',
    '…',
    '%',
    '%25',
    '\\',
    '\\u0065',
    'ey',
    'eyJhbGci.',
    'a.',
    ' ',
    '\r\n',
    '=',
    'CANARY01',
    'ab ',
  ])('of %j is made safe at once', (unit) => {
    for (const text of [unit.repeat(LENGTH / unit.length), `a${unit.repeat(9000 / unit.length)}a`]) {
      const startedAt = performance.now()
      const error = OAuthError.from(text, 400, text, secrets)
      expect(performance.now() - startedAt).toBeLessThan(2000)
      expect(error.description?.length ?? 0).toBeLessThanOrEqual(300)
      expect(error.message.length).toBeLessThan(500)
    }
  })
})

/** No eight characters of the secret in a row, as they are or in another writing, are left anywhere in the error. */
function expectClean(error: IlertError, secret: string): void {
  const shown = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), error.message, error.code]
  // The stack's frames name functions and paths: they are no words of ilert.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
  const text = frames.reduce((text, frame) => text.replaceAll(frame, ''), shown.join('\n'))
  const readings = [
    text,
    unescape(text),
    ...(text.match(/[\w+/-]{8,}/g) ?? []).flatMap((run) =>
      [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1')),
    ),
  ]
  const size = Math.min(8, secret.length)
  for (let i = 0; i + size <= secret.length; i++) {
    const piece = secret.slice(i, i + size)
    for (const reading of readings) {
      if (reading.includes(piece))
        throw new Error(`${JSON.stringify(piece)} of the secret is in ${JSON.stringify(reading)}`)
    }
  }
}

function b64(text: string): string {
  return Buffer.from(text).toString('base64url')
}
