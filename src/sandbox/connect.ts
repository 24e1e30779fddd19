import { knownOptions } from '../ilert/arguments.ts'
import type { SandboxData } from './data/given.ts'
import type { Fault } from './faults.ts'
import type { LoggedRequest } from './log.ts'
import { findUser } from './options.ts'
import type { RegisteredApp, Sandbox } from './sandbox.ts'
import { driveSignIn, type SignInOptions, signInOf } from './sign-in.ts'
import type { SandboxUser } from './users.ts'

const TIMEOUT_MS = 30_000

/** The clock of a sandbox in another process. */
export interface ConnectedClock {
  /** Milliseconds since the epoch. */
  now(): Promise<number>
  /** Moves it by `ms` milliseconds; a negative number moves it back. */
  advance(ms: number): Promise<void>
  /** Moves it to a time: milliseconds since the epoch, or a date. It goes on from there. */
  set(time: number | Date): Promise<void>
}

/**
 * A sandbox in another process. The same members as `Sandbox`: with `await` in front of each, code works with both. What
 * they resolve to, and reject with, is what they return and throw there.
 */
export interface ConnectedSandbox {
  /** Where it was reached. */
  readonly appURL: string
  /** The same origin, as a sandbox serves both. */
  readonly apiURL: string
  /** The `ILERT_*` variables of the app that the sandbox was started for. */
  readonly env: Record<string, string>
  /** Who could sign in when it was connected to. */
  readonly users: SandboxUser[]
  /** What was asked of the sandbox so far, oldest first: asked anew with each use. */
  readonly requests: Promise<LoggedRequest[]>
  /** What the sandbox takes for the time. */
  readonly clock: ConnectedClock
  /** Registers another app. */
  register(o: { redirectURI: string; pkceOnly?: boolean }): Promise<RegisteredApp>
  /** Lets requests go wrong on purpose, until it is cleared or has hit as many as it should. */
  fault(fault: Fault): Promise<{
    /** Lets requests be answered again. */
    clear: () => Promise<void>
  }>
  /** Drives the sign-in from this process: the app and the sandbox have to be reached from here. */
  signIn: Sandbox['signIn']
  /** Ends all grants of a user. */
  revoke(username: string): Promise<void>
  /** Adds people who can sign in, and data. */
  load(data: SandboxData): Promise<void>
  /** Begins anew: only registered apps, and the data that the sandbox was started with, stay. */
  reset(): Promise<void>
  /** Ends the use of it. The sandbox itself goes on. */
  close(): Promise<void>
}

/**
 * Connects to a sandbox that runs in another process, such as `ilert-sandbox`, by its control API.
 *
 * @param url where the sandbox is, such as `http://127.0.0.1:4598`
 * @param options `token`: what the sandbox was given as `--control-token`
 * @throws TypeError where `url` or `token` is not as it should be. Rejects with an Error where there is no sandbox, or where
 * it may not be steered from here; its message says which.
 */
export async function connectSandbox(url: string | URL, options?: { token?: string }): Promise<ConnectedSandbox> {
  const { token } = knownOptions('connectSandbox', options, { token: true })
  if (!URL.canParse(String(url))) throw new TypeError('connectSandbox: expected the absolute URL of a sandbox.')
  if (token !== undefined && typeof token !== 'string') throw new TypeError('token: expected a string.')
  const { origin } = new URL(url)
  const ask = asker(origin, token)
  const { env, users } = await ask<Pick<Sandbox, 'env' | 'users'>>('GET', '/info')
  return {
    appURL: origin,
    apiURL: origin,
    env,
    users,
    get requests() {
      return ask<LoggedRequest[]>('GET', '/requests')
    },
    clock: connectedClock(ask),
    register: (o) => ask('POST', '/register', o),
    async fault(fault) {
      const { id } = await ask<{ id: number }>('POST', '/faults', fault)
      return { clear: () => ask('DELETE', `/faults/${id}`) }
    },
    async signIn(target: string | URL, o?: SignInOptions) {
      const signIn = signInOf(target, o)
      // Asked anew, since people may have been added since.
      if (signIn.as !== undefined)
        findUser((await ask<{ users: SandboxUser[] }>('GET', '/info')).users, signIn.as, 'as')
      return await driveSignIn({ ...signIn, appURL: origin })
    },
    revoke: (username) => ask('POST', '/revoke', { username }),
    load: (data) => ask('POST', '/data', data),
    reset: () => ask('POST', '/reset', {}),
    close: async () => {},
  }
}

function connectedClock(ask: Ask): ConnectedClock {
  return {
    now: async () => (await ask<{ now: number }>('GET', '/clock')).now,
    async advance(ms) {
      await ask('POST', '/clock', { advance: ms })
    },
    async set(time) {
      await ask('POST', '/clock', { set: Number(time) })
    },
  }
}

type Ask = <T = void>(method: string, path: string, body?: unknown) => Promise<T>

function asker(origin: string, token: string | undefined): Ask {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${origin}/_sandbox${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new Error(`connectSandbox: no sandbox answers at ${origin}. Start one: npx ilert-sandbox --port …`, {
        cause,
      })
    })
    const text = await response.text()
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
    const message = messageOf(text) ?? `${origin} answered ${response.status}, and seems to be no sandbox`
    throw response.status === 400 ? new TypeError(message) : new Error(`connectSandbox: ${message}`)
  }
}

function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
