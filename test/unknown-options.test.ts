/*
 * Every constructor, and every method with options, refuses what it does not know: an option that is dropped without a
 * word may be the one that was to protect something.
 */
import session from 'express-session'
import { Pool } from 'pg'
import { createClient } from 'redis'
import {
  IlertBearerStrategy,
  IlertClient,
  IlertStrategy,
  MemoryTokenStore,
  SessionTokenStore,
  TokenManager,
} from '../src/index.ts'
import { connectSandbox, createSandbox, type Sandbox } from '../src/sandbox/index.ts'
import { PostgresTokenStore } from '../src/tokens/stores/postgres.ts'
import { RedisTokenStore } from '../src/tokens/stores/redis.ts'
import { TOKEN } from './sandbox/support.ts'

const BASE = { clientID: 'client-1', clientSecret: 'secret-0123456789', apiURL: 'http://127.0.0.1:9' }
const tokenStore = new MemoryTokenStore()
const expressStore = new session.MemoryStore()
const redis = createClient()
const postgres = new Pool()
const TOKENS = { accessToken: 'a', refreshToken: 'r', scope: ['alert'], expiresAt: Date.now() + 3_600_000 }

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox()
})
afterAll(() => sandbox.close())

const manager = () => new TokenManager({ ...BASE, tokenStore })

type Make = (options: unknown) => unknown
const strategy = new IlertStrategy({ ...BASE, tokenStore })

/** What takes options, with some that it takes. */
const PLACES: [string, object, Make][] = [
  ['IlertStrategy', { ...BASE, tokenStore }, (o) => new IlertStrategy(o as object)],
  ['IlertBearerStrategy', { ...BASE, appID: 250 }, (o) => new IlertBearerStrategy(o as object)],
  ['IlertClient', BASE, (o) => new IlertClient(o as object)],
  ['TokenManager', { ...BASE, tokenStore }, (o) => new TokenManager(o as never)],
  ['MemoryTokenStore', { clock: Date }, (o) => new MemoryTokenStore(o as object)],
  ['SessionTokenStore', { timeoutMs: 100 }, (o) => new SessionTokenStore(expressStore, o as object)],
  ['RedisTokenStore', { client: redis }, (o) => new RedisTokenStore(o as never)],
  ['PostgresTokenStore', { pool: postgres }, (o) => new PostgresTokenStore(o as never)],
  ['createSandbox', { port: 0 }, async (o) => (await createSandbox(o as object)).close()],
  ['register', { redirectURI: 'http://127.0.0.1/cb' }, (o) => sandbox.register(o as never)],
  ['data', { users: [] }, (o) => sandbox.load(o as never)],
  ['fault', { path: '/never', kind: 'reset' }, (o) => sandbox.fault(o as never).clear()],
  ['logout', { redirect: '/' }, (o) => strategy.logout(o as object)],
  ['proxy', { allow: ['GET /api/alerts'] }, (o) => strategy.proxy(o as never)],
  ['me', { anonymous: 401 }, (o) => strategy.me(o as object)],
  ['save', { ttlMs: 1000 }, (o) => manager().save('key', TOKENS, o as object)],
]

/** Methods whose options can be seen to be refused before anything is sent. */
const CALLS: [string, Make][] = [
  ['connectSandbox', (o) => connectSandbox('http://127.0.0.1:9/', o as object)],
  ['signIn', (o) => sandbox.signIn('http://127.0.0.1:9/', o as object)],
  ['refresh', (o) => new IlertClient(BASE).refresh('token', o as object)],
  ['revoke', (o) => new IlertClient(BASE).revoke('token', o as object)],
  ['tokenInfo', (o) => new IlertClient(BASE).tokenInfo('token', o as object)],
  ['currentUser', (o) => new IlertClient(BASE).currentUser('token', o as object)],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .get('/api/alerts', o as object),
  ],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .delete('/api/alerts/1', o as object),
  ],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .post('/api/alerts', {} as never, o as object),
  ],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .put('/api/alerts/1', {}, o as object),
  ],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .request('GET', '/api/alerts', o as object),
  ],
  [
    'init',
    (o) =>
      manager()
        .api('key')
        .paginate('/api/alerts', o as object)
        [Symbol.asyncIterator]()
        .next(),
  ],
]
const ALL: [string, object, Make][] = [...PLACES, ...CALLS.map(([what, make]) => [what, {}, make] as never)]

