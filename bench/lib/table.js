// The results as Markdown. Pure.

/** @typedef {{ title: string, rows: import('./rows.js').Row[] }} Section */

/** @param {readonly Section[]} sections */
export function table(sections) {
  return sections
    .map(({ title, rows }) => {
      const lines = rows.map((row) => `| ${cells(row).join(' | ')} |`)
      return [`### ${title}`, '', HEADER, ...lines].join('\n')
    })
    .join('\n\n')
}

const HEADER = [
  '| what | ratio, 95 % interval | target | | passport-ilert | compared with | theirs |',
  '| --- | --- | --- | --- | --- | --- | --- |',
].join('\n')

function cells(/** @type {import('./rows.js').Row} */ { what, ratio, value, target, verdict, ours, peer, theirs }) {
  const interval = ratio ? `**${number(ratio.median)}** (${number(ratio.low)} to ${number(ratio.high)})` : ''
  const between = value && value.low !== value.high ? ` (${number(value.low)} to ${number(value.high)})` : ''
  return [what, interval, wanted(target), verdict ?? '', `${ours}${between}`, peer ?? '', theirs ?? '']
}

function wanted(/** @type {{ atLeast?: number, atMost?: number } | undefined} */ target) {
  if (!target) return ''
  const { atLeast, atMost } = target
  if (atLeast === atMost) return `${atLeast}`
  return atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
}

/** Three digits are more than most measurements are good for. */
export function number(/** @type {number} */ value) {
  return value === 0 ? '0' : String(Number(value.toPrecision(3)))
}
