/*
 * Jest in its default mode, where every module is CommonJS, on every Node that is supported; that import and require get
 * the same of everything; and what works on Bun, which is not supported.
 */
import { join } from 'node:path'
import { packedTarball } from '../support/pack.ts'
import { APP, SUBPATHS, VISIT, VISITED } from './apps.ts'
import { PEERS, Project } from './project.ts'

const NODES = ['20.19.0', '22', '24']

const SIGN_IN = `
const { start } = require('./app.js')
const { visit } = require('./visit.js')
for (const path of ${JSON.stringify(SUBPATHS)}) require('passport-ilert' + path)

test('a whole visit', async () => {
  const app = await start()
  try {
    console.log(JSON.stringify(await visit(app)))
  } finally {
    await app.stop()
  }
}, 60_000)
`

const VISIT_ON_BUN = `
const { start } = require('./app.js')
const { visit } = require('./visit.js')
start().then(visit).then((seen) => {
  console.log(JSON.stringify({ on: process.versions.bun, seen }))
  process.exit()
})
`

const SHARED = `
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
for (const path of ${JSON.stringify(SUBPATHS)}) {
  const [imported, required] = [await import('passport-ilert' + path), require('passport-ilert' + path)]
  const names = Object.keys(imported)
  const same = names.every((name) => imported[name] === required[name])
  console.log('passport-ilert' + path, same && names.length === Object.keys(required).length)
}
const { IlertClient, NetworkError } = await import('passport-ilert')
const client = new IlertClient({ clientID: 'a', apiURL: 'http://127.0.0.1:1' })
const error = await client.refresh('token').catch((error) => error)
console.log('instanceof', error instanceof NetworkError && error instanceof require('passport-ilert').NetworkError)
`

let app: Project

beforeAll(async () => {
  app = await Project.make()
  const { platform, arch } = process
  const nodes = NODES.map((version) => `node-${version}@npm:node-${platform}-${arch}@${version}`)
  await app.npm(...PEERS, 'jest', 'bun@1', ...nodes, await packedTarball())
  await app.write('app.js', APP)
  await app.write('visit.js', VISIT)
}, 300_000)

afterAll(() => app?.remove())

test.each(NODES)(
  'Jest without any setting loads the package on Node %s, and signs in',
  async (version) => {
    await app.write('sign-in.test.js', SIGN_IN)
    const node = join(app.folder, `node_modules/node-${version}/bin/node`)
    const output = await app.run(node, ['node_modules/jest/bin/jest.js', '--silent=false'])
    expect(output).toMatch(/Tests: +1 passed, 1 total/)
    expect(JSON.parse(/^ *(\[.*\])$/m.exec(output)?.[1] ?? '')).toEqual(VISITED)
  },
  120_000,
)

test('import and require share every class and every value', async () => {
  await app.write('shared.mjs', SHARED)
  const lines = (await app.run(process.execPath, ['shared.mjs'])).trim().split('\n')
  expect(lines).toEqual([...SUBPATHS.map((path) => `passport-ilert${path} true`), 'instanceof true'])
})

test('a visit works on Bun', async () => {
  await app.write('bun.js', VISIT_ON_BUN)
  const { on, seen } = JSON.parse(await app.run(join(app.folder, 'node_modules/.bin/bun'), ['bun.js']))
  expect([on, seen]).toEqual([expect.stringMatching(/^1\./), VISITED])
}, 60_000)
