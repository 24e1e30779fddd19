import { setTimeout as sleep } from 'node:timers/promises'

export { sleep }

/** Tries again until nothing is thrown; then throws what was thrown last. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 15_000): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(100)
    }
  }
}
