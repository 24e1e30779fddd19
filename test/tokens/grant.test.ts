import {
  compareAge,
  ended,
  type Grant,
  openGrant,
  sameTokens,
  sealGrant,
  UNREADABLE,
  writtenAt,
} from '../../src/tokens/grant.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000
const TEN_YEARS = 3650 * DAY
const grant: Grant = {
  id: 'one',
  version: 7,
  tokens: { accessToken: 'a', refreshToken: 'r', scope: ['profile'], expiresAt: NOW + 3_600_000 },
  issuedAt: NOW,
  refreshes: 2,
  endsAt: NOW + DAY,
}
const older = (changes: Partial<Grant>): Grant => ({ ...grant, ...changes })

describe('writtenAt', () => {
  const endOf = (changes: Partial<Grant>, tokens: Partial<Grant['tokens']> = {}) =>
    writtenAt(NOW, { ...grant, ...changes, tokens: { ...grant.tokens, ...tokens } }).endsAt - NOW

  it('ends as long after the write as it is to live', () => {
    expect(endOf({ ttlMs: 1234 })).toBe(1234)
  })

  it('ends with its tokens where nothing else is said', () => {
    expect(endOf({}, { refreshTokenExpiresAt: NOW + 30 * DAY })).toBe(30 * DAY)
    // A refresh token that ends before its access token is of no use then, and the access token still is.
    expect(endOf({}, { refreshTokenExpiresAt: NOW + 1000 })).toBe(3_600_000)
    const { refreshToken: _, ...alone } = grant.tokens
    expect(writtenAt(NOW, { ...grant, tokens: alone }).endsAt).toBe(NOW + 3_600_000)
  })

  it('ends after ten years at most, and after a second at least', () => {
    expect(endOf({})).toBe(TEN_YEARS)
    expect(endOf({}, { refreshTokenExpiresAt: NOW + TEN_YEARS + 1 })).toBe(TEN_YEARS)
    expect(endOf({}, { refreshTokenExpiresAt: NOW - 5, expiresAt: NOW - 5 })).toBe(1000)
  })
})

it('an ended grant is one version on, gives no access token, and keeps what is to be revoked', () => {
  expect(ended(grant)).toEqual({
    ...grant,
    version: 8,
    tokens: { ...grant.tokens, accessToken: '' },
    ended: true,
  })
})

describe('compareAge', () => {
  it.each<[string, Partial<Grant>]>([
    ['fewer refreshes, though a higher version and a later time', { refreshes: 1, version: 99, issuedAt: NOW + 1 }],
    ['none yet', { refreshes: undefined as never, issuedAt: NOW + 1 }],
    ['as many, asked for earlier', { issuedAt: NOW - 1 }],
  ])('is below zero for %s, and above the other way round', (_, changes) => {
    expect(compareAge(older(changes), grant)).toBeLessThan(0)
    expect(compareAge(grant, older(changes))).toBeGreaterThan(0)
  })

  it('is zero for the same tokens in another version', () => {
    expect(compareAge(older({ version: 1 }), grant)).toBe(0)
    const unrefreshed = older({ refreshes: undefined as never })
    expect(compareAge(unrefreshed, older({ refreshes: 0 }))).toBe(0)
  })
})

describe('sameTokens', () => {
  it('holds for the same grant with the same tokens, whatever its version', () => {
    expect(sameTokens(grant, older({ version: 8, endsAt: 1 }))).toBe(true)
  })

  it.each<[string, Partial<Grant>]>([
    ['another grant', { id: 'two' }],
    ['another access token', { tokens: { ...grant.tokens, accessToken: 'b' } }],
    ['another refresh token', { tokens: { ...grant.tokens, refreshToken: 's' } }],
  ])('does not for %s', (_, changes) => {
    expect(sameTokens(grant, older(changes))).toBe(false)
  })
})

describe('a sealed grant', () => {
  const sealer = new Sealer(['a secret of 32 characters or more'], 'tokens')

  it('opens to itself, its version and its end in the clear', async () => {
    const stored = await sealGrant({ ...grant, endsAt: NOW + 0.25 }, 'key', sealer)
    expect(stored).toEqual({ version: 7, data: expect.stringMatching(`^${NOW + 1}\\.`) })
    expect(stored.data).not.toContain('profile')
    expect(await openGrant(stored, 'key', sealer)).toEqual({ ...grant, endsAt: NOW + 1 })
  })

  it('opens in no other version, under no other key and with no other end', async () => {
    const stored = await sealGrant(grant, 'key', sealer)
    const [end, ...rest] = stored.data.split('.')
    const moved = [`${Number(end) + 1}`, '', `${end} `, 'x'].map((other) => ({
      ...stored,
      data: [other, ...rest].join('.'),
    }))
    for (const other of [...moved, { ...stored, version: 8 }, { ...stored, data: '' }, { ...stored, data: `${end}` }]) {
      expect(await openGrant(other, 'key', sealer)).toBe(UNREADABLE)
    }
    expect(await openGrant(stored, 'other', sealer)).toBe(UNREADABLE)
  })
})
