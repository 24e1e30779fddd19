/** What the app is told by its environment. The `ILERT_*` variables themselves are read by passport-ilert. */
export interface Config {
  readonly port: number
  /** Whether browsers reach the app by https. */
  readonly secure: boolean
  readonly sessionSecret: string
  /** Whether a sandbox takes ilert's place. */
  readonly sandbox: boolean
}

/** Where ilert sends the browser back to. */
export const CALLBACK_PATH = '/auth/ilert/callback'

/** Something for whoever starts the app to put right. */
export class ConfigError extends Error {}

/** @throws ConfigError which names everything that is wrong at once. */
export function readConfig(env: NodeJS.ProcessEnv, randomSecret: () => string): Config {
  const production = env.NODE_ENV === 'production'
  const port = Number(env.PORT || 3000)
  const callbackURL = env.ILERT_CALLBACK_URL || CALLBACK_PATH
  const problems: string[] = []

  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    problems.push('PORT: expected a whole number from 1 to 65535.')
  }
  if (production && !env.SESSION_SECRET) {
    problems.push('SESSION_SECRET: missing. Set it to a long random value, such as one from: openssl rand -base64 32')
  }
  if (production && !env.ILERT_CLIENT_ID) {
    problems.push('ILERT_CLIENT_ID: missing. The sandbox lets everybody in, so there is none in production.')
  }
  if (!callbackURL.endsWith(CALLBACK_PATH)) {
    problems.push(`ILERT_CALLBACK_URL: expected it to end with ${CALLBACK_PATH}, where this app waits for ilert.`)
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))

  return {
    port,
    secure: callbackURL.startsWith('https:'),
    // A random one signs everybody out at each start, which does no harm during development.
    sessionSecret: env.SESSION_SECRET || randomSecret(),
    sandbox: !env.ILERT_CLIENT_ID,
  }
}
