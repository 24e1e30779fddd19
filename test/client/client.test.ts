import { IlertClient } from '../../src/client/client.ts'
import { closeServers, json, serve } from '../support/server.ts'

const TOKENS = {
  token_type: 'Bearer',
  access_token: 'access-token',
  expires_in: 3600,
  scope: 'profile',
  refresh_token: 'refresh-token-2',
}
const CODE = { code: 'the+code/=', redirectURI: 'https://app.example/cb?a=1&b=2', codeVerifier: 'the~verifier' }
const clients: IlertClient[] = []

function clientOf(apiURL: string, options: ConstructorParameters<typeof IlertClient>[0] = {}): IlertClient {
  const client = new IlertClient({
    clientID: 'client-1',
    clientSecret: 'secret+/=&',
    apiURL,
    timeoutMs: 2000,
    ...options,
  })
  clients.push(client)
  return client
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await closeServers()
})

describe('authorizationURL', () => {
  const o = { redirectURI: CODE.redirectURI, scope: 'profile alert:w', state: 'st&te', codeChallenge: 'ch_-' }
  const client = (options = {}) => new IlertClient({ clientID: 'client-1', clientSecret: 'CANARY', ...options })

  it('asks for a code with PKCE, at ilert', () => {
    const url = client().authorizationURL(o)
    expect(url.origin + url.pathname).toBe('https://app.ilert.com/api/developers/oauth2/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      response_type: 'code',
      redirect_uri: 'https://app.example/cb?a=1&b=2',
      scope: 'profile alert:w',
      state: 'st&te',
      code_challenge: 'ch_-',
      code_challenge_method: 'S256',
    })
    expect(url.href).not.toContain('CANARY')
    expect(url.search).toContain('profile%20alert%3Aw')
  })

  it('takes scopes as a list, and writes each once', () => {
    const url = client().authorizationURL({ ...o, scope: ['profile', 'alert', 'alert:w', 'new_scope'] })
    expect(url.searchParams.get('scope')).toBe('profile alert:w new_scope')
  })

  it("asks on the account's own host, the call's before the client's", () => {
    expect(client({ tenant: 'acme' }).authorizationURL(o).host).toBe('acme.ilert.com')
    expect(client({ tenant: 'acme' }).authorizationURL({ ...o, tenant: 'corp' }).host).toBe('corp.ilert.com')
    expect(client().authorizationURL({ ...o, tenant: 'corp' }).host).toBe('corp.ilert.com')
  })

  it('ignores the account where appURL is set', () => {
    const appURL = 'http://127.0.0.1:4598'
    expect(client({ appURL, tenant: 'acme' }).authorizationURL({ ...o, tenant: 'corp' }).origin).toBe(appURL)
  })

  it.each(['evil.com/', 'a.b', '', 'evil.com#', null, 7])('refuses the account %j', (tenant) => {
    expect(() => client().authorizationURL({ ...o, tenant } as never)).toThrow(/^tenant\b.*ILERT_TENANT/)
  })

  it('says which URL it expected, for each of the two', () => {
    const asked = (options: object) => () => new IlertClient({ clientID: 'client-1', ...options })
    expect(asked({ appURL: 'app.ilert.com' })).toThrow('an https: URL such as https://app.ilert.com.')
    expect(asked({ apiURL: 'api.ilert.com' })).toThrow('an https: URL such as https://api.ilert.com.')
  })

  it.each(['redirectURI', 'state', 'codeChallenge', 'scope'])('throws a TypeError which names %s', (name) => {
    for (const bad of name === 'scope' ? [undefined, null, 'alert:x', ['a,b']] : [undefined, null, '', 7]) {
      expect(() => client().authorizationURL({ ...o, [name]: bad } as never)).toThrow(TypeError)
      expect(() => client().authorizationURL({ ...o, [name]: bad } as never)).toThrow(new RegExp(`^${name}\\b`))
    }
  })
})

