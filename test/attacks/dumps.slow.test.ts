import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import { MemoryStore, type Store } from 'express-session'
import * as exported from '../../src/index.ts'
import {
  IlertClient,
  IlertError,
  MemoryTokenStore,
  SessionTokenStore,
  TokenManager,
  type TokenStore,
} from '../../src/index.ts'
import { seek } from '../express/leaks.ts'
import { freePort } from '../support/port.ts'
import { closeServers, json, serve } from '../support/server.ts'

/** A secret that shares nothing with the others but its first letters. */
const canary = (name: string) => `CANARY${createHash('sha256').update(name).digest('hex')}`

const SECRETS = {
  clientSecret: canary('client secret'),
  encryptionKey: canary('encryption key'),
  code: canary('code'),
  codeVerifier: canary('code verifier'),
  refreshToken: canary('refresh token'),
  accessToken: canary('access token'),
}
/** Also in part: ten letters in the middle of each. */
const CANARIES = ['CANARY', ...Object.values(SECRETS).map((secret) => secret.slice(30, 40))]

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
  await closeServers()
})

const DEEP = { depth: Infinity, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null } as const

/** Everything that a logger, a debugger or a crash could write of a value. */
function dumps(value: unknown): string[] {
  const attempt = (write: () => unknown) => {
    try {
      return String(write())
    } catch {
      return '' // a circle, or something that cannot be cloned
    }
  }
  const chain: unknown[] = []
  for (let link = value; link != null && chain.length < 20; link = (link as Error).cause) chain.push(link)
  return chain.flatMap((link) => [
    attempt(() => inspect(link, DEEP)),
    attempt(() => inspect(link, { ...DEEP, customInspect: false })),
    attempt(() => format('%s %o %O %j', link, link, link, link)),
    attempt(() => JSON.stringify(link)),
    attempt(() => JSON.stringify(Object.getOwnPropertyDescriptors(link))),
    attempt(() => (link as Error).stack),
    attempt(() => inspect(structuredClone(link), DEEP)),
    attempt(() => serialize(link).toString('latin1')),
  ])
}

function expectNoSecret(value: unknown): void {
  for (const dump of dumps(value)) {
    const found = seek(dump, CANARIES)
    if (found.length > 0) throw new Error(`${found.join(', ')} in ${dump.slice(0, 3000)}`)
  }
}

