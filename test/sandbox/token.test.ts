import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import {
  currentUser,
  defaultApp,
  exchange,
  getCode,
  type Overrides,
  post,
  refresh,
  TOKEN,
  tokensFor,
  verifier,
} from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const open: Sandbox[] = []
async function start(options?: SandboxOptions): Promise<Sandbox> {
  const sandbox = await createSandbox(options)
  open.push(sandbox)
  return sandbox
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()))
})

describe('the answer', () => {
  test('has every field, and nothing else', async () => {
    const sandbox = await start()
    const { status, headers, body } = await exchange(
      sandbox,
      await getCode(sandbox, defaultApp(sandbox), { scope: 'profile source:w' }),
    )
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      token_type: 'Bearer',
      access_token: expect.any(String),
      expires_in: 3600,
      scope: 'profile source:w',
      refresh_token: expect.any(String),
      refresh_token_expires_in: 31_536_000,
    })
  })

  test('holds JWTs as ilert makes them', async () => {
    const now = 1_700_000_000_999
    const sandbox = await start({ clock: { now: () => now } })
    const tokens = await tokensFor(sandbox, 'aoife.obrien', 'profile alert:w')
    expect(decodeProtectedHeader(tokens.access_token).alg).toBe('RS256')
    expect(decodeJwt(tokens.access_token)).toEqual({
      iss: 'ilert',
      il_t: 'ACCESS',
      il_u: 'aoife.obrien',
      il_n: 'bluepeak',
      il_a: Number(sandbox.env.ILERT_APP_ID),
      il_s: 'profile alert:w',
      il_v: 1,
      iat: 1_700_000_000,
      exp: 1_700_003_600,
      jti: expect.any(String),
    })
    expect(decodeProtectedHeader(tokens.refresh_token).alg).toBe('HS256')
    expect(decodeJwt(tokens.refresh_token)).toEqual({
      iss: 'ilert',
      il_t: 'OAUTH',
      il_v: 1,
      il_k: expect.any(String),
      exp: 1_731_536_000,
    })
  })

  test('is another each time, also within one second', async () => {
    const sandbox = await start({ clock: { now: () => 1_700_000_000_000 } })
    const [a, b] = [await tokensFor(sandbox), await tokensFor(sandbox)]
    expect(a.access_token).not.toBe(b.access_token)
    expect(a.refresh_token).not.toBe(b.refresh_token)
  })

  test('names each scope once, in the order of the request, and adds none', async () => {
    const sandbox = await start()
    expect((await tokensFor(sandbox, 'mara.lindqvist', 'alert profile alert')).scope).toBe('alert profile')
    expect((await tokensFor(sandbox, 'mara.lindqvist', 'alert')).scope).toBe('alert')
  })
})

