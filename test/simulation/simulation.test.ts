import fc from 'fast-check'
import { run } from './run.ts'
import { scenarios } from './scenario.ts'

const runs = Number(process.env.SIM_RUNS ?? 10_000)

test('rules 1 to 6 hold', async () => {
  const counts: Record<string, number> = {}
  const t = Date.now()
  await fc.assert(
    fc.asyncProperty(scenarios(), async (scenario) => run(scenario, counts)),
    {
      numRuns: runs,
      ...(process.env.SIM_SEED && { seed: Number(process.env.SIM_SEED) }),
      ...(process.env.SIM_PATH && { path: process.env.SIM_PATH }),
    },
  )
  console.log(Date.now() - t, counts)
}, 600_000)
