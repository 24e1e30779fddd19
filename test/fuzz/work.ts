import { SHAPES } from './generators/shapes.ts'

/** How long a single input may keep a process busy. */
export const MOST_WORK_MS = 50

/** Tried so often: a machine that does something else meanwhile, or that collects garbage just then, is no failure. */
const TRIES = 8

/**
 * What takes longest of all that the engine does alone: JSON with as many names as fit into a MiB. 35 to 45 ms here; on a
 * machine that takes longer for it everything else may, too.
 */
const YARDSTICK = SHAPES.get('many fields')?.(1024 * 1024) ?? ''
const IN_YARDSTICKS = 1.5

/** What is too much for `work`, in words; undefined if it is not. `mostMs`: how long it may keep a process busy. */
export async function tooMuchWork(work: () => unknown, mostMs: number = MOST_WORK_MS): Promise<string | undefined> {
  const ms = await leastOf(work, mostMs)
  if (ms < mostMs) return undefined
  const yardsticks = (IN_YARDSTICKS * mostMs) / MOST_WORK_MS
  const limit = Math.max(mostMs, yardsticks * (await leastOf(() => JSON.parse(YARDSTICK), 0)))
  return ms < limit ? undefined : `took ${Math.round(ms)} ms of work; ${Math.round(limit)} are allowed`
}

/** Milliseconds of work, whatever the time that passes meanwhile: the least of some tries, or the first below `enough`. */
async function leastOf(work: () => unknown, enough: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && least >= enough; tries++) {
    const began = process.cpuUsage()
    try {
      await work()
    } catch {
      // is an answer as well
    }
    const { user, system } = process.cpuUsage(began)
    least = Math.min(least, (user + system) / 1000)
    if (least > 1000) break // no try will change that
  }
  return least
}
