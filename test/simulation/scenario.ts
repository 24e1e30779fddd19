/* What may happen in a simulated world, as values that fast-check makes, shrinks and replays. */
import fc from 'fast-check'
import type { IlertBehaviour, IlertTrouble } from './sim-ilert.ts'
import type { StoreKind, StoreTrouble } from './sim-store.ts'

/** The process that has asked ilert last. */
export const THE_REFRESHER = -1

/** What happens next. `process` is taken modulo the number of processes. */
export type Deed =
  | { do: 'requests'; process: number; count: number }
  | { do: 'requests everywhere' }
  | { do: 'API refuses the token'; process: number }
  | { do: 'crash' | 'restart' | 'logout'; process: number }
  | { do: 'ilert ends the grant' | 'all leases are lost' }
  | { do: 'store trouble'; kind: StoreTrouble; ms: number }
  | { do: 'ilert trouble'; kind: IlertTrouble; ms: number }
  | { do: 'clock jumps'; process: number; ms: number }
  | { do: 'everything sleeps'; ms: number }
  | { do: 'stall'; process: number; ms: number }

/** A deed, and when: so many milliseconds or events after the one before, or in that part of the token's life. */
export type Step = { after: { ms: number } | { events: number } | { life: number } } & Deed

export interface Scenario extends IlertBehaviour {
  /** Of every chance that is not in the steps. */
  seed: number
  processes: number
  store: StoreKind
  timeoutMs: number
  steps: Step[]
}

const process = fc.oneof(fc.nat({ max: 4 }), fc.constant(THE_REFRESHER))

const requests: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constant('requests' as const), process, count: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ do: 'requests everywhere' as const }),
)

/** A process stands still: frozen by its platform, stopped, or busy. */
const stall: fc.Arbitrary<Deed> = fc.record({
  do: fc.constant('stall' as const),
  process,
  ms: fc.oneof(fc.integer({ min: 5, max: 20_000 }), fc.integer({ min: 10_000, max: 200_000 })),
})

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 60, arbitrary: requests },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('API refuses the token' as const), process }) },
  { weight: 30, arbitrary: fc.record({ do: fc.constant('crash' as const), process }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('restart' as const), process }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('logout' as const), process }) },
  { weight: 3, arbitrary: fc.constant({ do: 'ilert ends the grant' as const }) },
  { weight: 10, arbitrary: fc.constant({ do: 'all leases are lost' as const }) },
  { weight: 30, arbitrary: stall },
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('store trouble' as const),
      kind: fc.constantFrom<StoreTrouble[]>('refuses', 'refuses', 'silent', 'answers lost', 'slow'),
      ms: fc.oneof(fc.integer({ min: 5, max: 2000 }), fc.integer({ min: 2000, max: 90_000 })),
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('ilert trouble' as const),
      kind: fc.constantFrom<IlertTrouble[]>(
        'unreachable',
        'errors',
        'busy',
        'loses questions',
        'loses answers',
        'silent',
        'slow',
        'slow',
        'slow',
        'slow',
      ),
      ms: fc.oneof(fc.integer({ min: 5, max: 2000 }), fc.integer({ min: 2000, max: 200_000 })),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('clock jumps' as const),
      process,
      ms: fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -4_000_000, max: 4_000_000 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('everything sleeps' as const),
      ms: fc.oneof(fc.integer({ min: 1000, max: 60_000 }), fc.integer({ min: 60_000, max: 4_000_000 })),
    }),
  },
)

/** In the middle of what the deed before has begun. */
const soon: fc.Arbitrary<Step['after']> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ events: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ ms: fc.nat({ max: 300 }) }) },
)

const later: fc.Arbitrary<Step['after']> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ ms: fc.nat({ max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ ms: fc.nat({ max: 70_000 }) }) },
)

/** When a refresh is due, or overdue. */
const due: fc.Arbitrary<Step['after']> = fc.record({ life: fc.constantFrom(0.4, 0.85, 0.9, 1.01, 1.01) })

const overdue: fc.Arbitrary<Step['after']> = fc.constant({ life: 1.01 })

const step = (after: fc.Arbitrary<Step['after']>, what: fc.Arbitrary<Deed>): fc.Arbitrary<Step> =>
  fc.tuple(after, what).map(([when, deed]) => ({ after: when, ...deed }))

/** A refresh becomes due, requests come, and things happen in the middle of it, and after it. */
const scene: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(step(due, requests), { maxLength: 1 }),
    fc.array(step(soon, deed), { maxLength: 5 }),
    fc.array(step(later, deed), { maxLength: 2 }),
  )
  .map((parts) => parts.flat())

/** Whoever refreshes loses the lease in the middle of it, and others begin. */
const duel: fc.Arbitrary<Step[]> = fc
  .tuple(
    step(overdue, fc.constant({ do: 'ilert trouble', kind: 'slow', ms: 60_000 })),
    step(soon, fc.constant({ do: 'requests everywhere' })),
    step(fc.record({ ms: fc.nat({ max: 12_000 }) }), fc.constant({ do: 'all leases are lost' })),
    step(soon, fc.constant({ do: 'requests everywhere' })),
    fc.array(step(later, deed), { maxLength: 1 }),
  )
  .map((parts) => parts.flat())

/** @param only leaves all other behaviours out */
export function scenarios(only: Partial<Scenario> = {}): fc.Arbitrary<Scenario> {
  return fc
    .record({
      seed: fc.integer(),
      refreshTokens: fc.constantFrom('reuse' as const, 'add' as const, 'rotate' as const),
      tooEarly: fc.constantFrom('answered' as const, 'refused' as const, 'invalid_grant' as const),
      lifetimeMs: fc.constantFrom(3_600_000, 3_600_000, 3_600_000, 600_000, 60_000, 4000),
      processes: fc.integer({ min: 1, max: 5 }),
      store: fc.oneof(
        { weight: 4, arbitrary: fc.constant<StoreKind>('leases') },
        { weight: 1, arbitrary: fc.constantFrom<StoreKind[]>('compare and set', 'neither') },
      ),
      timeoutMs: fc.constantFrom(10_000, 30_000),
      steps: fc
        .array(fc.oneof({ weight: 3, arbitrary: scene }, { weight: 1, arbitrary: duel }), {
          minLength: 1,
          maxLength: 3,
          size: 'max',
        })
        .map((scenes) => scenes.flat()),
    })
    .map((scenario) => plausible({ ...scenario, ...only }))
}

/** Leaves out what nobody promises to survive. */
function plausible(scenario: Scenario): Scenario {
  // A clock that runs ahead of ilert's asks too early. Where ilert says then that the grant is over, who would know?
  const jumps = scenario.steps.some((one) => one.do === 'clock jumps')
  const tooEarly = jumps && scenario.tooEarly === 'invalid_grant' ? 'refused' : scenario.tooEarly
  // Without compare and set another process's write may take the place of a sign-out, or of the end of what it brought.
  const survives = (one: Scenario['steps'][number]) => one.do !== 'logout'
  const steps = scenario.store === 'neither' ? scenario.steps.filter(survives) : scenario.steps
  return { ...scenario, steps, tooEarly }
}
