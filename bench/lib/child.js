// The inner end of a process that `processes.js` started.

import { answerCalls } from '../../test/support/calls.js'

/** What it was started with. */
export const options = JSON.parse(process.env.BENCH ?? '{}')

let aheadMs = 0
const systemNow = Date.now

/** What every process can be asked for. */
const common = {
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  /** What is alive on the heap. Needs --expose-gc. */
  heapBytes() {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  },
  /** Moves this process's time on, alike for every app: none of the peers takes a clock. */
  advance(/** @type {number} */ ms) {
    aheadMs += ms
    Date.now = () => systemNow() + aheadMs
  },
}

/**
 * Answers the calls that come in.
 *
 * @param {Record<string, (...args: any[]) => unknown>} methods
 * @param {object} [ready] told to whoever started this
 */
export function serve(methods, ready = {}) {
  answerCalls({ ...common, ...methods, stop: () => process.exit() }, ready)
}
