/* Answers that are passed on while they arrive: the same bounds as for those that are read to their end first. */
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { Http } from '../../src/client/http.ts'
import { NetworkError } from '../../src/ilert/errors.ts'
import { freePort } from '../support/port.ts'
import { closeServers, json, serve, serveSocket } from '../support/server.ts'

const MOST = 64 * 1024

const doorways: Http[] = []
afterEach(async () => {
  await closeServers()
  await Promise.all(doorways.splice(0).map((http) => http.close()))
})

function httpOf(origin: string, timeoutMs = 5000): Http {
  const http = new Http({ origin, timeoutMs, maxBodyBytes: MOST })
  doorways.push(http)
  return http
}

const GET = { method: 'GET', path: '/api/alerts', headers: {} }

/** What a reader is told, and when it is over. */
function record() {
  const told: string[] = []
  let finish: () => void
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  return {
    told,
    over,
    data(chunk: Buffer) {
      told.push(chunk.toString())
    },
    end() {
      told.push('(end)')
      finish()
    },
    fail(error: unknown) {
      told.push(`(${(error as { code?: string }).code ?? (error as Error).message})`)
      finish()
    },
  }
}

/** Answers whose rest comes when the test says so. */
async function halfAnswered(begin = '[1,') {
  const rest: (() => ServerResponse)[] = []
  const server = await serve((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write(begin)
    rest.push(() => response.end('2]'))
  })
  return { server, complete: () => rest.shift()?.() }
}

test('the head and the first part are there before the last', async () => {
  const { server, complete } = await halfAnswered()
  const answer = await httpOf(server.origin).open(GET)
  expect(answer).toMatchObject({ status: 200, over: false })
  const reader = record()
  answer.read(reader)
  await until(() => reader.told.length > 0)
  expect(reader.told).toEqual(['[1,'])
  complete()
  await reader.over
  expect(reader.told.join('')).toBe('[1,2](end)')
  expect(answer.over).toBe(true)
})

test('a reader who comes later is told everything from the beginning, also after the end', async () => {
  const { server, complete } = await halfAnswered()
  const answer = await httpOf(server.origin).open(GET)
  const [first, second, third] = [record(), record(), record()]
  answer.read(first)
  await until(() => first.told.length > 0)
  const leave = answer.read(second)
  expect(second.told).toEqual(['[1,'])
  leave()
  complete()
  await first.over
  answer.read(third)
  expect(third.told.join('')).toBe('[1,2](end)')
  expect(second.told).toEqual(['[1,'])
})

test('an interim answer is not taken for the answer', async () => {
  const server = await serve((response) => {
    response.writeEarlyHints({ link: '</x>; rel=preload' })
    json(response, 200, [])
  })
  const answer = await httpOf(server.origin).open(GET)
  expect(answer.status).toBe(200)
  expect((await answer.whole()).text).toBe('[]')
})

test('one that says that it is too long is refused before any of it is passed on', async () => {
  const server = await serve((response) => json(response, 200, 'x'.repeat(MOST + 1), { 'content-length': MOST + 1 }))
  await expect(httpOf(server.origin).open(GET)).rejects.toMatchObject({ code: 'response_too_large', status: 502 })
  await server.idle()
})

test('the length of what HEAD leaves out is no length of its answer', async () => {
  const server = await serve((response) => response.writeHead(200, { 'content-length': 10 * MOST }).end())
  const answer = await httpOf(server.origin).open({ ...GET, method: 'HEAD' })
  expect(answer.headers['content-length']).toBe(String(10 * MOST))
  expect((await answer.whole()).text).toBe('')
})

test('one that goes on and on is ended at the bound, and its connection with it', async () => {
  const server = await serve((response) => {
    response.writeHead(200)
    const more = (): void => {
      if (response.destroyed) return
      if (response.write('x'.repeat(16 * 1024))) setImmediate(more)
      else response.once('drain', more)
    }
    more()
  })
  const answer = await httpOf(server.origin).open(GET)
  const reader = record()
  answer.read(reader)
  await reader.over
  expect(reader.told.at(-1)).toBe('(response_too_large)')
  expect(reader.told.slice(0, -1).join('').length).toBeLessThanOrEqual(MOST)
  await server.idle()
})

test('a body that never ends is ended with the time of the call', async () => {
  const { server } = await halfAnswered()
  const answer = await httpOf(server.origin, 50).open(GET)
  const reader = record()
  answer.read(reader)
  await reader.over
  expect(reader.told).toEqual(['[1,', '(timeout)'])
  await server.idle()
})

test('a connection that breaks within the body is no end of the body', async () => {
  const server = await serveSocket((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,'))
  })
  const answer = await httpOf(server.origin).open(GET)
  await expect(answer.whole()).rejects.toBeInstanceOf(NetworkError)
})

test('a caller who aborts ends the call, before its head and after', async () => {
  const { server } = await halfAnswered()
  const http = httpOf(server.origin)
  const controller = new AbortController()
  const answer = await http.open({ ...GET, signal: controller.signal })
  const reader = record()
  answer.read(reader)
  controller.abort(new Error('gone'))
  await reader.over
  expect(reader.told.at(-1)).toBe('(gone)')
  await server.idle()

  const silent = await serve(() => {})
  const early = new AbortController()
  const call = httpOf(silent.origin).open({ ...GET, signal: early.signal })
  await until(() => silent.requests.length === 1)
  early.abort(new Error('gone'))
  await expect(call).rejects.toThrow('gone')
  await silent.idle()
})

test('what is discarded is not waited for', async () => {
  const { server } = await halfAnswered()
  const answer = await httpOf(server.origin).open(GET)
  answer.discard()
  await server.idle()
  expect(answer.over).toBe(true)
})

test('a body that was compressed unasked is read whole, within the bound', async () => {
  let body = gzipSync('[1,2]')
  const server = await serve((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body))
  const http = httpOf(server.origin)
  expect((await (await http.open(GET)).whole()).text).toBe('[1,2]')
  body = gzipSync('x'.repeat(100 * MOST))
  await expect((await http.open(GET)).whole()).rejects.toMatchObject({ code: 'response_too_large' })
})

test('nothing keeps the process alive once a connection could not be made', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const http = httpOf(`http://127.0.0.1:${await freePort()}`, 60_000)
  await expect(http.open(GET)).rejects.toMatchObject({ code: 'connection_failed' })
  expect(timers()).toBeLessThanOrEqual(before)
})

test('a body that is made while it is sent arrives whole', async () => {
  const server = await serve((response) => json(response, 200, []))
  const parts = ['{"a":', '1}'].map((part) => Buffer.from(part))
  const body = {
    async *[Symbol.asyncIterator]() {
      yield* parts
    },
  }
  const http = httpOf(server.origin)
  await (await http.open({ ...GET, method: 'PUT', body })).whole()
  await (await http.open({ ...GET, method: 'PUT', headers: { 'content-length': '7' }, body })).whole()
  expect(server.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}'])
  expect(server.requests.map(({ headers }) => headers['content-length'])).toEqual([undefined, '7'])
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
