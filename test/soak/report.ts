import { isRough } from './day.ts'
import { PROMISES, type Promised } from './judge.ts'
import type { World } from './world.ts'

const MiB = 1024 * 1024

/** The heaps, after garbage was collected, of the processes that are never restarted. */
export type Heaps = Readonly<Record<string, number>>

export async function heapsOf({ steady }: World): Promise<Heaps> {
  return Object.fromEntries(
    await Promise.all(steady.map(async (worker) => [worker.name, await worker.call<number>('heap')] as const)),
  )
}

/** What a day came to, in one line. */
export function dayLine(world: World, number: number, seconds: number, heaps: Heaps): string {
  const { counts, ilert } = world
  const columns = [
    `day ${String(number).padStart(3)}`,
    `${seconds.toFixed(0).padStart(4)} s`,
    (isRough(number) ? 'reuse, rough' : 'rotate').padEnd(12),
    `requests ${String(counts.requests).padStart(7)}`,
    `refreshes ${String(ilert.seen.refreshes).padStart(7)}`,
    `sign-ins ${String(counts.signedIn).padStart(6)}`,
    `told to wait ${String(counts.toldToWait).padStart(5)}`,
    `heap ${Object.values(heaps).map(inMiB).join(' + ')} MiB`,
  ]
  return columns.join('   ')
}

/** All in all. */
export function summary(world: World, days: number, seconds: number, first: Heaps, last: Heaps): string {
  const { counts, ilert, judge, people, settings } = world
  const { mostTokens, shortestGapMs, refreshes, signIns } = ilert.seen
  const gap = Number.isFinite(shortestGapMs) ? `${Math.round(shortestGapMs / 1000)} s` : 'none'
  const rows: [string, string | number][] = [
    ['simulated days', days],
    ['real time', `${(seconds / 60).toFixed(1)} min`],
    ['seed', settings.seed],
    ['people', people.length],
    ['requests', counts.requests],
    ['sign-ins (at ilert)', `${counts.signedIn} (${signIns})`],
    ['sign-outs', counts.signedOut],
    ['refreshes', refreshes],
    ['shortest time between two of a grant', gap],
    ['most refresh tokens of one user', mostTokens],
    ['faults of ilert', counts.faults],
    ['Redis away', counts.redisAway],
    ['processes restarted, killed', `${counts.restarts}, ${counts.kills}`],
    ['answers 503', counts.toldToWait],
    ...Object.entries(last).map(([name, bytes]): [string, string] => [
      `heap of ${name}, first and last day`,
      `${inMiB(first[name] ?? 0)}, ${inMiB(bytes)} MiB (${percent(first[name] ?? 0, bytes)})`,
    ]),
  ]
  const table = rows.map(([name, value]) => `${name.padEnd(38)} ${value}`)
  const verdicts = Object.entries(PROMISES).map(([promised, text]) => {
    const broken = judge.broken.get(promised as Promised)?.length ?? 0
    return `${broken === 0 ? 'held  ' : 'BROKEN'}  ${text}${broken === 0 ? '' : ` (${broken} times)`}`
  })
  return ['', ...table, '', ...verdicts, ''].join('\n')
}

export function percent(before: number, after: number): string {
  const change = (after / before - 1) * 100
  return `${change < 0 ? '' : '+'}${change.toFixed(1)} %`
}

function inMiB(bytes: number): string {
  return (bytes / MiB).toFixed(1)
}
