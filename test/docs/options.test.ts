/*
 * docs/options.md: its tables name every option and every variable, and no other.
 */
import { readFile } from 'node:fs/promises'
import { APP_OPTIONS, ENV_OPTIONS } from '../../src/client/options.ts'
import { IlertStrategy } from '../../src/index.ts'
import { pageUnderTest } from '../support/pages.ts'

const FIRST = 'new IlertStrategy({'

const code = pageUnderTest('docs/options.md', [FIRST])

/** The rows of the table below a heading: the cells of each. */
async function tableBelow(heading: string): Promise<string[][]> {
  const page = await readFile('docs/options.md', 'utf8')
  const [, part = ''] = page.split(`\n## ${heading}\n`)
  const lines = part.split('\n## ')[0]?.split('\n') ?? []
  const rows = lines.filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
}

const nameIn = (cell = '') => /`(\w+)`/.exec(cell)?.[1] ?? ''

test('the table of IlertStrategy has every option, each with its variable', async () => {
  const { appID: _, ...options } = APP_OPTIONS
  const rows = await tableBelow('IlertStrategy')
  expect(rows.map(([option]) => nameIn(option)).sort()).toEqual(Object.keys(options).sort())
  const variables = rows.map(([option, variable]) => [nameIn(option), nameIn(variable)]).filter(([, name]) => name)
  expect(Object.fromEntries(variables)).toEqual(ENV_OPTIONS)
})

test.each([
  'RedisTokenStore',
  'PostgresTokenStore',
  'SessionTokenStore and MemoryTokenStore',
  'passport.authenticate',
  'ilert.logout',
])('the table of %s is there', async (heading) => {
  expect((await tableBelow(heading)).length).toBeGreaterThan(0)
})

test('the first code makes a strategy', async () => {
  const name = await code().runProgram(`
    const { ilert } = await import('BLOCK(${FIRST})')
    console.log(JSON.stringify(ilert.name))`)
  expect(name).toBe(new IlertStrategy({ clientID: 'a', clientSecret: 'b' }).name)
})
