// The inner end of a process that `processes.js` started.

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
  /** @type {Record<string, (...args: any[]) => unknown>} */
  const all = { ...common, ...methods }
  const obey = async (/** @type {any} */ { id, method, args }) => {
    if (method === 'stop') process.exit()
    try {
      process.send?.({ id, result: await all[method](...args) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.stack : String(error) })
    }
  }
  process.on('message', (order) => void obey(order))
  process.on('disconnect', () => process.exit())
  process.send?.({ ready })
}
