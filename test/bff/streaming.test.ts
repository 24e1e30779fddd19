/* Bodies go through while they arrive, both ways, and nobody who has gone keeps a call alive. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CURRENT_USER, closeApps, TOKEN } from '../support/app.ts'
import { closeServers, json } from '../support/server.ts'
import { until } from '../support/until.ts'
import { ALERTS, FROM_PAGE, startBackend, startScene } from './support.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

const MIB = 1024 * 1024

/** A request of a page whose body is sent, and whose answer is read, part by part. */
function talk(browser: { origin: string; cookies: string }, method = 'GET', headers: Record<string, string> = {}) {
  const client = request(`${browser.origin}${ALERTS}`, {
    method,
    headers: { ...FROM_PAGE, cookie: browser.cookies, ...headers },
    agent: false,
  })
  client.on('error', () => {}) // some of these are cut
  const answer = once(client, 'response').then(([response]) => response as IncomingMessage)
  answer.catch(() => {})
  return { client, answer }
}

/** An answer that begins, and goes on when the test says so. */
async function startSlow() {
  const answers: ServerResponse[] = []
  const scene = await startScene((response) => answers.push(response))
  return { ...scene, answers }
}

test('the first byte of an answer of 1 MB is there before the last has arrived', async () => {
  const { browser, answers } = await startSlow()
  const { client, answer } = talk(browser)
  client.end()
  await until(() => answers.length === 1)
  const half = 'x'.repeat(MIB / 2 - 1)
  answers[0]?.writeHead(200, { 'content-type': 'application/json', 'content-length': MIB }).write(`"${half}`)
  const response = await answer
  expect(response.headers['content-length']).toBe(String(MIB))
  let bytes = 0
  response.on('data', (part: Buffer) => {
    bytes += part.length
  })
  await until(() => bytes === MIB / 2) // all that there is, while the rest has not been sent
  answers[0]?.end(`${half}"`)
  await once(response, 'end')
  expect(bytes).toBe(MIB)
})

test('an answer that is longer than the bound is refused, or broken off where it was not known', async () => {
  const { browser, answers } = await startSlow()
  const first = talk(browser)
  first.client.end()
  await until(() => answers.length === 1)
  answers[0]?.writeHead(200, { 'content-type': 'application/json', 'content-length': MIB + 1 }).write('[')
  const refused = await first.answer
  expect(refused.statusCode).toBe(502)
  refused.resume()

  const second = talk(browser)
  second.client.end()
  await until(() => answers.length === 2)
  answers[1]?.writeHead(200, { 'content-type': 'application/json' }).write('['.repeat(MIB))
  const response = await second.answer
  answers[1]?.end('[')
  response.resume()
  await expect(once(response, 'end')).rejects.toThrow('aborted')
})

test('an answer that breaks off is not taken for a whole one', async () => {
  const { browser, answers } = await startSlow()
  const { client, answer } = talk(browser)
  client.end()
  await until(() => answers.length === 1)
  answers[0]?.writeHead(200, { 'content-type': 'application/json' }).write('[1,')
  const response = await answer
  response.resume()
  answers[0]?.destroy()
  await expect(once(response, 'end')).rejects.toThrow('aborted')
})

test('a client that goes ends the call, before its answer begins and after', async () => {
  const { browser, answers } = await startSlow()
  for (const begun of [false, true]) {
    const { client, answer } = talk(browser)
    client.end()
    await until(() => answers.length === 1)
    if (begun) {
      answers[0]?.writeHead(200, { 'content-type': 'application/json' }).write('[1,')
      await answer
    }
    client.destroy()
    await until(() => answers[0]?.destroyed)
    answers.pop()
  }
})

/** An ilert that tells what it has got of a body before that is complete. */
async function startReading() {
  const got: string[] = []
  const closed: boolean[] = []
  /** Statuses with which it answers before it has read a body. */
  const early: number[] = []
  const server = createServer((received, response) => {
    if (received.url === TOKEN)
      json(response, 200, { access_token: 'a'.repeat(40), expires_in: 3600, scope: 'alert:w' })
    else if (received.url === CURRENT_USER) json(response, 200, { id: 7 })
    else {
      const status = early.shift()
      if (status !== undefined) json(response, status, { code: 'TOO_EARLY' })
      received.on('data', (part: Buffer) => got.push(part.toString()))
      received.on('end', () => status ?? json(response, 200, { ok: true }))
      response.on('close', () => closed.push(response.writableFinished))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const app = await startBackend({
    strategy: { apiURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  })
  const browser = app.browser()
  await browser.signIn()
  return { browser, got, closed, early, close: () => server.close() }
}

test('the first part of a body is at ilert before the last is sent', async () => {
  const { browser, got, close } = await startReading()
  const { client, answer } = talk(browser, 'POST', { 'content-type': 'application/json' })
  client.write('{"summary":')
  await until(() => got.length === 1)
  client.end('"x"}')
  expect((await answer).statusCode).toBe(200)
  expect(got.join('')).toBe('{"summary":"x"}')
  close()
})

test('an answer that comes before the body is complete is passed on, and the connection ends with it', async () => {
  const { browser, got, early, close } = await startReading()
  early.push(400)
  const { client, answer } = talk(browser, 'POST', { 'content-type': 'application/json', connection: 'keep-alive' })
  client.write('{"summary":')
  const response = await answer
  expect(response.statusCode).toBe(400)
  expect(response.headers.connection).toBe('close')
  expect(got.length).toBeLessThanOrEqual(1)
  client.destroy()
  close()
})

test('a client that goes within its body ends the call, and nothing is sent twice', async () => {
  const { browser, got, closed, close } = await startReading()
  const headers = { 'content-type': 'application/json', 'content-length': '100' }
  const { client } = talk(browser, 'POST', headers)
  client.write('{"summary":')
  await until(() => got.length === 1)
  client.destroy()
  await until(() => closed.length === 1)
  expect(closed).toEqual([false])
  expect(got).toEqual(['{"summary":'])
  close()
})
