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

/** The tests of a file. Where one of them is an `only`, all are skipped but that: then nothing counts. */
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

/** A test that a row names: a link to its file, a colon, and its name. Further names follow after commas. */
const REFERENCE = /\[[^\]]+\]\(([^)\s]+\.test\.ts)\): ((?:`[^`]+`(?:, )?)+)/g

/**
 * What is wrong with the tests that a document names in tables whose last column is `Test`: each row has to name one at
 * least, each of a file that is there, and none of them skipped.
 */
export async function problemsWith(markdown: string, path: string): Promise<string[]> {
  const problems: string[] = []
  let inTable = false
  for (const line of markdown.split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .slice(1, line.lastIndexOf('|'))
          .split(/(?<!\\)\|/)
          .map((c) => c.trim())
      : []
    if (cells.length === 0) inTable = false
    else if (cells.at(-1) === 'Test') inTable = true
    else if (inTable && !/^-+$/.test(cells[0] ?? '')) problems.push(...(await problemsOfRow(cells, path)))
  }
  return problems
}

async function problemsOfRow(cells: readonly string[], path: string): Promise<string[]> {
  const [what = ''] = cells
  const references = [...(cells.at(-1) ?? '').matchAll(REFERENCE)]
  if (references.length === 0) return [`${what}: names no test`]
  const problems = references.map(async ([, link = '', names = '']) => {
    const file = normalize(join(dirname(path), link))
    if (!existsSync(file)) return [`${what}: there is no ${file}`]
    const tests = await testsOf(file)
    return [...names.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => {
      const named = tests.filter((test) => test.name === name)
      if (named.length === 0) return [`${what}: ${file} has no test '${name}'`]
      return named.some(({ skipped }) => skipped) ? [`${what}: '${name}' of ${file} is skipped`] : []
    })
  })
  return (await Promise.all(problems)).flat()
}