describe('a code', () => {
  test('works once', async () => {
    const sandbox = await start()
    const code = await getCode(sandbox)
    expect((await exchange(sandbox, code)).status).toBe(200)
    expect(await exchange(sandbox, code)).toMatchObject({ status: 401, body: { code: 'invalid_grant' } })
  })

  test('works once, also when it is brought twice at the same time', async () => {
    const sandbox = await start()
    const code = await getCode(sandbox)
    const answers = await Promise.all([exchange(sandbox, code), exchange(sandbox, code)])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
  })

  test('lasts 2 minutes', async () => {
    const base = { at: 1_700_000_000_000 }
    const sandbox = await start({ clock: { now: () => base.at } })
    const [early, late] = [await getCode(sandbox), await getCode(sandbox)]
    sandbox.clock.advance(2 * MINUTE - 1)
    expect((await exchange(sandbox, early)).status).toBe(200)
    sandbox.clock.advance(1)
    expect((await exchange(sandbox, late)).body.code).toBe('invalid_grant')
  })

  test('belongs to one app, which can still use it after another has tried', async () => {
    const sandbox = await start()
    const code = await getCode(sandbox)
    const { redirectURI } = defaultApp(sandbox)
    const other = { ...sandbox.register({ redirectURI }), redirectURI }
    expect((await exchange(sandbox, code, {}, other)).body.code).toBe('invalid_grant')
    expect((await exchange(sandbox, code)).status).toBe(200)
  })

  test.each([
    ['another redirect_uri', { redirect_uri: 'http://localhost:3000/' }],
    ['another verifier', { code_verifier: `${verifier.slice(1)}A` }],
    ['a verifier that is too short', { code_verifier: 'short' }],
    ['no verifier', { code_verifier: undefined }],
  ])('is refused with %s, and used up', async (_, overrides: Overrides) => {
    const sandbox = await start()
    const code = await getCode(sandbox)
    expect(await exchange(sandbox, code, overrides)).toMatchObject({ status: 401, body: { code: 'invalid_grant' } })
    expect((await exchange(sandbox, code)).body.code).toBe('invalid_grant')
  })

  test('takes no verifier that is easily guessed, though it matches', async () => {
    const sandbox = await start()
    const short = 'x'.repeat(42)
    const code_challenge = createHash('sha256').update(short).digest('base64url')
    const code = await getCode(sandbox, defaultApp(sandbox), { code_challenge })
    expect((await exchange(sandbox, code, { code_verifier: short })).body.code).toBe('invalid_grant')
  })

  test('without a challenge takes no verifier', async () => {
    const sandbox = await start()
    const plain = { code_challenge: undefined, code_challenge_method: undefined }
    const codes = [
      await getCode(sandbox, defaultApp(sandbox), plain),
      await getCode(sandbox, defaultApp(sandbox), plain),
    ] as const
    expect((await exchange(sandbox, codes[0])).body.code).toBe('invalid_grant')
    expect((await exchange(sandbox, codes[1], { code_verifier: undefined })).status).toBe(200)
  })

  test('does not need the redirect_uri, since no page of ilert asks for it', async () => {
    const sandbox = await start()
    expect((await exchange(sandbox, await getCode(sandbox), { redirect_uri: undefined })).status).toBe(200)
  })
})

describe('a request that is not as it should be', () => {
  const cases: [string, string, Overrides][] = [
    ['no grant_type', 'invalid_request', { grant_type: undefined }],
    ['another grant_type', 'unsupported_grant_type', { grant_type: 'password' }],
    ['no code', 'invalid_request', { code: undefined }],
    ['an empty code', 'invalid_request', { code: '' }],
    ['no client_id', 'invalid_request', { client_id: undefined }],
    ['an unknown client', 'invalid_request', { client_id: 'somebody' }],
    ['a wrong secret', 'invalid_request', { client_secret: 'guess' }],
    ['a field twice', 'invalid_request', { grant_type: ['authorization_code', 'authorization_code'] }],
  ]
  test.each(cases)('%s: %s, and the code is still good', async (_, code, overrides) => {
    const sandbox = await start()
    const value = await getCode(sandbox)
    const answer = await exchange(sandbox, value, overrides)
    expect(answer).toMatchObject({ status: 400, body: { code, error: expect.any(String) } })
    expect(Object.keys(answer.body)).toEqual(['code', 'error'])
    expect((await exchange(sandbox, value)).status).toBe(200)
  })

  test('credentials in a header, JSON, and parameters in the query are not read', async () => {
    const sandbox = await start()
    const { clientID, clientSecret } = defaultApp(sandbox)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientID,
      client_secret: clientSecret,
      code: await getCode(sandbox),
      code_verifier: verifier,
    })
    const basic = `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}`
    const bad = { status: 400, body: { code: 'invalid_request' } }
    expect(await post(sandbox, TOKEN, form, { authorization: basic })).toMatchObject(bad)
    expect(await post(sandbox, TOKEN, form, { 'content-type': 'application/json' })).toMatchObject(bad)
    expect(await post(sandbox, `${TOKEN}?${form.toString()}`, new URLSearchParams())).toMatchObject(bad)
    expect((await post(sandbox, TOKEN, form)).status).toBe(200)
  })
})

