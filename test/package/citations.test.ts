/*
 * What comments and tests cite is in the repository: documents, their headings, decisions and rules.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The headings of a document. */
async function headingsOf(path: string): Promise<string[]> {
  return [...(await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
}

/** What a text cites and the repository does not have. A citation may go on in the next line of a comment. */
async function missing(text: string): Promise<string[]> {
  const flat = text.replaceAll(/\n\s*(?:\*|\/\/) ?/g, ' ')
  const problems: string[] = []
  for (const [, path = '', heading] of flat.matchAll(/([\w./-]*\w\.md)\b(?:, "([^"]+)")?/g)) {
    const name = path.replace(/^(?:\.\.?\/)+/, '')
    const found = [name, join('docs', name)].find((each) => existsSync(each))
    if (!found) problems.push(`there is no ${path}`)
    else if (heading !== undefined && !(await headingsOf(found)).includes(heading)) {
      problems.push(`${path} has no heading "${heading}"`)
    }
  }
  const rules = (await headingsOf('docs/rules.md')).flatMap((heading) => /^(\d+)\. /.exec(heading)?.[1] ?? [])
  for (const [, numbers = ''] of flat.matchAll(/\b[Rr]ules? (\d+(?:(?:, | and | to )\d+)*)/g)) {
    for (const [number] of numbers.matchAll(/\d+/g)) {
      if (!rules.includes(number)) problems.push(`docs/rules.md has no rule ${number}`)
    }
  }
  return problems
}

const TEXT = /\.(?:ts|js|mjs)$/
/** Paths that tests make up. */
const MADE_UP = [
  'test/package/citations.test.ts',
  'test/package/release.test.ts',
  'test/e2e/dockerignore.test.ts',
  'test/attacks/threat-model.test.ts',
]

it.each(['src', 'test', 'example-app/src'])('everything that %s cites exists', async (folder) => {
  const paths = (await readdir(folder, { recursive: true })).map((path) => join(folder, path))
  const texts = paths.filter((path) => TEXT.test(path) && !/node_modules|\/dist\/|reports/.test(path))
  expect(texts.length).toBeGreaterThan(0)
  const problems = texts
    .filter((path) => !MADE_UP.includes(path))
    .map(async (path) => (await missing(await readFile(path, 'utf8'))).map((problem) => `${path}: ${problem}`))
  expect((await Promise.all(problems)).flat()).toEqual([])
})

it.each([
  ['a document', '/** See SOMETHING.md. */', 'there is no SOMETHING.md'],
  ['a document in docs', '// docs/gone.md, "Scopes"', 'there is no docs/gone.md'],
  ['a heading', '/** docs/ilert.md, "Weather". */', 'docs/ilert.md has no heading "Weather"'],
  ['a heading in the next line', '/**\n * docs/ilert.md,\n * "Weather"\n */', 'docs/ilert.md has no heading "Weather"'],
  ['a decision', '// docs/decisions/because.md', 'there is no docs/decisions/because.md'],
  ['a rule', '// rule 10', 'docs/rules.md has no rule 10'],
  ['one of several rules', '// rules 3 and 12', 'docs/rules.md has no rule 12'],
])('%s that does not exist is found', async (_, text, problem) => {
  expect(await missing(text)).toEqual([problem])
})

it('what exists is not found', async () => {
  const text = '/** docs/ilert.md, "Wire formats"; rules.md; rules 1 to 9, rule 4; CHANGELOG.md */'
  expect(await missing(text)).toEqual([])
})

it('every folder that a rule names exists, and each rule names one', async () => {
  const rules = (await readFile('docs/rules.md', 'utf8')).split(/^## /m).slice(1)
  expect(rules).toHaveLength(9)
  for (const rule of rules) {
    const folders = [...rule.matchAll(/\[(test\/\w+)\]\(\.\.\/(test\/\w+)\)/g)]
    expect({ rule, folders: folders.length }).not.toEqual({ rule, folders: 0 })
    for (const [, name, path = ''] of folders) expect([name, existsSync(path)]).toEqual([path, true])
  }
})
