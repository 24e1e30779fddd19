/* What a deployment has set: an option that can be used, or a TypeError that names its variable and repeats no secret. */
import fc from 'fast-check'
import { ENV_OPTIONS } from '../../../src/client/options.ts'
import { IlertBearerStrategy, IlertStrategy } from '../../../src/index.ts'
import { MemoryTokenStore } from '../../../src/tokens/stores/memory-store.ts'
import { expectNoSecret, expectTypeError, SECRETS } from '../canary.ts'
import { mutated } from '../generators/text.ts'
import { expectThat, type Target, target } from '../target.ts'

const GOOD: Readonly<Record<string, readonly string[]>> = {
  ILERT_CLIENT_ID: ['sandbox-1', ' 7 '],
  ILERT_CLIENT_SECRET: [SECRETS.clientSecret, ''],
  ILERT_CALLBACK_URL: ['https://app.example/auth/ilert/callback', '/cb', 'http://localhost:3000/cb?x=1'],
  ILERT_SCOPE: ['profile alert:w', 'alerts', 'offline_access', ''],
  ILERT_TENANT: ['nordwind', ''],
  ILERT_ALLOWED_TENANTS: ['nordwind, bluepeak', ''],
  ILERT_APP_URL: ['https://app.ilert.com', 'http://localhost:4598', ''],
  ILERT_API_URL: ['https://api.ilert.com/', 'http://127.0.0.1:4598', 'http://[::1]:4598', ''],
  ILERT_ENCRYPTION_KEY: [`${SECRETS.refreshToken},${SECRETS.codeVerifier}`, ''],
  ILERT_APP_ID: ['250', 'any'],
}

/** Most of them as they should be: one that is wrong is enough to be refused. */
const variables = fc.constantFrom(...Object.keys(GOOD)).chain((odd) =>
  fc.record(
    Object.fromEntries(
      Object.entries(GOOD).map(([name, values]) => {
        const good = fc.constantFrom(...values)
        return [name, (name === odd ? mutated(good) : good).map((value) => value.replaceAll('\0', ''))]
      }),
    ),
  ),
)

function withEnvironment<T>(environment: Record<string, string>, work: () => T): T {
  const { env, emitWarning } = process
  process.env = { ...environment }
  process.emitWarning = (warning: string | Error) => expectNoSecret(warning)
  try {
    return work()
  } finally {
    Object.assign(process, { env, emitWarning })
  }
}

const dispatcher = {
  dispatch() {
    throw new Error('nothing is sent here')
  },
} as never

const options = target(
  'the environment',
  variables,
  (environment) =>
    withEnvironment(environment, () => {
      let ilert: IlertStrategy
      try {
        new IlertBearerStrategy({ dispatcher })
        ilert = new IlertStrategy({ dispatcher, tokenStore: new MemoryTokenStore() })
      } catch (error) {
        expectTypeError(error)
        expectThat(
          Object.values({ ...ENV_OPTIONS, appID: 'ILERT_APP_ID' }).some((name) => error.message.includes(name)),
          `names no variable: ${error.message}`,
        )
        return 'rejected'
      }
      expectNoSecret(ilert)
      const request = { redirectURI: 'https://app.example/cb', scope: 'profile', state: 's', codeChallenge: 'c' }
      const url = ilert.client.authorizationURL(request)
      const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname) || url.hostname.startsWith('127.')
      expectThat(url.protocol === 'https:' || isHere, `asks at ${url.origin}`)
      expectThat(url.username === '' && url.pathname === '/api/developers/oauth2/authorize', `asks at ${url.href}`)
      expectThat([...url.searchParams].length === 7, `asks with ${url.search}`)
      return 'accepted'
    }),
  0.1,
)

export const environmentTargets: readonly Target[] = [options]
