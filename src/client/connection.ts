import type { Dispatcher } from 'undici'
import { API_URL, APP_URL, isTenant } from '../ilert/endpoints.ts'
import { ENV_OPTIONS, isLoopback, option, warnOfVariables } from './options.ts'

/** Milliseconds since the epoch. Pass one to move time in tests; a sandbox's `clock` fits. */
export interface Clock {
  /** What time it is, in milliseconds since the epoch. */
  now(): number
}

/** How to reach ilert, and as which app. Each option wins over its environment variable. */
export interface Connection {
  /** The app's id at ilert. Variable `ILERT_CLIENT_ID`. */
  clientID?: string
  /** The app's secret. Absent for an app that uses PKCE alone. Variable `ILERT_CLIENT_SECRET`. */
  clientSecret?: string
  /** Where users consent. Default ilert's, `https://app.ilert.com`. Variable `ILERT_APP_URL`. */
  appURL?: string
  /** Where tokens and data come from. Default ilert's, `https://api.ilert.com`. Variable `ILERT_API_URL`. */
  apiURL?: string
  /**
   * The tenant on whose own host users are asked for consent: one DNS label. Restricts nobody, and is without effect
   * where `appURL` is set. Variable `ILERT_TENANT`.
   */
  tenant?: string
  /** Milliseconds that a call may take: connecting, headers and body together. Default 10 000. */
  timeoutMs?: number
  /**
   * Bytes of an answer that are read, from 1024 to 100 MiB; a longer answer is an error with the code
   * `response_too_large`. Default 1 MiB (1 048 576): about 150 alerts.
   */
  maxResponseBytes?: number
  /**
   * The dispatcher that makes the calls, of undici 7 or later. Default: an agent of its own that honours `HTTP_PROXY`,
   * `HTTPS_PROXY` and `NO_PROXY`, and never sends loopback addresses through a proxy. One that is passed in is never
   * closed here.
   */
  dispatcher?: Dispatcher
  /** Default: the system's. */
  clock?: Clock
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() }

const MIB = 1024 * 1024

/** The longest delay that a timer takes; a longer one fires at once. */
const MAX_TIMEOUT_MS = 2_147_483_647

/** A connection with everything checked and filled in: by the options, and by the environment for those that are absent. */
export class ResolvedConnection {
  readonly clientID: string | undefined
  readonly clientSecret: string | undefined
  /** Undefined: ilert's own hosts, one for each tenant. */
  readonly appURL: string | undefined
  readonly apiURL: string
  readonly tenant: string | undefined
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly dispatcher: Dispatcher | undefined
  readonly clock: Clock

  /** @throws TypeError where an option is malformed; it names the option and the variable, and never repeats a secret. */
  constructor(options: Connection) {
    warnOfVariables()
    this.clientID = credential(options, 'clientID')
    this.clientSecret = credential(options, 'clientSecret')
    this.appURL = origin(options, 'appURL')
    this.apiURL = origin(options, 'apiURL') ?? API_URL
    this.tenant = tenantOption(option(options, 'tenant'))
    this.timeoutMs = timeout(options.timeoutMs)
    this.maxResponseBytes = responseBytes(options.maxResponseBytes)
    this.dispatcher = dispatcher(options.dispatcher)
    this.clock = clockOption(options.clock)
  }
}

function credential(options: Connection, name: 'clientID' | 'clientSecret'): string | undefined {
  const value = option(options, name)
  // A line end from a file or a stray quotation mark is the usual reason why ilert would refuse it later.
  if (value !== undefined && !/^[!#-&(-~]+$/.test(value)) {
    throw new TypeError(
      `${name} (${ENV_OPTIONS[name]}): has a space, a quotation mark, a line end or a character outside ASCII. Copy it from ilert again.`,
    )
  }
  return value
}

function origin(options: Connection, name: 'appURL' | 'apiURL'): string | undefined {
  const value = option(options, name)
  if (value === undefined) return undefined
  const label = `${name} (${ENV_OPTIONS[name]})`
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError(`${label}: expected an https: URL such as ${name === 'appURL' ? APP_URL : API_URL}.`)
  }
  if (url.username || url.password || url.pathname !== '/' || url.search || url.hash) {
    throw new TypeError(`${label}: expected scheme, host and port alone, without a path, a query or credentials.`)
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new TypeError(`${label}: http: would send tokens in the clear. Use https:; http: is for loopback only.`)
  }
  return url.origin
}

/** @throws TypeError where `tenant` is not one DNS label. */
export function tenantOption(tenant: unknown): string | undefined {
  if (tenant === undefined) return undefined
  if (typeof tenant !== 'string' || !isTenant(tenant)) {
    throw new TypeError(
      "tenant (ILERT_TENANT): expected the tenant's name alone, as in the first part of https://NAME.ilert.com.",
    )
  }
  return tenant
}

/** How long a call may take if the app says nothing. */
export const DEFAULT_TIMEOUT_MS = 10_000

function timeout(value: number | undefined): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_TIMEOUT_MS)) {
    throw new TypeError(`timeoutMs: expected a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}.`)
  }
  return value
}

function responseBytes(value: number | undefined): number {
  if (value === undefined) return MIB
  if (!Number.isInteger(value) || value < 1024 || value > 100 * MIB) {
    throw new TypeError(`maxResponseBytes: expected a whole number of bytes from 1024 to ${100 * MIB}.`)
  }
  return value
}

function dispatcher(value: Dispatcher | undefined): Dispatcher | undefined {
  if (value !== undefined && typeof value?.dispatch !== 'function') {
    throw new TypeError('dispatcher: expected a dispatcher of undici, such as new Agent() or new ProxyAgent(uri).')
  }
  return value
}

/** The system's clock, unless another is given. @throws TypeError where it is none. */
export function clockOption(value: Clock | undefined): Clock {
  if (value === undefined) return SYSTEM_CLOCK
  if (typeof value?.now !== 'function') {
    throw new TypeError('clock: expected an object with now(), which returns milliseconds since the epoch.')
  }
  return value
}
