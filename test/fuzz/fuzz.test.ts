/* The short form of `npm run fuzz`: one seed, so that a change has one verdict. `FUZZ_SEED=$RANDOM` explores others. */
import { type Counts, feed, shares } from './run.ts'
import { targets } from './targets/index.ts'

const { FUZZ_RUNS = '5000', FUZZ_SEED = '20261122' } = process.env
const fed = [...shares(targets, Number(FUZZ_RUNS))].map(([target, runs]) => ({ name: target.name, target, runs }))

test.each(fed)('$name', async ({ target, runs }) => {
  const counts: Counts = { accepted: 0, rejected: 0 }
  await feed(target, { runs, seed: Number(FUZZ_SEED) }, counts)
  expect(counts.accepted).toBeGreaterThan(0)
  expect(counts.rejected).toBeGreaterThan(0)
})
