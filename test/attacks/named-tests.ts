import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type Node, sourceFile } from './source.ts'

/** A test as its file has it. */
interface NamedTest {
  /** With the names of what it is in: `describe › it`. */
  readonly name: string
  readonly skipped: boolean
}

const SEPARATOR = ' › '
const TESTS = new Set(['it', 'test'])
const GROUPS = new Set(['describe', 'needs'])

/** The words of what is called: `describe.skip.each(…)` is `describe`, `skip` and `each`. */
function wordsOf(callee: Node): string[] {
  if (callee.type === 'Identifier') return [String(callee.value)]
  if (callee.type === 'CallExpression') return wordsOf(callee.callee as Node)
  if (callee.type !== 'MemberExpression') return []
  return [...wordsOf(callee.object as Node), String((callee.property as Node).value)]
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'StringLiteral') return String(node.value)
  const { expressions, quasis } = (node ?? {}) as { expressions?: unknown[]; quasis?: { cooked?: string }[] }
  return node?.type === 'TemplateLiteral' && expressions?.length === 0 ? quasis?.[0]?.cooked : undefined
}

function walk(value: unknown, groups: readonly string[], skipped: boolean, found: NamedTest[]): void {
  if (typeof value !== 'object' || value === null) return
  const node = value as Node
  if (node.type !== 'CallExpression') {
    for (const child of Object.values(node)) walk(child, groups, skipped, found)
    return
  }
  const [first = '', ...rest] = wordsOf(node.callee as Node)
  const given = (node.arguments as { expression: Node }[]).map(({ expression }) => expression)
  const name = textOf(given[0])
  const isNamed = name !== undefined && (given.length > 1 || rest.includes('todo'))
  const kind = first.replace(/^x/, '')
  const path = isNamed && (TESTS.has(kind) || GROUPS.has(kind)) ? [...groups, name] : groups
  const isSkipped = skipped || (path !== groups && (kind !== first || rest.includes('skip') || rest.includes('todo')))
  if (path !== groups && TESTS.has(kind)) found.push({ name: path.join(SEPARATOR), skipped: isSkipped })
  for (const child of Object.values(node)) walk(child, path, isSkipped, found)
}

/** The tests of a file. If one of them is an `only`, all others are skipped: then none of them counts. */
async function testsOf(path: string): Promise<NamedTest[]> {
  const { nodes } = await sourceFile(path)
  const found: NamedTest[] = []
  walk(nodes[0], [], false, found)
  const isOnly = ({ type, callee }: Node) => {
    const [first = '', ...rest] = type === 'CallExpression' ? wordsOf(callee as Node) : []
    return /^f(?:it|describe)$/.test(first) || ((TESTS.has(first) || GROUPS.has(first)) && rest.includes('only'))
  }
  return nodes.some(isOnly) ? found.map(({ name }) => ({ name, skipped: true })) : found
}

/** A test that a row names: an item of its list, with a link to the file, a colon, and the name. */
const REFERENCE = /^- \[[^\]]+\]\(([^)\s]+\.test\.ts)\): `([^`]+)`$/

/**
 * A row of the threat model: a heading of the fourth level, what it claims, and the items of its list of tests. Another
 * heading with such a list is a row, too.
 */
export interface Row {
  readonly heading: string
  readonly claim: string
  readonly tests: readonly string[]
}

/** The text below each heading of this level, up to the next one of the same level or a higher one. */
function partsOf(markdown: string, level: number): { heading: string; text: string }[] {
  const mark = `${'#'.repeat(level)} `
  const end = new RegExp(`^#{1,${level}} `)
  const parts: { heading: string; text: string }[] = []
  let isInside = false
  for (const line of markdown.split('\n')) {
    if (end.test(line)) isInside = line.startsWith(mark)
    const part = parts.at(-1)
    if (isInside && line.startsWith(mark)) parts.push({ heading: line.slice(mark.length).trim(), text: '' })
    else if (isInside && part) part.text += `${line}\n`
  }
  return parts
}

/** The rows of a document. All that stands after `Tests:` in a row is its list of tests. */
export function rowsOf(markdown: string): Row[] {
  const parts = markdown.split(/^(?=#+ )/m).map((part) => /^(#+) ([^\n]*)\n(.*)$/s.exec(part) ?? [])
  const rows = parts.filter(([, mark, , text = '']) => mark === '####' || /^Tests:$/m.test(text))
  return rows.map(([, , heading = '', text = '']) => {
    const [claim = '', ...rest] = text.split(/^Tests:$/m)
    return {
      heading: heading.trim(),
      claim: claim.trim(),
      tests: rest.flatMap((list) => list.split('\n').filter((line) => line.trim())),
    }
  })
}

/**
 * What is wrong with the tests that a document names. Each row has to make a claim and to name one test at least, each
 * of a file that exists, and none of them skipped. A chapter of "What stops what" has rows, and none of them in a table.
 */
export async function problemsWith(markdown: string, path: string): Promise<string[]> {
  const chapters = partsOf(markdown, 2)
    .filter(({ heading }) => heading === 'What stops what')
    .flatMap(({ text }) => partsOf(text, 3))
  const without = chapters.filter(({ text }) => rowsOf(text).length === 0)
  const tables = chapters.filter(({ text }) => /^\|/m.test(text))
  const rows = await Promise.all(rowsOf(markdown).map((row) => problemsOfRow(row, path)))
  return [
    ...without.map(({ heading }) => `${heading}: has no row`),
    ...tables.map(({ heading }) => `${heading}: has a table, in which no row is looked for`),
    ...rows.flat(),
  ]
}

async function problemsOfRow({ heading, claim, tests }: Row, path: string): Promise<string[]> {
  const problems = await Promise.all(tests.map((item) => problemsOfTest(item, path)))
  return [
    ...(claim === '' ? ['claims nothing'] : []),
    ...(tests.length === 0 ? ['names no test'] : []),
    ...problems.flat(),
  ].map((problem) => `${heading}: ${problem}`)
}

async function problemsOfTest(item: string, path: string): Promise<string[]> {
  const [, link, name] = REFERENCE.exec(item) ?? []
  if (!link || !name) return [`names no test in '${item}'`]
  const file = normalize(join(dirname(path), link))
  if (!existsSync(file)) return [`there is no ${file}`]
  const named = (await testsOf(file)).filter((test) => test.name === name)
  if (named.length === 0) return [`${file} has no test '${name}'`]
  return named.some(({ skipped }) => skipped) ? [`'${name}' of ${file} is skipped`] : []
}
