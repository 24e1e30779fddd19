/*
 * Lays what is published into build/create-ilert-app: the command, and the templates, the two apps of this repository among
 * them, with the versions of the lock file. `npm pack ./build/create-ilert-app` makes the tarball.
 */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const FOLDER = join('build', 'create-ilert-app')
const LEFT_BEHIND = /^(dist|node_modules|\.env|.*\.log|.*\.tgz)$/

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, 'utf8'))
const write = (/** @type {string} */ path, /** @type {object} */ value) =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)

const { version } = read('package.json')
const { packages } = read('package-lock.json')

/** @param {Record<string, string>} [dependencies] */
function pinned(dependencies = {}) {
  const versionOf = (/** @type {string} */ name) =>
    name === 'passport-ilert' ? version : packages[`node_modules/${name}`].version
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)]))
}

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
for (const name of ['cli.js', 'create.js', 'README.md']) cpSync(join('create-ilert-app', name), join(FOLDER, name))
cpSync('LICENSE', join(FOLDER, 'LICENSE'))
const { private: _private, ...manifest } = read(join('create-ilert-app', 'package.json'))
write(join(FOLDER, 'package.json'), { ...manifest, version })

const own = join('create-ilert-app', 'templates')
for (const [name, source] of [
  ['desk', 'example-app'],
  ['spa', 'example-spa'],
  ['minimal', join(own, 'minimal')],
  ['minimal-js', join(own, 'minimal-js')],
]) {
  const target = join(FOLDER, 'templates', name)
  cpSync(source, target, { recursive: true, filter: (path) => !LEFT_BEHIND.test(basename(path)) })
  // npm publishes no file of this name.
  try {
    renameSync(join(target, '.gitignore'), join(target, 'gitignore'))
  } catch {
    cpSync(join('example-app', '.gitignore'), join(target, 'gitignore'))
  }
  const template = read(join(target, 'package.json'))
  const { dependencies, devDependencies, ...rest } = template
  write(join(target, 'package.json'), {
    ...rest,
    dependencies: pinned(dependencies),
    ...(devDependencies && { devDependencies: pinned(devDependencies) }),
  })
}
