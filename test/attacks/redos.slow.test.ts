import { check } from 'recheck'
import { type Node, type SourceFile, sourceFiles } from './source.ts'

const isRegExp = ({ type }: Node) => type === 'RegExpLiteral'
/** `new RegExp(…)`, `RegExp(…)` and `RegExp` handed on: expressions that are not there to be checked. */
const isConstructor = (node: Node) => node.type === 'Identifier' && node.value === 'RegExp'

const files = await sourceFiles('src')
const literals = (file: SourceFile) =>
  file.nodes
    .filter(isRegExp)
    .map((node) => [`${file.path} ${file.textOf(node)}`, String(node.pattern), String(node.flags)] as const)

it.each(files.flatMap(literals))('takes no more than linear time: %s', async (_, pattern, flags) => {
  // With the text that takes long, or the reason why it cannot be told.
  expect(await check(pattern, flags, { timeout: 60_000 })).toMatchObject({
    status: 'safe',
    complexity: { type: expect.stringMatching(/^(?:safe|linear)$/) },
  })
})

it('there is no expression in src that is put together when it runs', () => {
  expect(files.flatMap((file) => file.nodes.filter(isConstructor).map(() => file.path))).toEqual([])
})

it('every expression of src was looked at, and one that takes long is found', async () => {
  expect(files.length).toBeGreaterThan(80)
  expect(files.flatMap(literals).length).toBeGreaterThan(60)
  for (const pattern of ['^(a+)+$', '<input [^>]*>', '\\s+$', '^(?:a|a)*b$']) {
    expect((await check(pattern, 'g')).status).toBe('vulnerable')
  }
})
