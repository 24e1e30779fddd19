import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { Agent, MockAgent } from 'undici'
import { IlertClient } from '../../src/client/client.ts'
import { closeServers, json, type Received, serve, serveSocket } from '../support/server.ts'

const jwt = (name: string) =>
  [
    { alg: 'HS256', typ: 'JWT' },
    { iss: 'ilert', il_k: `CANARY-${name}-key-0123456789` },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(`CANARY-${name}-signature_0123456789`)
    .join('.')

const SECRETS = {
  clientSecret: 'CANARY/client+secret=$0123456789!',
  code: '4/0CANARY-code_0123456789.abc~def',
  codeVerifier: 'CANARY-verifier_0123456789.abc~defghijklmnopqrstuvwxyz',
  // No JWTs, which would be taken out wherever they come from.
  refreshToken: 'CANARY-refresh_0123456789.abc~defghijklm',
  accessToken: 'CANARY-access_0123456789.abc~defghijklmno',
}
/** What the server sends, which the client never had. */
const NEW_TOKEN = jwt('new')
const CANARIES = [...Object.values(SECRETS), NEW_TOKEN]

const CALLS: [string, (client: IlertClient) => Promise<unknown>][] = [
  ['exchangeCode', (client) => client.exchangeCode({ ...SECRETS, redirectURI: 'https://app.example/cb' })],
  ['refresh', (client) => client.refresh(SECRETS.refreshToken)],
  ['tokenInfo', (client) => client.tokenInfo(SECRETS.accessToken)],
  ['revoke', (client) => client.revoke(SECRETS.refreshToken)],
  ['currentUser', (client) => client.currentUser(SECRETS.accessToken)],
]

/** All that a server knows of a request, in many writings. */
function echo({ headers, body, path }: Received): string[] {
  const values = [...new URLSearchParams(body).values(), headers.authorization ?? '', NEW_TOKEN]
  const each = (write: (value: string) => string) => values.map(write).join(' ')
  return [
    `${path} ${body}`,
    JSON.stringify(headers),
    each((value) => value),
    each((value) => `"${value.slice(0, value.length / 2)}..."`),
    each((value) => encodeURIComponent(value)),
    each((value) => Buffer.from(value).toString('base64')),
    each((value) => Buffer.from(JSON.stringify({ value })).toString('base64url')),
    each((value) => JSON.stringify({ value }).replaceAll('/', '\\/')),
  ]
}

type Answer = (response: ServerResponse, text: string) => unknown
const fields = (text: string): Record<string, unknown>[] => [
  { code: 'invalid_request', error: `Not good: ${text} ` },
  { code: text, error: text },
  { error: 'invalid_request', error_description: text },
  { error: text, error_description: `${text} ${text}` },
  { status: 400, code: text, message: `no: ${text}` },
  { status: 400, code: 'X', message: text },
  { access_token: `${text}\n`, token_type: text, refresh_token: `${text}\n`, scope: text, expires_in: text },
  { access_token: NEW_TOKEN, expires_in: text },
  { id: text, active: text },
  { [text]: text },
]
const ANSWERS: [string, Answer][] = [
  ...fields('').flatMap((_, i) =>
    [200, 400, 401, 429, 500, 302].map((status): [string, Answer] => [
      `${status} with JSON ${i}`,
      (response, text) => json(response, status, fields(text)[i]),
    ]),
  ),
  ...[200, 401, 404, 500, 503].flatMap((status): [string, Answer][] => [
    [`${status} with HTML`, (response, text) => json(response, status, `<html><pre>${text}</pre></html>`)],
    [
      `${status} with truncated JSON`,
      (response, text) => json(response, status, `{"code": "x", "error": ${JSON.stringify(text)}`),
    ],
    [`${status} with a string`, (response, text) => json(response, status, JSON.stringify(text))],
    [
      `${status} with headers`,
      (response, text) => {
        const value = text.replaceAll(/[^ -~]/g, '').slice(0, 2000)
        json(response, status, {}, { 'retry-after': value, 'content-type': value, location: value, 'x-a': value })
      },
    ],
  ]),
  ['no HTTP', (response, text) => response.socket?.end(`${text}\r\n\r\n`)],
  [
    'a status line',
    (response, text) => response.socket?.end(`HTTP/1.1 400 ${text}\r\nContent-Length: x${text}\r\n\r\n`),
  ],
  ['a broken header', (response, text) => response.socket?.end(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`)],
  [
    'an end within the body',
    (response, text) => response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n${text}`),
  ],
]

const clients: IlertClient[] = []
function clientOf(apiURL: string, options = {}): IlertClient {
  const client = new IlertClient({
    clientID: 'client-1',
    clientSecret: SECRETS.clientSecret,
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

describe.each(CALLS)('%s', (_, call) => {
  it.each(ANSWERS)('keeps every secret out of its error where the server echoes it: %s', async (_name, answer) => {
    let texts: string[] = ['']
    let next = 0
    const server = await serve((response, received) => {
      texts = echo(received)
      answer(response, texts[next] ?? '')
    })
    const client = clientOf(server.origin)
    for (next = 0; next < texts.length; next++) {
      const error = await call(client).catch((error: unknown) => error)
      if (error instanceof Error) expectNoCanary(error)
    }
    expect(next).toBe(8)
  })

  it('keeps every secret out of the errors of the network', async () => {
    const hanging = await serveSocket(() => {})
    const resetting = await serveSocket((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const client = clientOf(hanging.origin, { timeoutMs: 60 })
    for (const error of [
      await call(client).catch((error: unknown) => error),
      await call(clientOf(resetting.origin)).catch((error: unknown) => error),
      await call(clientOf('https://no-such-host.invalid', { timeoutMs: 300 })).catch((error: unknown) => error),
    ]) {
      expect(error).toMatchObject({ name: 'NetworkError' })
      expectNoCanary(error)
    }
  })

  it('keeps every secret out of its error where a dispatcher throws what it was given', async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock.get('http://127.0.0.1:9').intercept({ path: '/', method: 'POST' }).reply(200)
    class Talkative extends Agent {
      override request(...args: unknown[]): never {
        const code = 'ERR_SOMETHING'
        throw Object.assign(new Error(inspect(args, { depth: 10 })), { code, body: args })
      }
    }
    const talkative = new Talkative()
    for (const dispatcher of [mock, talkative]) {
      const error = await call(clientOf('http://127.0.0.1:9', { dispatcher })).catch((error: unknown) => error)
      expect(error).toMatchObject({ name: 'NetworkError', status: 503 })
      expectNoCanary(error)
    }
    await mock.close()
    await talkative.close()
  })
})

it('the client shows no secret, neither before nor after a call', async () => {
  const server = await serve((response) => json(response, 200, { access_token: SECRETS.accessToken, scope: '' }))
  const client = clientOf(server.origin)
  expectNoCanary(client)
  await client.refresh(SECRETS.refreshToken)
  expectNoCanary(client)
})

it('the URL for signing in shows no secret', () => {
  const url = clientOf('https://api.example').authorizationURL({
    redirectURI: 'https://app.example/cb',
    scope: 'profile',
    state: 's',
    codeChallenge: 'c',
  })
  expectNoCanary(url.href)
})

/** No piece of a secret, in whatever writing, is anywhere in what can be seen of a value. */
function expectNoCanary(value: unknown): void {
  const { stack, message, cause } = (value ?? {}) as Error
  const shown = [inspect(value, { depth: 10, showHidden: true }), JSON.stringify(value), stack, message, inspect(cause)]
  const text = shown.join('\n')
  const runs = text.match(/[\w+/-]{8,}/g) ?? []
  const decoded = runs.flatMap((run) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1')),
  )
  const readings = [text, unescape(text), ...decoded].join('\n')
  if (readings.includes('CANARY')) throw new Error(`'CANARY' is in ${text}`)
  // The first part of a JWT says how it is signed, which is the same in all of them.
  for (const secret of CANARIES.map((canary) => canary.replace(/^eyJ[^.]+\./, ''))) {
    for (let i = 0; i + 12 <= secret.length; i++) {
      const piece = secret.slice(i, i + 12)
      if (readings.includes(piece)) throw new Error(`${JSON.stringify(piece)} is in ${text}`)
    }
  }
}
