// The one command: measures this project beside its peers and writes results/. See README.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bench, hasRedis, installPackage } from './lib/setup.js'

/** @typedef {(o: { rounds: number, quick: boolean }) => Promise<import('./lib/rows.js').Row[]>} Measure */

const NAMES = [
  'sign-in',
  'signed-in-page',
  'storm',
  'expiry',
  'api-calls',
  'proxy',
  'in-process',
  'sessions',
  'footprint',
]
const NEED_REDIS = ['storm', 'sessions']

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: process.env.BENCH_QUICK === '1' },
    /** How often each candidate is measured. */
    rounds: { type: 'string' },
    only: { type: 'string', multiple: true, default: NAMES },
    /** Measures what is installed in bench/ already. */
    installed: { type: 'boolean', default: false },
  },
})
const { quick, only } = values
const rounds = Number(values.rounds ?? (quick ? 6 : 12))
const unknown = only.find((name) => !NAMES.includes(name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: expected one of ${NAMES.join(', ')}.`)

if (!values.installed) installPackage()

/** @type {import('./lib/table.js').Section[]} */
const sections = []
for (const name of NAMES.filter((name) => only.includes(name))) {
  if (NEED_REDIS.includes(name) && !hasRedis) {
    sections.push({ title: name, rows: [{ what: 'not measured: redis-server is missing', ours: '' }] })
    continue
  }
  const began = performance.now()
  // Loaded only now: some import what installPackage() has installed.
  const { title, measure } = await import(`./measurements/${name}.js`)
  sections.push({ title, rows: await measure({ rounds, quick }) })
  console.error(`${title}: ${Math.round((performance.now() - began) / 1000)} s`)
}

const { chart } = await import('./lib/chart.js')
const { table } = await import('./lib/table.js')
const { version } = JSON.parse(readFileSync(join(bench, 'node_modules/passport-ilert/package.json'), 'utf8'))
const machine = `passport-ilert ${version}, Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model}`
const markdown = `${machine}${quick ? ', a quick run' : ''}\n\n${table(sections)}\n`
const results = join(bench, 'results')
mkdirSync(results, { recursive: true })
// What was measured in part, or in a hurry, is shown and not kept.
if (!quick && values.rounds === undefined && only.length === NAMES.length) {
  writeFileSync(join(results, 'results.md'), markdown)
  writeFileSync(join(results, 'results.json'), `${JSON.stringify({ machine, sections }, null, 2)}\n`)
  writeFileSync(join(results, 'chart.svg'), chart(sections))
  const readme = join(bench, 'README.md')
  const between = /(?<=<!-- results -->\n).*(?=<!-- end of results -->)/s
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(between, () => `\n${markdown}\n`),
  )
}
console.log(markdown)
const missed = sections.flatMap(({ rows }) => rows).filter(({ verdict }) => verdict === 'missed')
for (const { what, peer } of missed) console.log(`missed: ${what}${peer ? `, against ${peer}` : ''}`)
process.exitCode = missed.length > 0 ? 1 : 0
