/*
 * A users' table of one's own, as the README of the desk puts it in. It needs a newer Node than the desk does.
 */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../support/run.ts'
import { copyApp, EXAMPLE_APP, ROOT } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { cleanUp } from './clean-up.ts'
import { deskOwner } from './http.ts'
import { walk } from './walk.ts'

afterEach(cleanUp)

let folder: string
let node: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-users-'))
  await copyApp(folder)
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const where = ['-y', '-p', 'node@22', '--', 'node', '-p', 'process.execPath']
  node = (await run('npx', where, { cwd: tmpdir() })).stdout.trim()
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Does what the block of the README says: `+` after the line before it, or in place of one with `-`. */
async function followReadme(): Promise<void> {
  const readme = await readFile(join(EXAMPLE_APP, 'README.md'), 'utf8')
  const block = /^```diff\n(.*?)^```$/ms.exec(readme)?.[1] ?? ''
  const file = join(folder, 'src/app.ts')
  let text = await readFile(file, 'utf8')
  let place = ''
  for (const line of block.split('\n').filter((line) => line !== '')) {
    const [sign, rest] = [line.slice(0, 1), `${line.slice(1)}\n`]
    if (sign === '+') text = text.replace(place, place.startsWith('-') ? rest : place + rest)
    else {
      expect(text).toContain(rest)
      place = rest
      if (sign === '-') {
        text = text.replace(rest, '-\n')
        place = '-\n'
      }
    }
  }
  await writeFile(file, text)
}

async function rows(): Promise<{ ilert_id: string; name: string; signed_in_at: number }[]> {
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    const rows = new DatabaseSync('users.sqlite').prepare('SELECT * FROM users').all()
    console.log(JSON.stringify(rows))`
  return JSON.parse((await run(node, ['-e', script], { cwd: folder })).stdout)
}

it('has a row for each user, by ilert’s id, however often they sign in, and no token', async () => {
  await followReadme()
  await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: folder })
  const app = await startApp({}, { command: [node, 'dist/server.js'], cwd: folder })
  expect(deskOwner((await walk(`${app.url}/auth/ilert`)).answer)).toBe('Mara Lindqvist')
  const [first] = await rows()
  await walk(`${app.url}/auth/ilert`)
  const users = await rows()
  expect(users).toMatchObject([{ ilert_id: expect.stringMatching(/^\d+$/), name: 'Mara Lindqvist' }])
  expect(users[0]?.signed_in_at).toBeGreaterThan(first?.signed_in_at ?? Number.NaN)
  expect(JSON.stringify(users)).not.toContain('eyJ')
}, 120_000)

it('passes its own tests', async () => {
  await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: folder })
  const { stdout } = await run(node, ['--test', 'dist/users.test.js'], { cwd: folder })
  expect(stdout).toMatch(/^[#ℹ] pass 1$/m)
  expect(stdout).toMatch(/^[#ℹ] skipped 0$/m)
}, 120_000)
