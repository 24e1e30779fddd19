/* Which functions of src work on texts, and which of them a piece of work runs through. */
import { Session } from 'node:inspector/promises'
import { type Node, type SourceFile, sourceFiles } from './source.ts'

/** Methods and functions that look through a text from one end to the other. */
const WORKS_ON_TEXT =
  /^(?:split|match|matchAll|replace|replaceAll|exec|test|search|parse|decodeURIComponent|charCodeAt)$/
const READERS = new Set(['URL', 'URLSearchParams', 'TextDecoder'])
const FUNCTIONS = new Set(['FunctionDeclaration', 'ClassMethod', 'PrivateMethod', 'Constructor', 'VariableDeclarator'])

/** `folder/file.ts name` of each function that works on texts. */
export async function textWork(folders: readonly string[]): Promise<string[]> {
  const files = (await Promise.all(folders.map(sourceFiles))).flat()
  return [...new Set(files.flatMap((file) => workersOf(file).map((name) => `${file.path} ${name}`)))].sort()
}

function workersOf({ nodes }: SourceFile): string[] {
  const functions = nodes.filter(
    ({ type, init }) => FUNCTIONS.has(type) && (type !== 'VariableDeclarator' || isFunction(init)),
  )
  return nodes.filter(worksOnText).flatMap(({ span }) => {
    const around = functions.filter(
      (each) => each.span && span && each.span.start <= span.start && span.end <= each.span.end,
    )
    const [inner] = around.sort((a, b) => (b.span?.start ?? 0) - (a.span?.start ?? 0))
    return inner ? [nameOf(inner)] : [] // else it is done once, when the module is loaded
  })
}

function worksOnText(node: Node): boolean {
  if (node.type === 'NewExpression') return READERS.has(String((node.callee as Node).value))
  if (node.type !== 'CallExpression') return false
  const callee = node.callee as Node & { property?: Node }
  if (callee.property?.type === 'PrivateName') return false
  return WORKS_ON_TEXT.test(String(callee.property?.value ?? callee.value))
}

function isFunction(node: unknown): boolean {
  return ['ArrowFunctionExpression', 'FunctionExpression'].includes((node as Node | undefined)?.type ?? '')
}

function nameOf({ type, identifier, key, id }: Node): string {
  if (type === 'Constructor') return 'constructor'
  const named = (identifier ?? key ?? id) as Node & { id?: Node }
  const name = String(named.value ?? named.name)
  return type === 'PrivateMethod' ? `#${name}` : name
}

/** `folder/file.ts name` of each function of src that `work` runs. */
export async function functionsRunBy(work: () => Promise<void>): Promise<Set<string>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  await session.post('Profiler.stopPreciseCoverage')
  session.disconnect()
  const run = result.flatMap(({ url, functions }) => {
    const path = /\bsrc\/[\w/-]+\.ts$/.exec(url)?.[0]
    return functions
      .filter(({ ranges }) => ranges.some(({ count }) => count > 0))
      .map((each) => `${path} ${each.functionName}`)
  })
  return new Set(run)
}
