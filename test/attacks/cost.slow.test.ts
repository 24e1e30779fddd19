/*
 * What texts from outside cost: whatever they are, each reader is done with the longest that can reach it before another
 * request would notice. test/attacks/redos.slow.test.ts looks at expressions; this looks at time, and
 * test/attacks/text-readers.test.ts sees to it that no reader is missing here.
 */
import { SHAPES } from '../fuzz/generators/shapes.ts'
import { READERS } from '../fuzz/readers.ts'
import { tooMuchWork } from '../fuzz/work.ts'

it.each(READERS)('$name takes no more than 50 ms, of whatever shape it is', async ({ longest, read, written }) => {
  const slow: string[] = []
  for (const [shape, textOf] of SHAPES) {
    // Shorter ones first: what is slow would take minutes with the longest.
    for (const part of [64, 8, 1]) {
      const text = written(textOf(Math.floor(longest / part)))
      const why = await tooMuchWork(() => read(text))
      if (!why) continue
      slow.push(`${shape} ${why}`)
      break
    }
    if (slow.length === 5) break
  }
  expect(slow).toEqual([])
})

it.each<[string, number, (text: string) => unknown]>([
  ['compares all with all', 256, (text) => text.split(' ').map((word, i, words) => words.indexOf(word) < i)],
  ['looks back from everywhere', 64, (text) => /\s+$/.test(text)],
])('a reader that %s is found, with %d KB', async (_, kB, read) => {
  for (const textOf of SHAPES.values()) {
    const text = textOf(kB * 1024)
    if (await tooMuchWork(() => read(text))) return
  }
  throw new Error('no shape makes it slow')
})
