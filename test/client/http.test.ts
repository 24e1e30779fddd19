import { getEventListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { Agent as Agent6 } from 'undici6'
import { IlertClient } from '../../src/client/client.ts'
import type { Connection } from '../../src/client/connection.ts'
import { Http } from '../../src/client/http.ts'
import { type IlertError, NetworkError } from '../../src/ilert/errors.ts'
import { freePort } from '../support/port.ts'
import { closeServers, json, type Received, serve, serveSocket, type TestServer } from '../support/server.ts'

const TOKENS = { access_token: 'access-token', expires_in: 3600, refresh_token: 'refresh-token', scope: 'profile' }
const CODE = { code: 'the-code', redirectURI: 'https://app.example/cb', codeVerifier: 'the-verifier' }
const MIB = 1024 * 1024

let clients: IlertClient[] = []
function clientOf(apiURL: string, options: Connection = {}): IlertClient {
  const client = new IlertClient({
    clientID: 'client-1',
    clientSecret: 'secret-1',
    apiURL,
    timeoutMs: 2000,
    ...options,
  })
  clients.push(client)
  return client
}
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  clients = []
  await closeServers()
})

/** Every call of the client which goes over the network. */
const CALLS: [string, (client: IlertClient, signal?: AbortSignal) => Promise<unknown>][] = [
  ['exchangeCode', (client, signal) => client.exchangeCode({ ...CODE, ...(signal && { signal }) })],
  ['refresh', (client, signal) => client.refresh('refresh-token', signal && { signal })],
  ['tokenInfo', (client, signal) => client.tokenInfo('access-token', signal && { signal })],
  ['revoke', (client, signal) => client.revoke('refresh-token', signal && { signal })],
  ['currentUser', (client, signal) => client.currentUser('access-token', signal && { signal })],
]

