import { distance } from '../ilert/spelling.ts'

/** The environment variable that stands in for each option. */
export const ENV_OPTIONS = {
  clientID: 'ILERT_CLIENT_ID',
  clientSecret: 'ILERT_CLIENT_SECRET',
  callbackURL: 'ILERT_CALLBACK_URL',
  basePath: 'ILERT_BASE_PATH',
  scope: 'ILERT_SCOPE',
  tenant: 'ILERT_TENANT',
  allowedTenants: 'ILERT_ALLOWED_TENANTS',
  appURL: 'ILERT_APP_URL',
  apiURL: 'ILERT_API_URL',
  encryptionKey: 'ILERT_ENCRYPTION_KEY',
} as const

type EnvOption = keyof typeof ENV_OPTIONS

/**
 * The options of an app: those of `IlertStrategy`, and the `appID` of `IlertBearerStrategy`. The strategies, `TokenManager`
 * and `IlertClient` take them all, though each needs some of them only: one object can be given to all, and a name that
 * none of them knows is refused by each.
 */
export const APP_OPTIONS = {
  clientID: true,
  clientSecret: true,
  appURL: true,
  apiURL: true,
  tenant: true,
  timeoutMs: true,
  maxResponseBytes: true,
  dispatcher: true,
  clock: true,
  tokenStore: true,
  encryptionKey: true,
  refreshWindowSeconds: true,
  minRefreshIntervalSeconds: true,
  name: true,
  callbackURL: true,
  basePath: true,
  scope: true,
  allowedTenants: true,
  tokenKey: true,
  userKey: true,
  verify: true,
  passReqToCallback: true,
  appID: true,
} as const

/** Every variable that the package reads, beside Node's own. */
const VARIABLES: readonly string[] = [...Object.values(ENV_OPTIONS), 'ILERT_APP_ID']

/** More letters make another word, such as the ILERT_API_KEY of other programs. */
const MOST_TYPOS = 2

const warnedOf = new Set<string>()

/**
 * Warns, once for each, of variables that look like misspelt ones of ours: `ILERT_ALLOWED_TENANT` restricts nobody. No
 * error, since the environment belongs to other programs, too.
 */
export function warnOfVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith('ILERT_') || VARIABLES.includes(name) || warnedOf.has(name) || warnedOf.size > 100) continue
    const likely = VARIABLES.find((known) => distance(known, name.slice(0, 40)) <= MOST_TYPOS)
    if (likely === undefined) continue
    warnedOf.add(name)
    process.emitWarning(`${name.slice(0, 40)}: no variable of this name is read. Did you mean ${likely}?`, {
      type: 'IlertWarning',
      code: 'ILERT_UNKNOWN_VARIABLE',
    })
  }
}

/** An option's environment variable, trimmed; undefined where it is unset or empty, which deployments use for "unset". */
export function fromEnvironment(name: EnvOption): string | undefined {
  return process.env[ENV_OPTIONS[name]]?.trim() || undefined
}

/**
 * A string option, or its environment variable where the option is absent.
 *
 * @throws TypeError where the option is no string, or empty: an app that passes an empty value has lost one.
 */
export function option<Name extends EnvOption>(options: { [name in Name]?: unknown }, name: Name): string | undefined {
  const value: unknown = options[name]
  if (value === undefined) return fromEnvironment(name)
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`${name} (${ENV_OPTIONS[name]}): expected a string that is not empty.`)
  }
  return value
}

/** Whether this process serves real users. With a space or a line end in the variable, too. */
export function isProduction(): boolean {
  return process.env.NODE_ENV?.trim() === 'production'
}

/** Whether a URL's host name never leaves this machine (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
