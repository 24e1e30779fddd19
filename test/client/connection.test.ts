import { inspect } from 'node:util'
import { Agent } from 'undici'
import { IlertClient } from '../../src/client/client.ts'
import { type Connection, ResolvedConnection } from '../../src/client/connection.ts'
import { ENV_OPTIONS, isLoopback } from '../../src/client/options.ts'

const VARIABLES = ['ILERT_CLIENT_ID', 'ILERT_CLIENT_SECRET', 'ILERT_APP_URL', 'ILERT_API_URL', 'ILERT_TENANT']
const before = { ...process.env }

beforeEach(() => {
  for (const variable of VARIABLES) delete process.env[variable]
})
afterAll(() => {
  for (const variable of VARIABLES) delete process.env[variable]
  Object.assign(process.env, before)
})

/** The string options with a good value, another, and values that are malformed. */
const OPTIONS: [
  name: keyof Connection & keyof typeof ENV_OPTIONS,
  variable: string,
  good: string,
  other: string,
  bad: string[],
][] = [
  ['clientID', 'ILERT_CLIENT_ID', 'client-1', 'client-2', ['a b', 'a\nb', '"a"', "'a'", 'ä', 'a\u0000b', 'a\tb']],
  ['clientSecret', 'ILERT_CLIENT_SECRET', 'CANARY-1', 'CANARY-2', ['CANARY b', 'CANARY\nb', '"CANARY"', 'CANARYä']],
  ['appURL', 'ILERT_APP_URL', 'https://app.example', 'https://app2.example', badURLs()],
  ['apiURL', 'ILERT_API_URL', 'https://api.example', 'https://api2.example:8443', badURLs()],
  [
    'tenant',
    'ILERT_TENANT',
    'acme',
    'corp',
    ['a.b', 'evil.com/', 'a/b', '-a', 'a b', 'a@b', 'a:1', 'ä', 'a'.repeat(64)],
  ],
]

describe.each(OPTIONS)('%s', (name, variable, good, other, bad) => {
  it('is taken from the option', () => {
    expect(new ResolvedConnection({ [name]: good })[name]).toBe(good)
  })

  it(`is taken from ${variable} where the option is absent, trimmed`, () => {
    expect(ENV_OPTIONS[name]).toBe(variable)
    process.env[variable] = ` ${good}\n`
    expect(new ResolvedConnection({})[name]).toBe(good)
  })

  it(`wins over ${variable}, also over a malformed one`, () => {
    process.env[variable] = other
    expect(new ResolvedConnection({ [name]: good })[name]).toBe(good)
    process.env[variable] = bad[0] ?? ''
    expect(new ResolvedConnection({ [name]: good })[name]).toBe(good)
  })

  it('takes an empty variable for an absent one', () => {
    const absent = new ResolvedConnection({})[name]
    for (const empty of ['', ' ', '\n']) {
      process.env[variable] = empty
      expect(new ResolvedConnection({})[name]).toBe(absent)
    }
  })

  it.each(['', null, 7, true, {}, [], [good]])(`throws a TypeError which names option and variable for %j`, (value) => {
    expectNamed(() => new IlertClient({ [name]: value } as Connection), name, variable)
  })

  it.each(bad)('throws a TypeError which names option and variable for the malformed %j', (value) => {
    expectNamed(() => new IlertClient({ [name]: value }), name, variable)
    if (value.includes('\u0000')) return // no variable can hold that
    process.env[variable] = value
    expectNamed(() => new IlertClient(), name, variable)
  })
})

describe('without options and variables', () => {
  it("the URLs are ilert's, the time is 10 s, and the clock the system's", () => {
    const { apiURL, appURL, timeoutMs, maxResponseBytes, clock, ...rest } = new ResolvedConnection({})
    expect(apiURL).toBe('https://api.ilert.com')
    expect(appURL).toBeUndefined() // the account's own host is ilert's, then
    expect(timeoutMs).toBe(10_000)
    expect(maxResponseBytes).toBe(1_048_576)
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000)
    expect(rest).toEqual({})
  })

  it.each(['exchangeCode', 'refresh', 'authorizationURL'] as const)('%s asks for the clientID', async (method) => {
    const client = new IlertClient()
    const call = async () => {
      if (method === 'refresh') return await client.refresh('token')
      const o = {
        code: 'c',
        codeVerifier: 'v',
        redirectURI: 'http://127.0.0.1/',
        scope: '',
        state: 's',
        codeChallenge: 'x',
      }
      return method === 'exchangeCode' ? await client.exchangeCode(o) : client.authorizationURL(o)
    }
    await expect(call()).rejects.toThrow(TypeError)
    await expect(call()).rejects.toThrow(/clientID.*ILERT_CLIENT_ID/)
    await client.close()
  })
})

