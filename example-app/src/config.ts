import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'

/** Where ilert sends the browser back to. */
export const CALLBACK_PATH = '/auth/ilert/callback'

/** What the app is told by its environment. The other `ILERT_*` variables are read by passport-ilert itself. */
export interface Config {
  readonly production: boolean
  readonly port: number
  /** Whether browsers reach the app by https. */
  readonly secure: boolean
  /** Express's `trust proxy`: how many proxies are in front of the app, or which addresses they have. */
  readonly trustProxy: number | string | false
  /** The first one signs the session's cookie, all of them are accepted: so that it can be changed. */
  readonly sessionSecrets: string[]
  /** A session that is not used for so long ends. */
  readonly idleMs: number
  /** A session ends so long after the sign-in, however much it is used. */
  readonly maxMs: number
  /** Where sessions and tokens are. Neither: in this process's memory; both: in Redis. */
  readonly redisURL: string | undefined
  readonly databaseURL: string | undefined
  readonly logLevel: string
  /** What every sign-in asks the user for. */
  readonly scope: string
  /** Whether a sandbox takes ilert's place. */
  readonly sandbox: boolean
}

/** A mistake in the settings. The message says what to change. */
export class ConfigError extends Error {}

const HOUR_MS = 3_600_000
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const hours = z.coerce.number('expected a number of hours.').positive('expected more than 0 hours.').max(8760)

const ENVIRONMENTS = ['development', 'test', 'production'] as const

/** Settings of an app that serves its users. Beside any of them a missing client id is a mistake, and no wish to try. */
const FOR_USERS = [
  'SESSION_SECRET',
  'REDIS_URL',
  'DATABASE_URL',
  'TRUST_PROXY',
  'ILERT_CLIENT_SECRET',
  'ILERT_CALLBACK_URL',
  'ILERT_ALLOWED_TENANTS',
  'ILERT_TENANT',
  'ILERT_APP_URL',
  'ILERT_API_URL',
  'ILERT_ENCRYPTION_KEY',
]

const schema = z.object({
  NODE_ENV: z.enum(ENVIRONMENTS, `expected ${ENVIRONMENTS.join(', ')}, or nothing.`).default('development'),
  PORT: z.coerce
    .number('expected a whole number.')
    .int('expected a whole number.')
    .min(1, 'expected 1 to 65535.')
    .max(65_535, 'expected 1 to 65535.')
    .default(3000),
  SESSION_SECRET: z
    .string()
    .transform((list) => list.split(',').map((secret) => secret.trim()))
    .refine(
      (secrets) => secrets.every(({ length }) => length >= 32),
      'too short. Take one from: openssl rand -base64 32',
    )
    .optional(),
  SESSION_IDLE_HOURS: hours.default(12),
  SESSION_MAX_HOURS: hours.default(168),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'expected a URL such as redis://localhost:6379' }).optional(),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'expected a URL such as postgres://user:password@localhost:5432/desk' })
    .optional(),
  TRUST_PROXY: z.string().refine(isProxies, 'expected a number of proxies, such as 1, or their addresses.').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}.`).optional(),
  ILERT_CLIENT_ID: z.string().optional(),
  ILERT_CALLBACK_URL: z
    .string()
    .endsWith(CALLBACK_PATH, `expected it to end with ${CALLBACK_PATH}, where this app waits for ilert.`)
    .default(CALLBACK_PATH),
  ILERT_SCOPE: z.string().default('profile alert schedule'),
})

/** As Express's `trust proxy` takes it. */
function isProxies(value: string): boolean {
  const names = ['loopback', 'linklocal', 'uniquelocal']
  const isAddress = (entry: string) => names.includes(entry) || isIP(entry.split('/')[0] ?? '') > 0
  return /^\d+$/.test(value) || value.split(/, */).every(isAddress)
}

/** @throws ConfigError which names everything that is wrong at once. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  // A variable that is set to nothing, or to spaces, is one that is not set.
  const trimmed = Object.entries(env).map(([name, value = '']) => [name, value.trim()] as const)
  const set = Object.fromEntries(trimmed.filter(([, value]) => value !== ''))
  const { data, error } = schema.safeParse(set)
  const problems = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  if (set.ILERT_CLIENT_ID === undefined) problems.push(...needsClient(set))
  if (data) problems.push(...missing(data))
  if (!data || problems.length > 0) throw new ConfigError(problems.join('\n'))

  const production = data.NODE_ENV === 'production'
  const { TRUST_PROXY: proxy = '' } = data
  return {
    production,
    port: data.PORT,
    secure: isSecure(data),
    trustProxy: /^\d+$/.test(proxy) ? Number(proxy) : proxy || false,
    // Without either, a start signs everybody out, which does no harm on the sandbox. DEV_SECRET comes from dev.js.
    sessionSecrets: data.SESSION_SECRET ?? [set.DEV_SECRET ?? randomBytes(32).toString('base64url')],
    idleMs: data.SESSION_IDLE_HOURS * HOUR_MS,
    maxMs: data.SESSION_MAX_HOURS * HOUR_MS,
    redisURL: data.REDIS_URL,
    databaseURL: data.DATABASE_URL,
    logLevel: data.LOG_LEVEL ?? (production ? 'info' : 'warn'),
    scope: data.ILERT_SCOPE,
    sandbox: data.ILERT_CLIENT_ID === undefined,
  }
}

/** Without a client id the sandbox takes ilert's place, unless something says that the app is for its users. */
function needsClient(set: Record<string, string>): string[] {
  const settings = FOR_USERS.filter((name) => set[name] !== undefined)
  if (set.NODE_ENV === 'production') settings.unshift('NODE_ENV=production')
  if (settings.length === 0) return []
  return [
    'ILERT_CLIENT_ID: missing. Without it the sandbox would start, which signs every visitor in as any user they ' +
      `choose. It starts only when nothing is set for real users, and this is set: ${settings.join(', ')}.`,
  ]
}

/** What is wrong with the variables taken together. */
function missing(data: z.infer<typeof schema>): string[] {
  const production = data.NODE_ENV === 'production'
  const problems: string[] = []
  if (production && !data.SESSION_SECRET) {
    problems.push('SESSION_SECRET: missing. Set it to a long random value, such as one from: openssl rand -base64 32')
  }
  if (production && data.ILERT_CALLBACK_URL === CALLBACK_PATH) {
    problems.push(
      'ILERT_CALLBACK_URL: missing. Set it to the callback URL that is registered at ilert, ' +
        `such as https://desk.example.com${CALLBACK_PATH}`,
    )
  }
  if (isSecure(data) && !data.TRUST_PROXY) {
    problems.push(
      'TRUST_PROXY: missing. Browsers use https and this app speaks http, so there is a proxy in between: ' +
        'set it to the number of proxies, such as 1, or to their addresses.',
    )
  }
  return problems
}

function isSecure(data: z.infer<typeof schema>): boolean {
  return data.ILERT_CALLBACK_URL.startsWith('https:')
}