describe('exchangeCode', () => {
  it('sends the code, the verifier and the redirect_uri in a form, with the secret in the body', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const tokens = await clientOf(server.origin, { clock: { now: () => 1000 } }).exchangeCode(CODE)
    expect(tokens).toEqual({
      accessToken: 'access-token',
      refreshToken: 'refresh-token-2',
      scope: ['profile'],
      expiresAt: 3_601_000,
    })
    const [request, ...others] = server.requests
    expect(others).toEqual([])
    expect(request).toMatchObject({ method: 'POST', path: '/api/developers/oauth2/token' })
    expect(request?.headers.accept).toBe('application/json')
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded\b/)
    expect(request?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      client_id: 'client-1',
      client_secret: 'secret+/=&',
      code: 'the+code/=',
      redirect_uri: CODE.redirectURI,
      code_verifier: 'the~verifier',
    })
  })

  it('sends no client_secret where there is none', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = new IlertClient({ clientID: 'client-1', apiURL: server.origin })
    clients.push(client)
    await client.exchangeCode(CODE)
    expect(new URLSearchParams(server.requests[0]?.body).has('client_secret')).toBe(false)
  })

  it('counts the lifetime from sending the request, not from the answer', async () => {
    let now = 1000
    const server = await serve((response) => {
      now = 900_000
      json(response, 200, TOKENS)
    })
    const tokens = await clientOf(server.origin, { clock: { now: () => now } }).exchangeCode(CODE)
    expect(tokens.expiresAt).toBe(3_601_000)
  })

  it.each(['code', 'redirectURI', 'codeVerifier'])('sends nothing without %s', async (name) => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    for (const bad of [undefined, null, '', 7]) {
      await expect(client.exchangeCode({ ...CODE, [name]: bad } as never)).rejects.toThrow(TypeError)
      await expect(client.exchangeCode({ ...CODE, [name]: bad } as never)).rejects.toThrow(new RegExp(`^${name}\\b`))
    }
    expect(server.connections).toBe(0)
  })

  it('and what else names the app says that it has no clientID', async () => {
    const client = new IlertClient({ apiURL: 'http://127.0.0.1:1' })
    const message = 'clientID (ILERT_CLIENT_ID): missing. Set the id that ilert shows for your app.'
    await expect(client.exchangeCode(CODE)).rejects.toThrow(new TypeError(message))
    await expect(client.refresh('r')).rejects.toThrow(new TypeError(message))
    const { redirectURI } = CODE
    const url = () => client.authorizationURL({ redirectURI, scope: 'profile', state: 's', codeChallenge: 'c' })
    expect(url).toThrow(new TypeError(message))
  })

  it("rejects with ilert's refusal", async () => {
    const server = await serve((response) => json(response, 401, { code: 'invalid_grant', error: 'Code is unknown' }))
    await expect(clientOf(server.origin).exchangeCode(CODE)).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'invalid_grant',
      status: 401,
      description: 'Code is unknown',
    })
  })
})

describe('refresh', () => {
  it('sends the refresh token in a form', async () => {
    const server = await serve((response) => json(response, 200, { ...TOKENS, refresh_token: undefined }))
    const tokens = await clientOf(server.origin).refresh('refresh+token/1=')
    expect(tokens).not.toHaveProperty('refreshToken')
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/api/developers/oauth2/token' })
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'client-1',
      client_secret: 'secret+/=&',
      refresh_token: 'refresh+token/1=',
    })
  })

  it.each([undefined, null, '', 7])('sends nothing for the refresh token %p', async (bad) => {
    const server = await serve((response) => json(response, 200, TOKENS))
    await expect(clientOf(server.origin).refresh(bad as never)).rejects.toThrow(/^refreshToken\b/)
    expect(server.connections).toBe(0)
  })
})

describe('tokenInfo', () => {
  it('sends the access token in a form field, needs no client, and reads the answer', async () => {
    const info = { active: true, tenant_id: 't', username: 'u', scope: 'profile', app_id: 250 }
    const server = await serve((response) => json(response, 200, info))
    const client = new IlertClient({ apiURL: server.origin })
    clients.push(client)
    expect(await client.tokenInfo('access+token')).toEqual({
      active: true,
      tenant: 't',
      username: 'u',
      scope: ['profile'],
      appID: 250,
    })
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/api/developers/oauth2/token_info' })
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({ token: 'access+token' })
  })
})

describe('revoke', () => {
  it('sends the refresh token in a form field, with the credentials of the client', async () => {
    const server = await serve((response) => response.end())
    expect(await clientOf(server.origin).revoke('refresh+token')).toBeUndefined()
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/api/developers/oauth2/revoke' })
    const credentials = { client_id: 'client-1', client_secret: 'secret+/=&' }
    const form = Object.fromEntries(new URLSearchParams(server.requests[0]?.body))
    expect(form).toEqual({ ...credentials, token: 'refresh+token' })
  })
})

it.each([undefined, null, '', 7])('nothing is asked about the token %p, nor is it revoked', async (bad) => {
  const server = await serve((response) => json(response, 200, {}))
  const client = clientOf(server.origin)
  const expected = 'expected a string that is not empty.'
  await expect(client.tokenInfo(bad as never)).rejects.toThrow(new TypeError(`accessToken: ${expected}`))
  await expect(client.revoke(bad as never)).rejects.toThrow(new TypeError(`refreshToken: ${expected}`))
  expect(server.connections).toBe(0)
})

describe('currentUser', () => {
  it('sends the access token as a bearer and gives the whole user', async () => {
    const user = { id: 7, username: 'änn 🚒', department: 'ops' }
    const server = await serve((response) => json(response, 200, user))
    expect(await clientOf(server.origin).currentUser('access-token')).toEqual(user)
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/api/users/current', body: '' })
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer access-token',
      accept: 'application/json',
    })
  })

  it('reads letters which are cut in two between packets', async () => {
    const bytes = Buffer.from(JSON.stringify({ id: 7, username: '🚒' }))
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, bytes.length - 4))
      setImmediate(() => response.end(bytes.subarray(bytes.length - 4)))
    })
    expect(await clientOf(server.origin).currentUser('access-token')).toMatchObject({ username: '🚒' })
  })

  it.each(['CANARY\r\nx-evil: 1', 'CANARY\n', 'CANARYä', 'CANARY CANARY', ' CANARY', 'CANARY\u0000', '', undefined])(
    'sends nothing for the access token %j, which does not fit into a header',
    async (token) => {
      const server = await serve((response) => json(response, 200, { id: 7 }))
      const error = await clientOf(server.origin)
        .currentUser(token as string)
        .catch((error: unknown) => error)
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/^accessToken\b/)
      expect((error as Error).stack).not.toContain('CANARY')
      expect(server.connections).toBe(0)
    },
  )
})
