/* JSON that is nearly what a parser expects. */
import fc from 'fast-check'
import { echoes } from './echo.ts'
import { mutated } from './text.ts'

/** What stands for nesting too deep to build as objects. */
const DEEP = '@deep:'

const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(null, true, false, '', ' ', [], {}, [null], { toString: 1 }, [[]]) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(0, -0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 53 - 1, 2 ** 31, 1e21),
  },
  { weight: 3, arbitrary: echoes },
  { weight: 2, arbitrary: mutated(fc.constantFrom('profile alert:w', 'Bearer', 'nordwind', '3600')) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(10, 100, 1000, 50_000).map((depth) => `${DEEP}${depth}`) },
)

const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'then',
  'toJSON',
  'length',
  'id',
  'code',
  'error',
  '',
)

/** An object of the valid shape, in which fields may be missing, wrong, or too many, as JSON that may be broken. */
export function mutatedJSON(valid: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<string> {
  const changed = fc
    .tuple(
      valid,
      fc.array(fc.tuple(fc.nat({ max: 999 }), fc.constantFrom('set', 'drop', 'add'), names, values), { maxLength: 3 }),
    )
    .map(([object, changes]) => {
      const fields = Object.entries(object)
      for (const [which, how, name, value] of changes) {
        const at = which % Math.max(1, fields.length)
        if (how === 'add') fields.push([name, value])
        else if (how === 'drop') fields.splice(at, 1)
        else if (fields[at]) fields[at] = [fields[at][0], value]
      }
      return written(fields)
    })
  const plain = valid.map((object) => JSON.stringify(object))
  return fc.oneof(
    { weight: 2, arbitrary: plain },
    { weight: 6, arbitrary: changed },
    { weight: 2, arbitrary: mutated(changed) },
    { weight: 1, arbitrary: values.map(text) },
  )
}

/** By hand: an object would lose a repeated field, and take `__proto__` for its prototype. */
function written(fields: [string, unknown][]): string {
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${text(value)}`).join(',')}}`
}

function text(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith(DEEP)) return JSON.stringify(value) ?? 'null'
  const depth = Number(value.slice(DEEP.length))
  return '['.repeat(depth) + ']'.repeat(depth)
}