/** What a call can meet; where it sends an answer, with all that it was sent. */
const FAILURES: [string, (response: ServerResponse, echo: string) => unknown][] = [
  ['a refusal', (response, echo) => json(response, 400, { code: 'invalid_request', error: echo })],
  ['the end of the grant', (response, echo) => json(response, 401, { code: 'invalid_grant', error: echo })],
  ['a code that repeats', (response, echo) => json(response, 400, { code: echo, error: echo })],
  ["RFC 6749's form", (response, echo) => json(response, 400, { error: 'invalid_request', error_description: echo })],
  ["the API's form", (response, echo) => json(response, 404, { status: 404, code: 'NOT_FOUND', message: echo })],
  ['429', (response, echo) => json(response, 429, { code: echo }, { 'retry-after': '1' })],
  ['500', (response, echo) => json(response, 500, { code: 'server_error', error: echo })],
  ['HTML', (response, echo) => json(response, 200, `<html><pre>${echo}</pre></html>`)],
  ['half of the JSON', (response, echo) => json(response, 200, `{"access_token": ${JSON.stringify(echo)}`)],
  [
    'useless tokens',
    (response, echo) => json(response, 200, { access_token: `${echo}\n`, expires_in: echo, id: echo }),
  ],
  ['a redirect', (response, echo) => json(response, 307, {}, { location: `/?x=${encodeURIComponent(echo)}` })],
  ['too long an answer', (response, echo) => json(response, 200, { x: echo.repeat(20_000) })],
  ['a reset', (response) => response.socket?.resetAndDestroy()],
  ['silence', () => {}],
  ['a header that is none', (response, echo) => response.socket?.end(`HTTP/1.1 200 OK\r\n${echo}\r\n\r\n`)],
  [
    'an end in the middle',
    (response, echo) => response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n${echo}`),
  ],
]

/** A store that is away, and says whatever it was given. */
function talkativeStore(method: 'get' | 'set' | 'delete'): TokenStore {
  const store = new MemoryTokenStore()
  store[method] = async (...args: unknown[]) => {
    throw Object.assign(new Error(`away: ${JSON.stringify(args)}`), { command: args })
  }
  return store
}

function managerOf(apiURL: string, tokenStore: TokenStore): TokenManager {
  const { clientSecret, encryptionKey } = SECRETS
  const manager = new TokenManager({ clientID: 'app', clientSecret, encryptionKey, apiURL, tokenStore, timeoutMs: 300 })
  closing.push(() => manager.close())
  return manager
}

const tokens = (expiresAt: number) => ({
  accessToken: SECRETS.accessToken,
  refreshToken: SECRETS.refreshToken,
  scope: ['profile', 'alert:d'],
  expiresAt,
})

async function managerWith(apiURL: string, expiresAt: number): Promise<TokenManager> {
  const manager = managerOf(apiURL, new MemoryTokenStore())
  await manager.save('key', tokens(expiresAt))
  return manager
}

type Call = (apiURL: string) => Promise<unknown>
const asClient = (call: (client: IlertClient) => Promise<unknown>): Call => {
  return async (apiURL) => {
    const client = new IlertClient({ clientID: 'app', clientSecret: SECRETS.clientSecret, apiURL, timeoutMs: 300 })
    closing.push(() => client.close())
    return await call(client)
  }
}
const EARLIER = Date.now() - 3_600_000
const LATER = Date.now() + 3_600_000
const CALLS: [string, Call][] = [
  ['exchangeCode', asClient((client) => client.exchangeCode({ ...SECRETS, redirectURI: 'https://app.example/cb' }))],
  ['refresh', asClient((client) => client.refresh(SECRETS.refreshToken))],
  ['tokenInfo', asClient((client) => client.tokenInfo(SECRETS.accessToken))],
  ['revoke', asClient((client) => client.revoke(SECRETS.refreshToken))],
  ['currentUser', asClient((client) => client.currentUser(SECRETS.accessToken))],
  ['manager.get', async (apiURL) => (await managerWith(apiURL, EARLIER)).get('key')],
  ['manager.accessToken', async (apiURL) => (await managerWith(apiURL, EARLIER)).accessToken('key')],
  ['api.get', async (apiURL) => (await managerWith(apiURL, LATER)).api('key').get('/api/alerts')],
  ['api.post', async (apiURL) => (await managerWith(apiURL, LATER)).api('key').post<unknown>('/api/alerts', { x: 1 })],
]

describe.each(CALLS)('no dump of the error of %s holds a secret', (_, call) => {
  it.each(FAILURES)('after %s', async (_name, fail) => {
    const { origin } = await serve((response, received) => {
      const { authorization = '' } = received.headers
      fail(response, `${received.body} ${authorization}`)
    })
    const error = await call(origin).catch((error: unknown) => error)
    // Some calls take some of it for an answer: token_info a refusal for a no, an app's API anything that is JSON.
    if (error instanceof Error) expectNoSecret(error)
    else expect(error).not.toBeInstanceOf(IlertError)
  })

  it('where nobody listens', async () => {
    const error = await call(`http://127.0.0.1:${await freePort()}`).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'NetworkError' })
    expectNoSecret(error)
  })
})

/** An express-session store that is away for one of its methods, and says whatever it was given. */
function talkativeSessionStore(method: 'get' | 'set'): Store {
  const store = new MemoryStore()
  store[method] = (...args: unknown[]) => {
    const done = args.pop() as (error: unknown) => void
    done(Object.assign(new Error(`away: ${JSON.stringify(args)}`), { args }))
  }
  return store
}