describe('an app without a secret', () => {
  async function spa(scope: string) {
    const sandbox = await start()
    const redirectURI = 'http://localhost:3000/spa'
    const app = { ...sandbox.register({ redirectURI, pkceOnly: true }), redirectURI }
    const code = await getCode(sandbox, app, { scope })
    return { sandbox, app, code }
  }

  test('gets no refresh token', async () => {
    const { sandbox, app, code } = await spa('profile')
    const { status, body } = await exchange(sandbox, code, { client_secret: undefined }, app)
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['token_type', 'access_token', 'expires_in', 'scope'])
  })

  test('gets one with offline_access, and refreshes without a secret', async () => {
    const { sandbox, app, code } = await spa('profile offline_access')
    const { body } = await exchange(sandbox, code, { client_secret: undefined }, app)
    expect(body.scope).toBe('profile offline_access')
    const again = await refresh(sandbox, body.refresh_token, { client_secret: undefined }, app)
    expect(again).toMatchObject({ status: 200, body: { scope: 'profile offline_access' } })
  })

  test('has no secret to show', async () => {
    const { sandbox, app, code } = await spa('profile')
    expect(app.clientSecret).toBe('')
    expect((await exchange(sandbox, code, { client_secret: 'x' }, app)).body.code).toBe('invalid_request')
  })
})

describe('an app with a secret leaves it out', () => {
  test.each([undefined, ''])('with PKCE: a refresh token comes with offline_access alone', async (client_secret) => {
    const sandbox = await start({ refreshLimitSeconds: 0 })
    const plain = await exchange(sandbox, await getCode(sandbox), { client_secret })
    expect(plain.status).toBe(200)
    expect(plain.body).not.toHaveProperty('refresh_token')
    const code = await getCode(sandbox, defaultApp(sandbox), { scope: 'profile offline_access' })
    const { body } = await exchange(sandbox, code, { client_secret })
    const again = await refresh(sandbox, body.refresh_token, { client_secret })
    expect(again).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) } })
    // Decided for each request: now with the secret.
    expect((await refresh(sandbox, again.body.refresh_token)).status).toBe(200)
  })

  test('without PKCE, or to refresh what only the secret brought: refused, and the token stays good', async () => {
    const sandbox = await start({ refreshLimitSeconds: 0 })
    const bad = { status: 400, body: { code: 'invalid_request' } }
    const without = { code_challenge: undefined, code_challenge_method: undefined }
    const code = await getCode(sandbox, defaultApp(sandbox), without)
    expect(await exchange(sandbox, code, { client_secret: undefined, code_verifier: undefined })).toMatchObject(bad)
    const { body } = await exchange(sandbox, await getCode(sandbox))
    expect(await refresh(sandbox, body.refresh_token, { client_secret: undefined })).toMatchObject(bad)
    expect((await refresh(sandbox, body.refresh_token)).status).toBe(200)
  })
})

