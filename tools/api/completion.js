/*
 * How long an editor takes to complete calls to ilert's API, and TypeScript to check 2 000 of them. Wanted: a path within
 * 50 ms, all calls within 2 s. A measurement to read, not a test: it depends on the machine.
 *
 *   npm run api:completion
 */
import { resolve } from 'node:path'
import ts from 'typescript'

const ROUNDS = 10
const FILE = resolve(import.meta.dirname, '../../calls.ts') // never written: it is where imports are looked up from
const CURSOR = '¦'

/** @type {Record<string, string>} */
const PLACES = {
  'a path': "await api.get('/api/¦')",
  'a field of a list': "(await api.get('/api/alerts'))[0]!.¦",
  'a field, by an id': `(await api.get(\`/api/alerts/\${id}\`)).¦`,
  'a body': "await api.post('/api/alerts', { summary: 'x', ¦ })",
  'a word of an enum': "await api.post('/api/alerts', { summary: 'x', alertSource: { id }, priority: '¦' })",
  'a query': "await api.get('/api/alerts', { query: { ¦ } })",
  'a state': "await api.get('/api/alerts', { query: { states: ['¦'] } })",
}

const CALLS = `{
  const a = await api.get('/api/alerts', { query: { states: ['PENDING'] } }); a[0]?.summary
  const b = await api.get(\`/api/alerts/\${id}\`); b.status
  await api.put(\`/api/alerts/\${id}/accept\`)
  const c = await api.post('/api/alerts', { summary: 'x', alertSource: { id } }); c.id
  for await (const entry of api.paginate('/api/services')) entry.name
  await api.delete(\`/api/teams/\${id}\`)
  const d = await api.put(\`/api/services/\${id}\`, { name: 'x', status: 'DEGRADED' }); d.id
  const e = await api.get('/api/users/current', { response: true }); e.body.email
}
`

let text = ''
let version = 0

/** @type {import('typescript').LanguageServiceHost} */
const host = {
  getScriptFileNames: () => [FILE],
  getScriptVersion: (file) => (file === FILE ? String(version) : '1'),
  getScriptSnapshot: (file) => {
    const content = file === FILE ? text : ts.sys.readFile(file)
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
  },
  getCurrentDirectory: () => resolve(import.meta.dirname, '../..'),
  getCompilationSettings: () => ({
    strict: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    skipLibCheck: true,
  }),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (file) => file === FILE || ts.sys.fileExists(file),
  readFile: (file) => ts.sys.readFile(file),
  directoryExists: (folder) => ts.sys.directoryExists(folder),
  getDirectories: (folder) => ts.sys.getDirectories(folder),
}
const service = ts.createLanguageService(host)

/** @param {string} code */
function edit(code) {
  const whole = `import type { IlertApi } from 'passport-ilert'\ndeclare const api: IlertApi\nexport async function f(id: number) {\n${code}\n}\n`
  text = whole.replace(CURSOR, '')
  version++
  service.getProgram() // what every edit costs, with and without these types
  return whole.indexOf(CURSOR)
}

/** @param {() => unknown} work */
function time(work) {
  const began = performance.now()
  work()
  return performance.now() - began
}

for (const [name, code] of Object.entries(PLACES)) {
  let entries = 0
  const times = Array.from({ length: ROUNDS }, () => {
    const position = edit(code)
    return time(() => {
      entries = service.getCompletionsAtPosition(FILE, position, {})?.entries.length ?? 0
    })
  })
  const median = times.sort((a, b) => a - b)[ROUNDS / 2] ?? Number.NaN
  console.log(`${name.padEnd(20)} ${median.toFixed(1).padStart(7)} ms, ${entries} entries`)
}

edit(CALLS.repeat(250))
/** @type {readonly unknown[]} */
let problems = []
const took = time(() => {
  problems = service.getSemanticDiagnostics(FILE)
})
console.log(
  `2 000 calls checked   ${took.toFixed(0).padStart(6)} ms, ${problems.length} errors (TypeScript ${ts.version})`,
)
