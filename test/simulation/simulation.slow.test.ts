/* The simulated world of simulation.test.ts, long enough for the rarest races. */
import { expectCaught, explore, FAULTS_AND_RACES, RARELY_SEEN } from './explore.ts'
import { saboteurs } from './saboteurs.ts'

const MANY = 10_000

test('rules 1 to 6 hold in 10 000 runs, which see every fault and race', async () => {
  const { runs, counts } = await explore(MANY)
  if (runs < MANY) return // SIM_RUNS: too few for the rarest
  expect(FAULTS_AND_RACES.filter((name) => !counts[name])).toEqual([])
}, 600_000)

test.each(RARELY_SEEN)('%s: is caught within 1000 runs', (name) => expectCaught(name, saboteurs[name] ?? {}), 600_000)
