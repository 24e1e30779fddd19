import { type Known, knownOptions } from '../ilert/arguments.ts'
import { ACCESS_TOKEN_SECONDS, API_REQUESTS_PER_MINUTE, REFRESH_INTERVAL_SECONDS } from '../ilert/limits.ts'
import type { Clock } from './clock.ts'
import { givenUsers, type SandboxData } from './data/given.ts'
import { isLoopback } from './loopback.ts'
import type { RefreshBehaviour, Settings } from './state.ts'
import type { SandboxUser } from './users.ts'

/** How a sandbox behaves. Without any, it is as strict as ilert may be. */
export interface SandboxOptions {
  /** The TCP port. 0, the default, takes any free one. */
  port?: number
  /** The address to listen on. Default `127.0.0.1`: nobody but this machine. */
  host?: string
  /** Answers the consent page by itself: as the user of this name, or, with `true`, as the first. Default: it asks. */
  approve?: string | boolean
  /** The redirect URI of the app that `env` describes. Default `http://localhost:3000/auth/ilert/callback`. */
  redirectURI?: string
  /**
   * What a refresh does to the refresh token, which ilert does not state: the same comes back (`reuse`), a new one comes
   * beside the old (`add`), or a new one ends the old at once (`rotate`, the default).
   */
  refreshTokens?: 'reuse' | 'add' | 'rotate'
  /** How long an access token lasts. Default 3600. */
  accessTokenSeconds?: number
  /** How soon after a refresh the next one is refused. Default: 300, at most half of `accessTokenSeconds`; 0 for never. */
  refreshLimitSeconds?: number
  /**
   * Whether token_info and revoke refuse calls without the client's credentials, as RFC 7662 and RFC 7009 want it (section
   * 2.1 of both). Default false: ilert's examples send the token alone.
   */
  requireCredentials?: boolean
  /**
   * How many API requests an access token has in a minute of the clock until it gets a 429. Default 120; 0 for as many as
   * it likes.
   */
  requestsPerMinute?: number
  /** People and data beside those that the sandbox has. Checked against ilert's own description of its API. */
  data?: SandboxData
  /**
   * Lets the control API under `/_sandbox` be called from everywhere, by clients that bring this token, as a bearer token or
   * as the password of Basic authentication; 16 characters or more. Default: this machine alone, without a token.
   */
  controlToken?: string
  /**
   * Lets the sandbox listen on an address that other machines may reach, and start with `NODE_ENV=production`. It signs in
   * every visitor as any user they choose. Default false: both are refused.
   */
  iKnowThisIsPublic?: boolean
  /** The clock to run by, which `sandbox.clock` can move. Default: the system's. */
  clock?: Clock
}

/** Options, checked, with what was left out filled in. */
export interface CheckedOptions {
  readonly port: number
  readonly host: string
  readonly redirectURI: string
  readonly clock: Clock | undefined
  readonly requestsPerMinute: number
  /** Who can sign in: those of the sandbox, and those of `data`. */
  readonly users: readonly SandboxUser[]
  /** Without its people. */
  readonly data: SandboxData
  readonly controlToken: string | undefined
  readonly settings: Settings
}

const OPTIONS: Known<SandboxOptions> = {
  port: true,
  host: true,
  approve: true,
  redirectURI: true,
  refreshTokens: true,
  accessTokenSeconds: true,
  refreshLimitSeconds: true,
  requireCredentials: true,
  requestsPerMinute: true,
  data: true,
  controlToken: true,
  iKnowThisIsPublic: true,
  clock: true,
}

const BEHAVIOURS: readonly unknown[] = ['reuse', 'add', 'rotate'] satisfies RefreshBehaviour[]

/** What an option has to be, if it is given: whether a value is that, and how to say it. */
type Rule = readonly [holds: (value: unknown) => boolean, expected: string]

const isBoolean = (value: unknown) => typeof value === 'boolean'

