import fc from 'fast-check'
import {
  backOff,
  DEFAULT_MIN_INTERVAL_SECONDS,
  DEFAULT_WINDOW_SECONDS,
  decide,
  lostUnseen,
  msUntilRefreshAllowed,
  msUntilRefusalIsFinal,
  type RefreshSettings,
  type Situation,
} from '../../src/tokens/policy.ts'

const RUNS = { numRuns: 1000 }
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const YEAR = 365 * 24 * HOUR

const defaults: RefreshSettings = {
  windowMs: DEFAULT_WINDOW_SECONDS * SECOND,
  minIntervalMs: DEFAULT_MIN_INTERVAL_SECONDS * SECOND,
}

// The whole domain ----------------------------------------------------------------------------------------------------

/** Durations of every size, and each of `edges` exactly, a millisecond before, and one after. */
function around(...edges: number[]): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(...edges.flatMap((edge) => [Math.floor(edge) - 1, Math.floor(edge), Math.floor(edge) + 1])),
    fc.integer({ min: -MINUTE, max: MINUTE }),
    fc.integer({ min: -2 * YEAR, max: 2 * YEAR }),
  )
}

const settingsArbitrary: fc.Arbitrary<RefreshSettings> = fc.oneof(
  fc.constant(defaults),
  fc.record({
    windowMs: fc.oneof(fc.constantFrom(0, 1, 600_000), fc.nat(2 * YEAR)),
    minIntervalMs: fc.oneof(fc.constantFrom(0, 1, 300_000), fc.nat(2 * YEAR)),
  }),
)

const lifetimeArbitrary = fc.oneof(
  fc.constantFrom(4 * SECOND, 30 * SECOND, 100 * SECOND, 10 * MINUTE, HOUR, YEAR),
  fc.integer({ min: 1, max: YEAR }),
  fc.constantFrom(0, -1, -HOUR), // an answer that took longer than its token lives
)

const domain: fc.Arbitrary<[Situation, RefreshSettings]> = fc
  .tuple(settingsArbitrary, lifetimeArbitrary, fc.boolean(), fc.option(fc.nat(2 * HOUR), { nil: undefined }))
  .chain(([settings, lifetime, refreshable, backOffMs]) =>
    fc.record({
      settings: fc.constant(settings),
      lifetime: fc.constant(lifetime),
      refreshable: fc.constant(refreshable),
      backOffMs: fc.constant(backOffMs),
      expiresAt: fc.oneof(fc.constant(1_700_000_000_000), fc.integer({ min: 0, max: 4e12 })),
      left: around(0, settings.windowMs, lifetime, lifetime / 4, lifetime / 10, 10 * SECOND),
      sinceRefresh: fc.option(around(0, settings.minIntervalMs, lifetime / 2), { nil: undefined }),
      sinceFailure: fc.option(around(0, backOffMs ?? 0), { nil: undefined }),
    }),
  )
  .map(({ settings, lifetime, refreshable, backOffMs, expiresAt, left, sinceRefresh, sinceFailure }) => {
    const now = expiresAt - left
    const situation: Situation = {
      now,
      issuedAt: expiresAt - lifetime,
      expiresAt,
      refreshable,
      refreshedAt: sinceRefresh === undefined ? undefined : now - sinceRefresh,
      failedAt: sinceFailure === undefined ? undefined : now - sinceFailure,
      backOffMs,
    }
    return [situation, settings]
  })

// The rules as DESIGN has them, each by itself.

const life = ({ issuedAt, expiresAt }: Situation): number => Math.max(0, expiresAt - issuedAt)
const left = ({ now, expiresAt }: Situation): number => expiresAt - now
const windowOf = (situation: Situation, { windowMs }: RefreshSettings): number =>
  Math.min(windowMs, life(situation) / 4)
const intervalOf = (situation: Situation, { minIntervalMs }: RefreshSettings): number =>
  Math.min(minIntervalMs, life(situation) / 2)
const marginOf = (situation: Situation): number => Math.min(10 * SECOND, life(situation) / 10)
const isOver = (situation: Situation): boolean => left(situation) <= 0
const isGood = (situation: Situation): boolean => !isOver(situation) && left(situation) >= marginOf(situation)

