// Time to import, and size on disk with everything that is installed for it.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { alternate } from '../lib/alternate.js'
import { alone, compared, digits } from '../lib/rows.js'
import { bench } from '../lib/setup.js'

const OURS = 'passport-ilert'
const PEERS = /** @type {Record<string, string[]>} */ ({
  'passport-oauth2 + passport-oauth2-refresh': ['passport-oauth2', 'passport-oauth2-refresh'],
  'openid-client': ['openid-client', 'openid-client/passport'],
  'express-openid-connect': ['express-openid-connect'],
})

/** What the time to import is to be, compared with openid-client's. */
const IMPORT_TARGET = { atMost: 1.5 }

/** Bytes beside what an app has anyway: Express, express-session and Passport. */
const SIZE_TARGET = { atMost: 3_000_000 }

export const title = 'Footprint'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds }) {
  const modules = /** @type {Record<string, string[]>} */ ({ [OURS]: [OURS], ...PEERS })
  const times = await alternate(Object.keys(modules), rounds, async (name) => importMs(modules[name]))
  const size = (/** @type {string} */ name) => installedBytes(modules[name].filter((each) => !each.includes('/')))
  const beside = installedBytes([OURS], ['express', 'express-session', 'passport'])
  const show = (/** @type {number} */ bytes) => `${digits(bytes / 1e6)} MB`
  const own = alone({ what: 'installed beside what an app has', values: [beside, beside], show, target: SIZE_TARGET })
  const rows = Object.keys(PEERS).flatMap((peer) => [
    compared({
      what: 'time to import',
      peer,
      ours: times[OURS],
      theirs: times[peer],
      show: (value) => `${digits(value)} ms`,
      ...(peer === 'openid-client' && { target: IMPORT_TARGET }),
    }),
    compared({
      what: 'installed size, with all dependencies',
      peer,
      ours: [size(OURS)],
      theirs: [size(peer)],
      show,
    }),
  ])
  return [own, ...rows]
}

function importMs(/** @type {string[]} */ modules) {
  const imports = modules.map((module) => `await import(${JSON.stringify(module)})`).join(';')
  const code = `const start = performance.now();${imports};console.log(performance.now() - start);process.exit()`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: bench }).toString())
}

/**
 * Bytes of packages and of all that they depend on, each counted once. Peers, such as Express, are the app's.
 *
 * @param {string[]} names
 * @param {string[]} [present] packages that are there already, and all that they depend on
 */
function installedBytes(names, present = []) {
  /** @type {Set<string>} */
  const folders = new Set()
  const add = (/** @type {string} */ name, /** @type {string} */ from) => {
    const folder = find(name, from)
    if (folder === undefined || folders.has(folder)) return
    folders.add(folder)
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies)) add(dependency, folder)
  }
  for (const name of present) add(name, bench)
  const before = new Set(folders)
  for (const name of names) add(name, bench)
  return [...folders]
    .filter((folder) => !before.has(folder))
    .map(bytesOf)
    .reduce((sum, bytes) => sum + bytes, 0)
}

/** Where Node finds a package from a folder. */
function find(/** @type {string} */ name, /** @type {string} */ from) {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (statSync(join(candidate, 'package.json'), { throwIfNoEntry: false })) return candidate
  }
  return undefined
}

function bytesOf(/** @type {string} */ folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? bytesOf(path) : statSync(path).size
  }
  return bytes
}
