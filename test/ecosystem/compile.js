/*
 * Compiles in a project, in several ways, with one process of a compiler that has an API (TypeScript 5): arguments are the
 * compiler and JSON of what to compile how. Prints what the compiler says. All declarations are checked (`skipLibCheck` is
 * off), without those of TypeScript and Node themselves, which take most of the time and know nothing of this package.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

const folder = process.cwd()
const [, , compiler, compilations] = process.argv
const ts = createRequire(join(folder, 'any.js'))(compiler)

const BASE = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022'], esModuleInterop: true, types: ['node'] }
const THEIR_OWN = /\/node_modules\/(?:@types\/node|undici-types|typescript)\/|\/lib\.[\w.]+\.d\.ts$/

const format = (/** @type {unknown} */ diagnostics) =>
  ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => folder,
    getNewLine: () => '\n',
    getCanonicalFileName: (/** @type {string} */ name) => name,
  })

for (const { files, ...how } of JSON.parse(compilations)) {
  const { options, errors } = ts.convertCompilerOptionsFromJson({ ...BASE, ...how }, folder)
  const program = ts.createProgram(files, options)
  const found = [...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()]
  for (const file of program.getSourceFiles()) {
    if (THEIR_OWN.test(file.fileName)) continue
    found.push(...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file))
  }
  process.stdout.write(format(found))
}