function withinInterval(situation: Situation, settings: RefreshSettings): boolean {
  const { now, refreshedAt } = situation
  return refreshedAt !== undefined && refreshedAt <= now && now < refreshedAt + intervalOf(situation, settings)
}

function withinBackOff({ now, failedAt, backOffMs = 0 }: Situation): boolean {
  return failedAt !== undefined && failedAt <= now && now < failedAt + backOffMs
}

const hasJumped = ({ now, refreshedAt = now, failedAt = now }: Situation): boolean =>
  refreshedAt > now || failedAt > now

const forbidden = (situation: Situation, settings: RefreshSettings): boolean =>
  withinInterval(situation, settings) || withinBackOff(situation)

const REFRESHING = ['refresh', 'use-and-refresh']
const refreshes = (situation: Situation, settings: RefreshSettings): boolean =>
  REFRESHING.includes(decide(situation, settings).action)

/** Holds in every situation of the domain for which `applies`, and there are such. */
function always(
  rule: (situation: Situation, settings: RefreshSettings) => void,
  applies: (situation: Situation, settings: RefreshSettings) => boolean = () => true,
): void {
  let applied = 0
  const property = fc.property(domain, ([situation, settings]) => {
    if (!applies(situation, settings)) return
    applied++
    rule(situation, settings)
  })
  fc.assert(property, RUNS)
  expect(applied).toBeGreaterThan(20)
}