describe('a refresh', () => {
  test('rotate: a new one, and the old one ends at once', async () => {
    const sandbox = await start({ refreshLimitSeconds: 0 })
    const first = await tokensFor(sandbox)
    const { body: second } = await refresh(sandbox, first.refresh_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    expect(second).toMatchObject({ expires_in: 3600, scope: 'profile', refresh_token_expires_in: 31_536_000 })
    expect(await refresh(sandbox, first.refresh_token)).toMatchObject({ status: 401, body: { code: 'invalid_grant' } })
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(200)
  })

  test('rotate: of two at once, one is answered', async () => {
    const sandbox = await start({ refreshLimitSeconds: 0 })
    const { refresh_token } = await tokensFor(sandbox)
    const answers = await Promise.all([refresh(sandbox, refresh_token), refresh(sandbox, refresh_token)])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
  })

  test('add: a new one beside the old', async () => {
    const sandbox = await start({ refreshLimitSeconds: 0, refreshTokens: 'add' })
    const first = await tokensFor(sandbox)
    const { body: second } = await refresh(sandbox, first.refresh_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(sandbox, first.refresh_token)).status).toBe(200)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(200)
  })

  test('reuse: the same again, which lasts as long as it did', async () => {
    const sandbox = await start({ refreshLimitSeconds: 0, refreshTokens: 'reuse', clock: { now: () => 1.7e12 } })
    const first = await tokensFor(sandbox)
    sandbox.clock.advance(HOUR)
    const { body: second } = await refresh(sandbox, first.refresh_token)
    expect(second.refresh_token).toBe(first.refresh_token)
    expect(second.refresh_token_expires_in).toBe(31_536_000 - 3600)
    expect((await refresh(sandbox, first.refresh_token)).status).toBe(200)
  })

  test('leaves the access tokens before it alone', async () => {
    const sandbox = await start()
    const first = await tokensFor(sandbox)
    await refresh(sandbox, first.refresh_token)
    expect((await currentUser(sandbox, first.access_token)).status).toBe(200)
  })

  test('is not for another app, nor for what is no refresh token', async () => {
    const sandbox = await start()
    const tokens = await tokensFor(sandbox)
    const { redirectURI } = defaultApp(sandbox)
    const other = { ...sandbox.register({ redirectURI }), redirectURI }
    const refused = { status: 401, body: { code: 'invalid_grant' } }
    expect(await refresh(sandbox, tokens.refresh_token, {}, other)).toMatchObject(refused)
    expect(await refresh(sandbox, tokens.access_token)).toMatchObject(refused)
    expect(await refresh(sandbox, 'nonsense')).toMatchObject(refused)
    const bad = await refresh(sandbox, tokens.refresh_token, { client_secret: 'guess' })
    expect(bad).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect((await refresh(sandbox, tokens.refresh_token)).status).toBe(200)
  })

  test('ends with the refresh token, after a year', async () => {
    const sandbox = await start({ clock: { now: () => 1.7e12 } })
    const [early, late] = [await tokensFor(sandbox), await tokensFor(sandbox)]
    sandbox.clock.advance(31_536_000_000 - 1)
    expect((await refresh(sandbox, early.refresh_token)).status).toBe(200)
    sandbox.clock.advance(1)
    expect((await refresh(sandbox, late.refresh_token)).body.code).toBe('invalid_grant')
  })

  test('does not pass from one sandbox to another', async () => {
    const [one, two] = [await start(), await start()]
    const { access_token, refresh_token } = await tokensFor(one)
    expect((await currentUser(two, access_token)).status).toBe(401)
    expect((await refresh(two, refresh_token)).body.code).toBe('invalid_grant')
  })
})

describe('the refresh limit', () => {
  test.each(['reuse', 'add', 'rotate'] as const)('%s: the first is free, the next waits', async (refreshTokens) => {
    const sandbox = await start({ refreshTokens, clock: { now: () => 1.7e12 } })
    const first = await tokensFor(sandbox)
    const { status, body: second } = await refresh(sandbox, first.refresh_token)
    expect(status).toBe(200)
    sandbox.clock.advance(1500)
    const early = await refresh(sandbox, second.refresh_token)
    expect(early).toMatchObject({ status: 429, body: { code: 'too_many_requests', error: expect.any(String) } })
    expect(early.headers.get('retry-after')).toBe('299')
    sandbox.clock.advance(300_000 - 1501)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(429)
    sandbox.clock.advance(1)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(200)
  })

  test("is half of a short access token's life", async () => {
    const sandbox = await start({ accessTokenSeconds: 60, clock: { now: () => 1.7e12 } })
    const first = await tokensFor(sandbox)
    const { body: second } = await refresh(sandbox, first.refresh_token)
    sandbox.clock.advance(29_999)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(429)
    sandbox.clock.advance(1)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(200)
  })

  test('counts each sign-in by itself', async () => {
    const sandbox = await start()
    const [a, b] = [await tokensFor(sandbox), await tokensFor(sandbox)]
    expect((await refresh(sandbox, a.refresh_token)).status).toBe(200)
    expect((await refresh(sandbox, b.refresh_token)).status).toBe(200)
  })

  test('a clock that was moved back makes nobody wait', async () => {
    const sandbox = await start({ clock: { now: () => 1.7e12 } })
    const first = await tokensFor(sandbox)
    const { body: second } = await refresh(sandbox, first.refresh_token)
    sandbox.clock.advance(-HOUR)
    expect((await refresh(sandbox, second.refresh_token)).status).toBe(200)
  })
})