/** In the order in which they are looked at. Options that are not here are checked where they are used. */
const RULES: { readonly [Name in keyof SandboxOptions]: Rule } = {
  port: [(port) => isWhole(port, 0, 65_535), 'a whole number from 0 (any free port) to 65535'],
  host: [(host) => typeof host === 'string' && host !== '', "an address, such as '127.0.0.1'"],
  refreshTokens: [(refreshTokens) => BEHAVIOURS.includes(refreshTokens), `one of ${BEHAVIOURS.join(', ')}`],
  accessTokenSeconds: [(seconds) => isWhole(seconds, 1), 'a whole number of seconds, 1 or more'],
  refreshLimitSeconds: [
    (seconds) => Number.isFinite(seconds) && Number(seconds) >= 0,
    'a number of seconds, 0 (no limit) or more',
  ],
  requestsPerMinute: [(requests) => isWhole(requests, 0), 'a whole number, 0 (no limit) or more'],
  requireCredentials: [isBoolean, 'true or false'],
  clock: [
    (clock) => typeof (clock as Clock | null)?.now === 'function',
    'an object with a method now() that returns milliseconds since the epoch',
  ],
  controlToken: [
    (token) => typeof token === 'string' && /^[\x21-\x7e]{16,}$/.test(token),
    '16 characters or more, without spaces',
  ],
  iKnowThisIsPublic: [isBoolean, 'true or false'],
}

function isWhole(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
}

/** @throws TypeError which names the first option that is not what its rule wants. */
function checkValues(options: SandboxOptions): void {
  for (const [name, [holds, expected]] of Object.entries(RULES)) {
    const value = options[name as keyof SandboxOptions]
    if (value !== undefined && !holds(value)) throw new TypeError(`${name}: expected ${expected}.`)
  }
}

/** @throws TypeError which names the option that is not as it should be. */
export function checkOptions(given: SandboxOptions | undefined, own: readonly SandboxUser[]): CheckedOptions {
  const options = knownOptions('createSandbox', given, OPTIONS)
  checkValues(options)
  const {
    port = 0,
    host = '127.0.0.1',
    redirectURI = 'http://localhost:3000/auth/ilert/callback',
    requestsPerMinute = API_REQUESTS_PER_MINUTE,
    data,
    controlToken,
    iKnowThisIsPublic = false,
    clock,
  } = options
  if (!iKnowThisIsPublic) refusePublic(host)
  const users = [...own, ...givenUsers(data, own)]
  return {
    port,
    host,
    redirectURI: checkRedirectURI(redirectURI),
    clock,
    requestsPerMinute,
    users,
    data: data?.accounts === undefined ? {} : { accounts: data.accounts },
    controlToken,
    settings: settingsOf(options, users),
  }
}

/** How the endpoints behave. */
function settingsOf(options: SandboxOptions, users: readonly SandboxUser[]): Settings {
  const {
    accessTokenSeconds = ACCESS_TOKEN_SECONDS,
    refreshLimitSeconds = Math.min(REFRESH_INTERVAL_SECONDS, accessTokenSeconds / 2),
    refreshTokens = 'rotate',
    requireCredentials = false,
    approve = false,
  } = options
  return {
    accessTokenSeconds,
    refreshLimitSeconds,
    refreshTokens,
    requireCredentials,
    approve: approver(approve, users),
  }
}

const SIGNS_IN_EVERYBODY = 'The sandbox signs in every visitor as any user they choose'

/** @throws TypeError where the sandbox would be more than one developer's. */
function refusePublic(host: string): void {
  if (process.env.NODE_ENV?.trim() === 'production') {
    throw new TypeError(`iKnowThisIsPublic: needed, since NODE_ENV is production. ${SIGNS_IN_EVERYBODY}.`)
  }
  if (isLoopback(host)) return
  throw new TypeError(`iKnowThisIsPublic: needed, since other machines may reach ${host}. ${SIGNS_IN_EVERYBODY}.`)
}

/** @throws TypeError where it is no URL to which a browser could be sent back. */
export function checkRedirectURI(redirectURI: string | undefined): string {
  const url = typeof redirectURI === 'string' && URL.canParse(redirectURI) ? new URL(redirectURI) : undefined
  // RFC 6749, section 3.1.2: absolute, without a fragment.
  if (redirectURI === undefined || !url || !/^https?:$/.test(url.protocol) || redirectURI.includes('#')) {
    throw new TypeError('redirectURI: expected an absolute http: or https: URL without a fragment.')
  }
  return redirectURI
}

/** The user of this name. @throws TypeError where there is none. */
export function findUser(users: readonly SandboxUser[], username: string, option: string): SandboxUser {
  const user = users.find((candidate) => candidate.username === username)
  if (!user) {
    throw new TypeError(`${option}: there is no such user. Take one of ${users.map((u) => u.username).join(', ')}.`)
  }
  return user
}

function approver(approve: string | boolean, users: readonly SandboxUser[]): SandboxUser | undefined {
  if (typeof approve === 'string') return findUser(users, approve, 'approve')
  if (typeof approve !== 'boolean') throw new TypeError('approve: expected true, false or a username.')
  return approve ? users[0] : undefined
}
