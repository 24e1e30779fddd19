import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import session from 'express-session'
import passport, { type Authenticator } from 'passport'
import { request } from 'undici'
import { IlertStrategy, type IlertStrategyOptions } from '../../src/index.ts'
import { CookieJar } from '../../src/sandbox/cookie-jar.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'

export const TOKEN = '/api/developers/oauth2/token'
export const REVOKE = '/api/developers/oauth2/revoke'
export const CURRENT_USER = '/api/users/current'

export const LOGIN = '/auth/ilert'
export const CALLBACK = '/auth/ilert/callback'

export interface AppOptions {
  sandbox?: SandboxOptions
  /** Added to what the sandbox says. */
  strategy?: IlertStrategyOptions
  /** The classic one, as the second argument. */
  verify?: (...args: never[]) => unknown
  /** Makes the strategy in another way than of options and `verify`. */
  make?: (options: IlertStrategyOptions) => IlertStrategy
  /** For `passport.authenticate()` where a sign-in begins. */
  begin?: object
  /** For `passport.authenticate()` where it ends. Default: on to where the user was. */
  end?: object
  /** Ends the sign-in in the place of `passport.authenticate()`. */
  callback?: (app: TestApp) => RequestHandler
  /** Adds settings and routes before all others. */
  before?: (express: Express, app: TestApp) => void
  /** Adds routes behind the middlewares. */
  routes?: (express: Express, app: TestApp) => void
  session?: false | session.SessionOptions
  express?: () => Express
  passport?: Authenticator
  serializeUser?: (user: unknown) => unknown
  callbackURL?: (origin: string) => string
  /** Options that are known only when the sandbox is up. */
  around?: (sandbox: Sandbox) => Promise<IlertStrategyOptions>
  /** Whether there is `ilert.session()`. */
  middleware?: false
  /** Whether errors are left to Express, which shows them. */
  errorHandler?: false
}

/** A small app that signs in with a sandbox of its own, on real sockets. */
export interface TestApp {
  readonly origin: string
  readonly sandbox: Sandbox
  readonly ilert: IlertStrategy
  readonly passport: Authenticator
  readonly store: TestStore
  readonly server: Server
  /** What reached the error handler. */
  readonly errors: unknown[]
  browser(): Browser
  /** How often something was asked of ilert. */
  count(path: string): number
  close(): Promise<void>
}

/** What the app's home page says. */
export interface Home {
  user: Record<string, unknown> | null
  connected: boolean
  scope: string[]
  returnTo: string | null
  session: Record<string, unknown>
}

/** An express-session store whose content can be seen, and which can be made to fail. */
class TestStore extends session.MemoryStore {
  /** Says of a write whether it fails. */
  fails: (id: string, data: session.SessionData) => boolean = () => false

  override set(id: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    if (this.fails(id, data)) setImmediate(() => done?.(new Error('the store is away')))
    else super.set(id, data, done)
  }

  /** Everything, as it is kept. */
  entries(): Record<string, string> {
    return { ...(this as unknown as { sessions: Record<string, string> }).sessions }
  }

  /** The records of grants, whose data begins with their end: without tombstones, and without marks. */
  grants(): string[] {
    return Object.values(this.entries()).filter((text) => /^\d+\./.test(JSON.parse(text).ilert?.data ?? ''))
  }
}

const running = new Set<TestApp>()

/** Closes every app that is still there; for `afterEach`. */
export async function closeApps(): Promise<void> {
  await Promise.all([...running].map((app) => app.close()))
}

export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const callbackURL = options.callbackURL?.(origin) ?? `${origin}${CALLBACK}`

  const sandbox = await createSandbox({ approve: true, redirectURI: callbackURL, ...options.sandbox })
  const strategyOptions = {
    ...optionsOf(sandbox),
    clock: sandbox.clock,
    ...options.strategy,
    ...(await options.around?.(sandbox)),
  }
  const make = options.make ?? ((given) => new IlertStrategy(given, options.verify as never))
  const ilert = make(strategyOptions)
  const authenticator = options.passport ?? (new passport.Passport() as unknown as Authenticator)
  authenticator.use(ilert)
  authenticator.serializeUser((user, done) => done(null, options.serializeUser ? options.serializeUser(user) : user))
  authenticator.deserializeUser((user: Express.User, done) => done(null, user))

  const app: TestApp = {
    origin,
    sandbox,
    ilert,
    passport: authenticator,
    store: new TestStore(),
    server,
    errors: [],
    browser: () => new Browser(app),
    count: (path) => sandbox.requests.filter((request) => request.path === path).length,
    async close() {
      running.delete(app)
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      await sandbox.close()
      await ilert.tokens.close()
      await ilert.client.close()
    },
  }
  running.add(app)
  server.on('request', expressApp(app, options))
  return app
}

function expressApp(app: TestApp, options: AppOptions): Express {
  const { ilert, passport } = app
  const web = (options.express ?? express)()
  options.before?.(web, app)
  if (options.session !== false) {
    const settings = { secret: 'keyboard cat', resave: false, saveUninitialized: false, store: app.store }
    web.use(session({ ...settings, ...options.session }))
    web.use(passport.session())
    if (options.middleware !== false) web.use(ilert.session())
  }
  web.get('/', (req, res) => {
    res.json(home(req))
  })
  web.get('/token', async (req, res, next) => {
    try {
      res.send(await req.ilert.accessToken())
    } catch (error) {
      next(error)
    }
  })
  options.routes?.(web, app)
  web.all(LOGIN, passport.authenticate('ilert', options.begin ?? {}))
  const end =
    options.callback?.(app) ?? passport.authenticate('ilert', options.end ?? { successReturnToOrRedirect: '/' })
  web.all(CALLBACK, end, (req, res) => {
    res.json({ ...home(req), account: (req as { account?: unknown }).account ?? null })
  })
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    app.errors.push(error)
    if (res.headersSent || options.errorHandler === false) return next(error)
    const { name, code, message, status = 500 } = error as { [field: string]: string } & { status?: number }
    res.status(status).json({ name, code, message })
  }
  web.use(onError)
  return web
}

