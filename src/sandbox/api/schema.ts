import { SCHEMAS } from './table/schemas.ts'

/**
 * A schema as the table writes it:
 *
 * - `'integer'`, `'number'`, `'string'`, `'boolean'`, `'object'` (any), `'texts'` (an object of strings), `'date-time'`,
 *   `'date'`, `'time'` or `'timezone'`, perhaps with a range and a default: `'integer 1..9 =1'`;
 * - `'enum HIGH|LOW'`, or with numbers `'integer 0|15|30'`;
 * - the name of another schema: `'AlertSource'`; one of several: `'MParamsDatadog + MParamsPrometheus'`;
 * - a list: `['TeamRel']`, of at most 50 `['AlertSource', 50]`;
 * - an object's fields: `name!` has to be there, `status~` is ilert's to write.
 */
export type Schema = string | readonly [Schema, number?] | { readonly [field: string]: Schema }

/** What the table says of one operation. */
export interface Operation {
  /** Of success. Default 200. */
  readonly status?: number
  readonly query?: Readonly<Record<string, Schema>>
  /** The largest page if `include` is asked for, where that is smaller. */
  readonly maxWithInclude?: number
  readonly body?: Schema
  /** What the answer's body is; without it there is none. */
  readonly answer?: Schema
  /** Whether the answer has a `Location`. */
  readonly location?: true
  /** Whether the answer has an `ETag`. */
  readonly etag?: true
}

/** A field of an object. */
export interface Field {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  /** Whether it is ilert's to write. */
  readonly readOnly: boolean
}

/** A single value. */
export interface Value {
  readonly kind: 'value'
  readonly type: string
  readonly words: readonly string[] | undefined
  readonly min: number
  readonly max: number
  readonly otherwise: string | undefined
}

/** A schema, read. */
export type Shape =
  | { readonly kind: 'list'; readonly of: Schema; readonly max: number }
  | { readonly kind: 'fields'; readonly fields: readonly Field[] }
  | { readonly kind: 'either'; readonly of: readonly Schema[] }
  | Value

const shapes = new Map<Schema, Shape>()

/** What a schema is, with names looked up. */
export function shapeOf(schema: Schema): Shape {
  const known = shapes.get(schema)
  if (known) return known
  const shape = read(schema)
  shapes.set(schema, shape)
  return shape
}

/** The fields of an object; none where it is something else. */
export function fieldsOf(schema: Schema): readonly Field[] {
  const shape = shapeOf(schema)
  if (shape.kind === 'either') return shape.of.flatMap(fieldsOf)
  return shape.kind === 'fields' ? shape.fields : []
}

function read(schema: Schema): Shape {
  if (Array.isArray(schema)) return { kind: 'list', of: schema[0], max: schema[1] ?? Number.POSITIVE_INFINITY }
  if (typeof schema !== 'string') return { kind: 'fields', fields: Object.entries(schema as object).map(readField) }
  if (schema.includes(' + ')) return { kind: 'either', of: schema.split(' + ') }
  const named = SCHEMAS[schema]
  return named === undefined ? readValue(schema) : shapeOf(named)
}

function readField([key, schema]: [string, Schema]): Field {
  const [, name = '', required = '', readOnly = ''] = /^([^!~]+)(!?)(~?)$/.exec(key) ?? []
  return { name, schema, required: required !== '', readOnly: readOnly !== '' }
}

function readValue(text: string): Value {
  const [type = '', ...rest] = text.split(' ')
  const range = rest.find((part) => part.includes('..'))?.split('..') ?? []
  const bound = (part: string | undefined, otherwise: number) => (part ? Number(part) : otherwise)
  return {
    kind: 'value',
    type: type === 'enum' ? 'string' : type,
    words: rest.find((part) => type === 'enum' || part.includes('|'))?.split('|'),
    min: bound(range[0], Number.NEGATIVE_INFINITY),
    max: bound(range[1], Number.POSITIVE_INFINITY),
    otherwise: rest.find((part) => part.startsWith('='))?.slice(1),
  }
}
