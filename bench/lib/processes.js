// Processes of their own for whatever is measured, so that none pays for another's work.

import { fileURLToPath } from 'node:url'
import { startChild } from '../../test/support/processes.js'

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/**
 * @typedef {object} Child
 * @property {any} ready what it said when it was
 * @property {(method: string, ...args: any[]) => Promise<any>} call
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a module of bench/ and waits until it is ready. With BENCH_PROFILE naming a folder, every process whose module's
 * path contains BENCH_PROFILE_ONLY leaves a CPU profile there.
 *
 * @param {string} module its path in bench/
 * @param {object} [options]
 * @param {string[]} [execArgv]
 * @returns {Promise<Child>}
 */
export async function start(module, options = {}, execArgv = []) {
  const { BENCH_PROFILE: folder, BENCH_PROFILE_ONLY: only = 'apps/' } = process.env
  const profiling = folder && module.includes(only) ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []
  const child = await startChild(fileURLToPath(new URL(`../${module}`, import.meta.url)), {
    name: module,
    execArgv: [...execArgv, ...profiling],
    env: { ...process.env, NODE_ENV: 'production', BENCH: JSON.stringify(options) },
  })
  return {
    ready: child.ready,
    call: child.call,
    async stop() {
      child.call('stop').catch(() => {}) // it ends without an answer, and leaves its profile
      await child.exited
    },
  }
}