describe('whatever the tokens, the clock and past failures are', () => {
  test('there is one decision, and a wait that is a number, finite and not negative', () => {
    const seen = new Set<string>()
    always((situation, settings) => {
      const decision = decide(situation, settings)
      seen.add(decision.action)
      const waits = [msUntilRefreshAllowed(situation, settings)]
      if (decision.action === 'unavailable') waits.push(decision.retryAfterMs)
      for (const wait of waits) {
        expect(Number.isFinite(wait)).toBe(true)
        expect(wait).toBeGreaterThanOrEqual(0)
      }
    })
    expect([...seen].sort()).toEqual(['refresh', 'sign-in', 'unavailable', 'use', 'use-and-refresh'])
  })

  test('the same situation gets the same decision, and is left as it is', () => {
    always((situation, settings) => {
      const first = decide(Object.freeze(situation), Object.freeze(settings))
      expect(decide(situation, settings)).toEqual(first)
    })
  })

  test('nothing is refreshed before the window, which is the smaller of the setting and a quarter of the life', () => {
    always(
      (situation, settings) => expect(decide(situation, settings)).toEqual({ action: 'use' }),
      (situation, settings) =>
        left(situation) > Math.max(windowOf(situation, settings), marginOf(situation)) && !isOver(situation),
    )
  })

  test('a good token within the window is refreshed in the background, when nothing forbids it', () => {
    always(
      (situation, settings) => expect(decide(situation, settings)).toEqual({ action: 'use-and-refresh' }),
      (situation, settings) =>
        isGood(situation) &&
        situation.refreshable &&
        left(situation) <= windowOf(situation, settings) &&
        !forbidden(situation, settings),
    )
  })

  test('nothing is refreshed within the interval, the smaller of the setting and half the life, of an answered refresh', () => {
    always((situation, settings) => expect(refreshes(situation, settings)).toBe(false), withinInterval)
  })

  test('nothing is refreshed during the back-off after a failure', () => {
    always((situation, settings) => expect(refreshes(situation, settings)).toBe(false), withinBackOff)
  })

  test('nothing is refreshed without a refresh token that can be used, and nobody is told to try again later', () => {
    always(
      (situation, settings) => {
        expect(decide(situation, settings)).toEqual({ action: isOver(situation) ? 'sign-in' : 'use' })
      },
      ({ refreshable }) => !refreshable,
    )
  })

  test('nobody waits while the token is good for 10 s, or a tenth of a short life', () => {
    always(
      (situation, settings) => expect(['use', 'use-and-refresh']).toContain(decide(situation, settings).action),
      isGood,
    )
  })

  test('with less than that left, a refresh is waited for where it is allowed, and otherwise what there is, is used', () => {
    always(
      (situation, settings) => {
        const allowed = situation.refreshable && !forbidden(situation, settings)
        expect(decide(situation, settings)).toEqual({ action: allowed ? 'refresh' : 'use' })
      },
      (situation) => !isOver(situation) && !isGood(situation),
    )
  })

  test('when the token has expired, a refresh is waited for as soon as it is allowed', () => {
    always(
      (situation, settings) => expect(decide(situation, settings)).toEqual({ action: 'refresh' }),
      (situation, settings) => isOver(situation) && situation.refreshable && !forbidden(situation, settings),
    )
  })

  test('when the token has expired and no refresh is allowed, it is said when one will be: then, and not sooner', () => {
    always(
      (situation, settings) => {
        const decision = decide(situation, settings)
        if (decision.action !== 'unavailable') throw new Error(decision.action)
        expect(decision.retryAfterMs).toBeGreaterThan(0)
        expect(decision.retryAfterMs).toBe(msUntilRefreshAllowed(situation, settings))
        const decideIn = (ms: number) => decide({ ...situation, now: situation.now + ms }, settings)
        expect(decideIn(Math.ceil(decision.retryAfterMs))).toEqual({ action: 'refresh' })
        const sooner = Math.ceil(decision.retryAfterMs) - 1
        expect(decideIn(sooner)).toEqual({ action: 'unavailable', retryAfterMs: decision.retryAfterMs - sooner })
      },
      // Of a clock that will have been here before nothing can be said.
      (situation, settings) =>
        isOver(situation) && situation.refreshable && forbidden(situation, settings) && !hasJumped(situation),
    )
  })

  test('a user is asked to sign in only if the token has expired and cannot be refreshed', () => {
    always(
      (situation) => {
        expect(situation.refreshable).toBe(false)
        expect(isOver(situation)).toBe(true)
      },
      (situation, settings) => decide(situation, settings).action === 'sign-in',
    )
  })

  test('a refresh is allowed exactly when neither the interval nor the back-off forbids it', () => {
    always((situation, settings) => {
      expect(msUntilRefreshAllowed(situation, settings) === 0).toBe(!forbidden(situation, settings))
    })
  })

  test('the wait never exceeds the interval and the back-off, so that no clock can lock a user out', () => {
    always((situation, settings) => {
      const most = Math.max(intervalOf(situation, settings), situation.backOffMs ?? 0)
      expect(msUntilRefreshAllowed(situation, settings)).toBeLessThanOrEqual(most)
    })
  })

  test('while the clock goes on, what is allowed stays allowed', () => {
    fc.assert(
      fc.property(domain, fc.nat(YEAR), ([situation, settings], ms) => {
        fc.pre(!hasJumped(situation))
        const wait = msUntilRefreshAllowed(situation, settings)
        expect(msUntilRefreshAllowed({ ...situation, now: situation.now + ms }, settings)).toBe(Math.max(0, wait - ms))
      }),
      RUNS,
    )
  })
})

describe('a clock that has jumped backwards', () => {
  const jumped: Situation = {
    now: 1_700_000_000_000,
    issuedAt: 1_700_000_000_000 - HOUR,
    expiresAt: 1_700_000_000_000,
    refreshable: true,
  }

  test.each(['refreshedAt', 'failedAt'] as const)('a %s that is still to come counts as long ago', (field) => {
    fc.assert(
      fc.property(domain, fc.integer({ min: 1, max: 2 * YEAR }), ([situation, settings], ahead) => {
        const future = { ...situation, [field]: situation.now + ahead }
        expect(decide(future, settings)).toEqual(decide({ ...situation, [field]: undefined }, settings))
      }),
      RUNS,
    )
  })

  test.each(['refreshedAt', 'failedAt'] as const)('a %s of just now is no jump: it counts from its start', (field) => {
    const situation = { ...jumped, backOffMs: 5 * MINUTE, [field]: jumped.now }
    expect(decide(situation, defaults)).toEqual({ action: 'unavailable', retryAfterMs: 5 * MINUTE })
    expect(decide({ ...situation, now: jumped.now - 1, expiresAt: jumped.now - 1 }, defaults)).toEqual({
      action: 'refresh',
    })
  })

  test('one of the two still to come does not lift what the other forbids', () => {
    const failed = { ...jumped, refreshedAt: jumped.now + 1, failedAt: jumped.now - SECOND, backOffMs: 4 * SECOND }
    expect(msUntilRefreshAllowed(failed, defaults)).toBe(3 * SECOND)
    const refreshed = { ...jumped, failedAt: jumped.now + 1, backOffMs: MINUTE, refreshedAt: jumped.now - SECOND }
    expect(msUntilRefreshAllowed(refreshed, defaults)).toBe(299 * SECOND)
  })
})

