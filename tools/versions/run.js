/*
 * Runs the tests on every supported version of Node, and with the oldest libraries. `--quick` runs few tests of each, and
 * versions that are named, such as `22 24`, are run alone.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { cellsOf } from './cells.js'
import { table } from './table.js'

/** @import { Cell } from './cells.js' */

const LIMIT_MS = 30 * 60_000

/** `npm test` alone leaves out the slow ones. */
const EVERY_TEST = ['.test.ts']

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const [, ...jest] = manifest.scripts.test.split(' ')
const folder = mkdtempSync(join(tmpdir(), 'versions-'))

/**
 * Brings a Node, as an npm package.
 *
 * @param {string} version
 */
function findNode(version) {
  const say = 'JSON.stringify([process.version, process.execPath])'
  const text = execFileSync('npx', ['-y', '-p', `node@${version}`, '--', 'node', '-p', say], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [found, path] = JSON.parse(text)
  return { version: found, path }
}

/**
 * Installs libraries. Returns what makes Jest take them.
 *
 * @param {[string, string][]} libraries
 */
function replacing(libraries) {
  if (libraries.length === 0) return []
  const specs = libraries.map(([name, version]) => `${name}@${version}`)
  mkdirSync(join(folder, 'node_modules'), { recursive: true }) // so that npm looks no further up
  execFileSync('npm', ['install', '--silent', '--no-audit', '--prefix', folder, ...specs], { stdio: 'inherit' })
  const names = libraries.map(([name]) => name).join('|')
  return ['--moduleNameMapper', JSON.stringify({ [`^(${names})$`]: join(folder, 'node_modules', '$1') })]
}

/**
 * Runs the tests of a cell. Returns its row of the table, and whether all is well.
 *
 * @param {Cell} cell
 */
function run({ node, libraries, tests }) {
  const { version, path } = findNode(node)
  const replaced = Object.entries(libraries)
  const beside = replaced.map(([name, version]) => `${name} ${version}`).join(', ') || 'as installed'
  console.log(`\n== Node ${version}, libraries ${beside}\n`)
  const outputFile = join(folder, 'results.json')
  rmSync(outputFile, { force: true })
  const began = performance.now()
  const { status } = spawnSync(
    path,
    [
      ...jest,
      '--ci',
      '--json',
      `--outputFile=${outputFile}`,
      ...replacing(replaced),
      ...(tests.length > 0 ? tests : EVERY_TEST),
    ],
    {
      // What the tests start is to run on this Node as well.
      env: { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: LIMIT_MS,
    },
  )
  return {
    passed: status === 0,
    row: [version, beside, tests.join(' ') || 'all', ...counts(outputFile), minutes(performance.now() - began)],
  }
}

/**
 * Passed, failed and skipped. A suite that could not even be loaded counts as a failure.
 *
 * @param {string} outputFile
 */
function counts(outputFile) {
  try {
    const results = JSON.parse(readFileSync(outputFile, 'utf8'))
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    return [results.numPassedTests, failed, results.numPendingTests].map(String)
  } catch {
    return ['', 'did not end', '']
  }
}

/** @param {number} ms */
const minutes = (ms) => `${(ms / 60_000).toFixed(1)} min`

try {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const cells = cellsOf(manifest, { ...values, running: process.version })
  const outcomes = cells.filter(({ node }) => positionals.length === 0 || positionals.includes(node)).map(run)
  if (outcomes.length === 0) throw new TypeError(`None of ${cells.map(({ node }) => node).join(', ')} was asked for.`)
  const head = ['Node', 'libraries', 'tests', 'passed', 'failed', 'skipped', 'took']
  console.log(`\n${table([head, ...outcomes.map(({ row }) => row)])}`)
  if (!outcomes.every(({ passed }) => passed)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
