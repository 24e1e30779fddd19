import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { PATHS } from '../../src/ilert/endpoints.ts'
import { REFRESH_INTERVAL_SECONDS } from '../../src/ilert/limits.ts'
import { createSandbox, type LoggedRequest, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { freePort } from '../support/port.ts'
import { type Child, startChild } from '../support/processes.js'
import { until } from '../support/until.ts'

export const TOKEN: string = PATHS.token
export const HOUR = 3_600_000
/** Into the window before expiry, which is 10 minutes. */
export const INTO_THE_WINDOW: number = HOUR - 500_000
/** Past the longest back-off. */
export const PAST_BACK_OFF = 61_000

export interface FleetOptions {
  /** How many app processes. Default 1. */
  processes?: number
  refreshTokens?: SandboxOptions['refreshTokens']
  /** The Redis of `RedisTokenStore`, or the PostgreSQL of `PostgresTokenStore`. Absent: `SessionTokenStore` over whatever keeps the sessions. */
  tokens?: string
  /** The Redis of connect-redis. Absent: express-session's `MemoryStore`. */
  sessions?: string
  /** The PostgreSQL of connect-pg-simple, in the place of `sessions`. */
  postgres?: string
  /** How soon after a refresh ilert refuses the next one. Default: never; one that comes too early fails the test. */
  refreshLimitSeconds?: number
  /** Which client `RedisTokenStore` gets. Default `redis`. */
  client?: 'redis' | 'ioredis'
  leaseMs?: number
  /** How long the token store may take to answer. */
  storeTimeoutMs?: number
  /** How long ilert may take to answer. */
  timeoutMs?: number
  /** Lets time stand still unless it is moved. Waits for processes that died are timed with it: they need it to run. */
  frozen?: boolean
  /** Uses `tokenKey`: one grant for each user. */
  sharedKey?: boolean
  /** Users sign in at `/local` without ilert, and link their ilert user at `/link` (`passport.authorize`). */
  links?: boolean
}

export interface Answer {
  status: number
  /** What `/token` says instead of the token. */
  hash?: string
  name?: string
  code?: string
  connected?: boolean
  user?: string
  firstName?: string
  seen?: string[]
}

/** One process of an app. */
export interface App {
  readonly origin: string
  get(path: string, cookie: string): Promise<Answer>
  /** So many requests at once. */
  storm(count: number, path: string, cookie: string): Promise<Answer[]>
  post(path: string, cookie: string): Promise<Answer>
  /** Does what no browser can ask for: see `control` in app.mjs. */
  call<T = undefined>(method: string, ...args: unknown[]): Promise<T>
  /** Resolves once so many requests are inside a handler. */
  inside(count: number): Promise<void>
  kill(): Promise<void>
  /** Asks it to end, and resolves once it has begun to; `exited` has its code. */
  terminate(): Promise<{ exited: Promise<number | null> }>
}

/** An app in several processes, and an ilert of its own. */
export interface Fleet {
  readonly sandbox: Sandbox
  readonly apps: App[]
  /** What the names of its keys in Redis begin with. */
  readonly prefix: string
  /** Starts one more process of the same app. */
  add(): Promise<App>
  /** Moves the time, ilert's first: no process is ever ahead of it. */
  advance(ms: number): Promise<void>
  /** As a user, the first by default, at the first process. Resolves to the cookies of the browser. */
  signIn(as?: string): Promise<string>
  /** The refreshes that reached ilert. */
  readonly refreshes: () => LoggedRequest[]
  /** Those of them that ilert answered with tokens. */
  readonly successful: () => LoggedRequest[]
  /** Ends everything, and fails where a process had trouble, or a grant was refreshed too early. */
  close(): Promise<void>
}

let made = 0

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { processes = 1, refreshTokens = 'rotate', frozen = false, refreshLimitSeconds = 0, ...settings } = options
  made += 1
  const prefix = `fleet${process.pid}-${made}:`
  const firstPort = await freePort()
  const redirectURI = `http://127.0.0.1:${firstPort}/auth/ilert/callback`
  const frozenAt = frozen ? Date.now() : undefined
  const sandbox = await createSandbox({
    redirectURI,
    refreshTokens,
    approve: true,
    refreshLimitSeconds,
    requestsPerMinute: 0,
    clock: { now: () => frozenAt ?? Date.now() },
  })
  const agent = new Agent({ headersTimeout: 60_000 })
  const apps: App[] = []
  const children: Child[] = []
  let offsetMs = 0
  let grants = 0

  const add = async (port = 0) => {
    const config = { port, prefix, frozenAt, offsetMs, ...settings }
    const { app, child } = await startApp(agent, { ...sandbox.env, FAULTS_APP: JSON.stringify(config) })
    apps.push(app)
    children.push(child)
    return app
  }

  const refreshes = () => sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token')
  const successful = () => refreshes().filter(({ status, note }) => status === 200 && note !== 'fault: trickle')
  const fleet: Fleet = {
    sandbox,
    apps,
    prefix,
    add,
    async advance(ms) {
      sandbox.clock.advance(ms)
      offsetMs += ms
      await Promise.all(apps.map((app) => app.call('moveClock', ms)))
    },
    async signIn(as) {
      grants += 1
      return await sandbox.signIn(`${apps[0]?.origin}/auth/ilert`, { ...(as !== undefined && { as }) })
    },
    refreshes,
    successful,
    async close() {
      const troubles = await Promise.all(apps.splice(0).map((app) => app.call<string[]>('troubles')))
      for (const child of children) void child.end('SIGKILL')
      await Promise.all([agent.destroy(), sandbox.close()])
      expect(troubles.flat()).toEqual([])
      if (grants === 1) expectInterval(successful())
    },
  }
  try {
    await add(firstPort)
    await Promise.all(Array.from({ length: processes - 1 }, () => add()))
  } catch (error) {
    for (const child of children) void child.end('SIGKILL')
    await sandbox.close()
    throw error
  }
  return fleet
}

