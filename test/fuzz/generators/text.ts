/* Valid texts with a few things wrong with them: noise alone never gets past the first check of a parser. */
import fc from 'fast-check'

/** What parsers stumble over. */
const HOSTILE = [
  ...[
    '\u0000',
    '\r\n',
    '\t',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u202e',
    '\ufeff',
    '\ud800',
    '\udfff',
    '\u{1f4a5}',
  ],
  ...[
    '%',
    '%0',
    '%00',
    '%0d%0a',
    '%25',
    '%2e',
    '%2e%2e',
    '%2f',
    '%5c',
    '%3b',
    '%zz',
    '%u002e',
    '%c0%ae',
    '\uff0e',
    '\u2024',
  ],
  ...[
    '.',
    '..',
    '/',
    '//',
    '/..',
    '/../',
    '/./',
    '\\',
    '..;',
    ';',
    ':',
    '@',
    '?',
    '#',
    '&',
    '=',
    ',',
    ' ',
    '  ',
    '"',
    "'",
    '`',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'null', 'undefined', 'NaN', 'true', '[]', '{}', '$&', '$1'],
  ...['-1', '-0', '1e309', '0x10', '9007199254740993', '99999999999999999999', '1.5', 'Infinity'],
  ...['http://', 'https://evil.example', '//evil.example', 'javascript:', 'data:', 'localhost', '127.0.0.1', '[::1]'],
] as const

type Edit = (text: string) => string

/** Any code units, halves of pairs too. Not fast-check's strings, which begin with a table of all of Unicode. */
const noise = fc
  .array(fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff })), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units))

const place = fc.nat({ max: 0xffff })

function at(text: string, where: number): number {
  return Math.floor((where / 0x10000) * (text.length + 1))
}

/** One thing that goes wrong with a text. */
export const edits: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(place, fc.constantFrom(...HOSTILE)).map(
      ([where, what]): Edit =>
        (text) => {
          const i = at(text, where)
          return text.slice(0, i) + what + text.slice(i)
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(place, fc.nat({ max: 7 })).map(
      ([where, bit]): Edit =>
        (text) => {
          const i = at(text, where)
          const flipped = i < text.length ? String.fromCharCode(text.charCodeAt(i) ^ (1 << bit)) : ''
          return text.slice(0, i) + flipped + text.slice(i + 1)
        },
    ),
  },
  {
    weight: 2,
    arbitrary: place.map(
      (where): Edit =>
        (text) =>
          text.slice(0, at(text, where)),
    ),
  },
  {
    weight: 1,
    arbitrary: place.map(
      (where): Edit =>
        (text) =>
          text.slice(at(text, where)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, place).map(
      ([from, to]): Edit =>
        (text) => {
          const [i, j] = [at(text, Math.min(from, to)), at(text, Math.max(from, to))]
          return text.slice(0, j) + text.slice(i)
        },
    ),
  },
  { weight: 1, arbitrary: fc.constant<Edit>((text) => text + text) },
  { weight: 1, arbitrary: fc.constant<Edit>((text) => text.toUpperCase()) },
  {
    weight: 1,
    arbitrary: fc.tuple(place, noise).map(
      ([where, what]): Edit =>
        (text) => {
          const i = at(text, where)
          return text.slice(0, i) + what + text.slice(i)
        },
    ),
  },
)

/** A long run of one thing: what takes a careless regular expression an age. */
const longRun: fc.Arbitrary<Edit> = fc
  .tuple(
    place,
    fc.constantFrom('a', ' ', '=', '-', '.', '/', '%', 'a=', 'a ', 'ab:', '../', ', ', '\\u00', '\u{1f4a5}'),
    fc.integer({ min: 100, max: 8000 }),
  )
  .map(([where, what, times]) => (text) => {
    const i = at(text, where)
    return text.slice(0, i) + what.repeat(times) + text.slice(i)
  })

/** `valid` as it is, or with some edits, or, rarely, with a long run in it, or nothing of the kind. */
export function mutated(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edited = (most: number) =>
    fc
      .tuple(valid, fc.array(edits, { minLength: 1, maxLength: most }))
      .map(([text, list]) => list.reduce((t, e) => e(t), text))
  return fc.oneof(
    { weight: 6, arbitrary: valid },
    { weight: 8, arbitrary: edited(1) },
    { weight: 5, arbitrary: edited(4) },
    { weight: 1, arbitrary: noise },
    {
      weight: 1,
      arbitrary: fc
        .tuple(edited(2), fc.oneof({ weight: 1, arbitrary: longRun }, { weight: 5, arbitrary: edits }))
        .map(([t, e]) => e(t)),
    },
  )
}