it.each<[string, () => TokenStore]>([
  ['of a store, to read', () => talkativeStore('get')],
  ['of a store, to write', () => talkativeStore('set')],
  ['of a store, to remove', () => talkativeStore('delete')],
  ['of a session store, to read', () => new SessionTokenStore(talkativeSessionStore('get'))],
  ['of a session store, to write', () => new SessionTokenStore(talkativeSessionStore('set'))],
])('no dump of an error holds a secret which repeats what was asked %s', async (_, storeOf) => {
  const ilert = await serve((response) => json(response, 200, {}))
  const manager = managerOf(ilert.origin, storeOf())
  const ended = await Promise.allSettled([
    manager.save('key', tokens(LATER)),
    manager.get('key'),
    manager.revoke('key'),
  ])
  const errors = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  expect(errors).toContainEqual(expect.objectContaining({ code: 'store_unavailable', cause: expect.anything() }))
  for (const error of errors) expectNoSecret(error)
})

it('no error class shows more than it is given, and what it is given from outside is cleaned', () => {
  const classes = Object.values(exported).filter(
    (each): each is typeof IlertError =>
      typeof each === 'function' && (each === IlertError || each.prototype instanceof IlertError),
  )
  expect(classes.map(({ name }) => name).sort()).toEqual([
    'APIError',
    'IlertError',
    'InsufficientScope',
    'NetworkError',
    'OAuthError',
    'ReauthenticationRequired',
  ])
  for (const ErrorClass of classes) {
    const error = new ErrorClass('what happened', { code: 'a_code' as never, cause: new Error('why') })
    const own = Reflect.ownKeys(error).map(String).sort()
    const known = 'cause code description detailedCode details message retryAfterSeconds scope stack status'.split(' ')
    expect(known).toEqual(expect.arrayContaining(own))
    expectNoSecret(error)
  }
  expectNoSecret(exported.OAuthError.from('invalid_grant', 401, Object.values(SECRETS).join(), Object.values(SECRETS)))
})

it('a process that dies of an error leaves no secret in what it prints, nor in its report', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-crash-'))
  try {
    const ilert = await serve((response, { body }) => json(response, 400, { code: 'invalid_scope', error: body }))
    const script = join(folder, 'crash.mjs')
    const options = { clientID: 'app', clientSecret: SECRETS.clientSecret, apiURL: ilert.origin }
    await writeFile(
      script,
      `import { IlertClient } from ${JSON.stringify(resolve('dist/index.js'))}
      const client = new IlertClient(${JSON.stringify(options)})
      await client.exchangeCode(${JSON.stringify({ ...SECRETS, redirectURI: 'https://app.example/cb' })})`,
    )
    const flags = ['--report-uncaught-exception', '--report-filename=stdout', '--unhandled-rejections=throw']
    const printed = await new Promise<string>((done) => {
      execFile(process.execPath, [...flags, script], { cwd: folder, maxBuffer: 1e8 }, (_error, stdout, stderr) => {
        done(stdout + stderr)
      })
    })
    // It did die, of this, and was reported.
    expect(printed).toContain('OAuthError')
    expect(printed).toContain('"javascriptStack"')
    expect(seek(printed, CANARIES)).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('a planted secret is found in each way', () => {
  const secret = SECRETS.accessToken
  const hidden = Object.defineProperty(new Error('no'), 'request', { value: { deep: { deeper: [secret] } } })
  const getter = Object.defineProperty(new Error('no'), 'token', { get: () => secret })
  const symbol = Object.assign(new Error('no'), { [Symbol('token')]: secret })
  const map = Object.assign(new Error('no'), { cache: new Map([[{ key: secret }, new Set([1])]]) })
  const bytes = new Error('no', { cause: new Error('no', { cause: Buffer.from(secret).toString('base64') }) })
  for (const error of [new Error(secret), hidden, getter, symbol, map, bytes, secret]) {
    expect(() => expectNoSecret(error)).toThrow('CANARY')
  }
  expectNoSecret(new Error('no', { cause: new Error('why') }))
})
