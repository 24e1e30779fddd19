/* What npm itself says of the lock files. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

it.each(['.', 'bench', 'tools/api'])('npm misses nothing in the lock file of %s', async (cwd) => {
  await promisify(execFile)('npm', ['ls', '--all', '--package-lock-only'], { cwd, maxBuffer: 2 ** 24 })
})
