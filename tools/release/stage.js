/*
 * Builds the package anew, and lays what is published into build/package: docs/decisions/published-from-a-folder.md.
 * `npm pack ./build/package` makes the tarball.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf } from './address.js'
import { publishedManifest, publishedPage } from './published.js'

const FOLDER = join('build', 'package')
const AS_THEY_ARE = ['LICENSE']

rmSync('dist', { recursive: true, force: true })
execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
cpSync('dist', join(FOLDER, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.tsbuildinfo') })
for (const file of AS_THEY_ARE) copyFileSync(file, join(FOLDER, file))
const readme = publishedPage(readFileSync('README.md', 'utf8'), addressOf(manifest), AS_THEY_ARE)
writeFileSync(join(FOLDER, 'README.md'), readme)
writeFileSync(join(FOLDER, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
