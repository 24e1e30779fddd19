/* `npm run dev`: compiles on every change, and restarts the app whenever something was compiled. */
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const cwd = import.meta.dirname
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const windows = process.platform === 'win32'

// Once beforehand, so that there is something to start.
spawnSync(process.execPath, [tsc], { cwd, stdio: 'inherit' })

// Each in a group of its own, since tsc starts another process, which would stay behind.
const stdio = ['ignore', 'inherit', 'inherit']
const children = [
  [tsc, '--watch', '--preserveWatchOutput'],
  ['--watch', 'dist/server.js'],
].map((args) => spawn(process.execPath, args, { cwd, stdio, detached: !windows }))

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const { pid } of children) process.kill(windows ? pid : -pid, signal)
  })
}