/** Servers that never come to an end. */
const SILENT: [string, () => Promise<TestServer>][] = [
  ['accepts and says nothing', () => serveSocket(() => {})],
  ['gets the request and says nothing', () => serve(() => {})],
  ['stops within the headers', () => serveSocket((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Ty'))],
  ['stops after the headers', () => serve((response) => response.writeHead(200).flushHeaders())],
  ['stops within the body', () => serve((response) => void response.writeHead(200).write('{"access_'))],
  ['says nothing but that it goes on', () => serve((response) => processing(response))],
  [
    'sends its headers a letter at a time',
    () => serveSocket((socket) => trickle(socket, 'x', 'HTTP/1.1 200 OK\r\nX: ')),
  ],
  ['sends its body a letter at a time', () => serve((response) => trickle(response, ' '))],
]

describe.each(SILENT)('a server that %s', (_, start) => {
  it('is given up within timeoutMs, whatever was called', async () => {
    const server = await start()
    const client = clientOf(server.origin, { timeoutMs: 150 })
    const startedAt = performance.now()
    const errors = await Promise.all(CALLS.map(([, call]) => rejection(call(client))))
    const took = performance.now() - startedAt
    for (const error of errors) {
      expect(error).toBeInstanceOf(NetworkError)
      expect(error).toMatchObject({ code: 'timeout', status: 503 })
      expect(error.message).toContain('150')
    }
    expect(took).toBeGreaterThan(140)
    expect(took).toBeLessThan(2000)
    // Not only the wait is over: the connections are gone, and nothing was sent a second time.
    await server.ended(CALLS.length)
    await client.close()
    await server.idle()
    expect(server.begun).toBe(CALLS.length)
  })

  it("is left as soon as the caller's signal says so, with its reason", async () => {
    const server = await start()
    const client = clientOf(server.origin, { timeoutMs: 60_000 })
    const controller = new AbortController()
    const reason = new Error('no longer of interest')
    const ended = CALLS.map(([, call]) => rejection(call(client, controller.signal)))
    while (server.begun < CALLS.length) await new Promise(setImmediate)
    const startedAt = performance.now()
    controller.abort(reason)
    for (const error of await Promise.all(ended)) expect(error).toBe(reason)
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await server.ended(CALLS.length)
    await client.close()
    expect(server.begun).toBe(CALLS.length)
  })
})

describe("the caller's signal", () => {
  it('sends nothing where it is aborted already', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    for (const [, call] of CALLS) {
      expect(await rejection(call(client, AbortSignal.abort('over')))).toBe('over')
    }
    expect(server.connections).toBe(0)
  })

  it('ends the wait before a second attempt to connect, which is then never made', async () => {
    const port = await freePort()
    const controller = new AbortController()
    const ended = rejection(
      clientOf(`http://127.0.0.1:${port}`).refresh('refresh-token', { signal: controller.signal }),
    )
    setTimeout(() => controller.abort('over'), 30)
    expect(await ended).toBe('over')
    const server = await serve((response) => json(response, 200, TOKENS), port)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(server.connections).toBe(0)
  })

  it('ends a call that is still connecting, which is then never sent', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const connect = buildConnector({})
    const dispatcher = new Agent({ connect: (options, callback) => setTimeout(() => connect(options, callback), 60) })
    const controller = new AbortController()
    const client = clientOf(server.origin, { dispatcher })
    const ended = rejection(client.refresh('refresh-token', { signal: controller.signal }))
    setTimeout(() => controller.abort('over'), 20)
    expect(await ended).toBe('over')
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(server.connections).toBe(1)
    expect(server.requests).toEqual([])
    await dispatcher.destroy()
  })

  it('keeps no listener after the call', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    for (let i = 0; i < 5; i++) await client.refresh('refresh-token', { signal })
    expect(listeners).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('timeoutMs', () => {
  it('covers connecting, headers and body together', async () => {
    const server = await serve(async (response) => {
      await new Promise((resolve) => setTimeout(resolve, 120))
      response.writeHead(200).write(' ')
      setTimeout(() => response.end(JSON.stringify(TOKENS)), 120)
    })
    const error = await rejection(clientOf(server.origin, { timeoutMs: 180 }).refresh('refresh-token'))
    expect(error).toMatchObject({ code: 'timeout' })
    await clientOf(server.origin, { timeoutMs: 2000 }).refresh('refresh-token')
  })

  it('covers the second attempt to connect too', async () => {
    const port = await freePort()
    const error = await rejection(clientOf(`http://127.0.0.1:${port}`, { timeoutMs: 50 }).refresh('refresh-token'))
    expect(error).toMatchObject({ name: 'NetworkError', code: 'timeout', status: 503 })
  })
})

/** Servers that get the request and break off. */
const BREAKING: [string, () => Promise<TestServer>][] = [
  ['resets before its answer', () => serve((response) => reset(response))],
  ['hangs up before its answer', () => serve((response) => response.socket?.destroy())],
  ['ends politely before its answer', () => serve((response) => response.socket?.end())],
  [
    'resets within the headers',
    () => serve((response) => void response.socket?.write('HTTP/1.1 200 O', () => reset(response))),
  ],
  [
    'resets within the body',
    () =>
      serve((response) => {
        response.writeHead(200, { 'content-length': 1000 })
        response.write('{"access_token": "abc', () => reset(response))
      }),
  ],
  [
    'ends within the body',
    () =>
      serve((response) => {
        response.writeHead(200, { 'content-length': 1000 })
        response.write('{"access_token": "abc', () => response.socket?.end())
      }),
  ],
  ['ends within the chunks', () => serve((response) => void response.write('{"a', () => response.socket?.end()))],
  ['speaks something that is no HTTP', () => serve((response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'))],
  [
    'sends endless headers',
    () => serve((response) => response.socket?.end(`HTTP/1.1 200 OK\r\n${`a: ${'b'.repeat(1000)}\r\n`.repeat(50)}`)),
  ],
]

describe.each(BREAKING)('a server that %s', (_, start) => {
  it('is a NetworkError, and nothing is sent twice, whatever was called', async () => {
    const server = await start()
    const client = clientOf(server.origin)
    for (const error of await Promise.all(CALLS.map(([, call]) => rejection(call(client))))) {
      expect(error).toBeInstanceOf(NetworkError)
      expect(error).toMatchObject({ code: 'connection_lost', status: 503 })
    }
    // Longer than the wait before a second attempt to connect.
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(server.requests).toHaveLength(CALLS.length)
    expect(server.connections).toBe(CALLS.length)
  })
})

describe('a connection that was good before', () => {
  it('and breaks with the next call sends that once, and is a NetworkError', async () => {
    const server = await serve((response) =>
      server.requests.length === 1 ? json(response, 200, TOKENS) : reset(response),
    )
    const client = clientOf(server.origin)
    await client.refresh('refresh-token')
    expect(await rejection(client.exchangeCode(CODE))).toMatchObject({ code: 'connection_lost' })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(server.requests).toHaveLength(2)
  })
})

describe('a connection that was never made', () => {
  it.each(CALLS.slice(0, 2))('is tried once more: %s reaches a server that starts 50 ms later', async (_name, call) => {
    const port = await freePort()
    const answered = call(clientOf(`http://127.0.0.1:${port}`))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const server = await serve((response) => json(response, 200, TOKENS), port)
    expect(await answered).toMatchObject({ accessToken: 'access-token' })
    expect(server.requests).toHaveLength(1)
  })

  it('is a NetworkError after the second attempt', async () => {
    const port = await freePort()
    const startedAt = performance.now()
    const error = await rejection(clientOf(`http://127.0.0.1:${port}`).exchangeCode(CODE))
    expect(error).toMatchObject({ name: 'NetworkError', code: 'connection_failed', status: 503 })
    expect(error.message).toContain('ECONNREFUSED')
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  it('is made no third time', async () => {
    let attempts = 0
    const dispatcher = new Agent({
      connect: (_options, callback) => {
        attempts++
        callback(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), null)
      },
    })
    await rejection(clientOf('http://127.0.0.1:1', { dispatcher }).exchangeCode(CODE))
    expect(attempts).toBe(2)
    await dispatcher.close()
  })

  it('is a NetworkError for a name that nobody has', async () => {
    const error = await rejection(clientOf('https://no-such-host.invalid').refresh('refresh-token'))
    expect(error).toMatchObject({ name: 'NetworkError', status: 503 })
  })
})

describe('the size of an answer', () => {
  const SIZES: [string, (response: ServerResponse) => void][] = [
    [
      'with its length',
      (response) => {
        response.writeHead(200, { 'content-length': 1000 * MIB })
        flood(response)
      },
    ],
    ['in chunks, without end', (response) => flood(response.writeHead(200))],
    [
      'compressed into little',
      (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(gzipSync(Buffer.alloc(50 * MIB)))
      },
    ],
  ]
  it.each(SIZES)('has a limit: one that is too long %s is given up', async (name, send) => {
    let sent = 0
    const server = await serve((response) => {
      const write = response.write.bind(response)
      response.write = ((chunk: Buffer) => {
        sent += chunk.length
        return write(chunk)
      }) as typeof response.write
      send(response)
    })
    const error = await rejection(clientOf(server.origin).refresh('refresh-token'))
    // Not a NetworkError, and no 503: the next answer would be as long.
    expect(error).toMatchObject({ name: 'IlertError', status: 502, code: 'response_too_large' })
    if (!name.startsWith('compressed')) await server.idle()
    expect(sent).toBeLessThan(32 * MIB)
  })

  it('is counted by us: 1 MiB passes, one byte more does not', async () => {
    const user = JSON.stringify({ id: 7 })
    const server = await serve((response, { headers }) => {
      const extra = headers.authorization === 'Bearer more' ? 1 : 0
      response.end(user + ' '.repeat(MIB - user.length + extra))
    })
    expect(await clientOf(server.origin).currentUser('fits')).toEqual({ id: 7 })
    expect(await rejection(clientOf(server.origin).currentUser('more'))).toMatchObject({ code: 'response_too_large' })
  })

  it('has the limit that is asked for, in errors of the server too', async () => {
    const server = await serve((response) => response.writeHead(500).end('x'.repeat(11)))
    const http = new Http({ origin: server.origin, timeoutMs: 1000, maxBodyBytes: 10 })
    const error = await rejection(http.send({ method: 'GET', path: '/', headers: {} }))
    expect(error).toMatchObject({ code: 'response_too_large' })
    await http.close()
  })
})

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with status %d is refused; where it leads, nobody ever calls', async (status) => {
    const elsewhere = await serve((response) => json(response, 200, TOKENS))
    for (const location of [`${elsewhere.origin}/api/developers/oauth2/token`, '/api/elsewhere']) {
      const server = await serve((response) => json(response, status, TOKENS, { location }))
      for (const [, call] of CALLS) {
        const error = await rejection(call(clientOf(server.origin)))
        expect(error).toMatchObject({ name: 'NetworkError', code: 'redirect_refused', status: 503 })
      }
      expect(server.requests).toHaveLength(CALLS.length)
      expect(server.requests.filter(({ path }) => path === '/api/elsewhere')).toEqual([])
    }
    expect(elsewhere.connections).toBe(0)
  })
})

describe('an answer that is none', () => {
  const ODD: [string, (response: ServerResponse) => void][] = [
    [
      'HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in to the WiFi</html>'),
    ],
    [
      'gzip without anything in it',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    ],
    ['truncated JSON', (response) => response.end('{"access_token": "abc')],
    ['nothing', (response) => response.writeHead(204).end()],
    ['bytes that are no text', (response) => response.end(Buffer.from([0xff, 0xfe, 0x00, 0x80]))],
  ]
  it.each(ODD)('is a NetworkError: %s', async (_, send) => {
    const server = await serve((response) => send(response))
    for (const [name, call] of CALLS) {
      if (name === 'revoke') continue // which asks for no body
      const error = await rejection(call(clientOf(server.origin)))
      expect(error).toMatchObject({ name: 'NetworkError', code: 'invalid_response', status: 503 })
    }
  })
})

describe('compression', () => {
  const ENCODINGS: [string, (text: string) => Buffer][] = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZip', gzipSync],
    [' gzip ', gzipSync],
    ['deflate', deflateSync],
    ['deflate', (text) => deflateSync(text, { level: 1 })],
    ['deflate', deflateRawSync],
    ['deflate', (text) => deflateRawSync(text, { level: 0 })],
    ['gzip, gzip', (text) => gzipSync(gzipSync(text))],
    ['deflate, gzip', (text) => gzipSync(deflateSync(text))],
    ['identity', Buffer.from],
    ['', Buffer.from],
    ['identity, gzip', gzipSync],
  ]
  const compressed = (encoding: string, body: Buffer, status = 200, headers = {}) =>
    serve((response) => response.writeHead(status, { 'content-encoding': encoding, ...headers }).end(body))

  it('is never asked for', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    for (const [, call] of CALLS) await call(clientOf(server.origin)).catch(() => {})
    expect(server.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(CALLS.map(() => 'identity'))
  })

  it.each(ENCODINGS)('is read all the same: %j', async (encoding, compress) => {
    const body = JSON.stringify({ ...TOKENS, active: true, id: 7, username: 'mära' })
    const server = await compressed(encoding, compress(body))
    const client = clientOf(server.origin)
    expect(await client.refresh('refresh-token')).toMatchObject({ accessToken: 'access-token' })
    expect(await client.currentUser('access-token')).toMatchObject({ id: 7, username: 'mära' })
    expect(await client.tokenInfo('access-token')).toMatchObject({ active: true })
  })

  it('is read of a refusal, too', async () => {
    const server = await compressed('gzip', gzipSync('{"code":"invalid_grant","error":"Unknown"}'), 401)
    const error = await rejection(clientOf(server.origin).refresh('refresh-token'))
    expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_grant', description: 'Unknown' })
  })

  it.each<[string, Buffer, RegExp]>([
    ['br', brotliCompressSync('{}'), /it is compressed with br, which was not asked for/],
    ['zstd', Buffer.from('{}'), /compressed with zstd,/],
    ['gzip, br', brotliCompressSync(gzipSync('{}')), /compressed with br,/],
    ['br, gzip', gzipSync(brotliCompressSync('{}')), /compressed with br,/],
    ['"od;d" thing\t', Buffer.from('{}'), /compressed with \?od\?d\?\?thing,/],
    ['x'.repeat(5000), Buffer.from('{}'), /compressed with x{20},/],
    ['gzip, gzip, gzip', gzipSync('{}'), /compressed more than twice/],
    [`gzip,${','.repeat(5000)}`, gzipSync('no JSON'), /not a JSON object/],
    ['gzip', gzipSync(JSON.stringify(TOKENS)).subarray(0, -9), /compressed with gzip, and damaged/],
    ['gzip', Buffer.from(JSON.stringify(TOKENS)), /compressed with gzip, and damaged/],
    ['deflate', deflateSync(JSON.stringify(TOKENS)).subarray(0, -9), /compressed with deflate, and damaged/],
    ['deflate', Buffer.from(JSON.stringify(TOKENS)), /compressed with deflate, and damaged/],
  ])('is named if it cannot be read: %.40j', async (encoding, body, words) => {
    const server = await compressed(encoding, body)
    const error = await rejection(clientOf(server.origin).refresh('refresh-token'))
    expect(error).toMatchObject({
      name: 'NetworkError',
      code: 'invalid_response',
      message: expect.stringMatching(words),
    })
  })

  it('does not hide the status of an answer whose body cannot be read', async () => {
    const limited = await compressed('br', brotliCompressSync('{}'), 429, { 'retry-after': '7' })
    expect(await rejection(clientOf(limited.origin).refresh('refresh-token'))).toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 7,
    })
    const missing = await compressed('br', brotliCompressSync('{}'), 404)
    expect(await rejection(clientOf(missing.origin).currentUser('access-token'))).toMatchObject({ status: 404 })
    const revoked = await compressed('br', brotliCompressSync('{}'), 200)
    await clientOf(revoked.origin).revoke('refresh-token')
    const empty = await compressed('br', Buffer.alloc(0), 204)
    await clientOf(empty.origin).revoke('refresh-token')
  })

  const level = 1 // a hundred MiB of spaces become little soon enough
  it.each<[string, (body: Buffer) => Buffer]>([
    ['gzip', (body) => gzipSync(body, { level })],
    ['deflate', (body) => deflateSync(body, { level })],
    ['deflate', (body) => deflateRawSync(body, { level })],
    ['gzip, gzip', (body) => gzipSync(gzipSync(body, { level }))],
  ])('is ended at the limit: %s', async (encoding, compress) => {
    const user = JSON.stringify({ id: 7 })
    const sized = (bytes: number) =>
      compress(Buffer.concat([Buffer.from(user), Buffer.alloc(bytes - user.length, ' ')]))
    const fits = await compressed(encoding, sized(MIB))
    expect(await clientOf(fits.origin).currentUser('access-token')).toEqual({ id: 7 })
    for (const bytes of [MIB + 1, 100 * MIB]) {
      const server = await compressed(encoding, sized(bytes))
      const client = clientOf(server.origin)
      const before = process.cpuUsage()
      const error = await rejection(client.currentUser('access-token'))
      const { user: work } = process.cpuUsage(before)
      expect(error).toMatchObject({ code: 'response_too_large', status: 502 })
      expect(work / 1000).toBeLessThan(200) // a hundred MiB take more
    }
  })
})

