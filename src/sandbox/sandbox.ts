import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { knownOptions } from '../ilert/arguments.ts'
import type { MovableClock } from './clock.ts'
import { control } from './control/control.ts'
import type { SandboxData } from './data/given.ts'
import type { Fault } from './faults.ts'
import type { LoggedRequest } from './log.ts'
import { Memory } from './memory.ts'
import { checkOptions, checkRedirectURI, findUser, type SandboxOptions } from './options.ts'
import { sandboxServer } from './server.ts'
import { driveSignIn, signInOf } from './sign-in.ts'
import type { App, State } from './state.ts'
import { type SandboxUser, sandboxUsers } from './users.ts'

/** What the sandbox gives to a caller who registers an app. */
export interface RegisteredApp {
  clientID: string
  /** Empty for an app that has none. */
  clientSecret: string
  appID: number
}

/** An ilert of one's own, up and listening. */
export interface Sandbox {
  /** Where users sign in. */
  readonly appURL: string
  /** Where the API and the token endpoints are: the same origin, as the sandbox serves both. */
  readonly apiURL: string
  /** Every `ILERT_*` variable that an app needs to use this sandbox. */
  readonly env: Record<string, string>
  /** Who can sign in: copies, changing them changes nobody. */
  readonly users: SandboxUser[]
  /** What was asked of the sandbox, oldest first, at most the last 10 000. It grows as requests come; nothing in it is secret. */
  readonly requests: LoggedRequest[]
  /** What the sandbox takes for the time. */
  readonly clock: MovableClock
  /**
   * Registers another app. `pkceOnly` makes it one without a secret.
   *
   * @throws TypeError where `redirectURI` is no http: or https: URL.
   */
  register(o: { redirectURI: string; pkceOnly?: boolean }): RegisteredApp
  /**
   * Lets requests go wrong on purpose, until it is cleared or has hit as many as it should.
   *
   * @throws TypeError which names the field that is not as it should be.
   */
  fault(fault: Fault): {
    /** Lets requests be answered again. */
    clear: () => void
  }
  /**
   * Drives an app's sign-in as a browser would, over HTTP: from `url` by redirects to the consent page, which it answers
   * `as` a user (by default the one that is preselected), and back to where the app stops redirecting. Resolves to the
   * `Cookie` header for the app's host. With `deny` the user says no, also where `approve` is on.
   *
   * Rejects where the app ends the sign-in with a status of 400 or more, unless `deny` was asked for; where it never gets
   * to the sandbox; and where nothing comes to an end within 20 steps or 30 seconds.
   */
  signIn(url: string | URL, o?: { as?: string; deny?: boolean }): Promise<string>
  /**
   * Ends all grants of a user, as the user would in ilert's settings: refresh tokens at once, while access tokens stay
   * good until they expire.
   *
   * @throws TypeError where there is no such user.
   */
  revoke(username: string): void
  /**
   * Adds people who can sign in, and data.
   *
   * @throws TypeError which names the entry and the field that is not as ilert's API has it. What stands before it is added.
   */
  load(data: SandboxData): void
  /**
   * Begins anew: forgets tokens, codes, faults, requests and what was changed, and sets the clock back. Registered apps, and
   * the option `data`, stay; people and data that were added are gone.
   */
  reset(): void
  /** Ends it, with every connection that is open. */
  close(): Promise<void>
}

/**
 * Starts an ilert of one's own, offline: everything in docs/ilert.md, with real sockets and a clock that can be moved.
 *
 * @throws TypeError which names the option that is not as it should be. Rejects with Node's error, such as `EADDRINUSE`,
 * where it cannot listen.
 */
export async function createSandbox(options?: SandboxOptions): Promise<Sandbox> {
  const checked = checkOptions(options, sandboxUsers())
  const { port, host, redirectURI, settings } = checked
  const memory = new Memory(checked)
  const { clock, state, faults, requests, rateLimit } = memory
  const server = sandboxServer({
    ilert: { state, rateLimit, clock, settings },
    faults,
    log: requests,
    control: (request) => control(request, { sandbox, state, faults, token: checked.controlToken }),
  })
  server.listen(port, host)
  await once(server, 'listening')
  const origin = originOf(host, (server.address() as AddressInfo).port)

  const app = state.register({ ...credentials(port), redirectURI })
  const sandbox: Sandbox = {
    appURL: origin,
    apiURL: origin,
    env: envOf(origin, app),
    get users() {
      return state.users.map((user) => ({ ...user }))
    },
    requests,
    clock,
    register: (o) => register(o, state),
    fault: (fault) => ({ clear: faults.add(fault).clear }),
    async signIn(url, o) {
      const signIn = signInOf(url, o)
      if (signIn.as !== undefined) findUser(state.users, signIn.as, 'as')
      return driveSignIn({ ...signIn, appURL: origin })
    },
    revoke: (username) => state.endGrants(findUser(state.users, username, 'revoke')),
    load: (more) => state.load(more),
    reset: () => memory.reset(),
    close: closer(server),
  }
  return sandbox
}

/** The variables with which an app finds the sandbox, and is known to it. */
function envOf(origin: string, { clientID, clientSecret, redirectURI, appID }: App): Record<string, string> {
  return {
    ILERT_APP_URL: origin,
    ILERT_API_URL: origin,
    ILERT_CLIENT_ID: clientID,
    ILERT_CLIENT_SECRET: clientSecret,
    ILERT_CALLBACK_URL: redirectURI,
    ILERT_APP_ID: String(appID),
  }
}

/** Ends the server once, however often it is called. */
function closer(server: Server): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closing
  }
}

function register(o: { redirectURI: string; pkceOnly?: boolean }, state: State): RegisteredApp {
  const { redirectURI, pkceOnly = false } = knownOptions('register', o, { redirectURI: true, pkceOnly: true })
  if (typeof pkceOnly !== 'boolean') throw new TypeError('pkceOnly: expected true or false.')
  const { clientID, clientSecret: made } = credentials(0)
  const clientSecret = pkceOnly ? '' : made
  const { appID } = state.register({ clientID, clientSecret, redirectURI: checkRedirectURI(redirectURI) })
  return { clientID, clientSecret, appID }
}

/**
 * An app's id and secret. On a port of the caller's choice they are the same each time, so that an app which was given
 * them still works after the sandbox was started again; otherwise no two sandboxes share any.
 */
function credentials(port: number): { clientID: string; clientSecret: string } {
  const seed = port === 0 ? randomBytes(32) : `ilert-sandbox on ${port}`
  const derive = (purpose: string) => createHash('sha256').update(seed).update(purpose).digest('base64url')
  return { clientID: `sandbox-${derive('id').slice(0, 8)}`, clientSecret: derive('secret') }
}

/** The origin under which a browser on this machine reaches a server that listens on `host`. */
function originOf(host: string, port: number): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
