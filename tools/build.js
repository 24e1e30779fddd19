/*
 * Builds the package: one CommonJS build, which `import` and `require` share, and the ES entry points that name its
 * exports for `import`. See docs/decisions/one-commonjs-build.md.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const require = createRequire(root)

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, root))

/**
 * Nothing is written where nothing has changed: other processes may be reading.
 *
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
}

/**
 * The ES entry point beside a CommonJS one: its exports by name, and no more copies of anything.
 *
 * @param {{ import: { types: string, default: string }, require: { types: string, default: string } }} entry
 */
function writeEntry(entry) {
  const commonJS = `./${basename(entry.require.default)}`
  const names = Object.keys(require(at(entry.require.default)))
  const exported = names.length > 0 ? `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = entry\n` : ''
  write(at(entry.import.default), exported ? `import entry from '${commonJS}'\n\n${exported}` : 'export {}\n')
  write(at(entry.import.types), `export * from '${commonJS}'\n`)
}

/** @param {string[]} flags */
function tsc(...flags) {
  const project = ['-p', at('tsconfig.build.json')]
  try {
    execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), ...project, ...flags], { stdio: 'inherit' })
  } catch {
    process.exit(1) // tsc has said why
  }
}

// Docstrings are for editors, which read the declarations: without them the code is a third shorter.
tsc('--emitDeclarationOnly', '--tsBuildInfoFile', at('dist/types.tsbuildinfo'))
tsc(
  ...['--noCheck', '--declaration', 'false', '--isolatedDeclarations', 'false', '--removeComments'],
  ...['--tsBuildInfoFile', at('dist/code.tsbuildinfo')],
)
write(at('dist/package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`)
const { exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
for (const entry of Object.values(exports)) if (entry.import) writeEntry(entry)
