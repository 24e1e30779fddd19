// The ratios as a picture: each with its interval, and the target as a mark. Pure.

import { number } from './table.js'

const LINE = 24
const LEFT = 470
const WIDTH = 960
const TOP = 56

const COLOURS = { met: '#1a7f37', 'within noise': '#9a6700', missed: '#cf222e', none: '#57606a' }

/** @param {readonly import('./table.js').Section[]} sections */
export function chart(sections) {
  const rows = sections.flatMap(({ rows }) => rows).filter(({ ratio }) => ratio !== undefined)
  const ratios = rows.flatMap(({ ratio, target = {} }) => [ratio?.low, ratio?.high, target.atLeast, target.atMost])
  const values = ratios.filter((value) => value !== undefined).filter((value) => value > 0)
  const [least, most] = [Math.min(0.5, ...values), Math.max(2, ...values)]
  // Twice as fast and half as fast are equally far from the middle.
  const x = (/** @type {number} */ ratio) =>
    LEFT + ((Math.log(ratio) - Math.log(least)) / (Math.log(most) - Math.log(least))) * (WIDTH - LEFT - 30)
  const height = TOP + rows.length * LINE + 16
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>passport-ilert beside its peers</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="12" y="20" font-size="14" fill="#1f2328">passport-ilert divided by its peer: the median, its 95 % interval, and the target (|)</text>`,
    ...axis(least, most).map(
      (tick) =>
        `<line x1="${px(x(tick))}" y1="${TOP - 10}" x2="${px(x(tick))}" y2="${height - 10}" stroke="${tick === 1 ? '#1f2328' : '#d0d7de'}"/>` +
        `<text x="${px(x(tick))}" y="${TOP - 14}" text-anchor="middle" fill="#57606a">${tick}</text>`,
    ),
    ...rows.map((row, i) => line(row, TOP + i * LINE + LINE / 2, x)),
    '</svg>\n',
  ].join('\n')
}

function axis(/** @type {number} */ least, /** @type {number} */ most) {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((tick) => tick >= least && tick <= most)
}

/**
 * @param {import('./rows.js').Row} row
 * @param {number} y
 * @param {(ratio: number) => number} x
 */
function line({ what, peer, ratio, target, verdict }, y, x) {
  const { median, low, high } = /** @type {NonNullable<typeof ratio>} */ (ratio)
  const colour = COLOURS[verdict ?? 'none']
  const goal = target?.atLeast ?? target?.atMost
  const better = target?.atMost === undefined ? '' : ', less is better'
  return [
    `<text x="12" y="${y + 4}" fill="#1f2328">${text(`${what}`)}${better}</text>`,
    `<line x1="${px(x(low))}" y1="${y}" x2="${px(x(high))}" y2="${y}" stroke="${colour}" stroke-width="3"/>`,
    `<circle cx="${px(x(median))}" cy="${y}" r="5" fill="${colour}"><title>${text(`${what}, against ${peer}: ${number(median)}`)}</title></circle>`,
    ...(goal === undefined
      ? []
      : [
          `<line x1="${px(x(goal))}" y1="${y - 8}" x2="${px(x(goal))}" y2="${y + 8}" stroke="#1f2328" stroke-width="2"/>`,
        ]),
  ].join('')
}

function px(/** @type {number} */ value) {
  return value.toFixed(1)
}

function text(/** @type {string} */ value) {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')
}
