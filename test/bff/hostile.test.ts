/* What strangers try with the proxy: a page of another site, a page of this one with bad intentions, and a hostile ilert. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { closeApps } from '../support/app.ts'
import { raw, valuesOf } from '../support/raw.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { ALERTS, type Answer, ask, FROM_PAGE, PROXY, type Scene, startScene, tokenNumber } from './support.ts'

/** One for all that need none of their own: what it answers can be changed, and what it was asked is forgotten. */
let shared: Scene
let answer: Answer
beforeAll(async () => {
  shared = await startScene((response, received) => answer(response, received))
})
beforeEach(() => {
  answer = (response) => json(response, 200, [])
  shared.calls.length = 0
})
afterAll(async () => {
  await closeApps()
  await closeServers()
})

function answering(answersSo: Answer): Scene {
  answer = answersSo
  return shared
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

describe('a request that no page of this origin has made', () => {
  const FOREIGN: [string, Record<string, string>][] = [
    ['of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['of the address bar', { 'sec-fetch-site': 'none' }],
    ['with an empty word for it', { 'sec-fetch-site': '' }],
    ['with another spelling', { 'sec-fetch-site': 'Same-Origin' }],
    ['that says both', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['of another site, with the custom header', { 'sec-fetch-site': 'cross-site', 'x-requested-with': 'fetch' }],
    ['without any header', {}],
    ['with an empty custom header', { 'x-requested-with': '' }],
    ['with the origin of this site alone', { origin: 'http://127.0.0.1' }],
    ['with a custom header in another spelling', { x_requested_with: 'fetch' }],
  ]
  it.each(FOREIGN)('%s is refused, whatever its method, and so is /me', async (_, headers) => {
    const { browser, calls } = shared
    for (const method of METHODS) {
      for (const path of [ALERTS, `${PROXY}/nothing`, '/me']) {
        const page = await browser.send(path, headers, method)
        expect(page.status).toBe(403)
        if (method !== 'HEAD') expect(page.json).toMatchObject({ error: 'cross_site' })
        expect([...page.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
    expect(calls).toEqual([])
  })

  it('passes with the custom header, if the browser does not say where it comes from', async () => {
    const { browser } = await startScene(undefined, { proxy: { antiForgeryHeader: 'X-Desk' } })
    expect((await browser.send(ALERTS, { 'x-desk': '1' })).status).toBe(200)
    expect((await browser.send(ALERTS, { 'x-requested-with': '1' })).status).toBe(403)
  })

  it('does not pass by what every object has', async () => {
    for (const antiForgeryHeader of ['constructor', 'toString', '__proto__']) {
      const { browser } = await startScene(undefined, { proxy: { antiForgeryHeader } })
      expect((await browser.send(ALERTS, {})).status).toBe(403)
    }
  })

  it('is given no leave by a preflight', async () => {
    const { browser } = shared
    const preflight = {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-requested-with',
    }
    const page = await browser.send(ALERTS, preflight, 'OPTIONS')
    expect(page.status).toBe(403)
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('what is not on the list', () => {
  it.each([
    ['another path', 'GET', '/api/users', 404],
    ['a path above one', 'GET', '/api', 404],
    ['a path below one', 'GET', '/api/alerts/7/log-entries', 404],
    ['a word in the place of an id', 'GET', '/api/alerts/count', 404],
    ['an id that is empty', 'PUT', '/api/alerts//accept', 404],
    ['an id in disguise', 'GET', '/api/alerts/%37', 404],
    ['a slash at the end', 'GET', '/api/alerts/', 404],
    ['capitals', 'GET', '/api/Alerts', 404],
    ['a letter in disguise', 'GET', '/api/%61lerts', 404],
    ['a path parameter', 'GET', '/api/alerts;x=1', 404],
    ['an id that is too long', 'GET', `/api/alerts/${'7'.repeat(101)}`, 404],
    ['where tokens are issued', 'POST', '/api/developers/oauth2/token', 404],
    ['another method', 'DELETE', '/api/alerts', 405],
    ['a preflight', 'OPTIONS', '/api/alerts', 405],
    ['TRACE', 'TRACE', '/api/alerts', 405],
    ['a method that nobody knows', 'PROPFIND', '/api/alerts', 405],
  ])('%s is refused', async (_, method, path, status) => {
    const { browser, calls } = shared
    const answer = await raw(new URL(browser.origin).origin, [
      `${method} ${PROXY}${path} HTTP/1.1`,
      'Host: app',
      `Cookie: ${browser.cookies}`,
      'Sec-Fetch-Site: same-origin',
    ])
    expect(answer.status).toBe(status)
    if (status === 405) expect(valuesOf(answer, 'allow')).toEqual(['GET, HEAD, POST'])
    expect(calls).toEqual([])
  })

  it('is not let in by another word for the method', async () => {
    const { browser, calls } = shared
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE', 'x-http-method': 'DELETE' }
    await ask(browser, `${ALERTS}?_method=DELETE`, { method: 'POST', headers, body: '{}' })
    expect(calls.map(({ method }) => method)).toEqual(['POST'])
    expect(Object.keys(calls[0]?.headers ?? {}).filter((name) => name.includes('method'))).toEqual([])
  })
})

/** Paths that lead elsewhere, or that two servers read differently. */
const HOSTILE_PATHS = [
  ...['//evil.example', '//evil.example/api/alerts', '///evil.example', '/\\evil.example', '\\\\evil.example'],
  ...['/api/../api/alerts', '/api/./alerts', '/api/alerts/..', '/api/alerts/../users', '/api/alerts/7/../../users'],
  ...['/api/%2e%2e/users', '/api/.%2e/users', '/api/%2E./users', '/api/alerts/%2e', '/api/alerts/..;/users'],
  ...['/api/alerts/%2e%2e%3b/users', '/api%2falerts', '/api/alerts%2f7', '/api/alerts/7%2Faccept', '/api%5calerts'],
  ...['/api/alerts%00', '/api/alerts%0d%0aX:1', '/api/alerts%7f', '/api/alerts/%ff', '/api/alerts/%c0%ae%c0%ae'],
  ...['/api/alerts/%', '/api/alerts/%zz', '/api/alerts/%252e%252e', '/api/alerts#', '/api/alerts#/../users'],
  ...[
    '/@evil.example',
    '/api/alerts@evil.example',
    '/:80/api/alerts',
    '/http://evil.example/',
    '/api/alerts/7/accept/..',
  ],
  ...[
    '/api/alerts\\..\\users',
    '/api/alerts?x=%zz',
    '/api/alerts?x=\\',
    `/api/alerts?${'x'.repeat(9000)}%`,
    '/api/a\u0001',
  ],
]

describe('a path that leads elsewhere', () => {
  it('is on a list of forty', () => {
    expect(HOSTILE_PATHS).toHaveLength(40)
  })

  it('reaches neither ilert nor another server', async () => {
    const { browser, calls } = await startScene(undefined, {
      proxy: { allow: ['GET /api/alerts', 'GET /api/alerts/{id}'] },
    })
    for (const path of HOSTILE_PATHS) {
      const answer = await raw(browser.origin, [
        `GET ${PROXY}${path} HTTP/1.1`,
        'Host: app',
        `Cookie: ${browser.cookies}`,
        'Sec-Fetch-Site: same-origin',
      ])
      expect(`${answer.status} for ${path}`).toMatch(/^40[04] /)
    }
    expect(calls).toEqual([])
  })

  it.each(['http://evil.example/api/ilert/api/alerts', 'http://evil.example:80@127.0.0.1/api/ilert/api/alerts'])(
    'as a whole URL reaches nothing: %s',
    async (target) => {
      const { browser, calls } = shared
      const head = [`GET ${target} HTTP/1.1`, 'Host: evil.example', `Cookie: ${browser.cookies}`]
      const answer = await raw(browser.origin, [...head, 'Sec-Fetch-Site: same-origin'])
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(calls).toEqual([])
    },
  )
})

it('nothing but the listed headers reaches ilert, whatever a page sends', async () => {
  const { browser, calls } = shared
  const sent = [
    ...['Authorization: Bearer of-the-page', 'Proxy-Authorization: Basic eA==', 'X-Api-Key: k', 'X-CSRF: 1'],
    ...['X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: http', 'X-Real-IP: 1.2.3.4'],
    ...['X_Forwarded_For: 1.2.3.4', 'Forwarded: for=1.2.3.4', 'Via: 1.1 evil', 'X-Original-URL: /api/users'],
    ...['X-Rewrite-URL: /api/users', 'X-HTTP-Method-Override: DELETE', 'TE: trailers', 'Trailer: x', 'Keep-Alive: 5'],
    ...['Upgrade: websocket', 'Sec-WebSocket-Key: eA==', 'Sec-WebSocket-Version: 13'],
    ...[
      'Range: bytes=0-1',
      'Origin: http://app',
      'Referer: http://app/secret',
      'User-Agent: x',
      'Cookie2: y',
      'Pragma: x',
    ],
    ...[
      'Accept: text/html',
      'Accept-Encoding: gzip',
      'Cache-Control: no-cache',
      'X-Requested-With: fetch',
      'Early-Data: 1',
    ],
    ...['Connection: If-Match, X-Hop', 'X-Hop: 1', 'If-Match: "7"', 'Team-Context: -1', 'Max-Forwards: 0'],
  ]
  const head = [`GET ${ALERTS} HTTP/1.1`, 'Host: evil.example', `Cookie: ${browser.cookies}; a=b`]
  const answer = await raw(browser.origin, [...head, 'Sec-Fetch-Site: same-origin', ...sent])
  expect(answer.status).toBe(200)
  const { host, ...headers } = calls[0]?.headers ?? {}
  expect(host).not.toContain('evil')
  expect(headers).toEqual({
    accept: 'application/json',
    'accept-encoding': 'identity',
    authorization: `Bearer ${tokenNumber(1)}`,
    connection: 'keep-alive',
    'team-context': '-1',
  })
})

it('nothing but the listed headers reaches a page, whatever ilert sends', async () => {
  const { browser } = answering((response) => {
    json(response, 200, [], {
      'set-cookie': ['session=stolen; Path=/', '__Host-x=1; Path=/; Secure'],
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
      'clear-site-data': '"*"',
      'content-security-policy': "default-src 'none'",
      'strict-transport-security': 'max-age=1',
      'content-disposition': 'attachment',
      'service-worker-allowed': '/',
      'x-frame-options': 'ALLOWALL',
      authorization: `Bearer ${tokenNumber(1)}`,
      'www-authenticate': 'Basic',
      'cache-control': 'public, max-age=99999',
      location: 'https://evil.example/',
      refresh: '0; url=https://evil.example/',
      link: '<https://evil.example/>; rel=preload',
      server: 'x',
      vary: '*',
      'keep-alive': 'timeout=1',
      connection: 'etag, x-hop',
      'x-hop': '1',
      etag: '"v"',
      'last-modified': `"${tokenNumber(1)}"`,
      'next-cursor': `next-${tokenNumber(1)}`,
    })
  })
  const page = await ask(browser, ALERTS)
  expect([...page.headers.keys()].sort()).toEqual(
    [
      ...['cache-control', 'connection', 'content-type', 'date', 'keep-alive', 'transfer-encoding', 'vary'],
      ...['x-content-type-options', 'x-powered-by'],
    ].sort(),
  )
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('keep-alive')).not.toBe('timeout=1')
  expect(page.cookies).toEqual([])
})

describe('a redirect', () => {
  it.each([300, 301, 302, 303, 305, 307, 308, 399])('with %d is not followed, and not passed on', async (status) => {
    const elsewhere = await serve((response) => json(response, 200, []))
    const { browser, calls } = answering((response) =>
      response.writeHead(status, { location: `${elsewhere.origin}/api/alerts` }).end(),
    )
    for (const method of ['GET', 'POST']) {
      const page = await ask(browser, ALERTS, { method, ...(method === 'POST' && { body: '{}' }) })
      expect(page).toMatchObject({ status: 503, location: '', json: { error: 'redirect_refused' } })
    }
    expect(calls).toHaveLength(2)
    expect(elsewhere.connections).toBe(0)
  })
})

it('a page of the app that is opened in the place of a call is no script, and is not kept', async () => {
  const { browser } = answering((response) => json(response, 200, '["<img src=x onerror=alert(1)>"]'))
  // A link of the app itself: the browser says same-origin of that, too.
  const page = await browser.send(ALERTS, { ...FROM_PAGE, 'sec-fetch-mode': 'navigate', accept: 'text/html' })
  expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('cache-control')).toBe('no-store')
})

it('the fields that every object has are no headers of an answer', async () => {
  const { browser } = answering((response) => json(response, 200, [], { constructor: 'x', __proto__x: 'y' }))
  const page = await ask(browser, ALERTS)
  expect([...page.headers.keys()].filter((name) => /constructor|proto/.test(name))).toEqual([])
})

describe('an answer that is no JSON', () => {
  const PAGE = '<script>parent.stolen = document.cookie</script>'
  it.each([
    ['a page', 'text/html'],
    ['a picture', 'image/svg+xml'],
    ['a script', 'text/javascript'],
    ['JSON by half a name', 'application/jsonx'],
    ['nothing that is said', undefined],
  ])('%s is not shown by this origin', async (_, type) => {
    const { browser } = answering((response) =>
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(PAGE),
    )
    const page = await ask(browser, ALERTS)
    expect(page.status).toBe(503)
    expect(page.json).toMatchObject({ error: 'invalid_response' })
    expect(page.text).not.toContain('script')
  })

  it('is passed on as JSON where only its type is wrong', async () => {
    const { browser } = answering((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('[1]'))
    const page = await ask(browser, ALERTS)
    expect(page.text).toBe('[1]')
    expect(page.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })
})

describe('an answer that repeats the access token', () => {
  it('breaks off before the token', async () => {
    const { browser } = answering((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const [begin, end] = [tokenNumber(1).slice(0, 20), tokenNumber(1).slice(20)]
      response.write(`["${'x'.repeat(1000)}", "${begin}`, () => setImmediate(() => response.end(`${end}"]`)))
    })
    let text = ''
    const read = async () => {
      const headers = { cookie: browser.cookies, ...FROM_PAGE }
      const { body } = await fetch(`${browser.origin}${ALERTS}`, { headers })
      for await (const part of body ?? []) text += Buffer.from(part).toString()
    }
    await expect(read()).rejects.toThrow()
    expect(text).not.toContain(tokenNumber(1).slice(0, 8))
  })

  it('in its error is told in other words', async () => {
    const { browser } = answering((response) =>
      json(response, 400, { code: 'BAD', message: `no good: ${tokenNumber(1)}` }),
    )
    const page = await ask(browser, ALERTS)
    expect(page.status).toBe(400)
    expect(page.text).not.toContain(tokenNumber(1))
  })

  it('as text of another kind is not passed on', async () => {
    const { browser } = answering((response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(tokenNumber(1))),
    )
    expect((await ask(browser, ALERTS)).text).not.toContain(tokenNumber(1))
  })
})

describe('a body', () => {
  const LIMIT = 4096
  const small = { proxy: { maxBodyBytes: LIMIT } }
  const head = (browser: { cookies: string }, ...more: string[]) => [
    `POST ${ALERTS} HTTP/1.1`,
    'Host: app',
    `Cookie: ${browser.cookies}`,
    'Sec-Fetch-Site: same-origin',
    ...more,
  ]

  it('that says that it is too long is refused at once', async () => {
    const { browser, calls } = await startScene(undefined, small)
    const answer = await raw(
      browser.origin,
      head(browser, 'Content-Type: application/json', `Content-Length: ${LIMIT + 1}`),
    )
    expect(answer.status).toBe(413)
    expect(calls).toEqual([])
  })

  it('that turns out to be too long ends the call', async () => {
    const { browser, calls, api } = await startScene(undefined, small)
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    const lines = head(browser, 'Content-Type: application/json', 'Transfer-Encoding: chunked')
    const answer = await raw(browser.origin, lines, `${chunk.repeat(5)}0\r\n\r\n`)
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body.slice(answer.body.indexOf('{'), answer.body.lastIndexOf('}') + 1))).toMatchObject({
      error: 'body_too_large',
    })
    expect(calls).toEqual([]) // it never got there whole
    expect(api.connections).toBeLessThanOrEqual(3) // and was not sent again
  })

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 415],
    ['text, as a form of another site can send it', 'text/plain', 415],
    ['a form with files', 'multipart/form-data; boundary=x', 415],
    ['JSON in name alone', 'application/jsonp', 415],
    ['JSON', 'Application/JSON; charset=utf-8', 200],
    ['JSON of a kind', 'application/merge-patch+json', 200],
  ])('that is %s', async (_, type, status) => {
    const { browser, calls } = shared
    const page = await ask(browser, ALERTS, { method: 'POST', headers: { 'content-type': type }, body: '{}' })
    expect(page.status).toBe(status)
    expect(calls).toHaveLength(status === 200 ? 1 : 0)
  })

  it('that is compressed is refused: nobody knows how long it is', async () => {
    const { browser } = shared
    const page = await ask(browser, ALERTS, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: '{}' })
    expect(page.status).toBe(415)
  })

  it('of a GET is refused', async () => {
    const { browser, calls } = shared
    const lines = head(browser, 'Content-Type: application/json', 'Content-Length: 2').with(0, `GET ${ALERTS} HTTP/1.1`)
    expect((await raw(browser.origin, lines, '{}')).status).toBe(400)
    expect(calls).toEqual([])
  })

  it('cannot hide another request', async () => {
    const { browser, calls } = shared
    const smuggled = `GET /api/users HTTP/1.1\r\nHost: x\r\n\r\n`
    const both = ['Content-Type: application/json', 'Content-Length: 3', 'Transfer-Encoding: chunked']
    expect((await raw(browser.origin, head(browser, ...both), `0\r\n\r\n${smuggled}`)).status).toBe(400)
    const body = JSON.stringify({ x: `\r\n0\r\n\r\n${smuggled}` })
    await ask(browser, ALERTS, { method: 'POST', body })
    expect(calls.map(({ path, body }) => [path, body])).toEqual([['/api/alerts', body]])
  })

  it('that does not come in time is the client’s fault, and not ilert’s', async () => {
    const { browser } = await startScene(undefined, { strategy: { timeoutMs: 200 } })
    const socket = connect(Number(new URL(browser.origin).port), '127.0.0.1')
    const lines = head(browser, 'Content-Type: application/json', 'Content-Length: 10', 'Connection: close')
    socket.write(`${lines.join('\r\n')}\r\n\r\n{"a"`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /)
    socket.destroy()
  })
})

it('a header with what is no ASCII is refused', async () => {
  const { browser, calls } = shared
  const head = [`GET ${ALERTS} HTTP/1.1`, 'Host: app', `Cookie: ${browser.cookies}`, 'Sec-Fetch-Site: same-origin']
  expect((await raw(browser.origin, [...head, 'If-Match: "\xe4"'])).status).toBe(400)
  expect(calls).toEqual([])
})
