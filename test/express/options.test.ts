import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import { IlertBearerStrategy, IlertStrategy, type IlertStrategyOptions, MemoryTokenStore } from '../../src/index.ts'
import { type AppOptions, closeApps, startApp } from '../support/app.ts'

const SECRET = 'CANARY-client-secret-0123456789'
const KEY = 'CANARY-encryption-key-0123456789-abcdefgh'
const GIVEN: IlertStrategyOptions = { clientID: 'client-1', clientSecret: SECRET }

const strategies: IlertStrategy[] = []
function make(options: unknown = GIVEN, verify?: unknown): IlertStrategy {
  const strategy = new IlertStrategy(options as IlertStrategyOptions, verify as never)
  strategies.push(strategy)
  return strategy
}

let environment: NodeJS.ProcessEnv

beforeEach(() => {
  environment = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('ILERT_')) delete process.env[name]
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(async () => {
  jest.restoreAllMocks()
  process.env = environment
  await Promise.all(strategies.splice(0).map((strategy) => strategy.client.close()))
  await closeApps()
})

/** What was warned of. */
function warnings(): { message: string; type: string | undefined; code: string | undefined }[] {
  const { calls } = (process.emitWarning as unknown as jest.Mock).mock
  return calls.map(([message, options]) => {
    const { type, code } = (options ?? {}) as { type?: string; code?: string }
    return { message: String(message), type, code }
  })
}

/** Where a request to the app is sent. */
async function redirect(options: AppOptions['strategy'] & object, begin: object = {}): Promise<URL> {
  const app = await startApp({ strategy: options, begin })
  return new URL(await app.browser().begin())
}

describe('an option', () => {
  it.each<[string, string, object]>([
    ['clientID', 'ILERT_CLIENT_ID', { clientID: undefined }],
    ['clientID', 'ILERT_CLIENT_ID', { clientID: '' }],
    ['clientID', 'ILERT_CLIENT_ID', { clientID: 7 }],
    ['clientID', 'ILERT_CLIENT_ID', { clientID: null }],
    ['clientID', 'ILERT_CLIENT_ID', { clientID: 'a b' }],
    ['clientSecret', 'ILERT_CLIENT_SECRET', { clientSecret: '' }],
    ['clientSecret', 'ILERT_CLIENT_SECRET', { clientSecret: `${SECRET}\n` }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: '' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: 'callback' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: '//evil.example/callback' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: 'javascript:alert(1)' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: 'https://app.example/cb#x' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: `https://app.example/${'x'.repeat(300)}` }],
    ['scope', 'ILERT_SCOPE', { scope: 7 }],
    ['scope', 'ILERT_SCOPE', { scope: null }],
    ['scope', 'ILERT_SCOPE', { scope: 'alert:x' }],
    ['scope', 'ILERT_SCOPE', { scope: ['pro"file'] }],
    ['tenant', 'ILERT_TENANT', { tenant: 'a.b' }],
    ['tenant', 'ILERT_TENANT', { tenant: 'evil.example/' }],
    ['tenant', 'ILERT_TENANT', { tenant: '' }],
    ['allowedTenants', 'ILERT_ALLOWED_TENANTS', { allowedTenants: [] }],
    ['allowedTenants', 'ILERT_ALLOWED_TENANTS', { allowedTenants: 'acme' }],
    ['allowedTenants', 'ILERT_ALLOWED_TENANTS', { allowedTenants: ['acme', ''] }],
    ['allowedTenants', 'ILERT_ALLOWED_TENANTS', { allowedTenants: null }],
    ['appURL', 'ILERT_APP_URL', { appURL: 'http://ilert.example' }],
    ['appURL', 'ILERT_APP_URL', { appURL: 'app.ilert.com' }],
    ['apiURL', 'ILERT_API_URL', { apiURL: 'http://ilert.example' }],
    ['apiURL', 'ILERT_API_URL', { apiURL: 'https://api.ilert.com/api' }],
    ['encryptionKey', 'ILERT_ENCRYPTION_KEY', { encryptionKey: 'short-CANARY' }],
    ['encryptionKey', 'ILERT_ENCRYPTION_KEY', { encryptionKey: '' }],
    ['encryptionKey', 'ILERT_ENCRYPTION_KEY', { encryptionKey: [] }],
    ['encryptionKey', 'ILERT_ENCRYPTION_KEY', { encryptionKey: ['short-CANARY', KEY] }],
    ['encryptionKey', 'ILERT_ENCRYPTION_KEY', { encryptionKey: [KEY, ''] }],
    ['tokenStore', '', { tokenStore: {} }],
    ['tokenStore', '', { tokenStore: null }],
    ['tokenKey', '', { tokenKey: 'user' }],
    ['tokenKey: expected a function', '', { tokenKey: 7 }],
    ['userKey: expected a function', '', { userKey: 'id' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: `/${'x'.repeat(256)}` }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: '/auth callback' }],
    ['callbackURL', 'ILERT_CALLBACK_URL', { callbackURL: 'ftp://app.example/cb' }],
    ['scope (ILERT_SCOPE): ', 'ILERT_SCOPE', { scope: 'alert:x' }],
    ['refreshWindowSeconds', '', { refreshWindowSeconds: -1 }],
    ['refreshWindowSeconds', '', { refreshWindowSeconds: '600' }],
    ['minRefreshIntervalSeconds', '', { minRefreshIntervalSeconds: Number.NaN }],
    ['timeoutMs', '', { timeoutMs: 0 }],
    ['timeoutMs', '', { timeoutMs: '10' }],
    ['dispatcher', '', { dispatcher: {} }],
    ['clock', '', { clock: {} }],
    ['verify', '', { verify: true }],
    ['name', '', { name: '' }],
    ['name', '', { name: 7 }],
  ])('%s that is missing or malformed throws at once and is named, with %s: %#', (name, variable, options) => {
    let error: unknown
    try {
      make({ ...GIVEN, ...options })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(name)
    expect((error as Error).message).toContain(variable)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY')
  })

  it.each([
    ['ILERT_CLIENT_ID', 'a b'],
    ['ILERT_CLIENT_SECRET', `${SECRET} "`],
    ['ILERT_CALLBACK_URL', 'callback'],
    ['ILERT_SCOPE', 'alert:x'],
    ['ILERT_TENANT', 'a.b'],
    ['ILERT_ALLOWED_TENANTS', ',acme'],
    ['ILERT_APP_URL', 'http://ilert.example'],
    ['ILERT_API_URL', 'nonsense'],
    ['ILERT_ENCRYPTION_KEY', 'short-CANARY'],
  ])('%s that is malformed throws at once and is named', (variable, value) => {
    process.env[variable] = value
    const options = { clientID: 'client-1', clientSecret: SECRET }
    if (variable === 'ILERT_CLIENT_ID') delete (options as { clientID?: string }).clientID
    if (variable === 'ILERT_CLIENT_SECRET') delete (options as { clientSecret?: string }).clientSecret
    let error: unknown
    try {
      make(options)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(variable)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY')
  })

  it('wins over its variable', async () => {
    const variables = {
      ILERT_CLIENT_ID: 'other-client',
      ILERT_CLIENT_SECRET: 'other-secret',
      ILERT_CALLBACK_URL: 'https://other.example/callback',
      ILERT_SCOPE: 'team',
      ILERT_TENANT: 'other',
      ILERT_ALLOWED_TENANTS: 'other',
      ILERT_APP_URL: 'https://other.example',
      ILERT_API_URL: 'https://other.example',
      ILERT_ENCRYPTION_KEY: 'x'.repeat(32),
    }
    Object.assign(process.env, variables)
    const app = await startApp({ strategy: { scope: 'alert', allowedTenants: ['acme', 'globex', 'initech'] } })
    const [user] = app.sandbox.users
    process.env.ILERT_ALLOWED_TENANTS = user?.tenant ?? ''
    const url = new URL(await app.browser().begin())
    expect(url.origin).toBe(app.sandbox.appURL)
    expect(url.searchParams.get('client_id')).toBe(app.sandbox.env.ILERT_CLIENT_ID)
    expect(url.searchParams.get('redirect_uri')).toBe(`${app.origin}/auth/ilert/callback`)
    expect(url.searchParams.get('scope')).toBe('profile alert')
  })

  it('comes from its variable where it is absent', async () => {
    Object.assign(process.env, {
      ILERT_CLIENT_ID: 'client-9',
      ILERT_CALLBACK_URL: '/elsewhere',
      ILERT_SCOPE: 'alert:w team',
      ILERT_TENANT: 'acme',
      ILERT_ENCRYPTION_KEY: `${KEY},${KEY}2`,
    })
    const absent = { clientID: undefined, clientSecret: undefined, callbackURL: undefined, appURL: undefined }
    const url = await redirect(absent as never)
    expect(url.origin).toBe('https://acme.ilert.com')
    expect(url.searchParams.get('client_id')).toBe('client-9')
    expect(url.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/elsewhere$/)
    expect(url.searchParams.get('scope')).toBe('profile alert:w team offline_access')
  })

  it('that is a list of accounts may come from its variable, separated by commas', async () => {
    process.env.ILERT_ALLOWED_TENANTS = ' nobody , else '
    const app = await startApp()
    expect((await app.browser().signIn()).status).toBe(403)
  })
})

describe('a callback URL with http:', () => {
  const PUBLIC = ['http://app.example/cb', 'http://10.0.0.7:3000/cb', 'http://app.internal/cb', 'HTTP://App.Example/cb']
  const LOCAL = ['http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://127.1.2.3:80/cb', 'http://[::1]:3000/cb']

  it.each(PUBLIC)('%s is refused in production', (callbackURL) => {
    for (const environment of ['production', ' production\n']) {
      process.env.NODE_ENV = environment
      expect(() => make({ ...GIVEN, callbackURL })).toThrow(TypeError)
      expect(() => make({ ...GIVEN, callbackURL })).toThrow(/^callbackURL \(ILERT_CALLBACK_URL\): http: sends .*https:/)
    }
    process.env.ILERT_CALLBACK_URL = callbackURL
    expect(() => make()).toThrow(/^callbackURL \(ILERT_CALLBACK_URL\): http:/)
    expect(warnings()).toEqual([])
  })

  it('that is public is warned of elsewhere, once', () => {
    for (const environment of ['development', 'test', 'Production', '']) {
      process.env.NODE_ENV = environment
      make({ ...GIVEN, callbackURL: 'http://app.example/cb' })
      make({ ...GIVEN, callbackURL: 'http://app.example/other' })
    }
    make({ ...GIVEN, callbackURL: 'http://other.example/cb' })
    expect(warnings().map(({ code }) => code)).toEqual(['ILERT_INSECURE_CALLBACK', 'ILERT_INSECURE_CALLBACK'])
    expect(warnings()[0]?.message).toMatch(/callbackURL \(ILERT_CALLBACK_URL\).*https:.*app\.example/)
  })

  it.each([...LOCAL, 'https://app.example/cb', '/cb'])('%s is as good as any', (callbackURL) => {
    for (const environment of ['production', 'development']) {
      process.env.NODE_ENV = environment
      make({ ...GIVEN, callbackURL, encryptionKey: 'k'.repeat(32) })
    }
    expect(warnings()).toEqual([])
  })
})

it('a callback URL may have 256 characters', () => {
  expect(make({ ...GIVEN, callbackURL: `/${'x'.repeat(255)}` }).name).toBe('ilert')
})

it('a list of accounts that changes later changes nothing', async () => {
  const allowedTenants = ['nobody']
  const app = await startApp({ strategy: { allowedTenants } })
  allowedTenants.push('nordwind')
  expect((await app.browser().signIn()).status).toBe(403)
})

it('the callback URL, the scope and the name have defaults', async () => {
  const url = await redirect({ callbackURL: undefined } as never)
  expect(url.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\/ilert\/callback$/)
  expect(url.searchParams.get('scope')).toBe('profile')
  expect(make().name).toBe('ilert')
  expect(make({ ...GIVEN, name: 'ilert-eu' }).name).toBe('ilert-eu')
})

it("users are sent to ilert's own host by default", async () => {
  const url = await redirect({ appURL: undefined } as never)
  expect(url.origin + url.pathname).toBe('https://app.ilert.com/api/developers/oauth2/authorize')
})

it('verify is given once, as a function', () => {
  expect(() => make({ ...GIVEN, verify: () => false }, () => {})).toThrow(TypeError)
  expect(() => make(GIVEN, 'verify')).toThrow(/verify/)
})

// Otherwise everybody would be let in, and nobody be told why.
describe.each([
  ['IlertStrategy', IlertStrategy],
  ['IlertBearerStrategy', IlertBearerStrategy],
])('%s', (_, Strategy) => {
  const build = (...args: unknown[]) => Reflect.construct(Strategy, args) as IlertStrategy
  const verify = () => {}
  beforeEach(() => {
    Object.assign(process.env, { ILERT_CLIENT_ID: 'client-1', ILERT_CLIENT_SECRET: SECRET, ILERT_APP_ID: '250' })
  })

  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['undefined', [undefined]],
    ['options', [{}]],
    ['options and undefined', [{}, undefined]],
    ['options and verify', [{}, verify]],
    ['undefined and verify', [undefined, verify]],
    ['verify alone', [verify]],
    ['verify and undefined', [verify, undefined]],
  ])('is made of %s', (_, args) => {
    strategies.push(build(...args))
  })

  it.each<[string, unknown[], RegExp]>([
    ['null', [null], /^Ilert(?:Bearer)?Strategy: expected a plain object with options/],
    ['a string', ['client-1'], /^Ilert(?:Bearer)?Strategy: expected a plain object with options/],
    ['a list', [[]], /^Ilert(?:Bearer)?Strategy: expected a plain object with options/],
    ['an instance of a class', [new Map()], /^Ilert(?:Bearer)?Strategy: expected a plain object with options/],
    ['null in the place of verify', [{}, null], /^verify \(second argument\): expected a function/],
    ['a name in the place of verify', [{}, 'ilert'], /^verify \(second argument\): expected a function/],
    ['options twice', [{}, {}], /^verify \(second argument\): expected a function/],
    ['options after verify', [verify, {}], /^Ilert(?:Bearer)?Strategy\(options, verify\): too many arguments/],
    ['verify twice', [verify, verify], /^Ilert(?:Bearer)?Strategy\(options, verify\): too many arguments/],
    ['a third argument', [{}, verify, {}], /^Ilert(?:Bearer)?Strategy\(options, verify\): too many arguments/],
    [
      'a third argument after undefined',
      [{}, undefined, verify],
      /^Ilert(?:Bearer)?Strategy\(options, verify\): too many arguments/,
    ],
    ['verify as an option and as an argument', [{ verify }, verify], /^verify: pass it as an option or/],
    ['verify that is no function', [{ verify: 'verify' }], /^verify: expected a function/],
    ['passReqToCallback that is a text', [{ passReqToCallback: 'true' }, verify], /^passReqToCallback: expected true/],
    ['passReqToCallback that is a number', [{ passReqToCallback: 1 }, verify], /^passReqToCallback: expected true/],
  ])('is not made of %s', (_, args, message) => {
    expect(() => build(...args)).toThrow(TypeError)
    expect(() => build(...args)).toThrow(message)
  })
})

