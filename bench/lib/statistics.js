// What the numbers say. Pure.

/** The value below which the share `p` of the values is (nearest rank). */
export function quantile(/** @type {readonly number[]} */ values, /** @type {number} */ p) {
  if (values.length === 0) throw new RangeError('quantile: expected a value.')
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]
}

export function median(/** @type {readonly number[]} */ values) {
  if (values.length === 0) throw new RangeError('median: expected a value.')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The median with its 95 % interval from order statistics: whatever the distribution, each value is as likely above the
 * true median as below, so that their number below it is binomial. From the kth smallest to the kth largest value, with
 * the largest k for which less than 2.5 % are outside on either side; with fewer than 6 values there is no such k, and the
 * interval is all there is.
 *
 * @param {readonly number[]} values
 * @returns {{ median: number, low: number, high: number }}
 */
export function medianInterval(values) {
  const n = values.length
  const sorted = values.toSorted((a, b) => a - b)
  let k = 0
  let probability = 0.5 ** n
  for (let below = probability; below <= 0.025; below += probability) {
    k++
    probability *= (n - k + 1) / k
  }
  const index = Math.max(0, k - 1)
  return { median: median(values), low: sorted[index], high: sorted[n - 1 - index] }
}

/** Each value of `a` divided by its partner of the same round. */
export function ratios(/** @type {readonly number[]} */ a, /** @type {readonly number[]} */ b) {
  if (a.length !== b.length) throw new RangeError('ratios: expected pairs.')
  return a.map((value, i) => value / b[i])
}

/**
 * Whether a target is reached. It counts as missed only where the whole interval misses it; where the interval has it
 * inside and the median misses it, the noise is too loud to tell.
 *
 * @param {{ median: number, low: number, high: number }} interval
 * @param {{ atLeast?: number, atMost?: number }} target
 * @returns {'met' | 'within noise' | 'missed'}
 */
export function judge({ median, low, high }, { atLeast = -Infinity, atMost = Infinity }) {
  if (median >= atLeast && median <= atMost) return 'met'
  return high < atLeast || low > atMost ? 'missed' : 'within noise'
}
