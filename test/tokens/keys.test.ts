import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import { encryptionSecrets } from '../../src/tokens/sealing/keys.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'

const ONE = 'CANARY-one-0123456789-0123456789-0123'
const TWO = 'CANARY-two-0123456789-0123456789-0123'
const THREE = 'CANARY-three-0123456789-0123456789-01'
const LONG_ENOUGH = 'CANARY'.padEnd(32, 'x')
const SHORT = LONG_ENOUGH.slice(0, -1)

const VARIABLES = ['ILERT_ENCRYPTION_KEY', 'ILERT_CLIENT_SECRET', 'NODE_ENV']
const before = { ...process.env }
let warn: jest.SpiedFunction<typeof process.emitWarning>

beforeEach(() => {
  for (const variable of VARIABLES) delete process.env[variable]
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
})
afterEach(() => {
  // Whatever a test has done, no key has been told to anybody.
  expect(inspect(warn.mock.calls, { depth: null })).not.toContain('CANARY')
  warn.mockRestore()
})
afterAll(() => {
  for (const variable of VARIABLES) delete process.env[variable]
  Object.assign(process.env, before)
})

/** What `encryptionSecrets` throws: a TypeError that names the option and the variable, and no key. */
function refusal(options: object): TypeError {
  let thrown: unknown
  try {
    encryptionSecrets(options)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(TypeError)
  const error = thrown as TypeError
  expect(error.message).toContain('encryptionKey')
  expect(error.message).toContain('ILERT_ENCRYPTION_KEY')
  expect(inspect(error, { showHidden: true, depth: null })).not.toContain('CANARY')
  return error
}

/** Whether what `a` seals opens with `b`, as processes with these options would do it. */
async function opens(a: string[], b: string[]): Promise<boolean> {
  const sealed = await new Sealer(a, 'tokens').seal('secret', 'here')
  return (await new Sealer(b, 'tokens').open(sealed, 'here')) === 'secret'
}

describe('the option encryptionKey', () => {
  test('is one key, or several in their order', () => {
    expect(encryptionSecrets({ encryptionKey: ONE })).toEqual([ONE])
    expect(encryptionSecrets({ encryptionKey: [ONE] })).toEqual([ONE])
    expect(encryptionSecrets({ encryptionKey: [ONE, TWO, THREE] })).toEqual([ONE, TWO, THREE])
    expect(encryptionSecrets({ encryptionKey: Object.freeze([TWO, ONE]) })).toEqual([TWO, ONE])
    expect(warn).not.toHaveBeenCalled()
  })

  test('wins over its variable, also over a malformed one, and over the client secret', () => {
    process.env.ILERT_ENCRYPTION_KEY = TWO
    expect(encryptionSecrets({ encryptionKey: ONE, clientSecret: THREE })).toEqual([ONE])
    process.env.ILERT_ENCRYPTION_KEY = SHORT
    expect(encryptionSecrets({ encryptionKey: ONE })).toEqual([ONE])
  })

  test('the first key, which seals, has 32 characters or more', () => {
    expect(encryptionSecrets({ encryptionKey: LONG_ENOUGH })).toEqual([LONG_ENOUGH])
    for (const encryptionKey of [SHORT, 'CANARY', '', ' '.repeat(40), `${SHORT}   `]) {
      expect(refusal({ encryptionKey }).message).toContain('32')
      refusal({ encryptionKey: [encryptionKey] })
      refusal({ encryptionKey: [encryptionKey, ONE] })
      refusal({ encryptionKey: [encryptionKey, ONE], clientSecret: TWO })
    }
  })

  test('the others only open, and have any length but none: a replaced client secret is what it is', async () => {
    for (const old of ['CANARY-short', SHORT, 'x']) {
      const keys = encryptionSecrets({ encryptionKey: [ONE, old], clientSecret: TWO })
      expect(keys).toEqual([ONE, old])
      expect(await opens(encryptionSecrets({ clientSecret: old }), keys)).toBe(true)
      expect(await opens(keys, encryptionSecrets({ encryptionKey: ONE }))).toBe(true)
    }
    for (const empty of ['', '  ', '\n']) {
      expect(refusal({ encryptionKey: [ONE, empty] }).message).toContain('a key is empty')
      expect(refusal({ encryptionKey: [ONE, 'CANARY-short', empty] }).message).toContain('a key is empty')
    }
  })

  test('the present client secret may be the first, as it is where there is no key, and no other short one', async () => {
    const derived = encryptionSecrets({ clientSecret: 'CANARY-short' })
    const both = encryptionSecrets({ encryptionKey: ['CANARY-short', ONE], clientSecret: 'CANARY-short' })
    expect(await opens(both, derived)).toBe(true)
    expect(await opens(encryptionSecrets({ encryptionKey: [ONE] }), both)).toBe(true)
    process.env.ILERT_CLIENT_SECRET = 'CANARY-short'
    expect(encryptionSecrets({ encryptionKey: ['CANARY-short', ONE] })).toEqual(both)
    refusal({ encryptionKey: ['CANARY-shore', ONE] })
  })

  test('a list without a key is refused, and does not fall back to anything', () => {
    process.env.ILERT_ENCRYPTION_KEY = ONE
    refusal({ encryptionKey: [], clientSecret: TWO })
  })

  test.each([
    ['null', null],
    ['a number', 1e40],
    ['true', true],
    ['false', false],
    ['bytes', Buffer.from(ONE)],
    ['an object', { key: ONE }],
    ['a function', () => ONE],
    ['a set', new Set([ONE])],
    ['a list with a number', [ONE, 1e40]],
    ['a list with undefined', [ONE, undefined]],
    ['a list with bytes', [Buffer.from(ONE)]],
    ['a list of lists', [[ONE]]],
  ])('anything else is refused, without a fallback: %s', (_, encryptionKey) => {
    process.env.ILERT_ENCRYPTION_KEY = ONE
    refusal({ encryptionKey, clientSecret: TWO })
  })
})

describe('the variable ILERT_ENCRYPTION_KEY', () => {
  test('is one key, or several separated by commas, trimmed', () => {
    process.env.ILERT_ENCRYPTION_KEY = ONE
    expect(encryptionSecrets({})).toEqual([ONE])
    process.env.ILERT_ENCRYPTION_KEY = `${ONE},${TWO},${THREE}`
    expect(encryptionSecrets({})).toEqual([ONE, TWO, THREE])
    process.env.ILERT_ENCRYPTION_KEY = ` ${TWO} ,\t${ONE}\n`
    expect(encryptionSecrets({})).toEqual([TWO, ONE])
    expect(warn).not.toHaveBeenCalled()
  })

  test('means the same keys as the option does', async () => {
    process.env.ILERT_ENCRYPTION_KEY = `${ONE}, ${TWO}\n`
    const fromVariable = encryptionSecrets({})
    const fromOption = encryptionSecrets({ encryptionKey: [ONE, TWO] })
    expect(await opens(fromVariable, fromOption)).toBe(true)
    expect(await opens(fromOption, fromVariable)).toBe(true)
    expect(await opens(encryptionSecrets({ encryptionKey: TWO }), fromVariable)).toBe(true)
  })

  test('wins over the client secret', () => {
    process.env.ILERT_ENCRYPTION_KEY = ONE
    process.env.ILERT_CLIENT_SECRET = THREE
    expect(encryptionSecrets({ clientSecret: TWO })).toEqual([ONE])
  })

  test.each([SHORT, `${SHORT},${ONE}`, `${ONE},`, `,${ONE}`, `${ONE},,${TWO}`, ','])(
    'is refused where the first key is too short, or one is missing between commas: %s',
    (value) => {
      process.env.ILERT_ENCRYPTION_KEY = value
      refusal({ clientSecret: THREE })
    },
  )

  test('counts as absent where it is empty', () => {
    for (const empty of ['', ' ', '\n']) {
      process.env.ILERT_ENCRYPTION_KEY = empty
      expect(encryptionSecrets({ clientSecret: TWO })).toEqual([TWO])
    }
  })
})

describe('without an encryption key', () => {
  test.each(['production', 'development', 'test', undefined])(
    'it is derived from the client secret, in every process the same: NODE_ENV %s',
    async (environment) => {
      if (environment !== undefined) process.env.NODE_ENV = environment
      const secret = 'CANARY-short' // ilert makes it: its length is not the app's to choose
      process.env.ILERT_CLIENT_SECRET = secret
      const here = encryptionSecrets({})
      const there = encryptionSecrets({ clientSecret: secret })
      expect(await opens(here, there)).toBe(true)
      expect(await opens(here, encryptionSecrets({ clientSecret: 'CANARY-other' }))).toBe(false)
      if (environment !== 'production') return expect(warn).not.toHaveBeenCalled()
      // Once in a process, while the secret can still be opened with: afterwards it is too late.
      expect(warn.mock.calls).toEqual([
        [
          expect.stringMatching(
            /^encryptionKey \(ILERT_ENCRYPTION_KEY\): missing\. .* a new client secret would sign all users out/,
          ),
          { type: 'IlertWarning', code: 'ILERT_DERIVED_ENCRYPTION_KEY' },
        ],
      ])
      expect(JSON.stringify(warn.mock.calls)).not.toContain('CANARY')
    },
  )

  test('the option clientSecret wins over its variable', () => {
    process.env.ILERT_CLIENT_SECRET = ONE
    expect(encryptionSecrets({ clientSecret: TWO })).toEqual([TWO])
  })

  test('a client secret that is listed after a new encryption key still opens', async () => {
    const derived = encryptionSecrets({ clientSecret: ONE })
    expect(await opens(derived, encryptionSecrets({ encryptionKey: [TWO, ONE] }))).toBe(true)
  })
})

describe('without an encryption key and a client secret', () => {
  test('production throws, and names both options with their variables', () => {
    process.env.NODE_ENV = 'production\n'
    refusal({})
    process.env.NODE_ENV = 'production'
    const { message } = refusal({})
    expect(message).toContain('encryptionKey (ILERT_ENCRYPTION_KEY)')
    expect(message).toContain('clientSecret (ILERT_CLIENT_SECRET)')
    expect(warn).not.toHaveBeenCalled()
  })

  test.each(['development', 'test', '', 'Production', undefined])(
    'elsewhere there is one warning, and a random key that no other process has: NODE_ENV %j',
    async (environment) => {
      if (environment !== undefined) process.env.NODE_ENV = environment
      const here = encryptionSecrets({})
      expect(warn).toHaveBeenCalledTimes(1)
      const [message, details] = warn.mock.calls[0] as unknown as [string, { code: string }]
      expect(message).toContain('encryptionKey (ILERT_ENCRYPTION_KEY)')
      expect(message).toContain('clientSecret (ILERT_CLIENT_SECRET)')
      expect(details.code).toBe('ILERT_RANDOM_ENCRYPTION_KEY')
      expect(here).toHaveLength(1)
      for (const key of here) {
        expect(key.length).toBeGreaterThanOrEqual(32)
        expect(inspect(warn.mock.calls, { depth: null })).not.toContain(key)
      }
      expect(await opens(here, here)).toBe(true)
      expect(await opens(here, encryptionSecrets({}))).toBe(false)
    },
  )
})
