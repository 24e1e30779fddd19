import { checkDuration, checkKey, checkTokens } from '../../src/tokens/stores/checks.ts'

describe('checkDuration', () => {
  it.each([
    [1, 1],
    [0.2, 1],
    [1000.5, 1001],
    [1e14, 1e14],
  ])('takes %d for %d ms', (ms, whole) => {
    expect(checkDuration('ttlMs', ms)).toBe(whole)
  })

  it.each([0, -1, -0.5, 1e14 + 1, Number.NaN, Number.POSITIVE_INFINITY, '1000', null, undefined])(
    'refuses %p',
    (ms) => {
      const message = `ttlMs must be a positive number of milliseconds, at most 100000000000000; it is ${String(ms)}.`
      expect(() => checkDuration('ttlMs', ms as number)).toThrow(new TypeError(message))
    },
  )
})

describe('checkKey', () => {
  it.each(['a', ' ', 'user:7', '\u{1f511}', '\u0000', 'x'.repeat(5000)])('takes %j', (key) => {
    expect(checkKey(key)).toBe(key)
  })

  it.each(['', 'half \ud83d', '\udd11 half', 7, null, undefined, ['a']])('refuses %p', (key) => {
    expect(() => checkKey(key as string)).toThrow(new TypeError('key must be a well-formed, non-empty string.'))
  })
})

describe('checkTokens', () => {
  it.each([0, 1, 2 ** 53 - 1])('takes the version %d, and nothing beside version and data', (version) => {
    const tokens = { version, data: '', more: 'x' }
    expect(checkTokens(tokens)).toEqual({ version, data: '' })
  })

  it.each([-1, 0.5, 2 ** 53, Number.NaN, '1', undefined])('refuses the version %p', (version) => {
    const message = `tokens.version must be a whole number from 0 to 2^53 - 1; it is ${String(version)}.`
    expect(() => checkTokens({ version: version as number, data: '' })).toThrow(new TypeError(message))
  })

  it.each([undefined, null, 7, {}])('refuses the data %p', (data) => {
    const tokens = { version: 1, data: data as unknown as string }
    expect(() => checkTokens(tokens)).toThrow(new TypeError('tokens.data must be a string.'))
  })

  it.each([undefined, null])('refuses %p', (tokens) => {
    expect(() => checkTokens(tokens as never)).toThrow(TypeError)
  })
})
