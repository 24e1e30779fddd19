/** Several processes on a busy machine take their time. */
const PATIENCE_MS = 45_000

/** Asks again and again until it is true: for what happens behind a request, or in another process. */
export async function until(isTrue: () => unknown, what: string = isTrue.toString()): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
