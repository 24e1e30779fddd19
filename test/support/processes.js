// The processes of an app, for tests, for the soak and for the bench: this is the end that starts them and asks them for
// things by messages. `calls.js` is the other end. In JavaScript, since the bench runs it as it is.
// @ts-check
import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'

/**
 * @typedef {object} Child
 * @property {any} ready what it said when it was ready
 * @property {boolean} isGone
 * @property {Promise<number | null>} exited with its code; null after a signal
 * @property {(method: string, ...args: unknown[]) => Promise<any>} call has a method of the process run. Rejects with its
 *   error, or if the process ends first
 * @property {(event: string) => Promise<unknown>} said resolves when the process says that this has happened
 * @property {(signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>} end resolves once it has ended
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a module, and waits until it is ready.
 *
 * @param {string} path of the module
 * @param {{ name: string, env: NodeJS.ProcessEnv, execArgv?: string[] }} options `name`: for errors
 * @returns {Promise<Child>}
 */
export async function startChild(path, { name, env, execArgv = [] }) {
  const child = fork(path, [], { execArgv, env })
  running.add(child)
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  const calls = new Map()
  const events = new EventEmitter()
  let isGone = false
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    isGone = true
    for (const { reject } of calls.values()) reject(new Error(`${name} ended with ${code}.`))
    return /** @type {number | null} */ (code)
  })

  const ready = await new Promise((resolve, reject) => {
    exited.then((code) => reject(new Error(`${name} ended with ${code} before it was ready.`)), reject)
    child.on('message', (/** @type {any} */ { ready, event, id, result, error }) => {
      if (ready) return resolve(ready)
      if (event) return events.emit(event)
      const call = calls.get(id)
      calls.delete(id)
      if (error) call?.reject(Object.assign(new Error(), error))
      else call?.resolve(result)
    })
  })

  let last = 0
  return {
    ready,
    exited,
    get isGone() {
      return isGone
    },
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        if (isGone) return reject(new Error(`${name} has ended.`))
        last += 1
        calls.set(last, { resolve, reject })
        child.send({ id: last, method, args })
      }),
    said: (event) => once(events, event),
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}
