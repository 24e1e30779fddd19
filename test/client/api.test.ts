import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import type { ApiResponse, CallInit, IlertApi } from '../../src/client/api.ts'
import { LISTS } from '../../src/ilert/lists.ts'
import {
  APIError,
  type Clock,
  IlertError,
  InsufficientScope,
  type Keeping,
  MemoryTokenStore,
  NetworkError,
  ReauthenticationRequired,
  TokenManager,
  type TokenSet,
} from '../../src/index.ts'
import { closeApps, startApp } from '../support/app.ts'
import { closeServers, json, type Received, serve, serveSocket, type TestServer } from '../support/server.ts'

const TOKEN = '/api/developers/oauth2/token'

const managers = new Set<TokenManager>()

afterEach(async () => {
  jest.restoreAllMocks()
  jest.useRealTimers()
  await closeApps()
  await closeServers()
  await Promise.all([...managers].map((manager) => manager.close()))
  managers.clear()
})

type Answer = Parameters<typeof serve>[0]

interface World {
  api: IlertApi
  manager: TokenManager
  server: TestServer
  clock: { time: number; now(): number }
  /** The API's requests. */
  readonly calls: Received[]
  readonly refreshes: number
}

/** A server with an API, and with refreshes that bring `fresh-1`, `fresh-2`; a manager with one user's tokens. */
async function world(
  answer: Answer,
  { tokens = {}, keeping = {}, token }: { tokens?: Partial<TokenSet>; keeping?: Partial<Keeping>; token?: Answer } = {},
): Promise<World> {
  let issued = 0
  const calls: Received[] = []
  const server = await serve((response, request) => {
    if (request.path !== TOKEN) {
      calls.push(request)
      return answer(response, request)
    }
    if (token) return token(response, request)
    issued++
    json(response, 200, {
      access_token: `fresh-${issued}`,
      refresh_token: `refresh-${issued}`,
      scope: 'profile alert:d',
      expires_in: 3600,
    })
  })
  return await worldAt(server, { tokens, keeping }, calls)
}

async function worldAt(
  server: TestServer,
  { tokens = {}, keeping = {} }: { tokens?: Partial<TokenSet>; keeping?: Partial<Keeping> } = {},
  calls: Received[] = [],
): Promise<World> {
  const clock = { time: Date.now(), now: () => clock.time }
  const manager = new TokenManager({
    clientID: 'app',
    clientSecret: 'CANARY-client-secret-0123456789',
    apiURL: server.origin,
    tokenStore: new MemoryTokenStore(),
    clock,
    ...keeping,
  })
  managers.add(manager)
  await manager.save('key', {
    accessToken: 'first-access-token',
    refreshToken: 'first-refresh-token',
    scope: ['profile', 'alert:d', 'team'],
    expiresAt: clock.time + 3_600_000,
    ...tokens,
  })
  return {
    api: manager.api('key'),
    manager,
    server,
    clock,
    calls,
    get refreshes() {
      return server.requests.filter(({ path }) => path === TOKEN).length
    },
  }
}

/** Answers one after the other, the last one for ever. */
function inTurn(...answers: Answer[]): Answer {
  let next = 0
  return (response, request) => answers[Math.min(next++, answers.length - 1)]?.(response, request)
}

const status =
  (code: number, body: unknown = { status: code, code: 'X', message: 'No' }, headers = {}): Answer =>
  (response) =>
    json(response, code, body, headers)

const ok = status(200, { fine: true })
const reset: Answer = (response) => response.socket?.resetAndDestroy()

/**
 * Fakes the timers that wait for a 429 to be over, and leaves those alone which sockets need. Returns what tells how
 * many waits of so many milliseconds were begun.
 */
function fakeTimers(): (ms: number) => number {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance', 'hrtime'] })
  const spy = jest.spyOn(globalThis, 'setTimeout')
  return (ms) => spy.mock.calls.filter(([, delay]) => delay === ms).length
}

