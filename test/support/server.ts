import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'

/** What a server got, to the last byte of the body. */
export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server on a free port of 127.0.0.1 which remembers what reached it. */
export interface TestServer {
  readonly origin: string
  readonly port: number
  /** The requests that arrived whole; none at a TCP server. */
  readonly requests: Received[]
  /** How many requests were begun, at a TCP server too. */
  readonly begun: number
  /** How many connections were ever made. */
  readonly connections: number
  /** How many of them are open. */
  readonly open: number
  /** Resolves as soon as no connection is open. */
  idle(): Promise<void>
  /** Resolves as soon as so many connections have been closed. */
  ended(count: number): Promise<void>
  /** Breaks every connection and stops listening. */
  close(): Promise<void>
}

type Answer = (response: ServerResponse, request: Received) => unknown

/** An HTTP server. `answer` is called once the request has arrived whole; one that does nothing lets the client hang. */
export function serve(answer: Answer, port = 0): Promise<TestServer> {
  const requests: Received[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
      requests.push(received)
      answer(response, received)
    })
  })
  return listen(server, requests, port)
}

/** A TCP server: `talk` gets each connection as it is made. */
export function serveSocket(talk: (socket: Socket) => unknown): Promise<TestServer> {
  return listen(net.createServer(talk), [])
}

/** Answers with JSON, or with `body` as it is where that is a string. */
export function json(response: ServerResponse, status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

const running = new Set<TestServer>()

/** Closes every server that is still there; for `afterEach`. */
export async function closeServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()))
}

async function listen(server: net.Server, requests: Received[], port = 0): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  let begun = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    // One that is not read never learns that the client has gone.
    if (!(server instanceof http.Server)) {
      socket.on('data', (data) => {
        begun += data.toString('latin1').match(/^[A-Z]+ \S+ HTTP\/1\.1\r$/gm)?.length ?? 0
      })
    }
    socket.on('error', () => {}) // a client that breaks off is what many tests are about
    socket.on('close', () => {
      sockets.delete(socket)
      server.emit('ended')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  const testServer: TestServer = {
    origin: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    get begun() {
      return server instanceof http.Server ? requests.length : begun
    },
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    async idle() {
      while (sockets.size > 0) await once(server, 'ended')
    },
    async ended(count) {
      while (connections - sockets.size < count) await once(server, 'ended')
    },
    async close() {
      running.delete(testServer)
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
  running.add(testServer)
  return testServer
}