describe('http:', () => {
  const loopback = [
    'http://127.0.0.1',
    'http://127.0.0.1:4598',
    'http://127.8.9.10',
    'http://localhost',
    'http://LOCALHOST:3000/',
    'http://[::1]:3000',
    'http://127.1',
    'http://2130706433',
    'http://0x7f.0.0.1',
  ]
  it.each(loopback)('is allowed for %s', (url) => {
    expect(new ResolvedConnection({ apiURL: url }).apiURL).toBe(new URL(url).origin)
    expect(new ResolvedConnection({ appURL: url }).appURL).toBe(new URL(url).origin)
    expect(isLoopback(new URL(url).hostname)).toBe(true)
  })

  it.each([
    'http://localhost.evil.com',
    'http://127.0.0.1.evil.com',
    'http://127.0.0.1.nip.io',
    'http://evil.com',
    'http://evillocalhost',
    'http://localhost-evil',
    'http://128.0.0.1',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://[::2]',
    'http://[::ffff:10.0.0.1]',
    'http://api.ilert.com',
    'http://1270.0.0.1.evil.com',
    'http://user@127.0.0.1',
    'http://user:CANARY@localhost',
    'http://127.0.0.1@evil.com',
    'http://127.0.0.1%2eevil.com',
    'http://127.0.0.1\\@evil.com',
  ])('is refused for %s', (url) => {
    expectNamed(() => new IlertClient({ apiURL: url }), 'apiURL', 'ILERT_API_URL')
    expectNamed(() => new IlertClient({ appURL: url }), 'appURL', 'ILERT_APP_URL')
  })

  it.each(['localhost.evil.com', '127.0.0.1.evil.com', '127.0.0', '128.0.0.1', '[::]', '[::2]', 'x127.0.0.1', ''])(
    'has no loopback in %j',
    (hostname) => {
      expect(isLoopback(hostname)).toBe(false)
    },
  )

  it('is not needed: https: is allowed for any host', () => {
    expect(new ResolvedConnection({ apiURL: 'https://localhost.evil.com/' }).apiURL).toBe('https://localhost.evil.com')
  })
})

describe('maxResponseBytes', () => {
  it.each([1024, 1_000_000, 104_857_600])('takes %p', (maxResponseBytes) => {
    expect(new ResolvedConnection({ maxResponseBytes }).maxResponseBytes).toBe(maxResponseBytes)
  })

  it.each([0, -1, 1023, 104_857_601, 2000.5, Number.NaN, Infinity, '2000', null])('refuses %p', (maxResponseBytes) => {
    expect(() => new IlertClient({ maxResponseBytes } as Connection)).toThrow(TypeError)
    expect(() => new IlertClient({ maxResponseBytes } as Connection)).toThrow(/^maxResponseBytes: .*1024/)
  })
})

describe('timeoutMs', () => {
  it.each([1, 100, 0.5, 2_147_483_647])('takes %p', (timeoutMs) => {
    expect(new ResolvedConnection({ timeoutMs }).timeoutMs).toBe(timeoutMs)
    expect(() => new IlertClient({ timeoutMs })).not.toThrow()
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2_147_483_648, '100', null, {}, true, 100n])(
    'throws a TypeError which names it for %p',
    (timeoutMs) => {
      expect(() => new IlertClient({ timeoutMs } as Connection)).toThrow(TypeError)
      expect(() => new IlertClient({ timeoutMs } as Connection)).toThrow(/^timeoutMs\b/)
    },
  )
})

describe('dispatcher and clock', () => {
  it('are used as they are', async () => {
    const dispatcher = new Agent()
    const clock = { now: () => 7 }
    expect(new ResolvedConnection({ dispatcher, clock }).dispatcher).toBe(dispatcher)
    expect(new ResolvedConnection({ dispatcher, clock }).clock).toBe(clock)
    await dispatcher.close()
  })

  it.each([null, {}, 'http://proxy:8080', 7])('throw a TypeError which names them for %p', (bad) => {
    expect(() => new IlertClient({ dispatcher: bad } as never)).toThrow(/^dispatcher\b/)
    expect(() => new IlertClient({ clock: bad } as never)).toThrow(/^clock\b/)
  })
})

function badURLs(): string[] {
  return [
    'ilert',
    'api.ilert.com',
    '//api.ilert.com',
    'ftp://api.ilert.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
    'https://api.ilert.com/path',
    'https://api.ilert.com/?query',
    'https://api.ilert.com/#hash',
    'https://user:CANARY@api.ilert.com',
    'https://user@api.ilert.com',
    'https://api.ilert.com:99999',
    'http://api.ilert.com',
  ]
}

function expectNamed(work: () => unknown, name: string, variable: string): void {
  let error: unknown
  try {
    work()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(TypeError)
  expect((error as Error).message).toContain(name)
  expect((error as Error).message).toContain(variable)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY')
}
