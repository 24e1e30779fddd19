/*
 * Mutation testing: changes the code in small ways, one at a time, and asks whether a test notices.
 *
 *   npm run mutate                           all of what parts.js names; what has been judged before is not judged again
 *   npm run mutate -- src/ilert a/file.ts    only there; `a/file.ts:10-20`: only these lines
 *   npm run mutate -- --changed              lines changed since the last release, or lately; ends within 4 minutes
 *   npm run mutate -- --minutes=10           ends then, and judges by what it has got
 *
 * Survivors are listed here and shown in reports/<folder>/report.html. Ends with 1 where too many survive.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { changedLines, fitting } from './changed.js'
import { optionsOf } from './options.js'
import { PARTS, patternsOf } from './parts.js'
import { count, isEnough, survivorsOf } from './verdict.js'

/** @import { Part } from './parts.js' */
/** @import { Result } from './verdict.js' */

/** What two cores do within the time of a sample, with some room. */
const LINES_OF_A_SAMPLE = 80
const MINUTES_OF_A_SAMPLE = 3.5

const { values, positionals } = parseArgs({
  options: { changed: { type: 'boolean', default: false }, minutes: { type: 'string' } },
  allowPositionals: true,
})
const minutes = Number(values.minutes ?? (values.changed ? MINUTES_OF_A_SAMPLE : Number.POSITIVE_INFINITY))
let deadline = performance.now() + minutes * 60_000
const asked = values.changed ? chooseChanged() : positionals.length > 0 ? positionals : ['src']

/** Lines that changed, the newest first, as Stryker takes them. Says what is left out. */
function chooseChanged() {
  const changed = changedLines(PARTS.map(({ path }) => path))
  if (!changed) {
    console.log('There is no history of git here that would tell what has changed: nothing is judged.')
    return []
  }
  const { since, lines } = changed
  const isTested = (/** @type {string} */ line) => PARTS.some((part) => patternsOf(part, [line]).length > 0)
  const { taken, leftOut } = fitting(
    lines.filter((line) => isTested(line.file)),
    LINES_OF_A_SAMPLE,
  )
  console.log(`${taken.length + leftOut.length} places have changed since ${since} in what is tested by mutation.`)
  const texts = [taken, leftOut].map((places) => places.map(({ file, from, to }) => `${file}:${from}-${to}`))
  if (leftOut.length > 0) console.log(`Left out, since all of them would take too long:\n  ${texts[1]?.join('\n  ')}`)
  return texts[0] ?? []
}

/**
 * Changes and judges a part. What is not done by the deadline is not done.
 *
 * @param {Part} part
 * @param {string[]} mutate
 * @returns {Promise<Result[]>}
 */
async function judge(part, mutate) {
  const folder = join(import.meta.dirname, 'reports', part.path.replaceAll(/^src\/|\.ts$/g, '').replace('/', '-'))
  mkdirSync(folder, { recursive: true })
  const settings = join(folder, 'stryker.json')
  const results = join(folder, 'results.ndjson')
  rmSync(results, { force: true })
  writeFileSync(settings, JSON.stringify(optionsOf(part, { mutate, folder, incremental: !values.changed }), null, 2))

  const stryker = join(import.meta.dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  // A group of its own: ended early, it ends with everything that it has started.
  const child = spawn(process.execPath, [stryker, 'run', settings], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MUTATION_RESULTS: results },
    detached: true,
  })
  const end = () => {
    deadline = 0
    process.kill(-Number(child.pid), 'SIGKILL')
  }
  const timer = Number.isFinite(minutes) ? setTimeout(end, deadline - performance.now()) : undefined
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end)
  const [code, signal] = await once(child, 'exit')
  clearTimeout(timer)
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, end)
  rmSync(join(folder, 'tmp'), { recursive: true, force: true })
  if (signal !== null) console.log(`${part.path}: ended early. What follows is what was judged until then.`)
  else if (code !== 0) throw new Error(`Stryker ended with ${code}.`)
  if (!existsSync(results)) return []
  return readFileSync(results, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const parts = PARTS.map((part) => ({ part, mutate: patternsOf(part, asked) })).filter(({ mutate }) => mutate.length > 0)
if (parts.length === 0 && !values.changed) throw new TypeError(`Nothing is tested by mutation in ${asked.join(', ')}.`)
// What changed last is first, should the time not be enough.
parts.sort((a, b) => asked.indexOf(a.mutate[0] ?? '') - asked.indexOf(b.mutate[0] ?? ''))

/** @type {Result[]} */
const all = []
const table = []
for (const { part, mutate } of parts) {
  const began = performance.now()
  if (began > deadline) {
    console.log(`${part.path}: not begun, the time was over.`)
    continue
  }
  const results = await judge(part, mutate)
  all.push(...results)
  const { score, ...counts } = count(results)
  const seconds = Math.round((performance.now() - began) / 1000)
  table.push({ part: part.path, ...counts, score: score.toFixed(1), seconds })
}

if (parts.length > 0) {
  console.log(`\nSurvivors:\n  ${survivorsOf(all).join('\n  ') || 'none'}\n`)
  console.table(table)
  const complaint = complain(all)
  if (complaint !== undefined) {
    console.error(complaint)
    process.exitCode = 1
  }
}

/** @param {Result[]} results */
function complain(results) {
  if (deadline === 0 && results.length === 0) return 'The time was over before anything was judged.'
  return isEnough(count(results), { sample: values.changed }) ? undefined : 'Too few of the mutants were noticed.'
}
