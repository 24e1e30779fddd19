import type { Account } from '../data/account.ts'
import { apiError, Refused } from '../messages.ts'
import { identifiedBy, mentioned, mentionedBy } from './references.ts'
import { type Field, fieldsOf, type Schema, shapeOf, type Value } from './schema.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Where a body is checked: the account that its references are looked up in, and what it becomes a part of. */
export interface Ground {
  readonly account: Account
  readonly parent: string | undefined
}

/** A field, with the object that it is in: what is one of several is chosen by its neighbours. */
interface Place {
  readonly path: string
  readonly field?: string
  readonly beside?: Fields
}

/**
 * A body as its schema has it: what is unknown, ilert's own or null is left out, and what is left out gets its default.
 *
 * @throws Refused with 400 where something required is missing, or something is not what it should be.
 */
export function checkBody(schema: Schema, body: unknown, ground: Ground): unknown {
  return check(schema, body, { path: '' }, ground)
}

function check(schema: Schema, value: unknown, place: Place, ground: Ground): unknown {
  const collections = place.field === undefined ? undefined : mentionedBy(place.field)
  const shape = shapeOf(schema)
  switch (shape.kind) {
    case 'list': {
      if (!Array.isArray(value)) return refuse(place, 'must be a list')
      if (value.length > shape.max) return refuse(place, `must not have more than ${shape.max} entries`)
      const at = (i: number) => ({ ...place, path: `${place.path}[${i}]` })
      return value.map((item, i) => check(shape.of, item, at(i), ground))
    }
    case 'either':
      if (collections) return reference(collections, value, place, ground)
      return checkEither(shape.of, value, place, ground)
    case 'fields':
      if (collections) return reference(collections, value, place, ground)
      return checkFields(shape.fields, value, place, ground)
    default:
      checkValue(shape, value, place)
      return identified(value, place, ground)
  }
}

function checkFields(fields: readonly Field[], value: unknown, place: Place, ground: Ground): Fields {
  const given = objectAt(value, place)
  const checked: Record<string, unknown> = {}
  for (const { name, schema, required, readOnly } of fields) {
    const path = place.path === '' ? name : `${place.path}.${name}`
    const item = Object.hasOwn(given, name) ? given[name] : undefined
    if (readOnly) continue
    if (item === undefined || item === null) {
      if (required) refuse({ path }, 'is required')
      const otherwise = defaultOf(schema)
      if (otherwise !== undefined) checked[name] = otherwise
    } else {
      checked[name] = check(schema, item, { path, field: name, beside: given }, ground)
    }
  }
  return checked
}

/** What is mentioned has to be there; of it, the id is kept. */
function reference(collections: readonly string[], value: unknown, place: Place, { account, parent }: Ground): Fields {
  const { id } = objectAt(value, place)
  const path = `${place.path}.id`
  if (id === undefined || id === null) refuse({ path }, 'is required')
  if (typeof id !== 'number' && typeof id !== 'string') refuse({ path }, 'must be an id')
  const found = mentioned(account, collections, id, { parent })
  return found ? { id: found.entry.id } : refuse({ path }, 'is the id of nothing that is there')
}

function identified(value: unknown, place: Place, { account, parent }: Ground): unknown {
  const collection = place.field === undefined ? undefined : identifiedBy(place.field)
  if (collection !== undefined && !mentioned(account, [collection], value, { parent })) {
    refuse(place, 'is the id of nothing that is there')
  }
  return value
}

/**
 * A value that is to have one of several schemas: of those which it has, the one that knows most of its fields, or whose
 * name its neighbour `type` (`connectorType`) says, such as `EParamsJira` for `jira`.
 */
function checkEither(schemas: readonly Schema[], value: unknown, place: Place, ground: Ground): unknown {
  const { beside = {} } = place
  const plain = (text: unknown) => String(text).replaceAll('_', '').toLowerCase()
  const type = plain(beside.connectorType ?? beside.type)
  const given = new Set(Object.keys(objectAt(value, place)))
  const fitness = (schema: Schema) =>
    fieldsOf(schema).filter(({ name }) => given.has(name)).length +
    (plain(schema).replace(/^[emc]params/, '') === type ? 0.5 : 0)
  let refusal: unknown
  for (const schema of schemas.toSorted((a, b) => fitness(b) - fitness(a))) {
    try {
      return check(schema, value, place, ground)
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}

function checkValue({ type, words, min, max }: Value, value: unknown, place: Place): void {
  const wrong = TYPES[type]?.(value)
  if (wrong !== undefined) refuse(place, `must be ${wrong}`)
  if (words && !words.includes(String(value))) refuse(place, `must be one of ${words.join(', ')}`)
  if (Number(value) < min) refuse(place, `must not be below ${min}`)
  if (Number(value) > max) refuse(place, `must not be above ${max}`)
}

/** What a value should have been, if it is not of a type. */
const TYPES: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  string: (value) => (typeof value === 'string' ? undefined : 'a string'),
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  number: (value) => (typeof value === 'number' ? undefined : 'a number'),
  integer: (value) => (Number.isSafeInteger(value) ? undefined : 'a whole number'),
  object: (value) => (isObject(value) ? undefined : 'an object'),
  texts: (value) =>
    isObject(value) && Object.values(value).every((item) => typeof item === 'string')
      ? undefined
      : 'an object of strings',
  'date-time': (value) => (timeOf(value) === undefined ? 'a date and time in ISO 8601 form' : undefined),
  date: (value) => (typeof value === 'string' && isDate(value) ? undefined : 'a date such as 2026-01-31'),
  time: (value) => (/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(String(value)) ? undefined : 'a time such as 08:00'),
  timezone: (value) => (isTimeZone(value) ? undefined : 'a time zone such as Europe/Berlin'),
}

/** The milliseconds of an ISO 8601 date and time; undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function isDate(value: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))
}

/** Whether it is a name that the IANA knows; the document's four are examples. */
export function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

/** The default of a single value, of its own type. */
function defaultOf(schema: Schema): unknown {
  const shape = shapeOf(schema)
  if (shape.kind !== 'value' || shape.otherwise === undefined) return undefined
  if (shape.type === 'boolean') return shape.otherwise === 'true'
  return shape.type === 'integer' || shape.type === 'number' ? Number(shape.otherwise) : shape.otherwise
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectAt(value: unknown, place: Place): Fields {
  return isObject(value) ? value : refuse(place, 'must be an object')
}

function refuse({ path }: Place, problem: string): never {
  const subject = path === '' ? 'The body' : `'${path}'`
  throw new Refused(apiError(400, 'BAD_REQUEST', `${subject} ${problem}`))
}
