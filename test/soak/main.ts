/*
 * Days of ten thousand people in minutes: an ilert and two Redis on real sockets, an app in four processes, and a clock
 * that is moved. Ends with 1 where a promise was broken.
 *
 *   npm run soak                                20 minutes
 *   SOAK_MINUTES=0.5 npm run soak               a short form, with fewer people
 *   SOAK_SABOTAGE='a leak' npm run soak         a planted failure, which must be found: see saboteurs.ts
 *
 * SOAK_USERS and SOAK_SEED say how many people there are, and who of them does what.
 */
import { day, everybodySignsIn, everyTokenWorks } from './day.ts'
import { Judge } from './judge.ts'
import { closeBrowsers } from './people.ts'
import { dayLine, type Heaps, heapsOf, percent, summary } from './report.ts'
import { saboteurs } from './saboteurs.ts'
import { readSettings } from './settings.ts'
import { World } from './world.ts'

const MOST_GROWTH = 0.05
/** What a process that has just begun to work still grows by: no leak of a hundred bytes in each request is as small. */
const LEAST_GROWTH_BYTES = 2 * 1024 * 1024
/** Of which the first says how large a heap is, and another whether it stays so. */
const LEAST_DAYS = 2

const settings = readSettings(process.env)
if (settings.sabotage !== undefined && !saboteurs[settings.sabotage]) {
  throw new TypeError(`SOAK_SABOTAGE: expected one of ${Object.keys(saboteurs).join(', ')}.`)
}
const startedAt = performance.now()
const seconds = () => (performance.now() - startedAt) / 1000
const print = (line: string) => process.stdout.write(`${line}\n`)

const judge = new Judge()
const world = await World.start(settings, judge)
try {
  await everybodySignsIn(world)
  print(`${world.people.length} people have signed in after ${seconds().toFixed(0)} s (SOAK_SEED=${settings.seed})`)

  let first: Heaps = {}
  let last: Heaps = {}
  let days = 0
  for (let longest = 0; !judge.guilty && (days < LEAST_DAYS || seconds() + longest < settings.minutes * 60); ) {
    const begun = seconds()
    days += 1
    await day(world, days)
    last = await heapsOf(world)
    if (days === 1) first = last
    longest = Math.max(longest, seconds() - begun)
    print(dayLine(world, days, seconds() - begun, last))
  }
  await everyTokenWorks(world)
  await world.hearTroubles()
  for (const [name, bytes] of Object.entries(last)) {
    const before = first[name] ?? 0
    if (bytes - before <= Math.max(before * MOST_GROWTH, LEAST_GROWTH_BYTES)) continue
    judge.breaks('heap', `that of ${name} has changed by ${percent(before, bytes)}`)
  }
  print(summary(world, days, seconds(), first, last))
} finally {
  await Promise.all([world.close(), closeBrowsers()])
}
process.exitCode = judge.guilty ? 1 : 0
