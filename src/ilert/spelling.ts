/*
 * What a misspelt name most likely means.
 */

/** Longer names are cut: comparing takes time that grows with both. */
const LONGEST = 40

/**
 * The known name that is nearest to `word`; undefined if none resembles it. Case, hyphens and underscores make no
 * difference, so `client_id` and `clientId` mean `clientID`. Of two that are as near, the first.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word)
  const measured = known.map((name) => ({ name, away: distance(wanted, plain(name)) }))
  const [best] = measured.sort((a, b) => a.away - b.away)
  if (best && best.away < 2) return best.name
  // `secret` for `clientSecret`; three letters are a part of too much.
  const whole = wanted.length > 3 ? known.find((name) => plain(name).includes(wanted)) : undefined
  const isNear = best && best.away <= Math.ceil(Math.max(wanted.length, plain(best.name).length) / 3)
  return whole ?? (isNear ? best.name : undefined)
}

/** Levenshtein's distance: how many letters must be put in, taken out or replaced. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    row = next
  }
  return row[b.length] ?? 0
}

function plain(name: string): string {
  return name
    .slice(0, LONGEST)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}
