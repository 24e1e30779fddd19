import { connect } from 'node:net'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import {
  AUTHORIZE,
  authorizeParams,
  CURRENT_USER,
  currentUser,
  defaultApp,
  exchange,
  getAuthorize,
  getCode,
  post,
  REVOKE,
  refresh,
  TOKEN,
  TOKEN_INFO,
  tokensFor,
} from './support.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 } })
})
afterEach(() => sandbox.close())

const form = (token: string) => new URLSearchParams({ token })

describe('token_info', () => {
  test('describes an access token', async () => {
    const { access_token } = await tokensFor(sandbox, 'aoife.obrien', 'profile source:w')
    expect(await post(sandbox, TOKEN_INFO, form(access_token))).toMatchObject({
      status: 200,
      body: {
        active: true,
        tenant_id: 'bluepeak',
        username: 'aoife.obrien',
        scope: 'profile source:w',
        app_id: Number(sandbox.env.ILERT_APP_ID),
      },
    })
  })

  test('takes access tokens only, while they last', async () => {
    const { access_token, refresh_token } = await tokensFor(sandbox)
    const inactive = { status: 200, body: { active: false } }
    expect(await post(sandbox, TOKEN_INFO, form(refresh_token))).toMatchObject(inactive)
    expect(await post(sandbox, TOKEN_INFO, form('nonsense'))).toMatchObject(inactive)
    expect(await post(sandbox, TOKEN_INFO, form(`${access_token}x`))).toMatchObject(inactive)
    sandbox.clock.advance(3_599_999)
    expect(await post(sandbox, TOKEN_INFO, form(access_token))).toMatchObject({ body: { active: true } })
    sandbox.clock.advance(1)
    expect((await post(sandbox, TOKEN_INFO, form(access_token))).body).toEqual({ active: false })
  })
})

describe('revoke', () => {
  test('ends the refresh token at once, the access token stays good until it expires', async () => {
    const { access_token, refresh_token } = await tokensFor(sandbox)
    expect((await post(sandbox, REVOKE, form(refresh_token))).status).toBe(200)
    expect((await refresh(sandbox, refresh_token)).body.code).toBe('invalid_grant')
    expect((await currentUser(sandbox, access_token)).status).toBe(200)
  })

  test('ends the successors of the token too, and no other sign-in', async () => {
    const [a, b] = [await tokensFor(sandbox), await tokensFor(sandbox)]
    const { body: next } = await refresh(sandbox, a.refresh_token)
    await post(sandbox, REVOKE, form(a.refresh_token))
    sandbox.clock.advance(300_000)
    expect((await refresh(sandbox, next.refresh_token)).body.code).toBe('invalid_grant')
    expect((await refresh(sandbox, b.refresh_token)).status).toBe(200)
  })

  test('of an unknown token is no error, of an access token is one', async () => {
    const { access_token } = await tokensFor(sandbox)
    expect((await post(sandbox, REVOKE, form('nonsense'))).status).toBe(200)
    expect(await post(sandbox, REVOKE, form(access_token))).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    })
  })

  test("by the user ends all of the user's sign-ins, a code that is on its way too, and nobody else's", async () => {
    const [a, b] = [await tokensFor(sandbox), await tokensFor(sandbox)]
    const other = await tokensFor(sandbox, 'tunde.okafor')
    const code = await getCode(sandbox)
    sandbox.revoke('mara.lindqvist')
    for (const { refresh_token } of [a, b]) expect((await refresh(sandbox, refresh_token)).status).toBe(401)
    expect((await exchange(sandbox, code)).body.code).toBe('invalid_grant')
    expect((await refresh(sandbox, other.refresh_token)).status).toBe(200)
    expect((await currentUser(sandbox, a.access_token)).status).toBe(200)
    const again = await tokensFor(sandbox)
    expect((await refresh(sandbox, again.refresh_token)).status).toBe(200)
    expect(() => sandbox.revoke('root')).toThrow(TypeError)
  })
})

describe('token_info and revoke', () => {
  test.each([TOKEN_INFO, REVOKE])('%s wants one field token, in a form', async (path) => {
    const bad = { status: 400, body: { code: 'invalid_request', error: expect.any(String) } }
    expect(await post(sandbox, path, new URLSearchParams())).toMatchObject(bad)
    expect(await post(sandbox, path, new URLSearchParams('token='))).toMatchObject(bad)
    expect(await post(sandbox, path, new URLSearchParams('token=a&token=b'))).toMatchObject(bad)
    expect(await post(sandbox, path, form('a'), { 'content-type': 'text/plain' })).toMatchObject(bad)
  })
})

