import type { ServerResponse } from 'node:http'
import express, { type Express, type RequestHandler } from 'express'
import session from 'express-session'
// @ts-expect-error: its types are those of version 5
import express4 from 'express4'
import fc from 'fast-check'
import type { Authenticator } from 'passport'
import { Strategy } from 'passport-strategy'
// @ts-expect-error: its types are those of 0.7
import passport06 from 'passport06'
import { type BearerUser, IlertBearerStrategy, IlertStrategy, NetworkError } from '../../src/index.ts'
import { TOKEN_INFO } from '../sandbox/support.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'
import { closeApis, jwt, MINUTE, SECOND, startApi, type TestApi, tokenOfAnotherApp } from './bearer-app.ts'

afterEach(async () => {
  await closeApis()
  await closeServers()
})

const NO_TOKEN = 'Bearer realm="ilert"'
const invalidToken = (text: string) => `Bearer realm="ilert", error="invalid_token", error_description="${text}"`
const INACTIVE = invalidToken('ilert does not take this token (any more). Refresh it, or sign in again.')

/** A token_info that answers what the test says. */
async function startWithAnswer(answer: object | (() => object), strategy: object = {}) {
  const ilert = await serve((response) => json(response, 200, typeof answer === 'function' ? answer() : answer))
  const api = await startApi({ strategy: { apiURL: ilert.origin, appID: 250, ...strategy } })
  return { api, ilert }
}
const ANSWER = { active: true, tenant_id: 'acme', username: 'mara', scope: 'profile alert:w', app_id: 250 }

describe('a good token', () => {
  it('is let through, and says whose it is', async () => {
    const api = await startApi()
    const reply = await api.get(await api.token('profile alert:w'))
    expect(reply.status).toBe(200)
    expect(reply.challenges).toEqual([])
    const { username, tenant } = api.sandbox.users[0] ?? {}
    expect(reply.json).toEqual({
      user: { username, tenant, scope: ['profile', 'alert:w'], appID: Number(api.sandbox.env.ILERT_APP_ID) },
      authInfo: { scope: ['profile', 'alert:w'] },
    })
  })

  it.each(['bearer', 'BEARER', 'bEARer'])('counts after %s as well', async (scheme) => {
    const api = await startApi()
    expect((await api.send(['authorization', `${scheme} ${await api.token()}`])).status).toBe(200)
  })

  it('is asked about once a minute', async () => {
    const api = await startApi()
    const token = await api.token()
    for (let second = 0; second <= 180; second += 10) {
      expect((await api.get(token)).status).toBe(200)
      api.sandbox.clock.advance(10 * SECOND)
    }
    expect(api.asked).toBe(4)
  })

  it('is asked about once, however many requests bring it at once', async () => {
    const api = await startApi()
    const token = await api.token()
    api.sandbox.fault({ path: TOKEN_INFO, kind: 'delay', ms: 300 })
    const replies = await Promise.all(Array.from({ length: 200 }, () => api.get(token)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(api.asked).toBe(1)
  })

  it('does not let one request change what another one gets', async () => {
    const verify = (token: BearerUser) => {
      token.scope.push('user:d')
      token.username = 'somebody else'
      return token
    }
    const api = await startApi({ strategy: { verify } })
    const token = await api.token()
    for (let i = 0; i < 3; i++) {
      const { user, authInfo } = (await api.get(token)).json
      expect(user).toMatchObject({ scope: ['profile', 'user:d'] })
      expect(authInfo).toEqual({ scope: ['profile'] })
    }
    expect(api.asked).toBe(1)
  })

  it('of another user is another', async () => {
    const api = await startApi()
    const names = api.sandbox.users.slice(0, 3).map(({ username }) => username)
    const tokens = await Promise.all(names.map((name) => api.token('profile', name)))
    const replies = await Promise.all([...tokens, ...tokens].map((token) => api.get(token)))
    expect(replies.map(({ json }) => (json.user as BearerUser).username)).toEqual([...names, ...names])
    expect(api.asked).toBe(3)
  })
})

describe('no token', () => {
  it.each([
    ['no header', []],
    ['an empty header', ['Authorization', '']],
    ['another scheme', ['Authorization', 'Basic dXNlcjpwYXNz']],
  ])('%s: 401 without an error', async (_, headers) => {
    const api = await startApi()
    const reply = await api.send(headers)
    expect([reply.status, reply.challenges, reply.text]).toEqual([401, [NO_TOKEN], 'Unauthorized'])
  })

  it('looks neither at the query nor at the form', async () => {
    const web = (app: Express) => app.use(express.urlencoded({ extended: false }))
    const api = await startApi({ before: web })
    const token = await api.token()
    expect((await api.get(undefined, `/?access_token=${token}`)).challenges).toEqual([NO_TOKEN])
    const body = new URLSearchParams({ access_token: token })
    const reply = await fetch(api.origin, { method: 'POST', body })
    expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, NO_TOKEN])
    expect(api.asked).toBe(0)
  })
})

