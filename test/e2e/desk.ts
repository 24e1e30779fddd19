import { randomBytes } from 'node:crypto'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { freePort } from '../support/port.ts'
import { startRedis } from '../support/redis.ts'
import { type AppProcess, startApp } from './app-process.ts'
import { atEnd } from './clean-up.ts'
import { get } from './http.ts'
import { startProxy } from './proxy.ts'
import { eventually } from './wait.ts'

/** The example app, with an ilert of the test's own in which things can be made to go wrong. */
export interface Desk {
  /** Where browsers find it. */
  readonly url: string
  readonly sandbox: Sandbox
  /** The process, or several of them. */
  readonly apps: readonly [AppProcess, ...AppProcess[]]
}

export interface DeskOptions {
  env?: Record<string, string>
  sandbox?: SandboxOptions
}

/** One process, which keeps everything in its memory unless `REDIS_URL` or `DATABASE_URL` says otherwise. */
export async function startDesk({ env = {}, sandbox: options }: DeskOptions = {}): Promise<Desk> {
  const port = env.PORT ?? String(await freePort())
  const url = `http://localhost:${port}`
  const sandbox = await startSandbox(url, options)
  const app = await startReadyApp({ ...sandbox.env, PORT: port, ...env })
  return { url, sandbox, apps: [app] }
}

/**
 * Two processes that share a Redis, or what `DATABASE_URL` names, behind a proxy that gives each of them every other request.
 */
export async function startTwoDesks({ env = {}, sandbox: options }: DeskOptions = {}) {
  const redis = env.DATABASE_URL === undefined ? await startRedis() : undefined
  atEnd(async () => redis?.stop())
  const proxy = await startProxy()
  const sandbox = await startSandbox(proxy.url, options)
  const shared = {
    ...sandbox.env,
    ...(redis && { REDIS_URL: redis.url }),
    SESSION_SECRET: randomBytes(32).toString('base64'),
    TRUST_PROXY: '1',
    ...env,
  }
  const apps = await Promise.all([startReadyApp(shared), startReadyApp(shared)] as const)
  proxy.targets.push(...apps.map(({ url }) => url))
  return { url: proxy.url, sandbox, apps, proxy } satisfies Desk & { proxy: object }
}

/** Starts the app, and waits until it is connected to what it needs. */
export async function startReadyApp(env: Record<string, string>): Promise<AppProcess> {
  const app = await startApp(env)
  await eventually(async () => expect((await get(`${app.url}/readyz`)).status).toBe(200))
  return app
}

async function startSandbox(url: string, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback`, ...options })
  atEnd(() => sandbox.close())
  return sandbox
}

/** How often tokens were refreshed at ilert. */
export function refreshesOf({ sandbox }: Desk): number {
  return sandbox.requests.filter(({ grantType, status }) => grantType === 'refresh_token' && status === 200).length
}
