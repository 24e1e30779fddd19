/*
 * A million inputs for everything that parses what comes from outside: `npm run fuzz`. Ends with 1 where a property did not
 * hold, where a target met one of its branches only, or where the heap grew.
 *
 *   FUZZ_RUNS=100000 FUZZ_SEED=7 npm run fuzz
 *   FUZZ_TARGET='a path of the API' npm run fuzz
 *   FUZZ_TARGET=… FUZZ_SEED=… FUZZ_PATH=… npm run fuzz      a failure again, as it was printed
 */
import { type Counts, feed, shares } from './run.ts'
import { targets } from './targets/index.ts'
import { startWatchdog } from './watchdog.ts'

const { FUZZ_RUNS = '1000000', FUZZ_SEED = String(Date.now() % 2 ** 31), FUZZ_TARGET, FUZZ_PATH } = process.env
/** In so many turns each target has its inputs, so that what any of them leaves behind adds up. */
const ROUNDS = FUZZ_PATH ? 1 : 20
/** Until then code is compiled and tables fill. */
const WARM_AFTER = 4
const MOST_GROWTH_BYTES = 3 * 1024 * 1024

const seed = Number(FUZZ_SEED)
// Most of what is thrown here is as it should be, and a stack costs more than the rest of it.
Error.stackTraceLimit = FUZZ_PATH ? 20 : 0
const chosen = targets.filter(({ name }) => FUZZ_TARGET === undefined || name === FUZZ_TARGET)
if (chosen.length === 0)
  throw new TypeError(`FUZZ_TARGET: expected one of ${targets.map(({ name }) => name).join(', ')}.`)

const counts = new Map<string, Counts>(chosen.map(({ name }) => [name, { accepted: 0, rejected: 0 }]))
const took = new Map<string, number>()
const failures: string[] = []
const heaps: number[] = []
const beat = startWatchdog()
const startedAt = performance.now()
const print = (line: string) => process.stdout.write(`${line}\n`)

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

print(`${FUZZ_RUNS} inputs for ${chosen.length} targets, FUZZ_SEED=${seed}`)
for (let round = 0; round < ROUNDS; round++) {
  for (const [target, runs] of shares(chosen, Number(FUZZ_RUNS) / ROUNDS)) {
    const fed = { runs, seed: seed + round, path: FUZZ_PATH }
    const began = performance.now()
    await feed(target, fed, counts.get(target.name) as Counts).catch((error: Error) => {
      failures.push(error.message)
      print(error.message)
    })
    took.set(target.name, (took.get(target.name) ?? 0) + performance.now() - began)
    beat()
  }
  heaps.push(heap())
}

let total = 0
for (const [name, { accepted, rejected }] of counts) {
  total += accepted + rejected
  print(
    `${name.padEnd(34)} ${String(accepted).padStart(8)} accepted ${String(rejected).padStart(8)} rejected ${((took.get(name) ?? 0) / 1000).toFixed(1).padStart(7)} s`,
  )
  if (FUZZ_PATH === undefined && (accepted === 0 || rejected === 0)) failures.push(`${name}: only one branch was met`)
}
const growth = (heaps.at(-1) ?? 0) - (heaps[WARM_AFTER - 1] ?? Number.POSITIVE_INFINITY)
if (growth > MOST_GROWTH_BYTES) failures.push(`the heap has grown by ${growth} bytes`)
print(`heap in MiB: ${heaps.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(' ')}`)
print(`${total} inputs in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${failures.length} failures`)
for (const failure of failures) print(`FAILED  ${failure.split('\n')[0]}`)
process.exitCode = failures.length === 0 ? 0 : 1