it.each([
  ['ILERT_ALLOWED_TENANT', 'ILERT_ALLOWED_TENANTS'],
  ['ILERT_ALOWED_TENANTS', 'ILERT_ALLOWED_TENANTS'],
  ['ILERT_CLIENTID', 'ILERT_CLIENT_ID'],
  ['ILERT_ENCRYPTION_KEYS', 'ILERT_ENCRYPTION_KEY'],
  ['ILERT_SCOPES', 'ILERT_SCOPE'],
])('the variable %s is warned of once, as a misspelt %s', (name, likely) => {
  process.env[name] = 'CANARY'
  make()
  make()
  const message = `${name}: no variable of this name is read. Did you mean ${likely}?`
  expect(warnings()).toEqual([{ message, type: 'IlertWarning', code: 'ILERT_UNKNOWN_VARIABLE' }])
})

it("other programs' variables are none of this package's business", () => {
  for (const name of [
    'ILERT_API_KEY',
    'ILERT_API_TOKEN',
    'ILERT_USER_ID',
    'ILERT_HEARTBEAT',
    'MY_ILERT_SCOPES',
    'ILERT_',
  ]) {
    process.env[name] = 'x'
  }
  make()
  expect(warnings()).toEqual([])
})

describe('without a secret', () => {
  it('and without a key, production refuses to start', () => {
    process.env.NODE_ENV = 'production'
    expect(() => make({ clientID: 'client-1' })).toThrow(/encryptionKey \(ILERT_ENCRYPTION_KEY\)/)
  })

  it('and without a key, anything else warns that sign-ins end with the process', async () => {
    make({ clientID: 'client-1' })
    expect(warnings().map(({ code }) => code)).toEqual(['ILERT_RANDOM_ENCRYPTION_KEY'])
    expect(warnings()[0]?.message).toMatch(/ILERT_ENCRYPTION_KEY/)
  })

  it('production starts with a key', async () => {
    process.env.NODE_ENV = 'production'
    make({ clientID: 'client-1', encryptionKey: KEY })
    expect(warnings()).toEqual([])
  })
})

