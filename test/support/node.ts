import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Runs code that may import this repository's TypeScript in plain Node, where an unhandled rejection ends the process. */
export function startNode(code: string, env: Record<string, string>): ChildProcess {
  const require = createRequire(import.meta.url)
  const swc = JSON.stringify(pathToFileURL(require.resolve('@swc/core')).href)
  const loader = `
    import { readFile } from 'node:fs/promises'
    import swc from ${swc}
    const jsc = { target: 'es2023', parser: { syntax: 'typescript' } }
    export async function load(url, context, next) {
      if (!url.endsWith('.ts')) return next(url, context)
      const { code } = await swc.transform(await readFile(new URL(url), 'utf8'), { jsc, module: { type: 'es6' } })
      return { format: 'module', shortCircuit: true, source: code }
    }`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataURL(loader))})`
  return spawn(process.execPath, ['--import', dataURL(register), '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env, NODE_OPTIONS: '' },
  })
}

function dataURL(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
