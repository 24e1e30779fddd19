/* ilert's OpenAPI document as the tests of the sandbox use it: what is valid, and what can be sent. */
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { requiredScope } from '../../src/ilert/scopes.ts'
import { type Operation, readDocument, resolve, type Schema, scopedOperations } from '../../tools/document/read.js'
import { ILERT_DOCUMENT } from '../support/needs.ts'

export interface Contract {
  readonly document: unknown
  readonly operations: readonly Operation[]
  /** What is wrong with an answer, unknown fields included. Of schemas that overlap it may fit several if that is said. */
  problems(operation: Operation, body: unknown, options?: { readonly overlapping?: 'taken' }): string[]
  /** A body with every field that an operation takes. */
  sample(operation: Operation, references: Readonly<Record<string, unknown>>): unknown
}

export function readContract(): Contract {
  const document = readDocument(ILERT_DOCUMENT)
  const operations = scopedOperations(document, requiredScope)
  const plain = validators(structuredClone(document))
  // The document's time zones are examples, ilert's own client says.
  document.components.schemas.TimeZone = { type: 'string', format: 'zone' }
  const closed = validators(close(structuredClone(document)))
  return {
    document,
    operations,
    problems(operation, body, { overlapping } = {}) {
      if (operation.answer === undefined) return body === undefined ? [] : ['has a body']
      const judges = [closed, ...(overlapping ? [] : [plain])]
      return judges.flatMap((judge) => {
        const validate = judge(operation)
        validate(body)
        return (validate.errors ?? []).map(
          ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
        )
      })
    },
    sample: ({ body = {} }, references) => sampleOf(document, body, references),
  }
}

/** A validator for the answer of each operation. OpenAPI's own words, such as `nullable` and `int64`, are known to ajv. */
function validators(document: { components: object }): (operation: Operation) => ValidateFunction {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: { P7D: true, 'ISO-8601': true, '15:00': true, zone: true },
  })
  formats.default(ajv, ['date-time', 'date', 'int32', 'int64', 'float', 'double'])
  ajv.addFormat('time', /^\d\d:\d\d(:\d\d)?$/) // a time of the day, where ajv-formats wants an offset
  ajv.addSchema({ $id: 'ilert', components: document.components })
  const known = new Map<string, ValidateFunction>()
  return ({ method, path, answer }) => {
    const key = `${method} ${path}`
    const validate = known.get(key) ?? ajv.compile(rebased(answer))
    known.set(key, validate)
    return validate
  }
}

function rebased(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"ilert#/components/'))
}

/** A document in which no object has fields that it does not name. Schemas that overlap need to fit once only. */
function close<Part>(part: Part): Part {
  if (Array.isArray(part)) for (const item of part) close(item)
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const schema = part as Record<string, unknown>
  if (schema.type === 'object' && typeof schema.properties === 'object') schema.additionalProperties ??= false
  if (Array.isArray(schema.oneOf)) {
    schema.anyOf = schema.oneOf
    delete schema.oneOf
  }
  for (const item of Object.values(schema)) close(item)
  return part
}

const WORDS: Readonly<Record<string, unknown>> = {
  'date-time': '2030-01-06T08:00:00Z',
  date: '2030-01-06',
  time: '08:00',
  P7D: 'P7D',
  'ISO-8601': 'PT1H',
  '15:00': '15:00',
  zone: 'Asia/Tokyo',
}

function sampleOf(document: unknown, schema: Schema, references: Readonly<Record<string, unknown>>): unknown {
  const { type, format = '', enum: words, items, properties, oneOf, minimum } = resolve(document, schema)
  if (words) return words[0]
  if (oneOf?.[0]) return sampleOf(document, oneOf[0], references)
  if (items) return [sampleOf(document, items, references)]
  if (properties) {
    const writable = Object.entries(properties).filter(([name, part]) => !part.readOnly && name !== 'children')
    return Object.fromEntries(
      writable.map(([name, part]) => {
        if (!(name in references)) return [name, sampleOf(document, part, references)]
        return [name, resolve(document, part).type === 'array' ? [references[name]] : references[name]]
      }),
    )
  }
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return Math.max(minimum ?? 1, 1)
  return type === 'string' ? (WORDS[format] ?? 'Some text') : {}
}