it('with a secret, production starts without a key, and is told what a new secret would do', async () => {
  process.env.NODE_ENV = 'production'
  make()
  expect(warnings()).toMatchObject([{ code: 'ILERT_DERIVED_ENCRYPTION_KEY' }])
})

it('a scope that is nearly a known one is warned of once, and passed on', async () => {
  make({ ...GIVEN, scope: 'alerts' })
  make({ ...GIVEN, scope: ['alerts'] })
  const url = await redirect({ appURL: 'http://127.0.0.1:9', scope: 'alerts:w brandnew' })
  const messages = warnings().map(({ message }) => message)
  for (const warning of warnings()) expect(warning).toMatchObject({ type: 'IlertWarning', code: 'ILERT_UNKNOWN_SCOPE' })
  expect(messages).toHaveLength(2)
  expect(messages[0]).toMatch(/'alerts'.*'alert'/)
  expect(messages[1]).toMatch(/'alerts:w'.*'alert:w'/)
  expect(url.searchParams.get('scope')).toBe('profile alerts:w brandnew')
})

it('no inspection of the strategy shows a secret, and there is no _oauth2 that holds one', async () => {
  const dispatcher = { dispatch: () => true }
  for (const options of [
    { ...GIVEN, encryptionKey: KEY },
    { ...GIVEN, encryptionKey: [KEY, `${KEY}2`], tokenStore: new MemoryTokenStore(), dispatcher },
  ]) {
    const strategy = make(options)
    await new Promise((resolve) => setImmediate(resolve))
    const seen = inspect(strategy, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null })
    expect(seen).toContain("name: 'ilert'")
    expect(seen).not.toContain('CANARY')
    expect(JSON.stringify(strategy)).not.toContain('CANARY')
    expect(strategy).not.toHaveProperty('_oauth2')
    strategies.pop()
  }
})

it('no inspection of the strategy shows a token or a key after a sign-in', async () => {
  const app = await startApp({ strategy: { clientSecret: undefined, encryptionKey: KEY } as never })
  const tokens: string[] = []
  const browser = app.browser()
  await browser.signIn()
  tokens.push(app.sandbox.env.ILERT_CLIENT_SECRET ?? '')
  const seen = inspect(app.ilert, { depth: 12, showHidden: true, maxStringLength: null })
  for (const token of tokens) expect(seen).not.toContain(token)
  expect(seen).not.toContain('eyJ')
  expect(seen).not.toContain('CANARY')
})