/** What is thrown, or what the promise is rejected with. */
async function failure(work: () => unknown): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error
  }
}

it.each(PLACES)('%s takes what it knows', async (_, options, make) => {
  expect(await failure(() => make(options))).toBeUndefined()
  expect(await failure(() => make(Object.assign(Object.create(null), options)))).toBeUndefined()
  expect(await failure(() => make({ ...options, [Symbol('tag')]: true }))).toBeUndefined()
})

describe.each(ALL)('%s', (what, options, make) => {
  it.each(['foo', 'x'.repeat(10_000), 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses the option %.20s',
    async (name) => {
      const error = await failure(() => make({ ...options, [name]: true }))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toContain(`${what}: unknown option '${name.slice(0, 60)}'. `)
      expect((error as Error).message.length).toBeLessThan(500)
    },
  )

  it('refuses the option __proto__ of a text that was parsed', async () => {
    const parsed = { ...options }
    Object.defineProperty(parsed, '__proto__', { value: {}, enumerable: true })
    expect(await failure(() => make(parsed))).toBeInstanceOf(TypeError)
  })

  it('refuses an unknown option whose value is undefined, and one that is not enumerable', async () => {
    expect(await failure(() => make({ ...options, foo: undefined }))).toBeInstanceOf(TypeError)
    const hidden = Object.defineProperty({ ...options }, 'foo', { value: true, enumerable: false })
    expect(await failure(() => make(hidden))).toBeInstanceOf(TypeError)
  })

  class Options {}
  it.each<[string, () => unknown]>([
    ['null', () => null],
    ['a string', () => 'options'],
    ['a number', () => 7],
    ['a list', () => [options]],
    ['an instance of a class', () => Object.assign(new Options(), options)],
    ['options that are inherited', () => Object.create(options)],
    ['a Map', () => new Map(Object.entries(options))],
  ])('refuses %s in the place of options', async (_, given) => {
    const error = await failure(() => make(given()))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(`${what}: expected a plain object`)
  })
})

it.each<[string, string, string, Make]>([
  ['IlertStrategy', 'calbackURL', 'callbackURL', (o) => new IlertStrategy({ ...BASE, ...(o as object) })],
  ['IlertStrategy', 'alowedTenants', 'allowedTenants', (o) => new IlertStrategy({ ...BASE, ...(o as object) })],
  [
    'IlertBearerStrategy',
    'allowedTenant',
    'allowedTenants',
    (o) => new IlertBearerStrategy({ appID: 1, ...(o as object) }),
  ],
  ['IlertBearerStrategy', 'appId', 'appID', (o) => new IlertBearerStrategy(o as object)],
  ['IlertClient', 'clientId', 'clientID', (o) => new IlertClient(o as object)],
  [
    'TokenManager',
    'encryptionKeys',
    'encryptionKey',
    (o) => new TokenManager({ ...BASE, tokenStore, ...(o as object) }),
  ],
  ['MemoryTokenStore', 'clok', 'clock', (o) => new MemoryTokenStore(o as object)],
  ['SessionTokenStore', 'timeout', 'timeoutMs', (o) => new SessionTokenStore(expressStore, o as object)],
  ['RedisTokenStore', 'leaseMS', 'leaseMs', (o) => new RedisTokenStore({ client: redis, ...(o as object) })],
  ['PostgresTokenStore', 'tabel', 'table', (o) => new PostgresTokenStore({ pool: postgres, ...(o as object) })],
  ['createSandbox', 'redirectUri', 'redirectURI', (o) => createSandbox(o as object)],
  ['register', 'pkceonly', 'pkceOnly', (o) => sandbox.register({ redirectURI: 'http://a/', ...(o as object) })],
  ['fault', 'time', 'times', (o) => sandbox.fault({ path: TOKEN, kind: 'hang', ...(o as object) })],
  ['signIn', 'denny', 'deny', (o) => sandbox.signIn('http://127.0.0.1:9/', o as object)],
  ['logout', 'redirectTo', 'redirect', (o) => strategy.logout(o as object)],
  ['save', 'ttl', 'ttlMs', (o) => manager().save('key', TOKENS, o as object)],
  [
    'init',
    'qurey',
    'query',
    (o) =>
      manager()
        .api('key')
        .get('/api/alerts', o as object),
  ],
  [
    'init',
    'pagesize',
    'pageSize',
    (o) =>
      manager()
        .api('key')
        .paginate('/api/a', o as object)
        [Symbol.asyncIterator]()
        .next(),
  ],
  [
    'retry',
    'maxDelay',
    'maxDelayMs',
    (o) =>
      manager()
        .api('key')
        .get('/api/alerts', { retry: o as never }),
  ],
])('%s: %s means %s', async (what, name, likely, make) => {
  const error = await failure(() => make({ [name]: undefined }))
  expect(error).toEqual(new TypeError(`${what}: unknown option '${name}'. Did you mean '${likely}'?`))
})

it('where no option is near, all are named', () => {
  expect(() => new SessionTokenStore(expressStore, { realm: 'x' } as object)).toThrow(
    new TypeError("SessionTokenStore: unknown option 'realm'. The options are timeoutMs, clock."),
  )
})

it.each<[string, () => unknown]>([
  ['IlertClient', () => Reflect.construct(IlertClient, [BASE, {}])],
  ['TokenManager', () => Reflect.construct(TokenManager, [{ ...BASE, tokenStore }, {}, {}])],
  ['TokenManager', () => Reflect.construct(TokenManager, [{ ...BASE, tokenStore }, () => {}])],
  ['TokenManager', () => Reflect.construct(TokenManager, [{ ...BASE, tokenStore }, { ttlMs: 7 }])],
  ['MemoryTokenStore', () => Reflect.construct(MemoryTokenStore, [{}, {}])],
  ['SessionTokenStore', () => Reflect.construct(SessionTokenStore, [expressStore, {}, {}])],
  ['RedisTokenStore', () => Reflect.construct(RedisTokenStore, [{ client: redis }, {}])],
  ['PostgresTokenStore', () => Reflect.construct(PostgresTokenStore, [{ pool: postgres }, {}])],
  ['session', () => (strategy.session as (o: object) => unknown).call(strategy, {})],
  ['logout', () => (strategy.logout as (...o: object[]) => unknown).call(strategy, {}, {})],
])('%s refuses an argument that it does not know', (what, work) => {
  expect(work).toThrow(TypeError)
  expect(work).toThrow(what)
})

describe('one object of options', () => {
  const shared = {
    ...BASE,
    appID: 250,
    callbackURL: 'http://127.0.0.1:3000/auth/ilert/callback',
    scope: 'alert',
    tenant: 'acme',
    allowedTenants: ['acme'],
    encryptionKey: 'k'.repeat(32),
    tokenStore,
    tokenKey: () => 'key',
    refreshWindowSeconds: 60,
    minRefreshIntervalSeconds: 60,
    timeoutMs: 1000,
    clock: Date,
    passReqToCallback: false,
  }
  const classes: [string, new (o: never) => unknown][] = [
    ['IlertStrategy', IlertStrategy],
    ['IlertBearerStrategy', IlertBearerStrategy],
    ['TokenManager', TokenManager],
    ['IlertClient', IlertClient],
  ]

  it.each(classes)('serves %s', (_, Class) => {
    expect(() => new Class(shared as never)).not.toThrow()
  })

  it.each(classes)('with a misspelt name is refused by %s', (_, Class) => {
    expect(() => new Class({ ...shared, tokenstore: tokenStore } as never)).toThrow(/Did you mean 'tokenStore'\?/)
  })

  it('has no name for IlertBearerStrategy, which would take the place of IlertStrategy in Passport', () => {
    expect(() => new IlertBearerStrategy({ ...shared, name: 'ilert' } as object)).toThrow(/unknown option 'name'/)
  })
})

it('each option is read once, and what Object.prototype has is no option', () => {
  let reads = 0
  const options = {
    ...BASE,
    tokenStore,
    get scope() {
      reads++
      return 'alert'
    },
  }
  const { prototype } = Object as unknown as { prototype: Record<string, unknown> }
  Object.defineProperty(prototype, 'allowedTenants', { value: 'nonsense', configurable: true })
  try {
    expect(() => new IlertStrategy(options)).not.toThrow()
  } finally {
    delete prototype.allowedTenants
  }
  expect(reads).toBe(1)
})