describe('users/current', () => {
  test('answers with every field', async () => {
    const { access_token } = await tokensFor(sandbox, 'aoife.obrien')
    expect(await currentUser(sandbox, access_token)).toEqual({
      status: 200,
      body: {
        id: expect.any(Number),
        firstName: 'Aoife',
        lastName: "O'Brien",
        email: 'aoife.obrien@bluepeak.example',
        timezone: 'America/New_York',
        language: 'en',
        role: 'STAKEHOLDER',
        position: expect.any(String),
        department: expect.any(String),
        region: 'US',
        shiftColor: expect.any(String),
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    })
  })

  test.each([undefined, 'Bearer', 'Bearer nonsense', 'Basic eDp5', 'Bearer a b'])('%s: 401', async (authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const response = await fetch(`${sandbox.apiURL}${CURRENT_USER}`, { headers })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toEqual({ status: 401, code: 'UNAUTHORIZED', message: expect.any(String) })
  })

  test('takes no refresh token, and no access token that has expired', async () => {
    const { access_token, refresh_token } = await tokensFor(sandbox)
    expect((await currentUser(sandbox, refresh_token)).status).toBe(401)
    sandbox.clock.advance(3_599_999)
    expect((await currentUser(sandbox, access_token)).status).toBe(200)
    sandbox.clock.advance(1)
    expect((await currentUser(sandbox, access_token)).status).toBe(401)
  })

  test('needs the scope profile', async () => {
    const { access_token } = await tokensFor(sandbox, 'mara.lindqvist', 'alert:d')
    expect(await currentUser(sandbox, access_token)).toEqual({
      status: 403,
      body: { status: 403, code: 'OAUTH2_SCOPE_ERROR', message: expect.any(String), scope: 'profile' },
    })
  })
})

describe('methods and paths', () => {
  test.each([
    [AUTHORIZE, 'POST', 'GET'],
    [AUTHORIZE, 'OPTIONS', 'GET'],
    [TOKEN, 'GET', 'POST'],
    [TOKEN_INFO, 'PUT', 'POST'],
    [REVOKE, 'DELETE', 'POST'],
  ])('%s takes no %s', async (path, method, allow) => {
    const response = await fetch(`${sandbox.apiURL}${path}`, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await response.json()).toEqual({ code: 'invalid_request', error: expect.any(String) })
  })

  test('the API says it in its own form', async () => {
    const { access_token } = await tokensFor(sandbox, 'mara.lindqvist', 'profile:w')
    const headers = { authorization: `Bearer ${access_token}` }
    const response = await fetch(`${sandbox.apiURL}${CURRENT_USER}`, { method: 'POST', headers })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, PUT')
    expect(await response.json()).toEqual({ status: 405, code: 'METHOD_NOT_ALLOWED', message: expect.any(String) })
  })

  test.each(['/', '/api/users/current/', '/api/nothing', `${TOKEN}/x`, '//', '/constructor'])(
    '%s: 404',
    async (path) => {
      const response = await fetch(`${sandbox.apiURL}${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ status: 404, code: 'NOT_FOUND', message: expect.any(String) })
    },
  )
})

describe('across origins', () => {
  test.each([
    [TOKEN, 'POST'],
    [TOKEN_INFO, 'POST'],
    [REVOKE, 'POST'],
    [CURRENT_USER, 'GET', 'GET, HEAD, PUT'],
  ])('%s answers a preflight and can be read', async (path, method, methods = method) => {
    const preflight = await fetch(`${sandbox.apiURL}${path}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://spa.example', 'access-control-request-headers': 'authorization' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-methods')).toBe(methods)
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization/)
    // Errors too, or a single-page app would not learn what is wrong.
    const response = await fetch(`${sandbox.apiURL}${path}`, { method })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toContain('Retry-After')
  })

  test('nobody reads the consent page', async () => {
    const response = await getAuthorize(sandbox, authorizeParams(defaultApp(sandbox)))
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
  })
})

describe('garbage', () => {
  test('a body that is too long gets a 413', async () => {
    for (const length of [65_537, 500_000]) {
      expect(await post(sandbox, TOKEN, form('x'.repeat(length)))).toMatchObject({
        status: 413,
        body: { code: 'invalid_request' },
      })
    }
    expect((await post(sandbox, TOKEN_INFO, form('x'.repeat(65_000)))).status).toBe(200)
  })

  test.each([
    'nonsense\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET ${AUTHORIZE}?%E0%A4%A&&&=%&client_id HTTP/1.1\r\nHost: x\r\n\r\n`,
    `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc`,
    `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  ])('%j does not bring it down', async (bytes) => {
    const { port } = new URL(sandbox.appURL)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(bytes, () => setTimeout(() => socket.destroy(), 20)),
      )
      socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume()
    })
    expect((await tokensFor(sandbox)).token_type).toBe('Bearer')
  })
})
