import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { IlertClient } from '../../src/client/client.ts'
import { freePort } from '../support/port.ts'
import { closeServers, json, serve, serveSocket, type TestServer } from '../support/server.ts'

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']
const before = { ...process.env }
const CODE = { code: 'CANARY-code', redirectURI: 'https://app.example/cb', codeVerifier: 'CANARY-verifier' }
const ILERT = 'https://api.ilert.test'

let clients: IlertClient[] = []
function clientOf(apiURL: string, timeoutMs = 300): IlertClient {
  const client = new IlertClient({ clientID: 'client-1', clientSecret: 'CANARY-secret', apiURL, timeoutMs })
  clients.push(client)
  return client
}

beforeEach(() => {
  for (const variable of VARIABLES) delete process.env[variable]
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  clients = []
  await closeServers()
})
afterAll(() => {
  for (const variable of VARIABLES) delete process.env[variable]
  Object.assign(process.env, before)
})

/** A proxy which remembers the targets of CONNECT and all that it got, and then answers as it is told. */
async function proxy(
  answer: (socket: Socket) => unknown,
): Promise<TestServer & { targets: string[]; got: () => string }> {
  const targets: string[] = []
  let got = ''
  const server = await serveSocket((socket) => {
    let head = ''
    socket.on('data', (data) => {
      got += data.toString('latin1')
      if (head.endsWith('\r\n\r\n')) return
      head += data.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      targets.push(/^CONNECT (\S+) /.exec(head)?.[1] ?? head)
      answer(socket)
    })
  })
  return Object.assign(server, { targets, got: () => got })
}
const refuse = (socket: Socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')

describe('a proxy in the environment', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])('is used where %s names it', async (variable) => {
    const server = await proxy(refuse)
    process.env[variable] = server.origin
    await expect(clientOf(ILERT, 5000).exchangeCode(CODE)).rejects.toMatchObject({ name: 'NetworkError', status: 503 })
    expect(new Set(server.targets)).toEqual(new Set(['api.ilert.test:443']))
    await expect(clientOf(`${ILERT}:8443`, 5000).refresh('CANARY-token')).rejects.toMatchObject({
      name: 'NetworkError',
    })
    expect(server.targets).toContain('api.ilert.test:8443')
  })

  it('sees nothing but the name of the host and TLS', async () => {
    const server = await proxy((socket) => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.once('data', () => socket.destroy())
    })
    process.env.HTTPS_PROXY = server.origin
    await expect(clientOf(ILERT).exchangeCode(CODE)).rejects.toMatchObject({ name: 'NetworkError', status: 503 })
    expect(server.targets).toEqual(['api.ilert.test:443'])
    const tls = server.got().slice(server.got().indexOf('\r\n\r\n') + 4)
    expect(tls.charCodeAt(0)).toBe(22) // a TLS handshake record
    expect(tls).toContain('api.ilert.test') // the server's name in it, which the certificate is checked against
    expect(server.got()).not.toContain('CANARY')
  })

  it.each(['api.ilert.test', '.ilert.test', 'ilert.test', '*', 'x.test, api.ilert.test', 'api.ilert.test:443'])(
    'is not used where NO_PROXY is %j',
    async (value) => {
      const server = await proxy(refuse)
      process.env.HTTPS_PROXY = server.origin
      process.env.NO_PROXY = value
      await expect(clientOf(ILERT).refresh('CANARY-token')).rejects.toMatchObject({ name: 'NetworkError' })
      expect(server.connections).toBe(0)
    },
  )

  it('is used where NO_PROXY names others', async () => {
    const server = await proxy(refuse)
    process.env.HTTPS_PROXY = server.origin
    process.env.NO_PROXY = 'app.ilert.test,pi.ilert.test'
    await expect(clientOf(ILERT).refresh('CANARY-token')).rejects.toMatchObject({ name: 'NetworkError' })
    expect(server.targets).toContain('api.ilert.test:443')
  })

  it('is never used for loopback', async () => {
    const server = await proxy(refuse)
    for (const variable of VARIABLES) process.env[variable] = variable.toLowerCase() === 'no_proxy' ? '' : server.origin
    const ilert = await serve((response) => json(response, 200, { access_token: 'access-token', scope: '' }))
    expect(await clientOf(ilert.origin).refresh('token')).toMatchObject({ accessToken: 'access-token' })
    expect(ilert.requests).toHaveLength(1)
    for (const origin of [`http://localhost:${ilert.port}`, 'http://[::1]:9', `https://127.0.0.1:${ilert.port}`]) {
      await clientOf(origin)
        .refresh('token')
        .catch(() => {})
    }
    expect(server.connections).toBe(0)
  })

  it('that nobody runs is a NetworkError', async () => {
    process.env.HTTPS_PROXY = `http://127.0.0.1:${await freePort()}`
    const error = await rejection(clientOf(ILERT, 1000).refresh('CANARY-token'))
    expect(error).toMatchObject({ name: 'NetworkError', code: 'connection_failed', status: 503 })
    expect(error.message).toMatch(/proxy/i)
  })

  it('that asks for a password is a NetworkError', async () => {
    const server = await proxy((socket) =>
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'),
    )
    process.env.HTTPS_PROXY = server.origin
    const error = await rejection(clientOf(ILERT).refresh('CANARY-token'))
    expect(error).toMatchObject({ name: 'NetworkError', status: 503 })
  })

  it.each(['proxy:8080', 'user:CANARY@proxy:8080', 'not a URL', 'http://user:CANARY@:80', '::'])(
    'whose address is malformed, %j, throws a TypeError which names the variables',
    (value) => {
      for (const variable of ['HTTP_PROXY', 'HTTPS_PROXY']) {
        delete process.env.HTTP_PROXY
        process.env[variable] = value
        let error: unknown
        try {
          clientOf(ILERT)
        } catch (caught) {
          error = caught
        }
        expect(error).toBeInstanceOf(TypeError)
        expect((error as Error).message).toContain(variable)
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY')
      }
    },
  )

  it('whose address has a password sends that to the proxy alone, and shows it to nobody', async () => {
    const server = await proxy(refuse)
    process.env.HTTPS_PROXY = server.origin.replace('//', '//user:CANARY-proxy@')
    const client = clientOf(ILERT)
    const error = await rejection(client.refresh('CANARY-token'))
    expect(server.got()).toContain(`Basic ${Buffer.from('user:CANARY-proxy').toString('base64')}`)
    for (const shown of [error, client]) {
      expect(inspect(shown, { depth: 10, showHidden: true })).not.toMatch(/CANARY|Q0FOQVJZ|NBTkFSW|DQU5BUl/)
    }
  })
})