describe('with the defaults', () => {
  const at = (lifetime: number, leftMs: number, more: Partial<Situation> = {}): Situation => ({
    now: 1_700_000_000_000 + lifetime - leftMs,
    issuedAt: 1_700_000_000_000,
    expiresAt: 1_700_000_000_000 + lifetime,
    refreshable: true,
    ...more,
  })

  test('the window is 10 minutes and the interval is 5', () => {
    expect(defaults).toEqual({ windowMs: 600_000, minIntervalMs: 300_000 })
  })

  test.each([
    // life, due at, waited for under
    [4 * SECOND, 1000, 400],
    [10 * SECOND, 2500, 1000],
    [60 * SECOND, 15_000, 6000],
    [100 * SECOND, 25_000, 10_000],
    [5 * MINUTE, 75_000, 10_000],
    [40 * MINUTE, 600_000, 10_000],
    [HOUR, 600_000, 10_000],
    [24 * HOUR, 600_000, 10_000],
    [YEAR, 600_000, 10_000],
  ])('a token of %i ms is due at %i ms left, and waited for under %i ms', (lifetime, dueAt, margin) => {
    const action = (leftMs: number, more?: Partial<Situation>) => decide(at(lifetime, leftMs, more), defaults).action
    expect(action(lifetime)).toBe('use')
    expect(action(dueAt + 1)).toBe('use')
    expect(action(dueAt)).toBe('use-and-refresh')
    expect(action(margin)).toBe('use-and-refresh')
    expect(action(margin - 1)).toBe('refresh')
    expect(action(1)).toBe('refresh')
    expect(action(0)).toBe('refresh')
    expect(action(1, { refreshable: false })).toBe('use')
    expect(action(0, { refreshable: false })).toBe('sign-in')
  })

  test.each([
    [4 * SECOND, 2000],
    [60 * SECOND, 30_000],
    [9 * MINUTE, 270_000],
    [10 * MINUTE, 300_000],
    [HOUR, 300_000],
    [YEAR, 300_000],
  ])('a token of %i ms is not refreshed again for %i ms', (lifetime, interval) => {
    const refreshedAt = 1_700_000_000_000
    const wait = (ms: number) =>
      msUntilRefreshAllowed(at(lifetime, 0, { now: refreshedAt + ms, refreshedAt }), defaults)
    expect([wait(0), wait(1), wait(interval - 1), wait(interval), wait(interval + 1)]).toEqual([
      interval,
      interval - 1,
      1,
      0,
      0,
    ])
  })

  test('tokens of any life from 4 s to a year may be refreshed as soon as they are due', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4 * SECOND, max: YEAR }), (lifetime) => {
        // Though it was refreshed when it was issued: the interval is over before the window begins.
        const situation = at(lifetime, windowOf(at(lifetime, 0), defaults))
        const { issuedAt } = situation
        expect(decide({ ...situation, refreshedAt: issuedAt }, defaults)).toEqual({ action: 'use-and-refresh' })
      }),
      RUNS,
    )
  })
})

