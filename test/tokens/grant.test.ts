import { compareAge, sameTokens } from '../../src/tokens/compare.ts'
import {
  claimed,
  claimReleased,
  ended,
  endRecord,
  extended,
  type Grant,
  issued,
  lastLostAt,
  refreshed,
  refreshedAfter,
  restored,
  touched,
  UNREADABLE,
} from '../../src/tokens/grant.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'
import { openGrant, sealGrant } from '../../src/tokens/sealing/sealed-grant.ts'

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

describe('a grant that is issued', () => {
  const endOf = (changes: Partial<Grant>, tokens: Partial<Grant['tokens']> = {}) =>
    issued(undefined, { id: 'one', ...changes, tokens: { ...grant.tokens, ...tokens } }, NOW).endsAt - NOW

  it('ends as long after the write as it is to live', () => {
    expect(endOf({ ttlMs: 1234 })).toBe(1234)
  })

  it('ends with its tokens where nothing else is said', () => {
    expect(endOf({}, { refreshTokenExpiresAt: NOW + 30 * DAY })).toBe(30 * DAY)
    // A refresh token that ends before its access token is of no use then, and the access token still is.
    expect(endOf({}, { refreshTokenExpiresAt: NOW + 1000 })).toBe(3_600_000)
    const { refreshToken: _, ...alone } = grant.tokens
    expect(issued(undefined, { id: 'one', tokens: alone }, NOW).endsAt).toBe(NOW + 3_600_000)
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

describe('every transition', () => {
  const claim = { at: NOW, by: 'mine' }
  const asking = claimed(grant, claim, { spentClaim: undefined, timeoutMs: 10_000 })
  const answer = { accessToken: 'b', scope: [], expiresAt: NOW + 7_200_000 }
  const call = { askedAt: NOW, timeoutMs: 10_000 }
  const next = refreshed(asking, answer, call, NOW + 50)
  const writtenAfter = (stored: Grant, held: Grant) =>
    refreshedAfter(stored, held, { claim: 'mine', timeoutMs: 10_000 }, NOW)

  it.each<[string, Grant]>([
    ['issued in its place', issued(grant, { id: 'two', tokens: grant.tokens }, NOW)],
    ['claimed', asking],
    ['extended', extended(grant, DAY, NOW)],
    ['restored over an older record', restored(grant, older({ version: 7, refreshes: 1 }), NOW)],
    ['ended', ended(grant)],
    ['an end record', endRecord(grant, { signedOut: true }, NOW, DAY)],
  ])('is one version on: %s', (_, after) => {
    expect(after.version).toBe(8)
  })

  it('of a claim is one version on from that', () => {
    expect(next.version).toBe(9)
    expect(claimReleased(asking).version).toBe(9)
    expect(writtenAfter(older({ version: 20 }), next).version).toBe(21)
  })

  it('of a touch writes nothing, and so has no version of its own', () => {
    expect(touched(grant, 5, NOW)).toEqual({ ...grant, ttlMs: 5, endsAt: NOW + 5 })
  })

  it('is at least a day ahead of every clock where nothing is known of a grant that ends', () => {
    expect(endRecord(undefined, {}, NOW, DAY).version).toBe(NOW + DAY + 1)
  })

  it('has no claim any more once it has brought tokens, and keeps the refresh token and the scope that go on', () => {
    expect(next).toEqual({
      ...grant,
      version: 9,
      tokens: { ...answer, refreshToken: 'r', scope: ['profile'] },
      issuedAt: NOW,
      refreshedAt: NOW + 50,
      refreshes: 3,
      endsAt: next.endsAt,
    })
  })

  it('counts the interval from the answer, or from the end of the time for it if a stalled process reads it later', () => {
    const readAfter = (ms: number) => refreshed(asking, answer, call, NOW + ms)
    expect(readAfter(10_000)).toMatchObject({ issuedAt: NOW, refreshedAt: NOW + 10_000 })
    expect(readAfter(10_001)).toMatchObject({ issuedAt: NOW, refreshedAt: NOW + 10_000 })
    expect(readAfter(DAY)).toMatchObject({ issuedAt: NOW, refreshedAt: NOW + 10_000 })
    // A clock that was set back.
    expect(readAfter(-5000).refreshedAt).toBe(NOW - 5000)
  })

  it('that was read too late makes no refusal final within the interval: ilert may have answered just now', () => {
    expect(refreshed(asking, answer, call, NOW + 10_000)).not.toHaveProperty('lostAt')
    expect(refreshed(asking, answer, call, NOW + 10_001).lostAt).toBe(NOW + 10_001)
  })

  it('of a claim that replaces another one says that an answer may be lost, unless it is known that none is', () => {
    const over = (ms: number, spentClaim?: string) =>
      claimed(asking, { at: NOW + ms, by: 'other' }, { spentClaim, timeoutMs: 10_000 })
    // As long as the call may take; after that as late as now, since clocks differ.
    expect([over(5).lostAt, over(20_000).lostAt]).toEqual([NOW + 10_000, NOW + 20_000])
    expect(over(5, 'mine')).not.toHaveProperty('lostAt')
    expect(claimed(grant, claim, { spentClaim: undefined, timeoutMs: 10_000 })).not.toHaveProperty('lostAt')
  })

  it('keeps the claim of another process that asks with a refresh token that goes on, and not its own', () => {
    const theirs = older({ version: 20, asking: { at: NOW, by: 'theirs' }, lostAt: NOW - 5 })
    expect(writtenAfter(theirs, next)).toMatchObject({ asking: { by: 'theirs' }, lostAt: NOW - 5 })
    expect(writtenAfter({ ...theirs, asking: claim }, next)).not.toHaveProperty('asking')
    const rotated = { ...next, tokens: { ...next.tokens, refreshToken: 'r2' } }
    expect(writtenAfter(theirs, rotated)).toEqual({ ...rotated, version: 21, lostAt: NOW + 10_000 })
    expect(writtenAfter({ ...theirs, asking: claim }, rotated)).toEqual({ ...rotated, version: 21, lostAt: NOW - 5 })
  })

  it('keeps when an answer was lost, also once others have come: ilert may refuse the newest tokens for it', () => {
    expect(refreshed({ ...asking, lostAt: NOW - 5 }, answer, call, NOW + 50).lostAt).toBe(NOW - 5)
    expect(refreshed({ ...asking, lostAt: NOW - 5 }, answer, call, NOW + 10_001).lostAt).toBe(NOW + 10_001)
  })
})

test('an answer may be lost as late as now while another process asks, and not while this one does', () => {
  const asking = claimed(grant, { at: NOW - 1000, by: 'one of them' }, { spentClaim: undefined, timeoutMs: 10_000 })
  expect(lastLostAt(asking, 'another', NOW)).toBe(NOW)
  expect(lastLostAt(asking, 'one of them', NOW)).toBeUndefined()
})
