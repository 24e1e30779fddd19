import { apiError, Refused } from '../messages.ts'
import { isTimeZone, timeOf } from './check.ts'
import { type Operation, type Schema, shapeOf, type Value } from './schema.ts'

/** What a request's query asks for, each value checked by the table. What the table does not know is not looked at. */
export interface Query {
  /** The words of a list, or what is there once. */
  readonly texts: (name: string) => readonly string[]
  readonly text: (name: string) => string | undefined
  readonly number: (name: string) => number | undefined
  /** Milliseconds since the epoch. */
  readonly time: (name: string) => number | undefined
}

/** @throws Refused with 400 where a parameter is missing, there twice, or not what it should be. */
export function readQuery({ query = {}, maxWithInclude }: Operation, given: URLSearchParams): Query {
  const values = new Map<string, readonly string[]>()
  const includes = given.has('include')
  for (const [key, schema] of Object.entries(query)) {
    const name = key.replace('!', '')
    const texts = [...given.getAll(name), ...(name === 'states' ? given.getAll('state') : [])]
    if (texts.length === 0 && key.endsWith('!')) refuse(name, 'is required')
    const max = name === 'max-results' && includes ? maxWithInclude : undefined
    values.set(name, checkAll(name, schema, texts, max))
  }
  const texts = (name: string) => values.get(name) ?? []
  const text = (name: string) => texts(name)[0]
  const number = (name: string) => (text(name) === undefined ? undefined : Number(text(name)))
  return { texts, text, number, time: (name) => timeOf(text(name)) }
}

/** The part of a list that a query asks for; the whole where the list has no pages. */
export function page<Item>({ query = {} }: Operation, { number }: Query, items: readonly Item[]): Item[] {
  const shape = shapeOf(query['max-results'] ?? 'integer')
  const otherwise = shape.kind === 'value' ? shape.otherwise : undefined
  if (otherwise === undefined) return [...items]
  const start = number('start-index') ?? 0
  return items.slice(start, start + (number('max-results') ?? Number(otherwise)))
}

/** ilert's own client still says `state` for `states`. */
function checkAll(name: string, schema: Schema, texts: readonly string[], max: number | undefined): readonly string[] {
  const shape = shapeOf(schema)
  const of = shape.kind === 'list' ? shapeOf(shape.of) : shape
  if (shape.kind !== 'list' && texts.length > 1) refuse(name, 'must be there once')
  for (const text of texts) if (of.kind === 'value') checkOne(name, of, text, max)
  return texts
}

function checkOne(name: string, { type, words, max }: Value, text: string, narrower: number | undefined): void {
  const paging = name === 'max-results' || name === 'start-index'
  if (words && !words.includes(text)) refuse(name, `must be one of ${words.join(', ')}`)
  if (type === 'integer' || type === 'number') {
    if (!(paging ? /^-?\d{1,9}$/ : /^-?\d{1,15}$/).test(text)) refuse(name, 'must be a whole number')
    const least = name === 'max-results' ? 1 : 0
    if (paging && Number(text) < least) refuse(name, `must not be below ${least}`)
    const most = Math.min(max, narrower ?? max)
    if (Number(text) > most) refuse(name, `must not be above ${most}`)
  }
  if (type === 'boolean' && text !== 'true' && text !== 'false') refuse(name, 'must be true or false')
  if (type === 'date-time' && timeOf(text) === undefined) refuse(name, 'must be a date and time in ISO 8601 form')
  if (type === 'timezone' && !isTimeZone(text)) refuse(name, 'must be a time zone such as Europe/Berlin')
}

export function refuse(name: string, problem: string): never {
  throw new Refused(apiError(400, 'BAD_REQUEST', `'${name}' ${problem}`))
}
