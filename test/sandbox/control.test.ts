import { request } from 'node:http'
import { connectSandbox, createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { currentUser, getCode, refresh, TOKEN, tokensFor } from './support.ts'

let sandbox: Sandbox
const open: Sandbox[] = []

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const started = await createSandbox(options)
  open.push(started)
  return started
}

beforeEach(async () => {
  sandbox = await start()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** One request with these headers and no others. */
function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${sandbox.appURL}/_sandbox${path}`, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject).end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe('over HTTP', () => {
  test('the clock is read, moved and set', async () => {
    const before = JSON.parse((await send('GET', '/clock')).text).now
    const { status, text } = await send('POST', '/clock', JSON_TYPE, '{"advance": 3600000}')
    expect(status).toBe(200)
    expect(JSON.parse(text).now - before).toBeGreaterThanOrEqual(3_600_000)
    expect(sandbox.clock.now() - Date.now()).toBeGreaterThan(3_590_000)
    await send('POST', '/clock', JSON_TYPE, '{"set": "2030-01-01T00:00:00Z"}')
    expect(Math.abs(sandbox.clock.now() - Date.parse('2030-01-01T00:00:00Z'))).toBeLessThan(5000)
  })

  test.each([
    ['/clock', '{}'],
    ['/clock', '{"advance": "an hour"}'],
    ['/clock', '{"advance": 1, "set": 2}'],
    ['/clock', '{"set": "soon"}'],
    ['/clock', '{"set": null}'],
    ['/clock', '[]'],
    ['/clock', 'x'],
    ['/faults', '{"path": "/api", "kind": "flood"}'],
    ['/register', '{"redirectURI": "/callback"}'],
    ['/revoke', '{"username": "root"}'],
    ['/data', '{"user": []}'],
  ])('what makes no sense is refused with a reason: %s %s', async (path, body) => {
    const { status, text } = await send('POST', path, JSON_TYPE, body)
    expect(status).toBe(400)
    expect(JSON.parse(text).message).toMatch(/expected|not JSON|no such user|unknown option/)
  })

  test('a fault is planted, listed and cleared', async () => {
    const { text } = await send('POST', '/faults', JSON_TYPE, '{"path": "*", "kind": 503}')
    const { id } = JSON.parse(text)
    expect((await currentUser(sandbox, 'x')).status).toBe(503)
    expect(JSON.parse((await send('GET', '/faults')).text)).toEqual([{ id, path: '*', kind: 503 }])
    expect((await send('DELETE', `/faults/${id}`)).status).toBe(204)
    expect((await currentUser(sandbox, 'x')).status).toBe(401)
    expect(JSON.parse((await send('GET', '/faults')).text)).toEqual([])
  })

  test('a fault that has hit as many as it should holds a request until it is cleared', async () => {
    await send('POST', '/faults', JSON_TYPE, '{"path": "*", "kind": "hang", "times": 1}')
    const answer = currentUser(sandbox, 'x')
    while (sandbox.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(JSON.parse((await send('GET', '/faults')).text)).toEqual([])
    await send('DELETE', '/faults')
    expect((await answer).status).toBe(401)
  })

  test('requests are told, and those which steer are none of them', async () => {
    await tokensFor(sandbox)
    await send('GET', '/info')
    const requests = JSON.parse((await send('GET', '/requests?last=1')).text)
    expect(requests).toMatchObject([{ method: 'POST', path: TOKEN, status: 200, grantType: 'authorization_code' }])
    expect(JSON.parse((await send('GET', '/requests')).text)).toEqual(sandbox.requests)
  })

  test('tokens are told by their ends, and never told', async () => {
    const { access_token, refresh_token } = await tokensFor(sandbox, 'tunde.okafor', 'profile offline_access')
    const { text } = await send('GET', '/tokens')
    expect(JSON.parse(text)).toMatchObject([
      { kind: 'access', end: access_token.slice(-6), username: 'tunde.okafor', scope: 'profile offline_access' },
      { kind: 'refresh', end: refresh_token.slice(-6), username: 'tunde.okafor' },
    ])
    const everything = [text]
    for (const path of ['/', '/requests', '/info', '/faults']) everything.push((await send('GET', path)).text)
    for (const token of [access_token, refresh_token]) {
      expect(everything.join()).not.toContain(token.slice(-12))
      expect(everything.join()).not.toContain(token.slice(0, 60))
    }
    sandbox.revoke('tunde.okafor')
    expect(JSON.parse((await send('GET', '/tokens')).text).map(({ kind }: { kind: string }) => kind)).toEqual([
      'access',
    ])
  })

  test('nothing else is there', async () => {
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['GET', '/faults/1'],
      ['DELETE', '/clock'],
      ['GET', '/__proto__'],
    ] as const) {
      expect((await send(method, path)).status).toBe(404)
    }
    expect((await send('GET', '')).status).toBe(308)
    expect((await send('POST', '/clock', { 'content-type': 'text/plain' }, '{"advance": 1}')).status).toBe(415)
  })
})

describe('who may steer', () => {
  const moved = async (headers: Record<string, string>) => {
    const before = sandbox.clock.now()
    const { status } = await send('POST', '/clock', { ...JSON_TYPE, ...headers }, '{"advance": 3600000}')
    return [status, sandbox.clock.now() - before >= 3_600_000]
  }

  test.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['an address that was typed, for more than reading', { 'sec-fetch-site': 'none' }],
    ['another origin, in an old browser', { origin: 'https://evil.example' }],
    ['no origin, in an old browser', { origin: 'null' }],
    ['another name for this address', { host: 'evil.example:4598' }],
    ['a name that begins like this machine’s', { host: '127.0.0.1.evil.example' }],
    ['a proxy', { 'x-forwarded-for': '192.0.2.1' }],
    ['a proxy, in the standard’s words', { forwarded: 'for=192.0.2.1' }],
  ])('not %s', async (_name, headers) => {
    expect(await moved(headers)).toEqual([403, false])
    for (const path of ['/', '/info', '/requests']) {
      if (headers['sec-fetch-site'] === 'none') continue
      const { status, text } = await send('GET', path, headers)
      expect([status, text]).toEqual([403, expect.not.stringContaining('ILERT_CLIENT_SECRET')])
    }
  })

  test.each<[string, Record<string, string>]>([
    ['a program', {}],
    ['its own page', { 'sec-fetch-site': 'same-origin' }],
    ['this machine by its name', { host: 'localhost:4598' }],
    ['this machine by IPv6', { host: '[::1]:4598' }],
  ])('%s', async (_name, headers) => {
    expect(await moved(headers)).toEqual([200, true])
  })

  test('no page of another origin can read an answer, frame the page, or ask before', async () => {
    const { headers } = await send('GET', '/')
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    const preflight = await send('OPTIONS', '/clock', {
      'access-control-request-method': 'POST',
      'sec-fetch-site': 'cross-site',
    })
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([403, undefined])
  })

  test('with a token those who bring it, from anywhere, and nobody else', async () => {
    const controlToken = 'a-token-of-this-test'
    sandbox = await start({ controlToken })
    const basic = (password: string) => `Basic ${Buffer.from(`:${password}`).toString('base64')}`
    for (const authorization of [undefined, 'Bearer another-token-of-this-test', basic('x'), 'Bearer', controlToken]) {
      expect(await moved(authorization === undefined ? {} : { authorization })).toEqual([401, false])
    }
    expect((await send('GET', '/')).headers['www-authenticate']).toBe('Basic realm="sandbox"')
    for (const authorization of [`Bearer ${controlToken}`, basic(controlToken)]) {
      expect(await moved({ authorization, host: 'sandbox:4598' })).toEqual([200, true])
      expect(await moved({ authorization, 'sec-fetch-site': 'cross-site' })).toEqual([403, false])
    }
    expect(sandbox.requests).toEqual([])
  })
})

describe('connectSandbox', () => {
  test('has every member of a sandbox', async () => {
    const connected = await connectSandbox(sandbox.appURL)
    expect(Object.keys(connected).sort()).toEqual(Object.keys(sandbox).sort())
    expect(Object.keys(connected.clock).sort()).toEqual(Object.keys(sandbox.clock).sort())
    expect([connected.appURL, connected.apiURL, connected.env, connected.users]).toEqual([
      sandbox.appURL,
      sandbox.apiURL,
      sandbox.env,
      sandbox.users,
    ])
  })

  test('steers', async () => {
    const connected = await connectSandbox(sandbox.appURL)
    const before = await connected.clock.now()
    await connected.clock.advance(3_600_000)
    expect((await connected.clock.now()) - before).toBeGreaterThanOrEqual(3_600_000)
    await connected.clock.set(new Date('2030-01-01T00:00:00Z'))
    expect(new Date(sandbox.clock.now()).getUTCFullYear()).toBe(2030)

    const fault = await connected.fault({ path: '*', kind: 500 })
    expect((await currentUser(sandbox, 'x')).status).toBe(500)
    await fault.clear()
    expect((await connected.requests).at(-1)).toMatchObject({ status: 500, note: 'fault: 500' })

    const { clientID, clientSecret } = await connected.register({ redirectURI: 'http://127.0.0.1/cb', pkceOnly: true })
    expect(clientSecret).toBe('')
    const app = { clientID, clientSecret, redirectURI: 'http://127.0.0.1/cb' }
    expect(await getCode(sandbox, app)).toBeTruthy()

    const { refresh_token } = await tokensFor(sandbox)
    await connected.revoke('mara.lindqvist')
    expect((await refresh(sandbox, refresh_token)).body.code).toBe('invalid_grant')
    await connected.close()
    expect((await currentUser(sandbox, 'x')).status).toBe(401)
  })

  test('rejects with what the sandbox throws, and says where none is', async () => {
    const connected = await connectSandbox(sandbox.appURL)
    await expect(connected.revoke('root')).rejects.toThrow(/^revoke: there is no such user/)
    await expect(connected.fault({ path: 'x', kind: 500 })).rejects.toThrow(TypeError)
    await expect(connected.signIn('http://127.0.0.1:9/', { as: 'root' })).rejects.toThrow(/^as: there is no such user/)
    const { port } = new URL((await start()).appURL)
    await open.pop()?.close()
    await expect(connectSandbox(`http://127.0.0.1:${port}`)).rejects.toThrow(
      `no sandbox answers at http://127.0.0.1:${port}`,
    )
    await expect(connectSandbox('sandbox')).rejects.toThrow(TypeError)
    await expect(connectSandbox(sandbox.appURL, { tokens: 'x' } as never)).rejects.toThrow("Did you mean 'token'?")
    const other = await start({ controlToken: 'a-token-of-this-test' })
    await expect(connectSandbox(other.appURL)).rejects.toThrow('The control token is needed.')
    expect((await connectSandbox(other.appURL, { token: 'a-token-of-this-test' })).env).toEqual(other.env)
  })
})

