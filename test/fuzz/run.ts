import fc from 'fast-check'
import type { Branch, Target } from './target.ts'

export interface Fed {
  readonly runs: number
  readonly seed: number
  /** Of a failure that is to be seen again. */
  readonly path?: string | undefined
}

export type Counts = Record<Branch, number>

/** Feeds one target. Adds to `counts`. @throws Error which says how to see the failure again */
export async function feed({ name, property }: Target, { runs, seed, path }: Fed, counts: Counts): Promise<void> {
  const count = (branch: Branch) => {
    counts[branch] += 1
  }
  const result = await fc.check(property(count), { numRuns: runs, seed, ...(path && { path, endOnFailure: true }) })
  if (!result.failed) return
  const again = `FUZZ_TARGET='${name}' FUZZ_SEED=${seed} FUZZ_PATH=${result.counterexamplePath} npm run fuzz`
  const input = shown(fc.stringify(result.counterexample?.[0]))
  const error = result.errorInstance as Error | undefined
  throw new Error(`${name}: ${error?.message}\n  with ${input}\n  again: ${again}`, { cause: error })
}

/** How many inputs each of them gets of so many. */
export function shares(targets: readonly Target[], total: number): Map<Target, number> {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  return new Map(targets.map((target) => [target, Math.ceil((total * target.weight) / weights)]))
}

function shown(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text
}
