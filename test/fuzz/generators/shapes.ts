/* Long texts of which careless readers make much work: one thing again and again, in some frame or other. */
import fc from 'fast-check'

/** A text of about so many characters, and never more. */
export type Shape = (length: number) => string

/** What texts are made of that are long: words, escapes, base64, separators of every kind, beginnings without an end. */
const UNITS = [
  ...[
    'a',
    'b ',
    ' ',
    '\t',
    'ab:w ',
    'a,',
    'a; ',
    ';',
    '==',
    'a=1&',
    'a=1; ',
    '&',
    ', ',
    '.',
    'a.b.',
    '../',
    '/',
    '-_',
    ':',
  ],
  ...[
    '@',
    '\\',
    '%',
    '%41',
    '%2541',
    '%2e',
    '%e2%82%ac',
    '%ff',
    '\\u0041',
    '\\a',
    '"',
    '\\"',
    'QUJD',
    'QUJD ',
    'eyJhbGciOi.',
  ],
  ...[
    'ew0K.',
    'Bearer ',
    '9',
    '[',
    '{',
    '{"a":',
    '[],',
    '1,',
    '<!--',
    '\0',
    '\r\n',
    '\u202e',
    'ä',
    '\u{1f4a5}',
    '\ud800',
  ],
  ...['text/html ', 'alert:w ', 'ilert.0=', '__Host-Http-ilert.0=a; ', 'app.example,', 'Fri, '],
]

/** One unit, as often as it fits. */
const run =
  (unit: string): Shape =>
  (length) =>
    unit.repeat(Math.floor(length / unit.length))

/** Units that are all different: words, numbers, and fields with names of their own. */
const counted =
  (before: string, after: string): Shape =>
  (length) => {
    const unit = (i: number) => `${before}${i.toString(36).padStart(4, '0')}${after}`
    return Array.from({ length: Math.floor(length / unit(0).length) }, (_, i) => unit(i)).join('')
  }

/** One inside the other, and out again. */
const nested =
  (open: string, middle: string, close: string): Shape =>
  (length) => {
    const depth = Math.max(0, Math.floor((length - middle.length) / (open.length + close.length)))
    return open.repeat(depth) + middle + close.repeat(depth)
  }

/** Something at both ends, where an expression begins, or is kept from ending. */
const framed =
  (before: string, shape: Shape, after: string): Shape =>
  (length) =>
    before + shape(Math.max(0, length - before.length - after.length)) + after

const JSON_SHAPES: [string, Shape][] = [
  ['lists in lists', nested('[', '', ']')],
  ['objects in objects', nested('{"a":', '1', '}')],
  ['a list of empty objects', framed('[', run('{},'), '1]')],
  ['a list of small lists', framed('[', run('[[1]],'), '1]')],
  ['many fields', framed('{', counted('"', '":1,'), '"a":1}')],
  ['the same field again', framed('{', run('"a":1,'), '"a":1}')],
  ['escapes', framed('"', run('\\u0041'), '"')],
  ['long numbers', framed('[', run('-1.2345678901234e-300,'), '1]')],
]

/** Every shape by its name: each unit alone, and what no unit makes. */
export const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ...UNITS.map((unit): [string, Shape] => [JSON.stringify(unit), run(unit)]),
  ['different words', counted('w', ' ')],
  ['different cookies', counted('c', '=1; ')],
  ['different fields', counted('f', '=1&')],
  ['a long word, then an end', framed('', run('a'), '\0')],
  ['blanks, then an end', framed('a', run(' '), 'a')],
  ...JSON_SHAPES,
])

/** Two or three of them, one after the other or in turns. */
export const shapes: fc.Arbitrary<Shape> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...SHAPES.values()) },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...UNITS), { minLength: 2, maxLength: 4 }).map((units) => run(units.join(''))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...UNITS), fc.constantFrom(...SHAPES.values()), fc.constantFrom(...UNITS))
      .map(([before, shape, after]) => framed(before, shape, after)),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...SHAPES.values()), { minLength: 2, maxLength: 3 }).map(
      (list): Shape =>
        (length) =>
          list.map((shape) => shape(Math.floor(length / list.length))).join(''),
    ),
  },
)