test('reset begins anew, and keeps the apps', async () => {
  const { clientID } = sandbox.register({ redirectURI: 'http://127.0.0.1/cb' })
  const { access_token, refresh_token } = await tokensFor(sandbox)
  sandbox.load({ users: [{ username: 'kim.lee' }] })
  sandbox.fault({ path: '*', kind: 503 })
  sandbox.clock.advance(3_600_000)
  expect((await send('POST', '/reset')).status).toBe(204)
  expect(sandbox.requests).toEqual([])
  expect(sandbox.users.map(({ username }) => username)).not.toContain('kim.lee')
  expect(Math.abs(sandbox.clock.now() - Date.now())).toBeLessThan(5000)
  expect((await currentUser(sandbox, access_token)).status).toBe(401)
  expect((await refresh(sandbox, refresh_token)).body.code).toBe('invalid_grant')
  const app = { clientID, clientSecret: '', redirectURI: 'http://127.0.0.1/cb' }
  expect(await getCode(sandbox, app)).toBeTruthy()
})

test('a sandbox without control is an ilert: there is no such path', async () => {
  expect((await fetch(`${sandbox.apiURL}/_sandboxes`)).status).toBe(404)
  expect(sandbox.requests).toMatchObject([{ path: '/_sandboxes', status: 404 }])
})