/** Two answered refreshes of one grant are never less than the interval apart. */
function expectInterval(successful: LoggedRequest[]): void {
  const times = successful.map(({ at }) => at)
  const gaps = times.slice(1).map((at, i) => at - (times[i] as number))
  expect(gaps.filter((gap) => gap < REFRESH_INTERVAL_SECONDS * 1000)).toEqual([])
}

async function startApp(agent: Agent, env: Record<string, string>): Promise<{ app: App; child: Child }> {
  const { PATH = '' } = process.env
  const path = fileURLToPath(new URL('app.mjs', import.meta.url))
  const child = await startChild(path, { name: 'app.mjs', env: { PATH, ...env } })
  const { origin } = child.ready
  const send = async (method: 'GET' | 'POST', path: string, cookie: string): Promise<Answer> => {
    const { statusCode, body } = await request(`${origin}${path}`, { method, headers: { cookie }, dispatcher: agent })
    return { ...((await body.json()) as object), status: statusCode }
  }
  const app: App = {
    origin,
    get: (path, cookie) => send('GET', path, cookie),
    post: (path, cookie) => send('POST', path, cookie),
    storm: (count, path, cookie) => Promise.all(Array.from({ length: count }, () => send('GET', path, cookie))),
    call: (method, ...args) => child.call(method, ...args),
    inside: (count) => until(async () => (await app.call<number>('inside')) >= count),
    async kill() {
      app.call = async () => [] as never
      await child.end('SIGKILL')
    },
    async terminate() {
      const begun = child.said('stopping')
      const troubles = app.call('troubles')
      const exited = child.end('SIGTERM')
      await begun
      app.call = () => troubles as Promise<never>
      return { exited }
    },
  }
  return { app, child }
}

/** The one word on which all answers agree, or all that there are. */
export function agreed(answers: Answer[]): string {
  return [...new Set(answers.map(({ status, hash, code }) => `${status} ${hash ?? code}`))].join(', ')
}
