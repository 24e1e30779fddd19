/*
 * Builds the package: one CommonJS build, which `import` and `require` share, and the ES entry points that name its
 * exports for `import`. See docs/decisions/one-commonjs-build.md.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

/** @typedef {{ types: string, default: string }} Target */
/** @typedef {{ import: Target, require: Target }} Entry */

const root = new URL('../', import.meta.url)
const require = createRequire(root)

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, root))

const { bin, exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
/** @type {Entry[]} */
const entries = Object.values(exports).filter((entry) => entry.import)
/** What Node may be asked to load, from the root. */
const built = [...entries.map((entry) => entry.require.default), ...Object.values(bin)].map((path) => path.slice(2))

/** @param {string} path */
const sourceOf = (path) => at(path.replace(/^dist\/(.*)\.js$/, 'src/$1.ts'))

/** Which sources go into which file. What is loaded late has one of its own. */
const CHUNKS = { core: /src\/(?:ilert|client\/(?!agents)|tokens|express)/, sandbox: /src\/sandbox\/(?!cli)/ }

/**
 * Nothing is written where nothing has changed: other processes may be reading.
 *
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/**
 * The ES entry point beside a CommonJS one: its exports by name, and no more copies of anything.
 *
 * @param {Entry} entry
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

/** Few files instead of a hundred: Node takes as long to find and read each as to run what is in it. */
async function bundle() {
  const bundled = await rolldown({
    cwd: at('.'),
    input: Object.fromEntries(built.map((path) => [path.slice('dist/'.length, -'.js'.length), sourceOf(path)])),
    platform: 'node',
    external: (id) => !/^[./]/.test(id),
    tsconfig: false,
  })
  const { output } = await bundled.generate({
    format: 'cjs',
    exports: 'named',
    strict: true,
    chunkFileNames: 'chunks/[name].js',
    // Node reads an entry point's exports out of its text, for `import`: that text is short, and the code elsewhere.
    codeSplitting: { groups: Object.entries(CHUNKS).map(([name, test]) => ({ name, test })) },
    dynamicImportInCjs: false, // no import() is left, which Jest has for ES modules alone
    comments: false, // docstrings are for editors, which read the declarations
  })
  for (const file of output) if (file.type === 'chunk') write(at(`dist/${file.fileName}`), file.code)
}

tsc('--tsBuildInfoFile', at('dist/types.tsbuildinfo'))
await bundle()
write(at('dist/package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`)
for (const entry of entries) writeEntry(entry)
