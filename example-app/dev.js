/* `npm run dev`: compiles on every change, and restarts the app whenever something was compiled. */
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const run = (...args) => spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: 'inherit' })

// Once beforehand, so that there is something to start.
spawnSync(process.execPath, [tsc], { cwd: import.meta.dirname, stdio: 'inherit' })
const children = [
  run(tsc, '--watch', '--preserveWatchOutput'),
  run('--watch', '--enable-source-maps', 'dist/server.js'),
]

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal)
  })
}
