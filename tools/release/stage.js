/*
 * Builds the package anew, and lays what is published into build/package: docs/decisions/published-from-a-folder.md.
 * `npm pack ./build/package` makes the tarball.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf } from './address.js'
import { reachableDeclarations } from './declarations.js'
import { publishedManifest, publishedPage } from './published.js'

const FOLDER = join('build', 'package')
const AS_THEY_ARE = ['LICENSE']

rmSync('dist', { recursive: true, force: true })
execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
/** @type {{ require?: { types: string } }[]} */
const entries = Object.values(manifest.exports)
const declarations = reachableDeclarations(
  entries.flatMap((entry) => entry.require?.types ?? []).map((path) => join(path)),
)
rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
cpSync('dist', join(FOLDER, 'dist'), { recursive: true, filter: isPublished })
for (const file of AS_THEY_ARE) copyFileSync(file, join(FOLDER, file))
const readme = publishedPage(readFileSync('README.md', 'utf8'), addressOf(manifest), AS_THEY_ARE)
writeFileSync(join(FOLDER, 'README.md'), readme)
writeFileSync(join(FOLDER, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)

/** @param {string} path in `dist` */
function isPublished(path) {
  if (path.endsWith('.d.ts')) return declarations.has(path)
  return !path.endsWith('.tsbuildinfo')
}