const HANGING: [string, (socket: Socket) => unknown][] = [
  ['at CONNECT', () => {}],
  ['within its answer', (socket) => socket.write('HTTP/1.1 200 Conn')],
  ['after it has connected', (socket) => socket.write('HTTP/1.1 200 Connection established\r\n\r\n')],
]

/** The sockets that this process has. */
const sockets = () => process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS|TCPConnect)/.test(name)).length

/** Calls through a proxy that hangs, and closes the client. */
async function callThrough(answer: (socket: Socket) => unknown) {
  const server = await proxy(answer)
  process.env.HTTPS_PROXY = server.origin
  const client = clientOf(ILERT, 150)
  const startedAt = performance.now()
  const errors = await Promise.all([rejection(client.exchangeCode(CODE)), rejection(client.refresh('CANARY-token'))])
  const closingAt = performance.now()
  await client.close()
  await server.idle()
  return { errors, took: closingAt - startedAt, closing: performance.now() - closingAt, got: server.got() }
}

/** Aborts a call through a proxy that hangs. */
async function abortThrough(answer: (socket: Socket) => unknown) {
  const server = await proxy(answer)
  process.env.HTTPS_PROXY = server.origin
  const controller = new AbortController()
  const client = clientOf(ILERT, 500)
  const ended = rejection(client.refresh('CANARY-token', { signal: controller.signal }))
  while (server.targets.length === 0) await new Promise(setImmediate)
  const abortedAt = performance.now()
  controller.abort('over')
  const reason = await ended
  const took = performance.now() - abortedAt
  await client.close()
  return { reason, took }
}

// All at once, since undici gives a hung connection up two seconds after us.
describe('a proxy that hangs', () => {
  const called = new Map<string, Awaited<ReturnType<typeof callThrough>>>()
  const aborted = new Map<string, Awaited<ReturnType<typeof abortThrough>>>()
  let before: number
  let after: number

  beforeAll(async () => {
    for (const variable of VARIABLES) delete process.env[variable]
    before = sockets()
    const all = HANGING.map(async ([when, answer]) => {
      const [call, abort] = await Promise.all([callThrough(answer), abortThrough(answer)])
      called.set(when, call)
      aborted.set(when, abort)
    })
    await Promise.all(all)
    await closeServers()
    after = sockets()
  }, 30_000)

  it.each(HANGING)('%s ends the call within timeoutMs, and keeps nobody from closing the client', (when) => {
    const { errors, took, closing, got } = called.get(when) as Awaited<ReturnType<typeof callThrough>>
    expect(took).toBeLessThan(2000)
    for (const error of errors) expect(error).toMatchObject({ name: 'NetworkError', code: 'timeout', status: 503 })
    expect(closing).toBeLessThan(5000)
    expect(got).not.toContain('CANARY')
  })

  it.each(HANGING)("%s is left as soon as the caller's signal says so", (when) => {
    const { reason, took } = aborted.get(when) as Awaited<ReturnType<typeof abortThrough>>
    expect(reason).toBe('over')
    expect(took).toBeLessThan(400)
  })

  it('leaves nothing open after close()', () => {
    expect(after).toBeLessThanOrEqual(before)
  })
})

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const nothing = Symbol('nothing')
  const error = await promise.then(
    () => nothing,
    (error: unknown) => error,
  )
  if (error === nothing) throw new Error('it was not rejected')
  return error as Error
}
