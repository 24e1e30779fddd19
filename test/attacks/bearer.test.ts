import { createSandbox } from '../../src/sandbox/index.ts'
import { closeApis, jwt, startApi, type TestApi, tokenOfAnotherApp } from '../express/bearer-app.ts'
import { getCode, tokensFor } from '../sandbox/support.ts'

afterEach(closeApis)

const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A good token with another header, payload or signature. */
function forged(token: string, header: object, claims: object = {}, signature?: string): string {
  const [, payload, original] = token.split('.')
  return [encode(header), encode({ ...decode(payload), ...claims }), signature ?? original].join('.')
}

type Forge = (o: { api: TestApi; good: string; refresh: string }) => string | Promise<string>

const FORGERIES: [string, Forge][] = [
  ['a refresh token', ({ refresh }) => refresh],
  [
    'a refresh token with the claims of an access token',
    ({ good, refresh }) => {
      const [, claims] = good.split('.')
      return forged(refresh, { alg: 'HS256', typ: 'JWT' }, decode(claims))
    },
  ],
  ['an authorization code', ({ api }) => getCode(api.sandbox)],
  ['a token of another app of the same provider', async ({ api }) => (await tokenOfAnotherApp(api.sandbox)).token],
  [
    'a token of another provider, for an app of the same number',
    async () => {
      const other = await createSandbox()
      const { access_token } = await tokensFor(other)
      await other.close()
      return access_token
    },
  ],
  ['alg none, without a signature', ({ good }) => forged(good, { alg: 'none', typ: 'JWT' }, {}, '')],
  ['alg none, with the signature', ({ good }) => forged(good, { alg: 'none', typ: 'JWT' })],
  ['alg NONE', ({ good }) => forged(good, { alg: 'NoNe' }, {}, 'x')],
  ['HS256 in the place of RS256', ({ good }) => forged(good, { alg: 'HS256', typ: 'JWT' })],
  [
    'a key of its own in the header',
    ({ good }) => forged(good, { alg: 'RS256', jwk: { kty: 'RSA', n: 'AQ', e: 'AQAB' } }),
  ],
  [
    'a key from elsewhere in the header',
    ({ good }) => forged(good, { alg: 'RS256', jku: 'https://evil.example/keys' }),
  ],
  ['a header that asks for something critical', ({ good }) => forged(good, { alg: 'RS256', crit: ['exp'], exp: 0 })],
  ['more scopes', ({ good }) => forged(good, { alg: 'RS256', typ: 'JWT' }, { il_s: 'user:d alert:d' })],
  ['another user', ({ good }) => forged(good, { alg: 'RS256', typ: 'JWT' }, { il_u: 'jonas.weber' })],
  ['another account', ({ good }) => forged(good, { alg: 'RS256', typ: 'JWT' }, { il_n: 'bluepeak' })],
  ['a longer life', ({ good }) => forged(good, { alg: 'RS256', typ: 'JWT' }, { exp: 4_000_000_000 })],
  ['a signature that is cut off', ({ good }) => `${good.split('.').slice(0, 2).join('.')}.`],
  ['a signature less one character', ({ good }) => good.slice(0, -1)],
  ['a character more', ({ good }) => `${good}A`],
  ['padding', ({ good }) => `${good}=`],
  ['a fourth part', ({ good }) => `${good}.x`],
  ['a token inside a token', ({ good }) => jwt({ token: good, access_token: good })],
  ['an id token', () => jwt({ iss: 'https://api.ilert.com', aud: 'client', sub: '7', nonce: 'n', exp: 4_000_000_000 })],
  ['an API key', () => 'il1api0123456789abcdef0123456789'],
]

it.each(FORGERIES)('%s is no access token of the app, also while a good one is remembered', async (_, forge) => {
  const api = await startApi()
  const { access_token: good, refresh_token: refresh } = await tokensFor(api.sandbox, 'mara.lindqvist', 'profile')
  expect((await api.get(good)).status).toBe(200)
  const token = await forge({ api, good, refresh })
  expect(token).not.toBe(good)
  for (let times = 0; times < 2; times++) {
    const reply = await api.get(token)
    expect(reply.status).toBe(401)
    expect(reply.challenges).toEqual([expect.stringContaining('error="invalid_token"')])
    expect(reply.text).toBe('Unauthorized')
  }
  expect((await api.get(good)).json).toMatchObject({ user: { username: 'mara.lindqvist', scope: ['profile'] } })
  expect(api.errors).toEqual([])
})

it('a token with one bit changed, whichever, is not the one that is remembered', async () => {
  const api = await startApi({ sandbox: { requestsPerMinute: 0 } })
  const good = await api.token()
  expect((await api.get(good)).status).toBe(200)
  // Each bit of some characters of every part; each look-up is a question to the provider.
  for (let i = 3; i < good.length; i += 41) {
    for (let bit = 0; bit < 7; bit++) {
      const letter = String.fromCharCode(good.charCodeAt(i) ^ (1 << bit))
      if (!/[\w.~+/-]/.test(letter)) continue
      const { status } = await api.get(good.slice(0, i) + letter + good.slice(i + 1))
      if (status !== 401) throw new Error(`${status} for bit ${bit} of character ${i}`)
    }
  }
  expect((await api.get(good)).status).toBe(200)
})

it('a flood of forged tokens neither lets one through nor costs a good one its answer', async () => {
  const api = await startApi({ sandbox: { requestsPerMinute: 0 } })
  const good = await api.token()
  expect((await api.get(good)).status).toBe(200)
  const asked = api.asked
  const appID = Number(api.sandbox.env.ILERT_APP_ID)
  const replies = await Promise.all(
    Array.from({ length: 400 }, (_, i) => api.get(i % 4 === 0 ? good : jwt({ il_a: appID, il_u: `user ${i}` }))),
  )
  const statuses = replies.map(({ status }) => status)
  expect(statuses.filter((_, i) => i % 4 === 0)).toEqual(Array.from({ length: 100 }, () => 200))
  // Refused, or not looked at: never let in.
  for (const status of statuses.filter((_, i) => i % 4 !== 0)) expect([401, 503]).toContain(status)
  expect(api.asked - asked).toBeLessThanOrEqual(300)
})
