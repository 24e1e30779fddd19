import fc from 'fast-check'
import { run, type Saboteur } from './run.ts'
import { scenarios } from './scenario.ts'

// One seed, so that a change has one verdict. `SIM_SEED=$RANDOM` explores others.
const { SIM_RUNS, SIM_SEED = '20261122', SIM_PATH } = process.env

/** What thousands of runs must have seen. */
export const FAULTS_AND_RACES: readonly string[] = [
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
  'written over by another process',
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

/** What has been explored. */
export interface Explored {
  readonly runs: number
  /** How often each thing happened. */
  readonly counts: Readonly<Record<string, number>>
}

/** Many runs of the simulated world, each in an order of its own: so many, or `SIM_RUNS`. Fails where a rule is broken. */
export async function explore(most: number): Promise<Explored> {
  const runs = Number(SIM_RUNS ?? most)
  const counts: Record<string, number> = {}
  const startedAt = Date.now()
  await fc.assert(
    fc.asyncProperty(scenarios(), (scenario) => run(scenario, counts)),
    { numRuns: runs, seed: Number(SIM_SEED), ...(SIM_PATH && { path: SIM_PATH, endOnFailure: true }) },
  )
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  const report = FAULTS_AND_RACES.map((name) => `${String(counts[name] ?? 0).padStart(7)}  ${name}`).join('\n')
  process.stdout.write(`${runs} simulated runs in ${seconds} s, with\n${report}\n`)
  return { runs: SIM_PATH ? 1 : runs, counts }
}

/** Saboteurs that take hundreds of runs to be caught. */
export const RARELY_SEEN: readonly string[] = [
  'no second look',
  'a lease that is not renewed',
  'waits that end before the sockets are read',
]

/** What a saboteur breaks is seen within 1000 runs. */
export async function expectCaught(name: string, saboteur: Saboteur): Promise<void> {
  const result = await fc.check(
    fc.asyncProperty(scenarios(), (scenario) => run(scenario, {}, saboteur)),
    { numRuns: 1000, seed: 1, endOnFailure: true },
  )
  expect(result.failed).toBe(true)
  const [rule] = String((result.errorInstance as Error).message).split('\n')
  process.stdout.write(`${name}: caught after ${result.numRuns} runs: ${rule}\n`)
}
