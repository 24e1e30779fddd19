// Processes of their own for whatever is measured, so that none pays for another's work.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
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
  const child = fork(fileURLToPath(new URL(`../${module}`, import.meta.url)), [], {
    execArgv: [...execArgv, ...profiling],
    env: { ...process.env, NODE_ENV: 'production', BENCH: JSON.stringify(options) },
  })
  running.add(child)
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    for (const { reject } of calls.values()) reject(new Error(`${module} ended with ${code}.`))
    return code
  })
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const calls = new Map()
  let last = 0
  const ready = await new Promise((resolve, reject) => {
    void exited.then((code) => reject(new Error(`${module} ended with ${code} before it was ready.`)))
    child.on('message', (/** @type {any} */ { ready, id, result, error }) => {
      if (ready) return resolve(ready)
      const call = calls.get(id)
      calls.delete(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(`${module}: ${error}`))
    })
  })
  const call = (/** @type {string} */ method, /** @type {any[]} */ ...args) =>
    new Promise((resolve, reject) => {
      last += 1
      calls.set(last, { resolve, reject })
      child.send({ id: last, method, args })
    })
  return {
    ready,
    call,
    async stop() {
      child.send({ method: 'stop' })
      await exited
    },
  }
}
