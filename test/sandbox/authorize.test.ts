import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import {
  authorizeParams,
  type Credentials,
  challenge,
  defaultApp,
  exchange,
  getAuthorize,
  locationOf,
  type Overrides,
  postConsent,
} from './support.ts'

let sandbox: Sandbox
let app: Credentials

beforeAll(async () => {
  sandbox = await createSandbox()
  app = defaultApp(sandbox)
})
afterAll(() => sandbox.close())

const ask = (overrides: Overrides = {}, of = app) => getAuthorize(sandbox, authorizeParams(of, overrides))
const answer = (overrides: Overrides = {}) =>
  postConsent(sandbox, authorizeParams(app, { user: 'mara.lindqvist', decision: 'allow', ...overrides }))

describe('what is never sent back to an app', () => {
  const cases: [string, Overrides][] = [
    ['no client', { client_id: undefined }],
    ['an unknown client', { client_id: 'somebody' }],
    ['two clients', { client_id: ['a', 'b'] }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another redirect URI', { redirect_uri: 'http://localhost:3000/auth/ilert/callback/' }],
    ['a redirect URI with a query', { redirect_uri: 'http://localhost:3000/auth/ilert/callback?a=b' }],
    ['a redirect URI in capitals', { redirect_uri: 'HTTP://localhost:3000/auth/ilert/callback' }],
    ['another host', { redirect_uri: 'https://evil.example/auth/ilert/callback' }],
    ['two redirect URIs', { redirect_uri: ['http://localhost:3000/auth/ilert/callback', 'https://evil.example/'] }],
  ]
  test.each(cases)('%s gets a page', async (_, overrides) => {
    for (const response of [await ask(overrides), await answer(overrides)]) {
      expect(response.status).toBe(400)
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(response.headers.has('location')).toBe(false)
    }
  })
})

test('a client that is named twice gets a page, though it is known', async () => {
  expect((await ask({ client_id: [app.clientID, app.clientID] })).status).toBe(400)
  expect((await ask({ redirect_uri: [app.redirectURI, app.redirectURI] })).status).toBe(400)
})

describe('what goes back to the app as an error', () => {
  const cases: [string, string, Overrides][] = [
    ['response_type token', 'invalid_request', { response_type: 'token' }],
    ['no response_type', 'invalid_request', { response_type: undefined }],
    ['two response types', 'invalid_request', { response_type: ['code', 'code'] }],
    ['an unknown scope', 'invalid_scope', { scope: 'profile nonsense' }],
    ['a malformed scope', 'invalid_scope', { scope: 'profile alert:x' }],
    ['a permission on offline_access', 'invalid_scope', { scope: 'offline_access:w' }],
    ['scopes with a comma', 'invalid_scope', { scope: 'profile,alert' }],
    ['scopes with two spaces', 'invalid_scope', { scope: 'profile  alert' }],
    ["an object's own words as scope", 'invalid_scope', { scope: 'constructor' }],
    ['no scope', 'invalid_scope', { scope: undefined }],
    ['an empty scope', 'invalid_scope', { scope: '' }],
    ['scope twice', 'invalid_request', { scope: ['profile', 'alert'] }],
    ['an unknown parameter twice', 'invalid_request', { other: ['1', '2'] }],
    ['plain PKCE', 'invalid_request', { code_challenge_method: 'plain' }],
    ['PKCE without a method, which means plain', 'invalid_request', { code_challenge_method: undefined }],
    ['a method without a challenge', 'invalid_request', { code_challenge: undefined }],
    ['a short challenge', 'invalid_request', { code_challenge: challenge.slice(1) }],
    ['a long challenge', 'invalid_request', { code_challenge: `${challenge}A` }],
    ['a challenge in base64', 'invalid_request', { code_challenge: `${challenge.slice(1)}+` }],
  ]
  test.each(cases)('%s: %s', async (_, error, overrides) => {
    for (const response of [await ask(overrides), await answer(overrides)]) {
      const to = locationOf(response)
      expect(response.status).toBe(303)
      expect(to.origin + to.pathname).toBe(app.redirectURI)
      expect(to.searchParams.get('error')).toBe(error)
      expect(to.searchParams.get('error_description')).toBeTruthy()
      expect(to.searchParams.get('state')).toBe('some-state')
      expect(to.searchParams.has('code')).toBe(false)
    }
  })

  test('state given twice is not guessed at', async () => {
    const to = locationOf(await ask({ state: ['a', 'b'] }))
    expect(to.searchParams.get('error')).toBe('invalid_request')
    expect(to.searchParams.has('state')).toBe(false)
  })

  test('an app without a secret needs PKCE, one with a secret does not', async () => {
    const redirectURI = 'http://localhost:3000/spa'
    const spa = { ...sandbox.register({ redirectURI, pkceOnly: true }), redirectURI }
    const without = { code_challenge: undefined, code_challenge_method: undefined }
    expect(locationOf(await ask(without, spa)).searchParams.get('error')).toBe('invalid_request')
    expect((await ask({}, spa)).status).toBe(200)
    expect((await ask(without)).status).toBe(200)
  })
})

describe('the consent page', () => {
  test('shows who can be chosen, the first preselected, and what is asked for', async () => {
    const response = await ask({ scope: 'profile alert:d service:w offline_access' })
    const html = await response.text()
    expect(response.status).toBe(200)
    expect(html.match(/<input type="radio" name="user"/g)).toHaveLength(3)
    expect(html.match(/ checked/g)).toHaveLength(1)
    expect(html).toContain('value="mara.lindqvist" checked')
    expect(html).toContain('O&#39;Brien')
    expect(html).toContain('Alerts: read, write and delete')
    expect(html).toContain('subscription to them: read and write')
    expect(html).toContain('The signed-in user: read')
    expect(html).toMatch(/Refresh tokens for apps that use PKCE without a secret <small>/)
    expect(html).toContain('<button name="decision" value="allow">')
    expect(html).toContain('<button name="decision" value="deny">')
  })

  test('chooses who signed in last in this browser, if that user is there', async () => {
    const params = authorizeParams(app, { user: 'tunde.okafor', decision: 'allow' })
    const [cookie = ''] = (
      await postConsent(sandbox, params, { 'sec-fetch-site': 'same-origin' })
    ).headers.getSetCookie()
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/)
    const chosen = async (header: string) => {
      const url = `${sandbox.appURL}/api/developers/oauth2/authorize?${authorizeParams(app).toString()}`
      return /value="([^"]+)" checked/.exec(await (await fetch(url, { headers: { cookie: header } })).text())?.[1]
    }
    expect(await chosen(cookie.split(';')[0] ?? '')).toBe('tunde.okafor')
    expect(await chosen('sandbox-user=nobody%00')).toBe('mara.lindqvist')
    expect((await postConsent(sandbox, params)).headers.getSetCookie()).toEqual([]) // a program, which says whom
  })

  test('carries a strict policy, which lets the form lead back to the app', async () => {
    const headers = (await ask()).headers
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/style-src 'sha256-[\w+/]{43}='/)
    expect(policy).toMatch(/form-action 'self' http:\/\/localhost:3000 /)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('an app at an IPv6 address, which no policy can name, is led back to as well', async () => {
    const redirectURI = 'http://[::1]:3000/callback'
    const six = { ...sandbox.register({ redirectURI }), redirectURI }
    expect((await ask({}, six)).headers.get('content-security-policy')).toContain("form-action 'self' http: ")
  })

  test('escapes what the request brought', async () => {
    const html = await (await ask({ state: `"><script>alert('1')</script>&amp;` })).text()
    expect(html).not.toContain('<script')
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;"')
  })

  test('holds no secret', async () => {
    expect(await (await ask()).text()).not.toContain(app.clientSecret)
  })
})