describe('a malformed header', () => {
  it.each([
    ['no token', ['Authorization', 'Bearer']],
    ['two tokens', ['Authorization', 'Bearer a b']],
    ['two tokens in a list', ['Authorization', 'Bearer a, Bearer b']],
    ['a quotation mark', ['Authorization', 'Bearer "a"']],
    ['no scheme', ['Authorization', ', a']],
    ['two headers', ['Authorization', 'Bearer a', 'authorization', 'Bearer b']],
    ['two headers, of which the other is Basic', ['Authorization', 'Basic a', 'Authorization', 'Bearer b']],
  ])('%s: 400 invalid_request', async (_, headers) => {
    const api = await startApi()
    const reply = await api.send(headers)
    expect([reply.status, reply.text]).toEqual([400, 'Bad Request'])
    expect(reply.challenges).toEqual([
      expect.stringMatching(/^Bearer realm="ilert", error="invalid_request", error_description="[^"]+"$/),
    ])
  })

  it('is one too where both of two headers are good', async () => {
    const api = await startApi()
    const token = await api.token()
    expect((await api.send(['Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`])).status).toBe(400)
    expect(api.asked).toBe(0)
  })
})

describe('a token that is refused unasked', () => {
  it.each([
    ['garbage', 'garbage'],
    ['something with two dots', 'not.a.jwt'],
    ['an API key', 'il1api0123456789abcdef'],
    ['a payload that is no object', jwt([])],
    ['more than 8 KiB', jwt({ il_a: 1001 }, undefined, 'x'.repeat(8192))],
  ])('%s', async (_, token) => {
    const api = await startApi()
    const reply = await api.get(token)
    expect(reply.status).toBe(401)
    expect(reply.challenges).toEqual([invalidToken('This is no access token of ilert.')])
    expect(api.asked).toBe(0)
  })

  it('one that has expired, on the clock that was passed in', async () => {
    const api = await startApi()
    const token = await api.token()
    api.sandbox.clock.advance(60 * MINUTE)
    const reply = await api.get(token)
    expect([reply.status, reply.challenges]).toEqual([401, [invalidToken('The access token has expired. Refresh it.')]])
    expect(api.asked).toBe(0)
  })

  it("another app's, which is named", async () => {
    const api = await startApi()
    const { token, appID } = await tokenOfAnotherApp(api.sandbox)
    const reply = await api.get(token)
    expect(reply.status).toBe(401)
    const own = api.sandbox.env.ILERT_APP_ID
    expect(reply.challenges).toEqual([
      invalidToken(`This token was issued to app ${appID}, and this API takes app ${own}.`),
    ])
    expect(api.asked).toBe(0)
  })

  it("another app's is taken where any will do", async () => {
    const api = await startApi({ strategy: { appID: 'any' } })
    const { token, appID } = await tokenOfAnotherApp(api.sandbox)
    expect((await api.get(token)).json).toMatchObject({ user: { appID } })
    expect((await api.get(await api.token())).status).toBe(200)
  })
})

describe('what ilert says', () => {
  const claims = { il_u: 'mara', il_a: 250, il_s: 'user:d', il_n: 'other' }

  it('decides, not what the token says of itself', async () => {
    const { api } = await startWithAnswer(ANSWER)
    expect((await api.get(jwt({ ...claims, il_u: 'root' }))).json).toEqual({
      user: { username: 'mara', tenant: 'acme', scope: ['profile', 'alert:w'], appID: 250 },
      authInfo: { scope: ['profile', 'alert:w'] },
    })
  })

  it('decides on the app as well', async () => {
    const { api } = await startWithAnswer({ ...ANSWER, app_id: 251 })
    const challenge = invalidToken('This token was issued to app 251, and this API takes app 250.')
    for (const token of [jwt(claims), jwt({})]) expect((await api.get(token)).challenges).toEqual([challenge])
  })

  it.each([undefined, null, '250', [250]])('with the app %j: refused', async (app_id) => {
    const { api } = await startWithAnswer({ ...ANSWER, app_id })
    const reply = await api.get(jwt(claims))
    expect(reply.status).toBe(401)
    expect(reply.challenges[0]).toMatch(/error="invalid_token".*does not say to which app.*takes app 250/)
  })

  it('without an app, where any will do: the one that the token names', async () => {
    const { api } = await startWithAnswer({ ...ANSWER, app_id: undefined }, { appID: 'any' })
    expect((await api.get(jwt({ ...claims, il_a: 7 }))).json).toMatchObject({ user: { appID: 7 } })
    const reply = await api.get(jwt({}))
    expect([reply.status, reply.challenges[0]]).toEqual([401, expect.stringMatching(/invalid_token.*to which app/)])
  })

  it('without a user: the one that the token names, or a refusal', async () => {
    const { api } = await startWithAnswer({ active: true, app_id: 250 })
    expect((await api.get(jwt(claims))).json).toMatchObject({ user: { username: 'mara', scope: [] } })
    const reply = await api.get(jwt({}))
    expect([reply.status, reply.challenges[0]]).toEqual([401, expect.stringMatching(/invalid_token.*whose token/)])
  })

  it('no: 401, asked again after 10 s', async () => {
    const api = await startApi()
    const token = jwt({ il_a: Number(api.sandbox.env.ILERT_APP_ID) })
    for (let second = 0; second < 10; second++) {
      const reply = await api.get(token)
      expect([reply.status, reply.challenges]).toEqual([401, [INACTIVE]])
      api.sandbox.clock.advance(0.9 * SECOND)
    }
    expect(api.asked).toBe(1)
    api.sandbox.clock.advance(SECOND)
    expect((await api.get(token)).status).toBe(401)
    expect(api.asked).toBe(2)
  })

  it('no longer: a token that was revoked is refused within a minute', async () => {
    let active = true
    let now = Date.now()
    const { api, ilert } = await startWithAnswer(() => (active ? ANSWER : { active }), { clock: { now: () => now } })
    const token = jwt(claims)
    expect((await api.get(token)).status).toBe(200)
    active = false
    now += MINUTE - 1
    expect((await api.get(token)).status).toBe(200)
    now += 1
    expect((await api.get(token)).challenges).toEqual([INACTIVE])
    expect(ilert.requests).toHaveLength(2)
  })

  it('is not prolonged by a clock that jumps back', async () => {
    let active = true
    let now = Date.now()
    const { api } = await startWithAnswer(() => (active ? ANSWER : { active }), { clock: { now: () => now } })
    const token = jwt(claims)
    expect((await api.get(token)).status).toBe(200)
    active = false
    now -= 3600 * SECOND
    expect((await api.get(token)).status).toBe(401)
  })

  it('a remembered yes ends with the token', async () => {
    const api = await startApi({ sandbox: { accessTokenSeconds: 90 } })
    const token = await api.token()
    api.sandbox.clock.advance(80 * SECOND)
    expect((await api.get(token)).status).toBe(200)
    api.sandbox.clock.advance(10 * SECOND)
    expect((await api.get(token)).challenges).toEqual([invalidToken('The access token has expired. Refresh it.')])
    expect(api.asked).toBe(1)
  })

  it('a yes that arrives after the end of the token is none', async () => {
    let now = Date.now()
    const { api } = await startWithAnswer(
      () => {
        now += 5 * SECOND
        return ANSWER
      },
      { clock: { now: () => now } },
    )
    const reply = await api.get(jwt({ ...claims, exp: Math.floor(now / 1000) + 4 }))
    expect([reply.status, reply.challenges]).toEqual([401, [invalidToken('The access token has expired. Refresh it.')]])
  })

  it('the token goes to ilert in the form, as ilert wants it', async () => {
    const { api, ilert } = await startWithAnswer(ANSWER)
    const token = jwt(claims)
    await api.get(token)
    expect(ilert.requests).toMatchObject([{ method: 'POST', path: TOKEN_INFO, body: `token=${token}` }])
  })
})

describe('scope', () => {
  const missing = (scope: string) =>
    `Bearer realm="ilert", error="insufficient_scope", ` +
    `error_description="The user has not granted this token what is needed here.", scope="${scope}"`

  it.each([
    ['alert:w', 'profile alert', 403],
    ['alert:w', 'profile alert:w', 200],
    ['alert:w', 'profile alert:d', 200],
    ['alert', 'profile alert:r', 200],
    ['alert user', 'profile alert', 403],
  ])('%s is needed, %s was granted: %i', async (scope, granted, status) => {
    const api = await startApi({ strategy: { scope } })
    const reply = await api.get(await api.token(granted))
    expect([reply.status, reply.challenges]).toEqual([status, status === 403 ? [missing(scope)] : []])
  })

  it('of a route is needed in addition', async () => {
    const api = await startApi({ strategy: { scope: ['alert'] }, authenticate: { scope: ['user', 'alert:w'] } })
    expect((await api.get(await api.token('profile alert:w'))).challenges).toEqual([missing('alert:w user')])
    expect((await api.get(await api.token('profile user'))).challenges).toEqual([missing('alert:w user')])
    expect((await api.get(await api.token('profile user alert:w'))).status).toBe(200)
  })

  it('may be a string in a route as well', async () => {
    const api = await startApi({ authenticate: { scope: 'alert:w user' } })
    expect((await api.get(await api.token('profile alert:w'))).challenges).toEqual([missing('alert:w user')])
  })

  it.each(['scopes', 'Scope', 'scop', 'socpe'])('misspelt in a route, %s: an error that names it', async (name) => {
    const api = await startApi({ authenticate: { [name]: 'alert' } })
    for (let i = 0; i < 2; i++) expect((await api.get(await api.token())).status).toBe(500)
    expect(api.errors[0]).toEqual(new TypeError(`authenticate: unknown option '${name}'. Did you mean 'scope'?`))
  })

  it("Passport's options, and those of the app's own callbacks, are none of its business", async () => {
    const theirs = {
      failureRedirect: undefined,
      keepSessionInfo: true,
      authInfo: true,
      assignProperty: undefined,
      own: 7,
    }
    const api = await startApi({ authenticate: theirs })
    expect((await api.get(await api.token())).status).toBe(200)
  })

  it.each([['alert:x'], [42], [null], [''], [['']], [['a b:q']]])(
    'malformed in a route, %j: an error that says so',
    async (scope) => {
      const api = await startApi({ authenticate: { scope } })
      expect((await api.get(await api.token('profile'))).status).toBe(500)
      expect(api.errors[0]).toBeInstanceOf(TypeError)
      expect(api.errors[0]?.message).toMatch(/^scope: /)
    },
  )
})

describe('verify', () => {
  it('gets the token and the request, and gives the user', async () => {
    const verify = async (token: BearerUser, req: express.Request) => ({ id: `${token.username} at ${req.path}` })
    const api = await startApi({ strategy: { verify } })
    expect((await api.get(await api.token())).json).toMatchObject({ user: { id: 'mara.lindqvist at /' } })
  })

  it.each([
    ['false', () => false as const],
    ['a promise of false', async () => false as const],
    ['nothing', (() => {}) as never],
  ])('that gives %s refuses', async (_, verify) => {
    const api = await startApi({ strategy: { verify } })
    const reply = await api.get(await api.token())
    expect([reply.status, reply.challenges]).toEqual([
      401,
      [invalidToken('This API does not take the token of this user.')],
    ])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('the database is away')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database is away'))],
  ])('that %s is an error, not a refusal', async (_, verify) => {
    const api = await startApi({ strategy: { verify } })
    const reply = await api.get(await api.token())
    expect([reply.status, reply.json.message, reply.challenges]).toEqual([500, 'the database is away', []])
    expect(api.errors).toHaveLength(1)
  })

  it('is not asked about a token that is not good, or that lacks a scope', async () => {
    let asked = 0
    const verify = (token: BearerUser) => {
      asked++
      return token
    }
    const api = await startApi({ strategy: { verify, scope: 'alert' } })
    await api.get(await api.token())
    await api.get('garbage')
    await api.get(jwt({}))
    await api.get()
    expect(asked).toBe(0)
    await api.get(await api.token('profile alert'))
    expect(asked).toBe(1)
  })

  it('is asked on each request, also where the answer of ilert is remembered', async () => {
    const users = [{ id: 1 }, false, { id: 2 }] as const
    let calls = 0
    const api = await startApi({ strategy: { verify: () => users[calls++] as Express.User | false } })
    const token = await api.token()
    const replies = [await api.get(token), await api.get(token), await api.get(token)]
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 200])
    expect(api.asked).toBe(1)
  })
})

describe('while ilert is unavailable', () => {
  it.each([
    ['reset', 'connection_lost'],
    ['html', 'server_error'],
    ['hang', 'timeout'],
    ['trickle', 'timeout'],
    [500, 'server_error'],
    [503, 'server_error'],
    [429, 'rate_limited'],
  ] as const)('%s: 503, neither yes nor no, and nothing is remembered', async (kind, code) => {
    const api = await startApi({ strategy: { timeoutMs: 1000 } })
    const token = await api.token()
    const fault = api.sandbox.fault({ path: TOKEN_INFO, kind })
    const reply = await api.get(token)
    expect([reply.status, reply.challenges]).toEqual([503, []])
    expect(api.errors).toEqual([expect.any(NetworkError)])
    expect(api.errors[0]).toMatchObject({ code, status: 503 })
    if (kind === 429) expect(api.errors[0]?.retryAfterSeconds).toBe(10)
    fault.clear()
    expect((await api.get(token)).status).toBe(200)
  })

  it('what is remembered still counts', async () => {
    const api = await startApi()
    const token = await api.token()
    await api.get(token)
    api.sandbox.fault({ path: TOKEN_INFO, kind: 503 })
    api.sandbox.clock.advance(50 * SECOND)
    expect((await api.get(token)).status).toBe(200)
    api.sandbox.clock.advance(10 * SECOND)
    expect((await api.get(token)).status).toBe(503)
  })

  it('asks about 100 tokens at once, and refuses the rest at once', async () => {
    const held: ServerResponse[] = []
    const ilert = await serve((response) => held.push(response))
    const api = await startApi({ strategy: { apiURL: ilert.origin, appID: 250 } })
    const waiting = Array.from({ length: 100 }, (_, i) => api.get(jwt({ jti: i })))
    await until(() => ilert.begun === 100)
    const shared = api.get(jwt({ jti: 7 }))
    expect((await api.get(jwt({ jti: 100 }))).status).toBe(503)
    expect(api.errors).toMatchObject([{ code: 'backing_off', status: 503, retryAfterSeconds: 1 }])
    expect((await api.get('garbage')).status).toBe(401)
    for (const response of held) json(response, 200, ANSWER)
    const replies = await Promise.all([...waiting, shared])
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(ilert.begun).toBe(100)
    const next = api.get(jwt({ jti: 100 }))
    await until(() => ilert.begun === 101)
    json(held[100] as ServerResponse, 200, ANSWER)
    expect((await next).status).toBe(200)
  })
})

describe('with Passport', () => {
  const both = (api: TestApi, ...names: string[]) =>
    api.passport.authenticate(names, { session: false }) as RequestHandler
  /** Another strategy of the app. */
  class Other extends Strategy {
    name = 'other'
    private readonly verdict: boolean | number
    constructor(verdict: boolean | number) {
      super()
      this.verdict = verdict
    }
    override authenticate(): void {
      if (this.verdict === true) this.success({ id: 'other' })
      else if (this.verdict === false) this.fail('Other realm="other"', 401)
      else this.fail(this.verdict)
    }
  }

  it.each([
    ['nothing', undefined, 401],
    ['garbage', 'garbage', 401],
    ['a malformed header', 'a b', 400],
    ['a token without the scope', 'token', 403],
  ])('failWithError: an error with the status, and the challenge, for %s', async (_, bearer, status) => {
    const api = await startApi({ authenticate: { failWithError: true, scope: 'alert' } })
    const reply = await api.get(bearer === 'token' ? await api.token() : bearer)
    expect(reply.status).toBe(status)
    expect(api.errors).toHaveLength(1)
    expect(reply.challenges).toEqual([expect.stringMatching(/^Bearer realm="ilert"/)])
  })

  it.each([
    ['nothing', undefined, 401],
    ['garbage', 'garbage', 401],
    ['a malformed header', 'a b', 400],
    ['a token without the scope', 'token', 403],
  ])('a callback of the app: its answer has the challenge, for %s', async (_, bearer, status) => {
    const api = await startApi({
      guard:
        ({ passport }) =>
        (req, res, next) => {
          const done = (error: unknown, user: unknown, challenge: unknown, code: number) => {
            if (error) next(error)
            else res.status(code).json({ user, challenge })
          }
          passport.authenticate('ilert-bearer', { session: false, scope: 'alert' }, done as never)(req, res, next)
        },
    })
    const reply = await api.get(bearer === 'token' ? await api.token() : bearer)
    expect(reply.status).toBe(status)
    expect(reply.json.user).toBe(false)
    expect(reply.challenges).toEqual([reply.json.challenge])
  })

  it('a callback of the app which throws is called once, and its error arrives', async () => {
    let calls = 0
    const api = await startApi({
      guard:
        ({ passport }) =>
        (req, res, next) => {
          const done = () => {
            calls++
            throw new Error('the callback is broken')
          }
          passport.authenticate('ilert-bearer', { session: false }, done)(req, res, next)
        },
    })
    expect((await api.get(await api.token())).json).toMatchObject({ message: 'the callback is broken' })
    expect(calls).toBe(1)
  })

  it('several strategies: all challenges with a 401', async () => {
    const api = await startApi({ guard: (api) => both(api, 'other', 'ilert-bearer') })
    api.passport.use(new Other(false))
    expect((await api.get()).challenges).toEqual(['Other realm="other"', NO_TOKEN])
    expect((await api.get('a b')).challenges).toEqual([
      'Other realm="other"',
      expect.stringContaining('error="invalid_request"'),
    ])
  })

  it('several strategies: the status of the first, its challenge with it', async () => {
    const api = await startApi({
      strategy: { scope: 'alert' },
      guard: (api) => both(api, 'ilert-bearer', 'other'),
    })
    api.passport.use(new Other(false))
    const malformed = await api.get('a b')
    expect([malformed.status, malformed.challenges]).toEqual([400, [expect.stringContaining('invalid_request')]])
    const narrow = await api.get(await api.token())
    expect([narrow.status, narrow.challenges]).toEqual([403, [expect.stringContaining('insufficient_scope')]])
  })

  it.each([undefined, 'garbage', 'a b'])(
    'several strategies: %j leaves no trace where another succeeds',
    async (token) => {
      const api = await startApi({ guard: (api) => both(api, 'ilert-bearer', 'other') })
      api.passport.use(new Other(true))
      const reply = await api.get(token)
      expect([reply.status, reply.json.user, reply.challenges]).toEqual([200, { id: 'other' }, []])
    },
  )

  it('two of them, for two apps', async () => {
    const api = await startApi({ guard: (api) => both(api, 'ilert-bearer', 'second') })
    const { token, appID } = await tokenOfAnotherApp(api.sandbox)
    const { apiURL, clock } = api.sandbox
    const second = new IlertBearerStrategy({ apiURL, clock, appID, scope: 'alert' })
    api.passport.use('second', second)
    expect((await api.get(await api.token())).status).toBe(200)
    const reply = await api.get(token)
    expect([reply.status, reply.challenges]).toEqual([
      401,
      [expect.stringContaining('invalid_token'), expect.stringContaining('insufficient_scope')],
    ])
    await second.client.close()
  })

  it.each([
    ['Express 4', { express: express4 as unknown as typeof express }],
    ['Passport 0.6', { passport: new passport06.Passport() as unknown as Authenticator }],
  ])('works with %s', async (_, options) => {
    const api = await startApi({ ...options, authenticate: { scope: 'alert' } })
    expect((await api.get(await api.token('profile alert'))).status).toBe(200)
    for (const [bearer, status] of [
      [undefined, 401],
      ['a b', 400],
      [await api.token(), 403],
    ] as const) {
      const reply = await api.get(bearer)
      expect([reply.status, reply.challenges]).toEqual([status, [expect.stringMatching(/^Bearer realm="ilert"/)]])
    }
  })

  it('works beside IlertStrategy: a page with a session, and an API with the token of its user', async () => {
    const api = await startApi({
      before: (web, { origin, sandbox, passport }) => {
        const { env, appURL, apiURL, clock } = sandbox
        const app = sandbox.register({ redirectURI: `${origin}/auth/ilert/callback` })
        const ilert = new IlertStrategy({
          ...app,
          appURL,
          apiURL,
          clock,
          encryptionKey: env.ILERT_CLIENT_SECRET as string,
        })
        passport.use(ilert)
        passport.use('own', new IlertBearerStrategy({ appURL, apiURL, clock, appID: app.appID }))
        passport.serializeUser((user, done) => done(null, user))
        passport.deserializeUser((user: Express.User, done) => done(null, user))
        const pages = express.Router()
        pages.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
        pages.use(passport.session(), ilert.session())
        pages.get('/auth/ilert', passport.authenticate('ilert'))
        pages.get('/auth/ilert/callback', passport.authenticate('ilert'), (_req, res) => res.json({}))
        pages.get('/token', (req, res, next) => {
          req.ilert.accessToken().then((token) => res.send(token), next)
        })
        web.get('/api', passport.authenticate('own', { session: false }), (req, res) => {
          res.json({ user: req.user, session: req.session ?? null })
        })
        web.use(pages)
      },
    })
    const cookie = await api.sandbox.signIn(`${api.origin}/auth/ilert`, { as: 'mara.lindqvist' })
    const { text: token } = await api.send(['Cookie', cookie], '/token')
    expect((await api.get(token, '/api')).json).toMatchObject({ user: { username: 'mara.lindqvist' }, session: null })
    expect((await api.send(['Cookie', cookie], '/api')).challenges).toEqual([NO_TOKEN])
    // The strategy for the sandbox's first app, in the same Passport.
    expect((await api.get(token)).challenges[0]).toMatch(/was issued to app \d+, and this API takes app/)
  })
})

describe('options', () => {
  const HINT = /^appID \(ILERT_APP_ID\): /
  afterEach(() => {
    delete process.env.ILERT_APP_ID
  })

  it('has the name ilert-bearer', () => {
    expect(new IlertBearerStrategy({ appID: 250 }).name).toBe('ilert-bearer')
  })

  it('wants an app', () => {
    expect(() => new IlertBearerStrategy()).toThrow(TypeError)
    expect(() => new IlertBearerStrategy({})).toThrow(/^appID \(ILERT_APP_ID\): missing\. Set the number .*'any'/)
    process.env.ILERT_APP_ID = ' '
    expect(() => new IlertBearerStrategy({})).toThrow(/missing/)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '250', '', 'all', null, true, [250], {}])(
    'refuses the app %p',
    (appID) => {
      process.env.ILERT_APP_ID = '250'
      expect(() => new IlertBearerStrategy({ appID: appID as number })).toThrow(HINT)
    },
  )

  it.each(['0', '-1', '1.5', 'all', '0x10', '1e3', '250 251', '99999999999999999999'])(
    'refuses ILERT_APP_ID=%s',
    (appID) => {
      process.env.ILERT_APP_ID = appID
      expect(() => new IlertBearerStrategy()).toThrow(TypeError)
      expect(() => new IlertBearerStrategy()).toThrow(HINT)
    },
  )

  it('reads the variable, and the option wins', async () => {
    process.env.ILERT_APP_ID = '251\n'
    const api = await startApi({ strategy: { appID: undefined as never } })
    const other = jwt({ il_a: 7 })
    expect((await api.get(other)).challenges[0]).toContain('issued to app 7, and this API takes app 251')
    const first = await startApi({ strategy: { appID: 252 } })
    expect((await first.get(other)).challenges[0]).toContain('this API takes app 252')
    process.env.ILERT_APP_ID = 'any'
    const any = await startApi({ strategy: { appID: undefined as never } })
    expect((await any.get(await any.token())).status).toBe(200)
  })

  it.each([
    ['scope', { scope: 'alert:x' }],
    ['scope', { scope: 42 }],
    ['scope', { scope: null }],
    ['scope: is empty', { scope: '' }],
    ['scope: is empty', { scope: ' ' }],
    ['scope: is empty', { scope: [''] }],
    ['scope: is empty', { scope: ['alert', ''] }],
    ['verify', { verify: true }],
    ['clock', { clock: {} as never }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['apiURL', { apiURL: 'http://ilert.example' }],
  ])('names %s where it is malformed', (name, options) => {
    const make = () => new IlertBearerStrategy({ appID: 250, ...(options as object) })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(`^${name}\\b`))
  })

  it('needs no client', () => {
    expect(() => new IlertBearerStrategy({ appID: 'any' })).not.toThrow()
  })
})

it('survives whatever comes as Authorization, and asks about none of it', async () => {
  const api = await startApi()
  const base64 = fc.string().map((text) => Buffer.from(text).toString('base64url'))
  const anyJSON = fc.json().map((text) => Buffer.from(text).toString('base64url'))
  const notAnObject = fc
    .oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.string()))
    .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'))
  const header = fc.constant(jwt({}).split('.')[0] ?? '')
  const token = fc.oneof(
    fc.string(),
    base64,
    fc.tuple(base64, base64, base64).map((parts) => parts.join('.')),
    fc.tuple(anyJSON, notAnObject, base64).map((parts) => parts.join('.')),
    fc.tuple(notAnObject, anyJSON, base64).map((parts) => parts.join('.')),
    fc.tuple(header, header).map((parts) => parts.join('.')),
    fc.integer({ min: 8193, max: 9000 }).map((length) => jwt({}, undefined, 'x'.repeat(length))),
  )
  const scheme = fc.oneof(fc.constantFrom('Bearer ', 'bearer ', 'Bearer', 'Bearer  ', 'Basic ', ''), fc.string())
  const binary = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
  const one = fc.oneof(
    fc.tuple(scheme, token).map((parts) => parts.join('')),
    binary,
  )
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 2 }), async (values) => {
      // What HTTP allows in a header (RFC 9110, section 5.5); Node's parser refuses the rest before anybody sees it.
      const allowed = values.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''))
      const reply = await api.send(allowed.flatMap((value) => ['Authorization', value]))
      expect([400, 401]).toContain(reply.status)
      expect(reply.challenges).toEqual([expect.stringMatching(/^Bearer realm="ilert"(?:, [a-z_]+="[ !#-[\]-~]*")*$/)])
    }),
    { numRuns: 400 },
  )
  expect(api.errors).toEqual([])
  expect(api.asked).toBe(0)
})
