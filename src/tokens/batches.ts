/** How many records are worked on at the same time. */
const BATCH = 20

/**
 * Works on items, a few at the same time, and holds no more of them than that. Resolves to false if it was stopped before
 * the last one: what had begun is done then. Rejects as the work does.
 */
export async function inBatches<T>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let batch: T[] = []
  for await (const item of items) {
    if (signal?.aborted) return false
    batch.push(item)
    if (batch.length < BATCH) continue
    await Promise.all(batch.map(work))
    batch = []
  }
  if (signal?.aborted) return false
  await Promise.all(batch.map(work))
  return true
}
