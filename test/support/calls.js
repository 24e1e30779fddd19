// The inner end of a process that `processes.js` has started.
// @ts-check

/**
 * Says that the process is ready, and runs what it is asked for from then on. It ends with the process that started it.
 *
 * @param {Record<string, (...args: any[]) => unknown>} methods
 * @param {object} [ready] what is told to that process
 */
export function answerCalls(methods, ready = {}) {
  /** @param {{ id: number, method: string, args: unknown[] }} call */
  const answer = async ({ id, method, args }) => {
    try {
      const run = methods[method]
      if (!run) throw new TypeError(`There is no method '${method}'.`)
      process.send?.({ id, result: await run(...args) })
    } catch (error) {
      const { name, code, status, message, stack } = /** @type {Error & { code?: string, status?: number }} */ (error)
      process.send?.({ id, error: { name, code, status, message, stack } })
    }
  }
  process.on('message', (call) => void answer(/** @type {any} */ (call)))
  process.on('disconnect', () => process.exit(1))
  process.send?.({ ready })
}

/**
 * Tells the process that has started this one that something has happened.
 *
 * @param {string} event
 */
export function say(event) {
  process.send?.({ event })
}