describe('connections', () => {
  it('are used again: 20 calls at once and 20 one after the other need no more than the first did', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    await Promise.all(Array.from({ length: 20 }, () => client.refresh('refresh-token')))
    const { connections } = server
    expect(connections).toBeLessThanOrEqual(20)
    for (let i = 0; i < 20; i++) await client.refresh('refresh-token')
    expect(server.connections).toBe(connections)
    expect(server.requests).toHaveLength(40)
  })

  it('are used again by a single caller', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    for (let i = 0; i < 20; i++) await client.refresh('refresh-token')
    // undici may make a second one, where a call comes before it has put the first one back.
    expect(server.connections).toBeLessThanOrEqual(2)
  })

  it('do not mix up the answers of calls which are made at once', async () => {
    const server = await serve((response, { headers }: Received) => {
      const id = Number(headers.authorization?.split('-')[1])
      setTimeout(() => json(response, 200, { id }), (id * 7) % 20)
    })
    const client = clientOf(server.origin)
    const users = await Promise.all(Array.from({ length: 20 }, (_, i) => client.currentUser(`token-${i}`)))
    expect(users.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('are still good after a call was given up', async () => {
    let answers = 0
    const server = await serve((response) => {
      if (++answers !== 2) json(response, 200, TOKENS)
    })
    const client = clientOf(server.origin, { timeoutMs: 150 })
    await client.refresh('refresh-token')
    await rejection(client.refresh('refresh-token'))
    expect(await client.refresh('refresh-token')).toMatchObject({ accessToken: 'access-token' })
  })

  it('are closed by close()', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    await Promise.all(Array.from({ length: 5 }, () => client.refresh('refresh-token')))
    expect(server.open).toBeGreaterThan(0)
    await client.close()
    await server.idle()
    expect(server.open).toBe(0)
  })

  it('close() lets calls under way end, and may be called twice', async () => {
    let answer = () => {}
    const server = await serve((response) => {
      answer = () => json(response, 200, TOKENS)
    })
    const client = clientOf(server.origin)
    const tokens = client.refresh('refresh-token')
    while (server.requests.length === 0) await new Promise(setImmediate)
    const closed = Promise.all([client.close(), client.close()])
    answer()
    expect(await tokens).toMatchObject({ accessToken: 'access-token' })
    await closed
    await client.close()
  })

  it('a dispatcher of undici 6, whose handlers are others, is refused: the error says what to pass', async () => {
    const agent = new Agent6() as unknown as Dispatcher
    const server = await serve((response) => json(response, 200, TOKENS))
    const error = await rejection(clientOf(server.origin, { dispatcher: agent }).exchangeCode(CODE))
    expect(error).toMatchObject({ name: 'NetworkError', code: 'connection_failed' })
    expect(error.message).toContain('undici 7 or later')
    expect(server.connections).toBe(0)
    await agent.close()
  })

  it('a call after close() is a NetworkError, and nothing is sent', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const client = clientOf(server.origin)
    await client.close()
    expect(await rejection(client.refresh('refresh-token'))).toBeInstanceOf(NetworkError)
    expect(server.connections).toBe(0)
  })

  it('of a dispatcher that was passed in stay as they are', async () => {
    const server = await serve((response) => json(response, 200, TOKENS))
    const dispatcher = new Agent()
    const client = clientOf(server.origin, { dispatcher })
    await client.refresh('refresh-token')
    await client.close()
    expect(await client.refresh('refresh-token')).toMatchObject({ accessToken: 'access-token' })
    expect((dispatcher as Agent & { closed: boolean }).closed).toBe(false)
    await dispatcher.close()
  })
})