function home(req: Request): Home {
  return {
    user: (req.user as unknown as Record<string, unknown>) ?? null,
    connected: req.ilert?.connected ?? false,
    scope: [...(req.ilert?.scope ?? [])],
    returnTo: (req.session as { returnTo?: string } | undefined)?.returnTo ?? null,
    session: { ...req.session } as Record<string, unknown>,
  }
}

/** What the sandbox's `env` says, as options. */
export function optionsOf({ env }: Sandbox): IlertStrategyOptions {
  return {
    clientID: env.ILERT_CLIENT_ID as string,
    clientSecret: env.ILERT_CLIENT_SECRET as string,
    callbackURL: env.ILERT_CALLBACK_URL as string,
    appURL: env.ILERT_APP_URL as string,
    apiURL: env.ILERT_API_URL as string,
  }
}

/** What a browser gets. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  /** Where it redirects to. */
  readonly location: string
  readonly cookies: string[]
  readonly text: string
  readonly json: Record<string, unknown>
}

/** Keeps cookies, and follows redirects where it is asked to. */
export class Browser {
  readonly jar: CookieJar = new CookieJar()
  readonly #app: TestApp

  constructor(app: TestApp) {
    this.#app = app
  }

  /** Where the app is. */
  get origin(): string {
    return this.#app.origin
  }

  /** The `Cookie` header that the app gets. */
  get cookies(): string {
    return this.jar.header(new URL(this.#app.origin))
  }

  /** One request, without following anything. */
  async visit(target: string | URL, init: RequestInit = {}): Promise<Page> {
    const url = new URL(target, this.#app.origin)
    const cookie = this.jar.header(url)
    const headers = { ...(cookie && { cookie }), ...(init.headers as Record<string, string>) }
    const response = await fetch(url, { redirect: 'manual', ...init, headers })
    return this.#page(url, response.status, response.headers, await response.text())
  }

  /** One request with these headers and no others: fetch() sends a `Sec-Fetch-Mode` of its own, which is `cors`. */
  async send(target: string | URL, headers: Record<string, string>, method = 'GET', body?: string): Promise<Page> {
    const url = new URL(target, this.#app.origin)
    const cookie = this.jar.header(url)
    const answer = await request(url, {
      method: method as 'GET',
      headers: { ...(cookie && { cookie }), ...headers },
      ...(body !== undefined && { body }),
    })
    const received = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((single): [string, string] => [name, single]),
    )
    return this.#page(url, answer.statusCode, new Headers(received), await answer.body.text())
  }

  #page(url: URL, status: number, headers: Headers, text: string): Page {
    const cookies = headers.getSetCookie()
    this.jar.keep(url, cookies)
    return {
      url,
      status,
      headers,
      location: headers.get('location') ?? '',
      cookies,
      text,
      get json() {
        return JSON.parse(text) as Record<string, unknown>
      },
    }
  }

  /** Begins a sign-in. Resolves to the URL at ilert. */
  async begin(path: string = LOGIN): Promise<string> {
    const page = await this.visit(path)
    if (page.status !== 302) throw new Error(`${path} answered ${page.status}: ${page.text}`)
    return page.location
  }

  /** Has ilert agree. Resolves to the callback's URL, which is yet to be visited. */
  async consent(authorizeURL: string): Promise<string> {
    const page = await this.visit(authorizeURL)
    if (!page.location) throw new Error(`The sandbox answered ${page.status}: ${page.text}`)
    return page.location
  }

  /** A callback's URL, which is yet to be visited. */
  async callback(path?: string): Promise<string> {
    return await this.consent(await this.begin(path))
  }

  /** A whole sign-in. Resolves to what the callback answers. */
  async signIn(path?: string): Promise<Page> {
    return await this.visit(await this.callback(path))
  }

  async home(): Promise<Home> {
    const page = await this.visit('/')
    if (page.status !== 200) throw new Error(`/ answered ${page.status}: ${page.text}`)
    return JSON.parse(page.text) as Home
  }
}

/** An app's own callback: answers with all that Passport hands to it. */
export const tellAll: NonNullable<AppOptions['callback']> = (app) => (req, res, next) => {
  app.passport.authenticate('ilert', (error: unknown, user: unknown, info: unknown, status: unknown) => {
    if (error) next(error)
    else res.json({ user, info, status })
  })(req, res, next)
}

/** The tokens that the app has got, so that a test can see what has become of them. */
export function rememberTokens() {
  const seen: { accessToken: string; refreshToken?: string }[] = []
  return {
    seen,
    verify: ({ tokens, profile }: { tokens: { accessToken: string; refreshToken?: string }; profile: object }) => {
      seen.push({ ...tokens })
      return profile as Express.User
    },
  }
}

/** Whether ilert still takes a refresh token. For a sandbox with `refreshTokens: 'reuse', refreshLimitSeconds: 0`. */
export async function isAlive(app: TestApp, refreshToken: string | undefined): Promise<boolean> {
  try {
    await app.ilert.client.refresh(refreshToken ?? '')
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'invalid_grant') return false
    throw error
  }
}

/** A sandbox whose refresh tokens can be looked at without using them up. */
export const LASTING: SandboxOptions = { refreshTokens: 'reuse', refreshLimitSeconds: 0 }