describe('backOff', () => {
  const failuresArbitrary = fc.oneof(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  )
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  const waits = fc.tuple(failuresArbitrary, fc.option(fc.nat(1e9), { nil: undefined }), chance)
  const full = (failures: number) => Math.min(60, 2 ** (failures - 1)) * SECOND

  test('is one second, and doubles to a minute', () => {
    const series = [1, 2, 3, 4, 5, 6, 7, 8, 100, 1e9].map((failures) => backOff(failures, undefined, 0))
    expect(series).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
  })

  test('is a finite number and positive, for any count, chance and Retry-After', () => {
    fc.assert(
      fc.property(waits, ([failures, retryAfter, random]) => {
        const ms = backOff(failures, retryAfter, random)
        expect(Number.isFinite(ms)).toBe(true)
        expect(ms).toBeGreaterThan(0)
      }),
      RUNS,
    )
  })

  test('is jittered, and never above its step nor under the step before', () => {
    fc.assert(
      fc.property(failuresArbitrary, chance, (failures, random) => {
        const ms = backOff(failures, undefined, random)
        expect(ms).toBeLessThanOrEqual(full(failures))
        expect(ms).toBeGreaterThan(full(failures) / 2)
      }),
      RUNS,
    )
    const drawn = new Set(Array.from({ length: 50 }, () => backOff(7)))
    expect(drawn.size).toBeGreaterThan(40)
    expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(2 * SECOND)
  })

  test('never shrinks with more failures, nor with a longer Retry-After', () => {
    fc.assert(
      fc.property(waits, fc.nat(20), fc.nat(10_000), ([failures, retryAfter = 0, random], more, longer) => {
        const ms = backOff(failures, retryAfter, random)
        expect(backOff(failures + more, retryAfter, random)).toBeGreaterThanOrEqual(ms)
        expect(backOff(failures, retryAfter + longer, random)).toBeGreaterThanOrEqual(ms)
      }),
      RUNS,
    )
  })

  test('grows from step to step until the last one, whatever the chances are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), chance, chance, (failures, one, other) => {
        expect(backOff(failures + 1, undefined, one)).toBeGreaterThanOrEqual(backOff(failures, undefined, other))
      }),
      RUNS,
    )
  })

  test('obeys Retry-After: never sooner, and to the second where that is longer', () => {
    fc.assert(
      fc.property(failuresArbitrary, fc.nat(3600), chance, (failures, retryAfter, random) => {
        const ms = backOff(failures, retryAfter, random)
        expect(ms).toBeGreaterThanOrEqual(retryAfter * SECOND)
        if (retryAfter >= 60) expect(ms).toBe(retryAfter * SECOND)
        expect(ms).toBe(Math.max(retryAfter * SECOND, backOff(failures, undefined, random)))
      }),
      RUNS,
    )
  })

  test('obeys Retry-After up to an hour: nobody can be locked out by a header', () => {
    for (const retryAfter of [3601, 86_400, 1e9, Number.MAX_VALUE, Infinity]) {
      expect(backOff(1, retryAfter, 0.5)).toBe(HOUR)
    }
  })

  test('asks at most 20 times in 10 minutes, even where every wait is the shortest', () => {
    let calls = 0
    for (let now = 0; now < 10 * MINUTE; now += backOff(calls, undefined, 1)) calls++
    expect(calls).toBeLessThanOrEqual(20)
    expect(calls).toBeGreaterThan(10)
  })
})

describe("ilert's refusal of a refresh token", () => {
  const NOW = 1_800_000_000_000

  test('is final at once if no answer was lost, or if that was an interval before ilert was asked', () => {
    expect(msUntilRefusalIsFinal(NOW, undefined, NOW)).toBeUndefined()
    expect(msUntilRefusalIsFinal(NOW, NOW - 300_000, NOW)).toBeUndefined()
    expect(msUntilRefusalIsFinal(NOW, NOW - 299_999, NOW)).toBe(1)
  })

  test('counts from when ilert was asked, however late it is read', () => {
    expect(msUntilRefusalIsFinal(NOW - 60_000, NOW - 300_000, NOW)).toBe(0)
  })

  test('is waited for by the clock of this process where that of another one is ahead', () => {
    expect(msUntilRefusalIsFinal(NOW, NOW + 20_000, NOW)).toBe(300_000)
  })

  test('may hide the answer to another process whose claim was overwritten, once for the same tokens', () => {
    const tokens = { issuedAt: NOW - HOUR }
    expect(lostUnseen(undefined, tokens, NOW)).toBe(NOW)
    expect(lostUnseen(NOW - 2 * HOUR, tokens, NOW)).toBe(NOW)
    expect(lostUnseen(NOW - 300_000, tokens, NOW)).toBe(NOW - 300_000)
    // An answer to older tokens, which came after these.
    expect(lostUnseen(NOW - 1000, { ...tokens, refreshedAt: NOW - 2000 }, NOW)).toBe(NOW)
  })
})
