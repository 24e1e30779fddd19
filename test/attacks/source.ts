import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Module, parse } from '@swc/core'

/** A node of a syntax tree, whatever it is. */
export type Node = { readonly type: string; readonly span?: { start: number; end: number } } & Record<string, unknown>

export interface SourceFile {
  readonly path: string
  readonly nodes: Node[]
  /** The text of a node. */
  textOf(node: Node): string
}

/** Every TypeScript file below a folder, parsed. */
export async function sourceFiles(folder: string): Promise<SourceFile[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.ts')).sort()
  return await Promise.all(paths.map((path) => sourceFile(join(folder, path))))
}

/** A TypeScript file, parsed. */
export async function sourceFile(path: string): Promise<SourceFile> {
  const text = await readFile(path)
  const tree: Module = await parse(text.toString(), { syntax: 'typescript', target: 'es2023' })
  const nodes: Node[] = []
  collect(tree, nodes)
  // Spans count bytes, from 1.
  return { path, nodes, textOf: ({ span }) => (span ? text.subarray(span.start - 1, span.end - 1).toString() : '') }
}

function collect(value: unknown, nodes: Node[]): void {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value && typeof value.type === 'string') nodes.push(value as Node)
  for (const child of Object.values(value)) collect(child, nodes)
}
