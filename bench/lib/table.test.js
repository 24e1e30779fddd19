import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chart } from './chart.js'
import { alone, compared, digits } from './rows.js'
import { table } from './table.js'

const ten = Array.from({ length: 10 }, (_, i) => 100 + i)
const row = compared({
  what: 'requests & more',
  peer: 'a <peer>',
  ours: ten.map((value) => 2 * value),
  theirs: ten,
  show: digits,
  target: { atLeast: 3 },
})

test('a row has the ratio first, with its interval, its target and whether it is reached', () => {
  const markdown = table([{ title: 'Section', rows: [row, alone({ what: 'ours', values: [1, 1], show: digits })] }])
  const [, , , , first, second] = markdown.split('\n')
  assert.equal(first, '| requests & more | **2** (2 to 2) | at least 3 | missed | 209 | a <peer> | 105 |')
  assert.equal(second, '| ours |  |  |  | 1 |  |  |')
})

test('the chart has a mark for each ratio and for its target, and is well-formed', () => {
  const svg = chart([{ title: 'Section', rows: [row, { what: 'no ratio', ours: '1' }] }])
  assert.equal(svg.match(/<circle/g)?.length, 1)
  assert.match(svg, /requests &amp; more, against a &lt;peer>: 2/)
  assert.doesNotMatch(svg, /NaN|undefined/)
})

test('numbers have the digits that mean something', () => {
  assert.deepEqual([0, 0.123456, 12.345, 999.9, 1234.5, 1_234_567].map(digits), [
    '0',
    '0.123',
    '12.3',
    '1000',
    '1 235',
    '1 234 567',
  ])
})