describe('the answer', () => {
  test('Allow leads back with a code and the state', async () => {
    const response = await answer({ state: 'a b&c=d"' })
    const to = locationOf(response)
    expect(response.status).toBe(303)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect([...to.searchParams.keys()]).toEqual(['code', 'state'])
    expect(to.searchParams.get('state')).toBe('a b&c=d"')
  })

  test('without a state there is none', async () => {
    expect([...locationOf(await answer({ state: undefined })).searchParams.keys()]).toEqual(['code'])
  })

  test('an empty state comes back empty', async () => {
    expect(locationOf(await answer({ state: '' })).searchParams.get('state')).toBe('')
  })

  test('Deny leads back with access_denied', async () => {
    const { searchParams } = locationOf(await answer({ decision: 'deny' }))
    expect(Object.fromEntries(searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The user denied the request',
      state: 'some-state',
    })
  })

  test('the query of a redirect URI stays', async () => {
    const redirectURI = 'http://localhost:3000/callback?from=ilert'
    const other = { ...sandbox.register({ redirectURI }), redirectURI }
    const params = authorizeParams(other, { user: 'mara.lindqvist', decision: 'allow' })
    const to = locationOf(await postConsent(sandbox, params))
    expect([...to.searchParams.keys()]).toEqual(['from', 'code', 'state'])
  })

  test.each([
    ['no user', { user: undefined }],
    ['an unknown user', { user: 'root' }],
    ['no decision', { decision: undefined }],
    ['another decision', { decision: 'perhaps' }],
  ])('%s gets a page', async (_, overrides) => {
    const response = await answer(overrides)
    expect(response.status).toBe(400)
    expect(response.headers.has('location')).toBe(false)
  })

  test('a form of another site, and what is no form, are refused', async () => {
    const params = authorizeParams(app, { user: 'mara.lindqvist', decision: 'allow' })
    expect((await postConsent(sandbox, params, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await postConsent(sandbox, params, { 'content-type': 'text/plain' })).status).toBe(400)
  })
})

describe('approve', () => {
  test.each([
    [true, 'mara.lindqvist'],
    ['aoife.obrien', 'aoife.obrien'],
  ])('%s answers at once as %s', async (approve, username) => {
    const approving = await createSandbox({ approve })
    try {
      const response = await getAuthorize(approving, authorizeParams(defaultApp(approving)))
      expect(response.status).toBe(303)
      const { body } = await exchange(approving, locationOf(response).searchParams.get('code') ?? '')
      const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1] ?? '', 'base64url').toString())
      expect(claims.il_u).toBe(username)
    } finally {
      await approving.close()
    }
  })

  test('forgives nothing', async () => {
    const approving = await createSandbox({ approve: true })
    try {
      const bad = (overrides: Overrides) => getAuthorize(approving, authorizeParams(defaultApp(approving), overrides))
      expect((await bad({ redirect_uri: 'http://localhost:3000/' })).status).toBe(400)
      expect(locationOf(await bad({ scope: 'nonsense' })).searchParams.get('error')).toBe('invalid_scope')
    } finally {
      await approving.close()
    }
  })
})
