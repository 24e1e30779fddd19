import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, median, medianInterval, quantile, ratios } from './statistics.js'

const oneTo = (n) => Array.from({ length: n }, (_, i) => i + 1)
const shuffled = [7, 1, 9, 3, 10, 2, 8, 4, 6, 5]

test('the median is the middle, or between the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median(shuffled), 5.5)
  assert.equal(median([4]), 4)
  assert.throws(() => median([]), RangeError)
})

test('a quantile is one of the values', () => {
  assert.equal(quantile(oneTo(200), 0.99), 198)
  assert.equal(quantile(shuffled, 0.5), 5)
  assert.equal(quantile(shuffled, 0), 1)
  assert.equal(quantile(shuffled, 1), 10)
  assert.throws(() => quantile([], 0.5), RangeError)
})

// The ranks of the sign test's interval, as tables have them.
for (const [n, low, high] of [
  [5, 1, 5],
  [6, 1, 6],
  [8, 1, 8],
  [9, 2, 8],
  [10, 2, 9],
  [12, 3, 10],
  [15, 4, 12],
  [20, 6, 15],
  [25, 8, 18],
]) {
  test(`the interval of ${n} values goes from number ${low} to number ${high}`, () => {
    assert.deepEqual(medianInterval(oneTo(n)), { median: (n + 1) / 2, low, high })
  })
}

test('the interval holds the true median at least 19 times of 20, whatever the distribution', () => {
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const skewed = () => Math.exp(4 * random()) // its median is e squared
  let held = 0
  for (let i = 0; i < 4000; i++) {
    const { low, high } = medianInterval(Array.from({ length: 12 }, skewed))
    if (low <= Math.E ** 2 && Math.E ** 2 <= high) held++
  }
  assert.ok(held >= 3800, `${held} of 4000`)
})

test('ratios are those of each round', () => {
  assert.deepEqual(ratios([2, 9], [1, 3]), [2, 3])
  assert.throws(() => ratios([1], [1, 2]), RangeError)
})

test('a target is missed only where the whole interval misses it', () => {
  const interval = { median: 1, low: 0.9, high: 1.1 }
  assert.equal(judge(interval, { atLeast: 1 }), 'met')
  assert.equal(judge(interval, { atLeast: 1.05 }), 'within noise')
  assert.equal(judge(interval, { atLeast: 1.1 }), 'within noise')
  assert.equal(judge(interval, { atLeast: 1.2 }), 'missed')
  assert.equal(judge(interval, { atMost: 1 }), 'met')
  assert.equal(judge(interval, { atMost: 0.95 }), 'within noise')
  assert.equal(judge(interval, { atMost: 0.8 }), 'missed')
  assert.equal(judge({ median: 1, low: 1, high: 1 }, { atLeast: 1, atMost: 1 }), 'met')
  assert.equal(judge({ median: 2, low: 2, high: 2 }, { atLeast: 1, atMost: 1 }), 'missed')
})