describe('translated errors', () => {
  /** A dispatcher that throws whatever it was given. */
  const throwing = (thrown: unknown) =>
    ({
      dispatch() {
        throw thrown
      },
    }) as unknown as Dispatcher
  const BROKE = 'The connection to ilert broke before the answer was complete'

  it.each<[string, unknown, string]>([
    ['with a code', Object.assign(new Error('x'), { code: 'EPIPE' }), `${BROKE} (EPIPE). Try again.`],
    ['without a code', new Error('x'), `${BROKE}. Try again.`],
    ['with a code that is no word', Object.assign(new Error('x'), { code: 7 }), `${BROKE}. Try again.`],
    ['null', null, `${BROKE}. Try again.`],
  ])('say what happened, whatever was thrown: %s', async (_, thrown, message) => {
    const error = await rejection(clientOf('http://127.0.0.1:9', { dispatcher: throwing(thrown) }).refresh('r'))
    expect(error).toMatchObject({ name: 'NetworkError', code: 'connection_lost', message })
  })

  it.each(['xEPIPE', 'EPIPE-canary', 'ERR_INVALID_URL', 'UND_ERR_SOCKET_CANARY'])(
    'keep no cause with the code %s, which may hold what was sent',
    async (code) => {
      const dispatcher = throwing(Object.assign(new Error('CANARY'), { code }))
      expect((await rejection(clientOf('http://127.0.0.1:9', { dispatcher }).refresh('r'))).cause).toBeUndefined()
    },
  )

  it.each<[string, Agent.Options, (response: ServerResponse) => void]>([
    ['headers', { headersTimeout: 50 }, () => {}],
    ['the body', { bodyTimeout: 50 }, (response) => response.writeHead(200).flushHeaders()],
  ])("call it a timeout where undici's own for %s is shorter than ours", async (_, options, answer) => {
    const server = await serve(answer)
    const dispatcher = new Agent(options)
    const error = await rejection(clientOf(server.origin, { dispatcher, timeoutMs: 10_000 }).refresh('r'))
    expect(error).toMatchObject({ code: 'timeout', message: 'ilert did not answer in time. Try again.' })
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/)
    await dispatcher.destroy()
  })

  it('keep their cause where it is about sockets', async () => {
    const server = await serve((response) => reset(response))
    const error = await rejection(clientOf(server.origin).refresh('refresh-token'))
    expect((error.cause as NodeJS.ErrnoException).code).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/)
  })

  it('keep no cause which holds what was read', async () => {
    const server = await serve((response) => response.socket?.end('CANARY is no HTTP\r\n\r\n'))
    const error = await rejection(clientOf(server.origin).refresh('refresh-token'))
    expect(error).toMatchObject({ code: 'connection_lost' })
    expect(error.cause).toBeUndefined()
  })
})

async function rejection(promise: Promise<unknown>): Promise<IlertError> {
  const nothing = Symbol('nothing')
  const error = await promise.then(
    () => nothing,
    (error: unknown) => error,
  )
  if (error === nothing) throw new Error('it was not rejected')
  return error as IlertError
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** Writes a bit every few milliseconds, for as long as somebody reads. */
function trickle(stream: NodeJS.WritableStream, bit: string, first = ''): void {
  stream.write(first + bit)
  const timer = setInterval(() => stream.write(bit), 15)
  stream.on('close', () => clearInterval(timer))
}

/** Says every few milliseconds that the answer is on its way. */
function processing(response: ServerResponse): void {
  const timer = setInterval(() => response.writeProcessing(), 15)
  response.on('close', () => clearInterval(timer))
}

/** Writes as fast as it is read, for as long as somebody reads. */
function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, ' ')
  const endless = function* () {
    while (true) yield chunk
  }
  pipeline(endless, response, () => {})
}
