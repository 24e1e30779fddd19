import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves once it is true. */
export async function lasting(isTrue: () => boolean | Promise<boolean>, what: string, ms = 60_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await sleep(5)
  }
}

/** Does it with each, so many at a time. */
export async function each<T>(list: readonly T[], atOnce: number, work: (one: T) => Promise<unknown>): Promise<void> {
  const rest = list.values()
  const line = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: atOnce }, line))
}
