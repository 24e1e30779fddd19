/*
 * The token manager in a simulated world: up to 5 processes, a store that they share, and an ilert, with all that can go
 * wrong, in thousands of random orders. A failure names its seed and path; to see it again:
 *
 *   SIM_SEED=… SIM_PATH=… npm test -- test/simulation
 */
import fc from 'fast-check'
import { run } from './run.ts'
import { saboteurs } from './saboteurs.ts'
import { type Scenario, scenarios } from './scenario.ts'

// One seed, so that a change has one verdict. `SIM_SEED=$RANDOM` explores others.
const { SIM_RUNS = '10000', SIM_SEED = '20261122', SIM_PATH } = process.env

/** What each run set must have seen. */
const FAULTS_AND_RACES = [
  'crash',
  'crash in mid-refresh',
  'crash between the answer and its write',
  'restart',
  'logout',
  'logout in mid-refresh',
  'logout in mid-refresh of another process',
  'late tokens revoked',
  'ilert ends the grant',
  'API refuses the token',
  'answer lost',
  'too early, refused',
  'too early, invalid_grant',
  'ilert unreachable',
  'ilert errors',
  'ilert busy',
  'ilert loses questions',
  'ilert loses answers',
  'ilert silent',
  'ilert slow',
  'store refuses',
  'store silent',
  'store answers lost',
  'store slow',
  'write refused',
  'lease lost',
  'refresh beside one that has lost its lease',
  'held, and written later',
  'waited for the store',
  'second look finds newer tokens',
  'answered at once during the back-off',
  'clock back',
  'clock forward',
  'everything sleeps',
  'stall',
  'stall in mid-refresh',
  'answer read after its time',
  'loss: rotated, and the answer was lost',
  'loss: rotated, and died before the write',
]

test('rules 1 to 6 hold, whatever happens in whatever order', async () => {
  const counts: Record<string, number> = {}
  const startedAt = Date.now()
  await fc.assert(
    fc.asyncProperty(scenarios(), (scenario) => run(scenario, counts)),
    {
      numRuns: Number(SIM_RUNS),
      seed: Number(SIM_SEED),
      ...(SIM_PATH && { path: SIM_PATH, endOnFailure: true }),
    },
  )
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  const report = FAULTS_AND_RACES.map((name) => `${String(counts[name] ?? 0).padStart(7)}  ${name}`).join('\n')
  process.stdout.write(`${SIM_RUNS} simulated runs in ${seconds} s, with\n${report}\n`)
  if (Number(SIM_RUNS) < 10_000 || SIM_PATH) return // too few for the rarest
  expect(FAULTS_AND_RACES.filter((name) => !counts[name])).toEqual([])
}, 600_000)

const plain: Omit<Scenario, 'steps'> = {
  seed: 0,
  refreshTokens: 'reuse',
  tooEarly: 'answered',
  lifetimeMs: 3_600_000,
  processes: 2,
  leases: true,
  timeoutMs: 10_000,
}

/** What looks like a broken rule and is none: the process could not know better. */
const blameless: Record<string, Scenario> = {
  'a request whose token ends while everything sleeps, and with it the store': {
    ...plain,
    processes: 1,
    leases: false,
    steps: [
      { after: { life: 0.85 }, do: 'requests', process: 0, count: 1 },
      { after: { events: 0 }, do: 'everything sleeps', ms: 538_829 },
      { after: { events: 5 }, do: 'store trouble', kind: 'refuses', ms: 1000 },
      { after: { ms: 500 }, do: 'requests', process: 0, count: 1 },
    ],
  },
  'a request that would read of a sign-out elsewhere when the store becomes unavailable': {
    ...plain,
    steps: [
      { after: { ms: 0 }, do: 'requests everywhere' },
      { after: { ms: 0 }, do: 'logout', process: 0 },
      { after: { life: 0.4 }, do: 'requests everywhere' },
      { after: { events: 0 }, do: 'store trouble', kind: 'refuses', ms: 2000 },
      { after: { ms: 1000 }, do: 'requests everywhere' },
    ],
  },
  'a request that reads newer tokens, which have ended by its own clock': {
    ...plain,
    tooEarly: 'refused',
    steps: [
      { after: { ms: 0 }, do: 'clock jumps', process: 0, ms: -3_529_606 },
      { after: { events: 0 }, do: 'requests everywhere' },
      { after: { ms: 0 }, do: 'API refuses the token', process: 0 },
    ],
  },
}

test.each(Object.entries(blameless))('%s: breaks no rule', (_, scenario) => run(scenario, {}))

test.each(Object.entries(saboteurs))(
  '%s: is caught within 1000 runs',
  async (name, saboteur) => {
    const result = await fc.check(
      fc.asyncProperty(scenarios(), (scenario) => run(scenario, {}, saboteur)),
      { numRuns: 1000, seed: 1, endOnFailure: true },
    )
    expect(result.failed).toBe(true)
    const [rule] = String((result.errorInstance as Error).message).split('\n')
    process.stdout.write(`${name}: caught after ${result.numRuns} runs: ${rule}\n`)
  },
  60_000,
)
