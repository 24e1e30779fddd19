import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import passport, { type Authenticator } from 'passport'
import { IlertBearerStrategy, type NetworkError } from '../../src/index.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { defaultApp, exchange, getCode, TOKEN_INFO, tokensFor } from '../sandbox/support.ts'

export const SECOND = 1000
export const MINUTE: number = 60 * SECOND

type StrategyOptions = NonNullable<ConstructorParameters<typeof IlertBearerStrategy>[0]>

export interface ApiOptions {
  sandbox?: SandboxOptions
  /** Added to what the sandbox says. */
  strategy?: StrategyOptions
  /** Makes the strategy in another way than `new IlertBearerStrategy(options)`. */
  make?: (options: StrategyOptions, sandbox: Sandbox) => IlertBearerStrategy
  /** For `passport.authenticate()`, beside `session: false`. */
  authenticate?: object
  /** Takes the place of `passport.authenticate('ilert-bearer', …)`. */
  guard?: (api: TestApi) => RequestHandler
  /** Adds routes before `GET /`, which is the protected one. */
  before?: (web: Express, api: TestApi) => void
  express?: () => Express
  passport?: Authenticator
}

/** A small API whose `GET /` wants a token of a sandbox of its own. */
export interface TestApi {
  readonly origin: string
  readonly sandbox: Sandbox
  readonly strategy: IlertBearerStrategy
  readonly passport: Authenticator
  /** What reached the error handler. */
  readonly errors: NetworkError[]
  /** How often ilert was asked about a token. */
  readonly asked: number
  /** An access token of the sandbox. */
  token(scope?: string, user?: string): Promise<string>
  /** `GET /` with a token. */
  get(token?: string, path?: string): Promise<Reply>
  /** `GET /` with headers as they are: names and values in turn. */
  send(headers: readonly string[], path?: string): Promise<Reply>
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  /** `WWW-Authenticate`, each occurrence. */
  readonly challenges: string[]
  readonly rawHeaders: string[]
  readonly text: string
  readonly json: Record<string, unknown>
}

const running = new Set<TestApi>()

/** Closes every API that is still there; for `afterEach`. */
export async function closeApis(): Promise<void> {
  await Promise.all([...running].map((api) => api.close()))
}

export async function startApi(options: ApiOptions = {}): Promise<TestApi> {
  const sandbox = await createSandbox(options.sandbox)
  const { apiURL, clock } = sandbox
  const appID = Number(sandbox.env.ILERT_APP_ID)
  const make = options.make ?? ((given) => new IlertBearerStrategy(given))
  const strategy = make({ apiURL, clock, appID, ...options.strategy }, sandbox)
  const server = createServer({ maxHeaderSize: 64 * 1024 }) // so that long tokens arrive
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const api: TestApi = {
    origin: `http://127.0.0.1:${port}`,
    sandbox,
    strategy,
    passport: options.passport ?? (new passport.Passport() as unknown as Authenticator),
    errors: [],
    get asked() {
      return sandbox.requests.filter(({ path }) => path === TOKEN_INFO).length
    },
    token: async (scope = 'profile', user = 'mara.lindqvist') => (await tokensFor(sandbox, user, scope)).access_token,
    get: (token, path) => api.send(token === undefined ? [] : ['Authorization', `Bearer ${token}`], path),
    send: (headers, path = '/') => send(port, path, headers),
    async close() {
      running.delete(api)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await sandbox.close()
      await strategy.client.close()
    },
  }
  running.add(api)
  api.passport.use(strategy)
  server.on('request', expressApp(api, options))
  return api
}

function expressApp(api: TestApi, options: ApiOptions): Express {
  const web = (options.express ?? express)()
  options.before?.(web, api)
  const authenticate = { session: false, ...options.authenticate }
  web.all('/', options.guard?.(api) ?? api.passport.authenticate('ilert-bearer', authenticate), (req, res) => {
    res.json({ user: req.user, authInfo: req.authInfo })
  })
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    api.errors.push(error)
    if (res.headersSent) return next(error)
    res.status(error.status ?? 500).json({ name: error.name, code: error.code, message: error.message })
  }
  web.use(onError)
  return web
}

/** Not fetch(), which joins headers that come twice and checks values. */
async function send(port: number, path: string, headers: readonly string[]): Promise<Reply> {
  const all = ['Host', `127.0.0.1:${port}`, ...headers] as unknown as Record<string, string>
  const sent = request({ port, host: '127.0.0.1', path, headers: all, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const { rawHeaders, statusCode = 0 } = response
  const challenges = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'www-authenticate')
  return {
    status: statusCode,
    challenges,
    rawHeaders,
    text,
    get json() {
      return JSON.parse(text) as Record<string, unknown>
    },
  }
}

/** An access token that the sandbox gave to another app, and that app's id. */
export async function tokenOfAnotherApp(sandbox: Sandbox): Promise<{ token: string; appID: number }> {
  const { appID, ...registered } = sandbox.register({ redirectURI: 'https://other.example/callback' })
  const app = { ...defaultApp(sandbox), ...registered, redirectURI: 'https://other.example/callback' }
  const { body } = await exchange(sandbox, await getCode(sandbox, app), {}, app)
  return { token: body.access_token, appID }
}

/** A JWT whose signature nobody has made. */
export function jwt(claims: unknown, header: unknown = { alg: 'RS256', typ: 'JWT' }, signature = 'c2ln'): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...parts, signature].join('.')
}
