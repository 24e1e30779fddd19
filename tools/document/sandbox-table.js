/* Writes the sandbox's table of ilert's API out of ilert's OpenAPI document, which has no text in it. */
import { referenced, schemasNeeded, scopedOperations } from './read.js'

/** @typedef {import('./read.js').Schema} Schema */

/** A schema whose words are examples: it takes any IANA name. */
const TIME_ZONE = 'TimeZone'

/** Formats that the sandbox checks. */
const FORMATS = new Set(['date-time', 'date', 'time'])

/**
 * The text of the files in `src/sandbox/api/table/`, by their paths in `src`.
 *
 * @param {any} document
 * @param {(method: string, path: string) => string | null} requiredScope
 * @returns {Record<string, string>}
 */
export function sandboxTable(document, requiredScope) {
  const operations = scopedOperations(document, requiredScope)
  const roots = operations.flatMap(({ body, answer }) => [body, answer].filter((schema) => schema !== undefined))
  const schemas = schemasNeeded(document, roots).filter((name) => name !== TIME_ZONE)
  const made = `Made from ilert's OpenAPI document
 * ${document.info.version} by tools/document/write.js; do not edit. How to read it: schema.ts.`
  return {
    'sandbox/api/table/operations.ts': `/*
 * What each operation of ilert's API that a scope opens takes and gives. ${made}
 */
import type { Operation } from '../schema.ts'

export const OPERATIONS: Readonly<Record<string, Operation>> = {
${operations.map(({ method, path, ...rest }) => `  '${method} ${path}': ${print(operationEntry(rest))},`).join('\n')}
}
`,
    'sandbox/api/table/schemas.ts': `/*
 * The schemas that operations.ts names. ${made}
 */
import type { Schema } from '../schema.ts'

export const SCHEMAS: Readonly<Record<string, Schema>> = {
${schemas.map((name) => `  ${name}: ${print(compact(document.components.schemas[name]))},`).join('\n')}
}
`,
  }
}

/** @param {Omit<import('./read.js').Operation, 'method' | 'path'>} operation */
function operationEntry({ status, query, maxWithInclude, body, answer, location, etag }) {
  return {
    status: status === 200 ? undefined : status,
    query: query.length === 0 ? undefined : fields(query.map(({ name, required, schema }) => [name, schema, required])),
    maxWithInclude,
    body: body && compact(body),
    answer: answer && compact(answer),
    location: location || undefined,
    etag: etag || undefined,
  }
}

/**
 * @param {Schema} schema
 * @returns {unknown}
 */
function compact(schema) {
  const name = referenced(schema)
  if (name !== undefined) return name === TIME_ZONE ? 'timezone' : name
  const { oneOf, items, properties, required = [], maxItems, additionalProperties } = schema
  if (oneOf) return [...new Set(oneOf.map(compact))].join(' + ')
  if (items) return maxItems === undefined ? [compact(items)] : [compact(items), maxItems]
  if (properties) return fields(Object.entries(properties).map(([key, part]) => [key, part, required.includes(key)]))
  if (typeof additionalProperties === 'object') return 'texts'
  return leaf(schema)
}

/** @param {readonly [string, Schema, boolean][]} entries */
function fields(entries) {
  return Object.fromEntries(
    entries.map(([name, schema, isRequired]) => [
      `${name}${isRequired ? '!' : ''}${schema.readOnly ? '~' : ''}`,
      compact(schema),
    ]),
  )
}

/** @param {Schema} schema */
function leaf({ type = 'object', format = '', enum: words, minimum, maximum, default: otherwise }) {
  const known = FORMATS.has(format) ? format : type
  const parts = [
    words && type === 'string' ? 'enum' : known,
    ...(words ? [words.join('|')] : []),
    ...(minimum !== undefined || maximum !== undefined ? [`${minimum ?? ''}..${maximum ?? ''}`] : []),
    ...(['string', 'number', 'boolean'].includes(typeof otherwise) ? [`=${String(otherwise)}`] : []),
  ]
  return parts.join(' ')
}

/**
 * JavaScript in this project's style, on one line.
 *
 * @param {unknown} value
 * @returns {string}
 */
function print(value) {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  if (entries.length === 0) return '{}'
  return `{ ${entries.map(([key, item]) => `${/^\w+$/.test(key) ? key : `'${key}'`}: ${print(item)}`).join(', ')} }`
}