async function turns(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (isTrue()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('what was waited for did not come to pass')
}

describe('JSON goes in and comes out:', () => {
  it('a list, an object, a text, null', async () => {
    for (const body of [[{ id: 1 }], { id: 1, name: 'ä😀' }, 'text', 0, false, null]) {
      const { api, calls, server } = await world((response) => json(response, 200, JSON.stringify(body)))
      expect(await api.get('/api/alerts')).toEqual(body)
      expect(server.requests).toHaveLength(1)
      expect(calls[0]).toMatchObject({ method: 'GET', path: '/api/alerts', body: '' })
      expect(calls[0]?.headers).toMatchObject({
        authorization: 'Bearer first-access-token',
        accept: 'application/json',
      })
      expect(calls[0]?.headers).not.toHaveProperty('content-type')
    }
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('a body is sent with %s', async (method) => {
    const world_ = await world(ok)
    const body = { summary: 'ä "quoted"', list: [1, null], left: undefined }
    expect(await world_.api.request(method, '/api/alerts', { body })).toEqual({ fine: true })
    expect(world_.calls[0]?.method).toBe(method)
    expect(JSON.parse(world_.calls[0]?.body ?? '')).toEqual({ summary: 'ä "quoted"', list: [1, null] })
    expect(world_.calls[0]?.headers).toMatchObject({ 'content-type': 'application/json' })
  })

  it('post and put take the body as their second argument, null, 0 and false among them', async () => {
    const world_ = await world(ok)
    await world_.api.post<unknown>('/api/alerts', null)
    await world_.api.put<unknown>('/api/alerts/1', 0, { query: { a: 1 } })
    await world_.api.post<unknown>('/api/alerts', false)
    await world_.api.post<unknown>('/api/alerts')
    await world_.api.delete('/api/alerts/1')
    expect(world_.calls.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      'POST /api/alerts null',
      'PUT /api/alerts/1?a=1 0',
      'POST /api/alerts false',
      'POST /api/alerts ',
      'DELETE /api/alerts/1 ',
    ])
    expect(world_.calls[3]?.headers).not.toHaveProperty('content-type')
  })

  it.each([
    ['a 204', (response) => response.writeHead(204).end()],
    ['a 200 with nothing in it', (response) => response.writeHead(200).end()],
    ['a 201 with nothing in it', (response) => response.writeHead(201).end()],
  ] satisfies [string, Answer][])('%s is undefined', async (_, answer) => {
    const { api } = await world(answer)
    expect(await api.delete('/api/alerts/1')).toBeUndefined()
    expect(await api.post<unknown>('/api/alerts', {})).toBeUndefined()
  })

  it('HEAD is undefined where it is well, and an error where it is not', async () => {
    const world_ = await world((response, { path }) => {
      response.writeHead(path === '/api/alerts/1' ? 200 : 404, { 'content-length': '1000' }).end()
    })
    expect(await world_.api.request('HEAD', '/api/alerts/1')).toBeUndefined()
    await expect(world_.api.request('HEAD', '/api/alerts/2')).rejects.toMatchObject({ status: 404, code: 'api_error' })
    expect(world_.calls.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
  })

  it('a query is added, lists are repeated, and what is undefined is left out', async () => {
    const world_ = await world(ok)
    await world_.api.get('/api/alerts?x=1', {
      query: { state: ['PENDING', 'ACCEPTED'], on: true, no: undefined, n: 0 },
    })
    expect(world_.calls[0]?.path).toBe('/api/alerts?x=1&state=PENDING&state=ACCEPTED&on=true&n=0')
  })

  it('headers are added, and may say another accept and content type', async () => {
    const world_ = await world(ok)
    const headers = { 'X-Trace': 'a\tb ~', Accept: 'application/problem+json', 'CONTENT-TYPE': 'application/x+json' }
    await world_.api.post<unknown>('/api/alerts', {}, { headers })
    expect(world_.calls[0]?.headers).toMatchObject({
      'x-trace': 'a\tb ~',
      accept: 'application/problem+json',
      'content-type': 'application/x+json',
      authorization: 'Bearer first-access-token',
    })
  })

  it.each(['<html>', '{', '', ' ', '\ufeff'])('an answer that is no JSON is a NetworkError: %p', async (text) => {
    const { api } = await world((response) => json(response, 200, `${text}x`))
    await expect(api.get('/api/alerts')).rejects.toMatchObject({ code: 'invalid_response', status: 503 })
  })
})

describe('with response: true', () => {
  it("a call resolves to the answer's status, headers and JSON", async () => {
    const { api } = await world(
      status(201, { id: 7 }, { etag: '"1"', location: '/api/incidents/7', 'set-cookie': 'a=b' }),
    )
    const calls = [
      api.get('/api/incidents/7', { response: true, scope: false }),
      api.request('POST', '/api/incidents', { body: {}, response: true, scope: false }),
      api.post('/api/incidents' as string, {}, { response: true, scope: false }),
      api.put('/api/incidents/7', { summary: 'x' }, { response: true, scope: false }),
      api.delete('/api/incidents/7', { response: true, scope: false }),
      api.request('PATCH', '/api/incidents/7', { response: true, scope: false }),
    ]
    for (const { body, headers, status } of (await Promise.all(calls)) as ApiResponse[]) {
      expect({ body, status }).toEqual({ body: { id: 7 }, status: 201 })
      expect(headers.get('ETag')).toBe('"1"')
      expect(headers.get('location')).toBe('/api/incidents/7')
      expect(headers.getSetCookie()).toEqual([])
    }
  })

  it('an empty answer has no JSON', async () => {
    const { api } = await world(status(204))
    expect(await api.delete('/api/alerts/7', { response: true })).toMatchObject({ status: 204, body: undefined })
  })
})

describe('bad input is an error that names the argument, and nothing is sent:', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const bad: [string, RegExp, (api: IlertApi) => Promise<unknown>][] = [
    ...['yes', 1, null].map((response): (typeof bad)[number] => [
      `the response ${inspect(response)}`,
      /^response: /,
      (api) => api.get('/api/alerts', { response } as never),
    ]),
    ['a response of paginate', /^response: /, (api) => all(api.paginate('/api/alerts', { response: true }))],
    ['max-results', /^query.*pageSize/, (api) => all(api.paginate('/api/alerts', { query: { 'max-results': 5 } }))],
    ['a cursor that is none', /^query.cursor/, (api) => all(api.paginate('/api/alerts', { query: { cursor: 7 } }))],
    [
      'a number for a list by cursor',
      /^query\['start-index'\]/,
      (api) => all(api.paginate('/api/heartbeat-monitors', { query: { 'start-index': 7 } })),
    ],
    [
      'one entry more than a schedule page has',
      /^pageSize.*20/,
      (api) => all(api.paginate('/api/schedules', { pageSize: 21 })),
    ],
    ...['', 'FOO', 'GET\r\nX: y', 'CONNECT', 'TRACE', 'OPTIONS', null, undefined, 7, {}, ['GET']].map(
      (method): (typeof bad)[number] => [
        `the method ${inspect(method)}`,
        /^method: /,
        (api) => api.request(method as string, '/api/alerts'),
      ],
    ),
    ...[null, 'x', 7, [], new URLSearchParams()].map((init): (typeof bad)[number] => [
      `init ${inspect(init)}`,
      /^init: /,
      (api) => api.get('/api/alerts', init as CallInit),
    ]),
    ...[
      'authorization',
      'Authorization',
      'AUTHORIZATION',
      'host',
      'Connection',
      'keep-alive',
      'Content-Length',
      'transfer-encoding',
      'Upgrade',
      'TE',
      'Trailer',
      'Expect',
      'Proxy-Authorization',
      'Accept-Encoding',
      'a b',
      'a\r\nb',
      'a:',
      '',
      'ä',
      '\0',
    ].map((name): (typeof bad)[number] => [
      `the header ${inspect(name)}`,
      /^headers: /,
      (api) => api.get('/api/alerts', { headers: { [name]: 'x' } }),
    ]),
    ...['a\r\nHost: evil.example', 'a\n', '\r', '\0', '\x7f', 'ä', '\u2028', 7, null, undefined, ['a'], {}].map(
      (value): (typeof bad)[number] => [
        `the header value ${inspect(value)}`,
        /^headers: /,
        (api) => api.get('/api/alerts', { headers: { 'x-a': value as string } }),
      ],
    ),
    ...[null, 'a: b', new Headers({ a: 'b' }), new Map(), [['a', 'b']]].map((headers): (typeof bad)[number] => [
      `headers ${inspect(headers)}`,
      /^headers: /,
      (api) => api.get('/api/alerts', { headers: headers as never }),
    ]),
    ...[null, 'a=b', new URLSearchParams('a=b'), { a: {} }, { a: null }].map((query): (typeof bad)[number] => [
      `the query ${inspect(query)}`,
      /^query: /,
      (api) => api.get('/api/alerts', { query: query as never }),
    ]),
    ...[circle, 1n, Symbol('x'), () => {}, { toJSON: () => undefined }].map((body): (typeof bad)[number] => [
      `the body ${inspect(body)}`,
      /^body: /,
      (api) => api.post<unknown>('/api/alerts', body),
    ]),
    ...['GET', 'HEAD'].map((method): (typeof bad)[number] => [
      `a body for ${method}`,
      /^body: /,
      (api) => api.request(method, '/api/alerts', { body: {} }),
    ]),
    ...[null, {}, 7, { maxDelayMs: -1 }, { maxDelayMs: Number.NaN }, { maxDelayMs: '1' }, { maxDelayMs: 1e12 }].map(
      (retry): (typeof bad)[number] => [
        `retry ${inspect(retry)}`,
        /^retry/,
        (api) => api.get('/api/alerts', { retry: retry as never }),
      ],
    ),
    ...[null, {}, 'abort', new AbortController()].map((signal): (typeof bad)[number] => [
      `the signal ${inspect(signal)}`,
      /^signal: /,
      (api) => api.get('/api/alerts', { signal: signal as never }),
    ]),
    ...[true, 'alert', null, 0].map((scope): (typeof bad)[number] => [
      `scope ${inspect(scope)}`,
      /^scope: /,
      (api) => api.get('/api/alerts', { scope: scope as never }),
    ]),
    ...[0, 101, -1, 1.5, Number.NaN, '10', null].map((pageSize): (typeof bad)[number] => [
      `pageSize ${inspect(pageSize)}`,
      /^pageSize: /,
      (api) => all(api.paginate('/api/alerts', { pageSize: pageSize as number })),
    ]),
    ...[-1, 1.5, 'x', Number.NaN].map((start): (typeof bad)[number] => [
      `start-index ${inspect(start)}`,
      /^query\['start-index'\]: /,
      (api) => all(api.paginate('/api/alerts', { query: { 'start-index': start } })),
    ]),
    ...['start-index=1', 'x=1&max-results=5'].map((query): (typeof bad)[number] => [
      `a path to page through with ${query}`,
      /^path: /,
      (api) => all(api.paginate(`/api/alerts?${query}`)),
    ]),
    ['init of paginate', /^init: /, (api) => all(api.paginate('/api/alerts', null as never))],
  ]

  it.each(bad)('%s', async (_, message, call) => {
    const { api, server } = await world(ok)
    const error = await call(api).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
    expect(server.connections).toBe(0)
  })

  it.each([undefined, null, '', 7, {}, 'k'.repeat(513)])('the key %p', async (key) => {
    const { manager, server } = await world(ok)
    expect(() => manager.api(key as string)).toThrow(/^key: /)
    expect(server.connections).toBe(0)
  })

  it('a key that nothing is kept under', async () => {
    const { manager, server } = await world(ok)
    await expect(manager.api('other').get('/api/alerts')).rejects.toBeInstanceOf(ReauthenticationRequired)
    expect(server.connections).toBe(0)
  })
})

describe('an error of the API', () => {
  it("is an APIError with ilert's status, code and message", async () => {
    const body = { status: 404, code: 'NOT_FOUND', message: 'There is no such alert' }
    const { api } = await world(status(404, body))
    const error = await api.get('/api/alerts/7').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toBeInstanceOf(IlertError)
    expect(error).toMatchObject({ status: 404, code: 'NOT_FOUND', retryAfterSeconds: undefined })
    expect((error as Error).message).toContain('There is no such alert')
  })

  it.each([400, 403, 404, 409, 418, 422, 500, 502, 503, 504])('keeps the status %i, also as HTML', async (code) => {
    const { api } = await world(status(code, '<html>no</html>'))
    await expect(api.post<unknown>('/api/alerts', {})).rejects.toMatchObject({
      name: 'APIError',
      status: code,
      code: 'api_error',
    })
  })

  it('names the fields that ilert does not accept, and its second word', async () => {
    const details = [{ field: 'summary', message: 'must not be empty', limits: [1, 255] }, 'and more', null, true]
    const { api } = await world(status(400, { status: 400, code: 'BAD_REQUEST', detailedCode: 'EMPTY', details }))
    const error = await api.post<unknown>('/api/alerts', {}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'APIError', code: 'BAD_REQUEST', detailedCode: 'EMPTY', details })
  })

  it.each(['FEATURE_REQUIRED', 'QUOTA_EXCEEDED'])(
    'with 402 %s says that the plan does not include it',
    async (code) => {
      const { api } = await world(status(402, { status: 402, code, message: 'Upgrade' }))
      await expect(api.get('/api/alerts')).rejects.toMatchObject({
        name: 'APIError',
        status: 402,
        code,
        message: expect.stringMatching(/Upgrade.*plan/),
      })
    },
  )

  it.each([
    ['alert:w', 'alert:w'],
    ['alert:w status_page', 'alert:w status_page'],
    ['no,scope alert', 'alert'],
    [undefined, ''],
    [7, ''],
  ])('with 403 OAUTH2_SCOPE_ERROR and the scope %p names what to ask for', async (scope, named) => {
    const { api } = await world(status(403, { status: 403, code: 'OAUTH2_SCOPE_ERROR', scope }))
    const error = await api.get('/api/alerts').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InsufficientScope)
    expect(error).toMatchObject({ status: 403, code: 'insufficient_scope', scope: named })
  })

  it('with 412 says that what is at ilert has changed meanwhile', async () => {
    const { api, calls } = await world(status(412, { status: 412, code: 'PRECONDITION_FAILED' }))
    const put = api.put<unknown>('/api/incidents/7', {}, { headers: { 'If-Match': '"1"' }, scope: false })
    await expect(put).rejects.toMatchObject({ name: 'APIError', status: 412, code: 'PRECONDITION_FAILED' })
    expect(calls[0]?.headers['if-match']).toBe('"1"')
  })

  it('keeps no more of the details than a page shows', async () => {
    const details: Record<string, unknown> = { long: 'x'.repeat(5000), list: Array.from({ length: 1000 }, (_, i) => i) }
    details.deep = JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`)
    const { api } = await world(status(400, { code: 'BAD_REQUEST', details }))
    const error = (await api.get('/api/alerts').catch((reason: unknown) => reason)) as APIError
    expect(JSON.stringify(error.details).length).toBeLessThan(1000)
  })

  it('holds no token, however ilert repeats it', async () => {
    const accessToken = 'CANARY-access-token-0123456789'
    const { api } = await world(
      (response, { headers }) => {
        const echo = `${headers.authorization} ${Buffer.from(String(headers.authorization)).toString('base64')}`
        const details = { [echo]: [echo, { echo }] }
        const body = { status: 400, code: accessToken, detailedCode: accessToken, message: `Bad ${echo}`, details }
        json(response, 400, body, { 'x-echo': echo })
      },
      { tokens: { accessToken, refreshToken: 'CANARY-refresh-token-0123456789' } },
    )
    for (const call of [api.get('/api/alerts'), api.post<unknown>('/api/alerts', {})]) {
      const error = await call.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(APIError)
      const shown = `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${(error as Error).stack}`
      expect(shown).not.toContain('CANARY')
      expect(shown).not.toContain(Buffer.from(accessToken).toString('base64').slice(4, 20))
    }
  })
})

describe('tokens go to ilert only:', () => {
  it.each([301, 302, 303, 307, 308])('a redirect (%i) is refused, and its target never contacted', async (code) => {
    const far = await serve(ok)
    const { api, server, manager } = await world((response) =>
      response.writeHead(code, { location: `${far.origin}/api/alerts` }).end(),
    )
    for (const call of [
      api.get('/api/alerts'),
      api.post<unknown>('/api/alerts', { a: 1 }),
      api.request('HEAD', '/api/alerts'),
      api.get('/unknown', { scope: false }),
    ]) {
      await expect(call).rejects.toMatchObject({ name: 'NetworkError', code: 'redirect_refused', status: 503 })
    }
    expect(far.connections).toBe(0)
    expect(server.requests).toHaveLength(4)
    await manager.close()
  })

  it('a redirect to the same origin is refused as well', async () => {
    const { api, calls } = await world((response) => response.writeHead(302, { location: '/api/teams' }).end())
    await expect(api.get('/api/alerts')).rejects.toMatchObject({ code: 'redirect_refused' })
    expect(calls).toHaveLength(1)
  })
})

describe('a signal', () => {
  const reason = new Error('enough')

  it('that is aborted before ends the call before anything is sent, a refresh included', async () => {
    const { api, server, clock } = await world(ok)
    clock.time += 4_000_000
    const signal = AbortSignal.abort(reason)
    await expect(api.get('/api/alerts', { signal })).rejects.toBe(reason)
    await expect(all(api.paginate('/api/alerts', { signal }))).rejects.toBe(reason)
    expect(server.connections).toBe(0)
  })

  it('ends a call that is under way', async () => {
    const abort = new AbortController()
    const { api, calls } = await world(() => abort.abort(reason))
    await expect(api.get('/api/alerts', { signal: abort.signal })).rejects.toBe(reason)
    expect(calls).toHaveLength(1)
  })

  it('ends a call that waits for a refresh, and the refresh goes on for the others', async () => {
    const abort = new AbortController()
    const held: (() => void)[] = []
    const world_ = await world(ok, {
      token: (response) => {
        held.push(() => json(response, 200, { access_token: 'fresh', expires_in: 3600, scope: 'profile alert' }))
        abort.abort(reason)
      },
    })
    world_.clock.time += 4_000_000
    const other = world_.api.get('/api/alerts')
    await expect(world_.api.get('/api/alerts', { signal: abort.signal })).rejects.toBe(reason)
    expect(world_.calls).toHaveLength(0)
    for (const release of held) release()
    expect(await other).toEqual({ fine: true })
    expect(world_.refreshes).toBe(1)
  })

  it('ends a call that waits for the refresh after a 401', async () => {
    const abort = new AbortController()
    const world_ = await world(status(401), { token: () => abort.abort(reason), keeping: { timeoutMs: 500 } })
    await expect(world_.api.get('/api/alerts', { signal: abort.signal })).rejects.toBe(reason)
    expect(world_.calls).toHaveLength(1)
  })

  it('ends the wait after a 429, and leaves no timer', async () => {
    const { api, calls } = await world(status(429, {}, { 'retry-after': '60' }))
    const waits = fakeTimers()
    const cleared = jest.spyOn(globalThis, 'clearTimeout')
    const abort = new AbortController()
    const call = api.get('/api/alerts', { signal: abort.signal, retry: { maxDelayMs: 3_600_000 } })
    const outcome = expect(call).rejects.toBe(reason)
    await turns(() => waits(60_000) === 1)
    cleared.mockClear()
    abort.abort(reason)
    await outcome
    expect(cleared).toHaveBeenCalledTimes(1)
    await jest.advanceTimersByTimeAsync(60_000)
    expect(calls).toHaveLength(1)
  })

  it('may serve many calls without gathering listeners', async () => {
    const { signal } = new AbortController()
    const add = jest.spyOn(signal, 'addEventListener')
    const remove = jest.spyOn(signal, 'removeEventListener')
    const { api } = await world(inTurn(status(429, {}, { 'retry-after': '0' }), status(401), ok))
    await api.get('/api/alerts', { signal, retry: { maxDelayMs: 10 } })
    expect(add.mock.calls.length).toBeGreaterThan(2)
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length)
  })
})

describe('a call ends', () => {
  it.each<[string, Answer]>([
    ['where nothing is answered', () => {}],
    ['where the body never ends', (response) => void response.writeHead(200).write('[')],
  ])('within timeoutMs %s, and is not repeated', async (_, answer) => {
    const { api, calls } = await world(answer, { keeping: { timeoutMs: 150 } })
    const begun = performance.now()
    await expect(api.get('/api/alerts')).rejects.toMatchObject({ name: 'NetworkError', code: 'timeout', status: 503 })
    expect(performance.now() - begun).toBeLessThan(1500)
    expect(calls).toHaveLength(1)
  })

  it('where the answer is longer than 1 MiB, and is not repeated', async () => {
    const { api, calls } = await world((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`"${'x'.repeat(1024 * 1024)}"`)
    })
    await expect(api.get('/api/alerts')).rejects.toMatchObject({
      name: 'IlertError', // not a NetworkError: trying again helps nobody
      code: 'response_too_large',
      status: 502,
      message: expect.stringMatching(/longer than 1048576 bytes. Ask for less, .*maxResponseBytes/),
    })
    expect(calls).toHaveLength(1)
    expect(inspect(await api.get('/api/alerts').catch((error: unknown) => error))).not.toContain('xxx')
  })

  it('well where the answer is as long as maxResponseBytes allows, and not a byte longer', async () => {
    const text = JSON.stringify('x'.repeat(3000))
    for (const [maxResponseBytes, works] of [
      [text.length, true],
      [text.length - 1, false],
    ] as const) {
      const { api } = await world((response) => json(response, 200, text), { keeping: { maxResponseBytes } })
      const outcome = expect(api.get('/api/alerts'))
      if (works) await outcome.resolves.toHaveLength(3000)
      else await outcome.rejects.toMatchObject({ code: 'response_too_large' })
    }
  })

  it('well where the answer is just under 1 MiB', async () => {
    const text = 'x'.repeat(1024 * 1024 - 2)
    const { api } = await world((response) => json(response, 200, `"${text}"`))
    expect(await api.get('/api/alerts')).toBe(text)
  })
})

describe('on a 401', () => {
  it.each(['GET', 'POST', 'PATCH', 'PUT', 'DELETE'])(
    'the token is refreshed once, and the call repeated once: %s',
    async (method) => {
      const world_ = await world(inTurn(status(401), ok))
      const body = method === 'GET' ? {} : { body: { a: 1 } }
      expect(await world_.api.request(method, '/api/alerts', body)).toEqual({ fine: true })
      expect(world_.refreshes).toBe(1)
      expect(world_.calls.map(({ headers, body }) => [headers.authorization, body])).toEqual([
        ['Bearer first-access-token', method === 'GET' ? '' : '{"a":1}'],
        ['Bearer fresh-1', method === 'GET' ? '' : '{"a":1}'],
      ])
    },
  )

  it('twice there is no third try, and no second refresh', async () => {
    const world_ = await world(status(401, { status: 401, code: 'UNAUTHORIZED', message: 'No' }))
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({
      name: 'APIError',
      status: 401,
      code: 'UNAUTHORIZED',
    })
    expect([world_.calls.length, world_.refreshes]).toEqual([2, 1])
  })

  it('twice there is no third try also where refreshes may follow each other at once', async () => {
    const world_ = await world(status(401), { keeping: { minRefreshIntervalSeconds: 0 } })
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ name: 'APIError', status: 401 })
    expect([world_.calls.length, world_.refreshes]).toEqual([2, 1])
  })

  it('within the interval after a refresh the 401 is what the call gets', async () => {
    const world_ = await world(status(401))
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ status: 401 })
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ name: 'APIError', status: 401 })
    expect([world_.calls.length, world_.refreshes]).toEqual([3, 1])
    world_.clock.time += 301_000
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ status: 401 })
    expect([world_.calls.length, world_.refreshes]).toEqual([5, 2])
  })

  it('without a refresh token the 401 is what the call gets', async () => {
    const clock = { time: Date.now() }
    const world_ = await world(status(401))
    await world_.manager.save('other', { accessToken: 'a', scope: ['alert'], expiresAt: clock.time + 3_600_000 })
    await expect(world_.manager.api('other').get('/api/alerts')).rejects.toMatchObject({
      name: 'APIError',
      status: 401,
    })
    expect([world_.calls.length, world_.refreshes]).toEqual([1, 0])
  })

  it('and a refresh that ilert refuses, the call fails with 401, and there is no loop', async () => {
    const world_ = await world(status(401), { token: status(401, { code: 'invalid_grant', error: 'No' }) })
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ status: 401 })
    expect([world_.calls.length, world_.refreshes]).toEqual([1, 1])
  })

  it('and a refresh for which ilert is unavailable, the call is a NetworkError, and nobody is signed out', async () => {
    const world_ = await world(inTurn(status(401), ok), { token: status(503, 'out of order') })
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ name: 'NetworkError', status: 503 })
    expect(await world_.api.get('/api/alerts')).toEqual({ fine: true })
    expect(world_.refreshes).toBe(1)
  })

  it('50 calls at once make one refresh, and each is repeated once', async () => {
    const world_ = await world((response, { headers }) =>
      headers.authorization === 'Bearer fresh-1' ? json(response, 200, 1) : json(response, 401, {}),
    )
    const answers = await Promise.all(Array.from({ length: 50 }, () => world_.api.post<unknown>('/api/alerts', {})))
    expect(answers).toEqual(Array(50).fill(1))
    expect(world_.refreshes).toBe(1)
    expect(world_.calls.length).toBeLessThanOrEqual(100)
  })

  it('50 calls at once that are refused for good make one refresh, and end', async () => {
    const world_ = await world(status(401))
    const calls = Array.from({ length: 50 }, () => world_.api.get('/api/alerts'))
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'APIError', status: 401 } })
    }
    expect(world_.refreshes).toBe(1)
    expect(world_.calls.length).toBeLessThanOrEqual(100)
  })
})

it('an expired token is refreshed before the call, and the call made with the new one', async () => {
  const world_ = await world(ok)
  world_.clock.time += 3_600_001
  expect(await world_.api.get('/api/alerts')).toEqual({ fine: true })
  expect(world_.server.requests.map(({ path }) => path)).toEqual([TOKEN, '/api/alerts'])
  expect(world_.calls[0]?.headers.authorization).toBe('Bearer fresh-1')
})

describe('after a lost connection', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s is repeated once', async (method) => {
    const world_ = await world(inTurn(reset, (response) => response.writeHead(204).end()))
    await world_.api.request(method, '/api/alerts/1')
    expect(world_.calls).toHaveLength(2)
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s is not repeated twice', async (method) => {
    const world_ = await world(reset)
    await expect(world_.api.request(method, '/api/alerts/1')).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'connection_lost',
      status: 503,
    })
    expect(world_.calls).toHaveLength(2)
  })

  it.each(['POST', 'PATCH'])('%s is never repeated', async (method) => {
    const world_ = await world(inTurn(reset, ok))
    await expect(world_.api.request(method, '/api/alerts', { body: {} })).rejects.toBeInstanceOf(NetworkError)
    expect(world_.calls).toHaveLength(1)
  })

  it('in the middle of the answer GET is repeated', async () => {
    const server = await serveSocket((socket) => {
      socket.once('data', () => {
        if (server.connections > 1) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]')
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n[')
      })
    })
    const { api } = await worldAt(server)
    expect(await api.get('/api/alerts')).toEqual([])
    expect(server.begun).toBe(2)
  })
})

describe.each([502, 503, 504])('after a %i', (code) => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s is repeated once', async (method) => {
    const world_ = await world(inTurn(status(code), ok))
    expect(await world_.api.request(method, '/api/alerts/1')).toEqual(method === 'HEAD' ? undefined : { fine: true })
    expect(world_.calls).toHaveLength(2)
  })

  it('GET is not repeated twice, and fails with that status', async () => {
    const world_ = await world(status(code))
    await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ name: 'APIError', status: code })
    expect(world_.calls).toHaveLength(2)
  })

  it.each(['POST', 'PATCH'])('%s is never repeated', async (method) => {
    const world_ = await world(inTurn(status(code), ok))
    await expect(world_.api.request(method, '/api/alerts')).rejects.toMatchObject({ name: 'APIError', status: code })
    expect(world_.calls).toHaveLength(1)
  })
})

it.each([400, 404, 500, 501])('after a %i nothing is repeated', async (code) => {
  const world_ = await world(inTurn(status(code), ok))
  await expect(world_.api.get('/api/alerts')).rejects.toMatchObject({ status: code })
  expect(world_.calls).toHaveLength(1)
})

describe('a 429', () => {
  it.each<[Record<string, string>, number]>([
    [{ 'retry-after': '17' }, 17],
    [{ 'retry-after': '0' }, 0],
    [{ date: 'Wed, 21 Oct 2026 07:28:50 GMT' }, 10],
    [{ date: 'Wed, 21 Oct 2026 07:28:01 GMT', 'retry-after': 'soon' }, 59],
    [{ date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, 30],
  ])('with %p says %i seconds, and nothing is repeated unasked', async (headers, seconds) => {
    const world_ = await world(status(429, { status: 429, code: 'TOO_MANY_REQUESTS', message: 'No' }, headers))
    for (const call of [world_.api.get('/api/alerts'), world_.api.post<unknown>('/api/alerts', {})]) {
      const error = await call.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(APIError)
      expect(error).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS', retryAfterSeconds: seconds })
    }
    expect(world_.calls).toHaveLength(2)
  })

  it('is waited for and the call repeated where the caller asks for it, POST as well', async () => {
    for (const method of ['GET', 'POST']) {
      const world_ = await world(inTurn(status(429, {}, { 'retry-after': '2' }), ok))
      const waits = fakeTimers()
      const call = world_.api.request(method, '/api/alerts', { retry: { maxDelayMs: 2000 } })
      await turns(() => waits(2000) === 1)
      await jest.advanceTimersByTimeAsync(1999)
      expect(world_.calls).toHaveLength(1)
      await jest.advanceTimersByTimeAsync(1)
      expect(await call).toEqual({ fine: true })
      expect(world_.calls).toHaveLength(2)
      jest.restoreAllMocks()
      jest.useRealTimers()
    }
  })

  it('is not waited for where it takes longer than the caller is ready to wait', async () => {
    const world_ = await world(status(429, {}, { 'retry-after': '3' }))
    const call = world_.api.get('/api/alerts', { retry: { maxDelayMs: 2999 } })
    await expect(call).rejects.toMatchObject({ status: 429, retryAfterSeconds: 3 })
    expect(world_.calls).toHaveLength(1)
  })

  it('and another: all waits together stay within what the caller is ready to wait', async () => {
    const world_ = await world(status(429, {}, { 'retry-after': '2' }))
    const waits = fakeTimers()
    const call = world_.api.get('/api/alerts', { retry: { maxDelayMs: 5000 } })
    const outcome = expect(call).rejects.toMatchObject({ status: 429 })
    for (const count of [1, 2]) {
      await turns(() => waits(2000) === count)
      await jest.advanceTimersByTimeAsync(2000)
    }
    await outcome
    expect(world_.calls).toHaveLength(3)
  })

  it('that says 0 seconds for ever is not asked again in a rush', async () => {
    const world_ = await world(status(429, {}, { 'retry-after': '0' }))
    await expect(world_.api.get('/api/alerts', { retry: { maxDelayMs: 900 } })).rejects.toMatchObject({ status: 429 })
    expect(world_.calls).toHaveLength(2)
  })

  it('that says 0 seconds once is repeated at once', async () => {
    const world_ = await world(inTurn(status(429, {}, { 'retry-after': '0' }), ok))
    expect(await world_.api.get('/api/alerts', { retry: { maxDelayMs: 0 } })).toEqual({ fine: true })
  })
})

describe('a scope that was not granted', () => {
  it.each([
    ['GET', '/api/services', 'service'],
    ['HEAD', '/api/services/7?x=1', 'service'],
    ['POST', '/api/teams', 'team:w'],
    ['PUT', '/api/teams/1', 'team:w'],
    ['PATCH', '/api/teams/1', 'team:w'],
    ['DELETE', '/api/teams/1', 'team:d'],
    ['GET', '/api/users/1/contacts', 'user'],
    ['GET', '/api/on-calls', 'schedule'],
    ['PUT', '/api/users/current', 'profile:w'],
  ])('%s %s is named before anything is sent: %s', async (method, path, scope) => {
    const { api, server } = await world(ok)
    const error = await api.request(method, path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InsufficientScope)
    expect(error).toMatchObject({ code: 'insufficient_scope', status: 403, scope })
    expect((error as Error).message).toContain(scope)
    expect(server.connections).toBe(0)
  })

  it.each([
    ['GET', '/api/alerts'],
    ['DELETE', '/api/alerts/1'],
    ['GET', '/api/teams/1'],
    ['GET', '/api/users/current'],
    ['POST', '/api/new-things'],
    ['GET', '/api/alertsx'],
    ['GET', '/'],
  ])('is none for %s %s', async (method, path) => {
    const { api, calls } = await world(ok)
    await api.request(method, path)
    expect(calls).toHaveLength(1)
  })

  it('is not looked for with scope: false', async () => {
    const world_ = await world(status(403, { status: 403, code: 'FORBIDDEN', message: 'No' }))
    await expect(world_.api.post('/api/teams', {}, { scope: false })).rejects.toMatchObject({
      name: 'APIError',
      status: 403,
      code: 'FORBIDDEN',
    })
    expect(world_.calls).toHaveLength(1)
  })

  it('ends a pagination before anything is sent', async () => {
    const { api, server } = await world(ok)
    await expect(all(api.paginate('/api/services'))).rejects.toMatchObject({ scope: 'service' })
    expect(server.connections).toBe(0)
  })
})

describe('paginate', () => {
  /** A list of `length` entries, served as ilert does. */
  const list =
    (length: number): Answer =>
    (response, { path }) => {
      const query = new URL(path, 'http://x').searchParams
      const start = Number(query.get('start-index'))
      const count = Math.min(100, Number(query.get('max-results')))
      json(
        response,
        200,
        Array.from({ length: Math.max(0, Math.min(count, length - start)) }, (_, i) => start + i),
      )
    }
  const starts = ({ calls }: World) => calls.map(({ path }) => path.replace('/api/alerts?', ''))

  it.each([
    [0, undefined, ['start-index=0&max-results=100']],
    [99, undefined, ['start-index=0&max-results=100']],
    [100, undefined, ['start-index=0&max-results=100', 'start-index=100&max-results=100']],
    [101, 100, ['start-index=0&max-results=100', 'start-index=100&max-results=100']],
    [5, 2, ['start-index=0&max-results=2', 'start-index=2&max-results=2', 'start-index=4&max-results=2']],
    [2, 1, ['start-index=0&max-results=1', 'start-index=1&max-results=1', 'start-index=2&max-results=1']],
  ])('gives all of %i entries by pages of %p', async (length, pageSize, paths) => {
    const world_ = await world(list(length))
    const entries = await all(world_.api.paginate('/api/alerts', pageSize === undefined ? {} : { pageSize }))
    expect(entries).toEqual(Array.from({ length }, (_, i) => i))
    expect(starts(world_)).toEqual(paths)
  })

  it('keeps the rest of the query and the headers on every page', async () => {
    const world_ = await world(list(3))
    const init = { query: { state: ['A', 'B'] }, headers: { 'x-a': 'b' }, pageSize: 2 }
    await all(world_.api.paginate('/api/alerts?q=1', init))
    expect(world_.calls.map(({ path }) => path)).toEqual([
      '/api/alerts?q=1&state=A&state=B&start-index=0&max-results=2',
      '/api/alerts?q=1&state=A&state=B&start-index=2&max-results=2',
    ])
    expect(world_.calls.map(({ headers }) => headers['x-a'])).toEqual(['b', 'b'])
  })

  it('begins where the query says', async () => {
    const world_ = await world(list(5))
    expect(await all(world_.api.paginate('/api/alerts', { query: { 'start-index': 3 } }))).toEqual([3, 4])
  })

  it('asks for nothing before the first entry is wanted, and for no page before its first entry is', async () => {
    const world_ = await world(list(10))
    const entries = world_.api.paginate('/api/alerts', { pageSize: 2 })[Symbol.asyncIterator]()
    expect(world_.calls).toHaveLength(0)
    await entries.next()
    await entries.next()
    expect(world_.calls).toHaveLength(1)
    expect(await entries.next()).toEqual({ done: false, value: 2 })
    expect(world_.calls).toHaveLength(2)
  })

  it('ends with the loop that is broken off', async () => {
    const world_ = await world(list(1000))
    for await (const entry of world_.api.paginate<number>('/api/alerts', { pageSize: 2 })) if (entry === 3) break
    expect(world_.calls).toHaveLength(2)
  })

  it('ends where the server sends more than a page, since it does not page then', async () => {
    const world_ = await world(status(200, [1, 2, 3, 4, 5]))
    expect(await all(world_.api.paginate('/api/alerts', { pageSize: 2 }))).toEqual([1, 2, 3, 4, 5])
    expect(world_.calls).toHaveLength(1)
  })

  /** As ilert's lists answer: at most `max` entries, and 400 to whoever asks for more. */
  const strict =
    (length: number, max: number): Answer =>
    (response, { path }) => {
      const { searchParams } = new URL(path, 'http://x')
      const [start, count] = [Number(searchParams.get('start-index')), Number(searchParams.get('max-results'))]
      if (count > max) {
        const message = `'max-results' must not be above ${max}`
        return json(response, 400, { status: 400, code: 'BAD_REQUEST', message })
      }
      const entries = Array.from({ length }, (_, id) => ({ id })).slice(start, start + count)
      json(response, 200, entries)
    }
  const ids = (length: number) => Array.from({ length }, (_, id) => ({ id }))
  const anything = { scope: false } as const

  it.each(Object.entries(LISTS).filter(([, { byCursor }]) => !byCursor))(
    'brings each of 130 entries of %s once, by pages as long as it allows',
    async (path, { max }) => {
      const { api, calls } = await world(strict(130, max))
      expect(await all(api.paginate(path.replace('{id}', '7'), anything))).toEqual(ids(130))
      expect(calls).toHaveLength(Math.floor(130 / max) + 1)
    },
  )

  it.each(['/api/services', '/api/incidents', '/api/metrics'])('asks %s for less with include', async (path) => {
    const { api, calls } = await world(strict(60, 25))
    const query = { include: ['subscribed'] }
    expect(await all(api.paginate(path, { ...anything, query }))).toEqual(ids(60))
    expect(calls).toHaveLength(3)
    await expect(all(api.paginate(path, { ...anything, query, pageSize: 26 }))).rejects.toThrow(/pageSize.*25/)
  })

  it('learns from ilert how long a page may be, and asks once more', async () => {
    const { api, calls } = await world(strict(50, 15))
    expect(await all(api.paginate('/api/something-new', { pageSize: 40 }))).toEqual(ids(50))
    expect(calls).toHaveLength(1 + 4)
  })

  it.each([
    ['another 400', { code: 'BAD_REQUEST', message: "'from' must be a date" }],
    ['a maximum that is none', { code: 'BAD_REQUEST', message: "'max-results' must not be above 0" }],
    [
      'a maximum that is above what was asked for',
      { code: 'BAD_REQUEST', message: "'max-results' must not be above 100" },
    ],
  ])('learns nothing from %s', async (_, body) => {
    const { api, calls } = await world(status(400, { status: 400, ...body }))
    await expect(all(api.paginate('/api/alerts'))).rejects.toMatchObject({ status: 400 })
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['with ids', ids(4)],
    ['without ids', [{ name: 'a' }, { name: 'a' }, { name: 'b' }, { name: 'c' }]],
    ['of texts', ['a', 'a', 'b', 'c']],
  ])('ends where a list %s ignores start-index, and gives each entry once', async (_, entries) => {
    const { api, calls } = await world(status(200, entries))
    expect(await all(api.paginate('/api/users/1/contacts/emails', { ...anything, pageSize: 4 }))).toEqual(entries)
    expect(calls).toHaveLength(2)
  })

  it('gives an entry once that a new one has pushed to the next page', async () => {
    const { api } = await world(
      inTurn(status(200, [{ id: 3 }, { id: 2 }]), status(200, [{ id: 2 }, { id: 1 }]), status(200, [])),
    )
    expect(await all(api.paginate('/api/alerts', { pageSize: 2 }))).toEqual([{ id: 3 }, { id: 2 }, { id: 1 }])
  })

  it('follows the cursor of a list that goes by it', async () => {
    const pages: [object[], string?][] = [[ids(2), 'b'], [[{ id: 7 }], 'c d'], [[{ id: 8 }]]]
    const { api, calls } = await world((response) => {
      const [page = [], next] = pages.shift() ?? []
      json(response, 200, page as never, next === undefined ? {} : { 'next-cursor': next })
    })
    const entries = await all(api.paginate('/api/heartbeat-monitors', { query: { include: 'teams' } }))
    expect(entries).toEqual([...ids(2), { id: 7 }, { id: 8 }])
    expect(calls.map(({ path }) => path.replace('/api/heartbeat-monitors?include=teams&', ''))).toEqual([
      'max-results=200',
      'cursor=b&max-results=200',
      'cursor=c%20d&max-results=200',
    ])
  })

  it('ends where a cursor leads back to where it has been', async () => {
    let calls = 0
    const { api } = await world((response) => {
      calls++
      json(response, 200, [{ id: calls }] as never, { 'next-cursor': calls % 2 ? 'a' : 'b' })
    })
    expect(await all(api.paginate('/api/heartbeat-monitors'))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  it('begins at the cursor that the query names', async () => {
    const { api, calls } = await world(status(200, []))
    await all(api.paginate('/api/heartbeat-monitors', { query: { cursor: 'b' }, pageSize: 5 }))
    expect(calls[0]?.path).toBe('/api/heartbeat-monitors?cursor=b&max-results=5')
  })

  it('waits at the rate limit where the caller asks for it, and goes on', async () => {
    const busy = status(429, {}, { 'retry-after': '0' })
    const { api } = await world(inTurn(strict(3, 100), busy, strict(3, 100)))
    expect(await all(api.paginate('/api/alerts', { pageSize: 2, retry: { maxDelayMs: 100 } }))).toEqual(ids(3))
  })

  it('fails in the middle where a page does, with the entries before it given', async () => {
    const world_ = await world(inTurn(list(10), status(404)))
    const given: unknown[] = []
    const run = async () => {
      for await (const entry of world_.api.paginate('/api/alerts', { pageSize: 2 })) given.push(entry)
    }
    await expect(run()).rejects.toMatchObject({ status: 404 })
    expect(given).toEqual([0, 1])
  })

  it.each([{ items: [] }, 'text', null, 7])('fails where the answer is no list: %p', async (body) => {
    const { api } = await world((response) => json(response, 200, JSON.stringify(body)))
    await expect(all(api.paginate('/api/alerts'))).rejects.toMatchObject({ code: 'invalid_response', status: 503 })
  })
})

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const entries: T[] = []
  for await (const entry of list) entries.push(entry)
  return entries
}

describe('req.ilert', () => {
  /** An app whose requests to `/run` do `work`, with a user who has signed in. */
  async function signedIn(
    work: (ilert: Express.Request['ilert']) => Promise<unknown>,
    o: { scope?: string; sandbox?: object; clock?: Clock } = {},
  ) {
    const app = await startApp({
      strategy: { scope: o.scope ?? 'alert:d team:d', ...(o.clock && { clock: o.clock }) },
      ...(o.sandbox && { sandbox: o.sandbox }),
      routes: (web) => {
        web.get('/run', (req, res, next) => {
          work(req.ilert).then((result) => res.json({ result }), next)
        })
      },
    })
    const browser = app.browser()
    await browser.signIn()
    const run = async () => {
      const page = await browser.visit('/run')
      return { status: page.status, body: page.json }
    }
    return { app, browser, run }
  }

  it('creates, reads, updates, deletes and lists at ilert', async () => {
    const { run } = await signedIn(async (ilert) => {
      const made = await ilert.post('/api/teams', { name: 'Storage' })
      const path = `/api/teams/${made.id}` as const
      const read = await ilert.get(path)
      await ilert.put(path, { ...made, name: 'Storage and backup' })
      const { name } = await ilert.get(path)
      const gone: unknown = await ilert.delete(path)
      const after = await ilert.get(path).catch((error: APIError) => [error.name, error.status])
      return { made, read, name, gone: gone === undefined, after }
    })
    const { result } = (await run()).body as { result: Record<string, unknown> }
    expect(result).toMatchObject({ name: 'Storage and backup', gone: true, after: ['APIError', 404] })
    expect(result.read).toEqual(result.made)
  })

  it('pages through a list as long as ilert has it', async () => {
    const { run, app } = await signedIn(async (ilert) => {
      for (let i = 0; i < 7; i++) await ilert.post('/api/teams', { name: `Team ${i}` })
      const whole = await ilert.get('/api/teams', { query: { 'max-results': 100 } })
      const paged = await all(ilert.paginate('/api/teams', { pageSize: 3 }))
      return { whole: whole.map(({ id }) => id), paged: paged.map(({ id }) => id) }
    })
    const { result } = (await run()).body as { result: { whole: number[]; paged: number[] } }
    expect(result.paged).toEqual(result.whole)
    expect(new Set(result.paged).size).toBeGreaterThan(6)
    expect(app.errors).toEqual([])
  })

  it('names the scope to ask for, and asks ilert nothing', async () => {
    const { run, app } = await signedIn((ilert) => ilert.get('/api/services'))
    const before = app.sandbox.requests.length
    expect(await run()).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
    expect(app.errors).toEqual([expect.any(InsufficientScope)])
    expect(app.errors[0]).toMatchObject({ scope: 'service' })
    expect(app.sandbox.requests).toHaveLength(before)
  })

  it('refreshes once after a 401, and is answered', async () => {
    // ilert takes the token no more, while the app's clock says that its time is not over.
    const clock = { now: () => 1_800_000_000_000 }
    const { run, app } = await signedIn(async (ilert) => (await ilert.get<unknown[]>('/api/alerts')).length > 0, {
      clock,
    })
    app.sandbox.clock.advance(3_600_001)
    expect(await run()).toEqual({ status: 200, body: { result: true } })
    expect(app.sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token')).toHaveLength(1)
  })

  it("says how long to wait at ilert's rate limit", async () => {
    const { run, app } = await signedIn((ilert) => ilert.get('/api/alerts'), { sandbox: { requestsPerMinute: 3 } })
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push((await run()).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    expect((app.errors[0] as APIError).retryAfterSeconds).toBeGreaterThan(0)
    expect((app.errors[0] as APIError).retryAfterSeconds).toBeLessThanOrEqual(60)
  })

  it('needs a sign-in where there is none', async () => {
    const { app } = await signedIn((ilert) => ilert.get('/api/alerts'))
    const before = app.sandbox.requests.length
    const page = await app.browser().visit('/run')
    expect([page.status, page.json.code]).toEqual([401, 'reauthentication_required'])
    expect(app.sandbox.requests).toHaveLength(before)
  })

  it('refuses a path that leads elsewhere', async () => {
    const { run, app } = await signedIn((ilert) => ilert.get('//evil.example/api', { scope: false }))
    const before = app.sandbox.requests.length
    expect(await run()).toMatchObject({ status: 400, body: { code: 'invalid_path' } })
    expect(app.sandbox.requests).toHaveLength(before)
  })
})
