import fc from 'fast-check'
import { freshness } from '../../src/tokens/policy.ts'

const NOW = 1_800_000_000_000
const SECOND = 1000

describe('what is known of a record', () => {
  it.each([
    [0, 'use'],
    [29_999, 'use'],
    [30_000, 'read-in-background'],
    [59_999, 'read-in-background'],
    [60_000, 'wait-for-read'],
    [Number.POSITIVE_INFINITY, 'wait-for-read'],
  ] as const)('%i ms after it was confirmed: %s', (age, verdict) => {
    expect(freshness(NOW - age, undefined, NOW)).toBe(verdict)
  })

  it('is stale after a clock has jumped back, however little', () => {
    expect(freshness(NOW + 1, undefined, NOW)).toBe('wait-for-read')
    expect(freshness(NOW + 1, NOW + 1, NOW)).toBe('wait-for-read')
  })

  it.each([30_000, 3_600_000])(
    'is used for 5 s after the store has failed, and then asked for again (%i ms old)',
    (age) => {
      const verdict = freshness(NOW - age, undefined, NOW)
      expect(freshness(NOW - age, NOW, NOW)).toBe('use')
      expect(freshness(NOW - age, NOW - 4999, NOW)).toBe('use')
      expect(freshness(NOW - age, NOW - 5000, NOW)).toBe(verdict)
    },
  )

  it('is never used when it is older than a minute, unless the store has failed within the last 5 s', () => {
    fc.assert(
      fc.property(fc.integer(), fc.option(fc.integer(), { nil: undefined }), (age, failure) => {
        const confirmedAt = NOW - age
        const failedAt = failure === undefined ? undefined : NOW - failure
        const used = freshness(confirmedAt, failedAt, NOW) !== 'wait-for-read'
        const young = age >= 0 && age < 60 * SECOND
        const failed = failure !== undefined && failure >= 0 && failure < 5 * SECOND
        expect(used).toBe(young || failed)
      }),
    )
  })
})
