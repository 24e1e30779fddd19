/*
 * Reads ilert's OpenAPI document: the operations that the scope table opens, without any of its prose. The document is
 * not part of this repository. Where ilert's clients know better than the document, `CORRECTED` says so.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/**
 * A schema of the document, as far as it is read.
 *
 * @typedef {{
 *   $ref?: string, type?: string | undefined, format?: string, enum?: (string | number)[], default?: unknown,
 *   minimum?: number, maximum?: number | undefined, maxItems?: number, items?: Schema,
 *   properties?: Record<string, Schema>, required?: string[], readOnly?: boolean, oneOf?: Schema[],
 *   additionalProperties?: boolean | Schema,
 * }} Schema
 */

/** @typedef {{ name: string, required: boolean, schema: Schema }} Parameter */

/**
 * @typedef {object} Operation
 * @property {string} method in capitals
 * @property {string} path with `/api`, and `{…}` for each id
 * @property {string} scope that opens it
 * @property {number} status of success
 * @property {readonly Parameter[]} query parameters
 * @property {number | undefined} maxWithInclude the largest page if `include` is asked for, where that is smaller
 * @property {Schema | undefined} body JSON that it takes
 * @property {Schema | undefined} answer JSON that it gives
 * @property {boolean} location whether the answer has a `Location`
 * @property {boolean} etag whether the answer has an `ETag`
 */

/**
 * Statuses of success that ilert's Go client insists on, against the document.
 *
 * @type {Readonly<Record<string, number>>}
 */
const CORRECTED = Object.fromEntries(
  ['alert-actions', 'connectors', 'teams', 'incident-templates', 'services', 'status-pages']
    .concat(['metric-data-sources', 'metrics'])
    .map((name) => [`POST /api/${name}`, 201]),
)

const METHODS = ['get', 'post', 'put', 'delete']

/**
 * The parsed document.
 *
 * @param {string | URL} file
 */
export function readDocument(file) {
  return parse(readFileSync(file, 'utf8'))
}

/**
 * Every operation of the document that a scope opens, in the document's order.
 *
 * @param {any} document
 * @param {(method: string, path: string) => string | null} requiredScope
 * @returns {Operation[]}
 */
export function scopedOperations(document, requiredScope) {
  return Object.entries(document.paths).flatMap(([below, item]) =>
    METHODS.filter((name) => item[name]).flatMap((name) => {
      const [method, path] = [name.toUpperCase(), `/api${below}`]
      const scope = requiredScope(method, path)
      return scope === null ? [] : [operation(document, { method, path, scope }, item[name])]
    }),
  )
}

/**
 * The schema that a reference names, or the schema itself.
 *
 * @param {any} document
 * @param {Schema} schema
 * @returns {Schema}
 */
export function resolve(document, schema) {
  const name = referenced(schema)
  return name === undefined ? schema : document.components.schemas[name]
}

/**
 * The name of the schema that a reference names.
 *
 * @param {Schema} schema
 */
export function referenced({ $ref }) {
  return $ref?.split('/').at(-1)
}

/**
 * The names of all schemas that the given ones need, in the order of the alphabet.
 *
 * @param {any} document
 * @param {readonly Schema[]} roots
 */
export function schemasNeeded(document, roots) {
  /** @type {Set<string>} */
  const names = new Set()
  /** @param {Schema} schema */
  const visit = (schema) => {
    const name = referenced(schema)
    if (name !== undefined) {
      if (names.has(name)) return
      names.add(name)
    }
    const { items, properties = {}, oneOf = [] } = resolve(document, schema)
    for (const part of [...(items ? [items] : []), ...Object.values(properties), ...oneOf]) visit(part)
  }
  for (const root of roots) visit(root)
  return [...names].sort()
}

/**
 * @param {any} document
 * @param {{ method: string, path: string, scope: string }} key
 * @param {any} item
 * @returns {Operation}
 */
function operation(document, key, item) {
  const [status = '', answer = {}] = Object.entries(item.responses).find(([code]) => code.startsWith('2')) ?? []
  const parameters = (item.parameters ?? []).map((/** @type {any} */ parameter) =>
    parameter.$ref ? document.components.parameters[parameter.$ref.split('/').at(-1)] : parameter,
  )
  const query = parameters.filter((/** @type {any} */ parameter) => parameter.in === 'query')
  const pageSize = query.find((/** @type {any} */ { name }) => name === 'max-results')
  return {
    ...key,
    status: CORRECTED[`${key.method} ${key.path}`] ?? Number(status),
    query: query.map((/** @type {any} */ { name, required = false, schema = {}, description = '' }) => ({
      name,
      required,
      schema: querySchema(name, schema, description),
    })),
    maxWithInclude: numberIn(pageSize?.description, /include maximum is reduced to (\d+)/),
    body: jsonOf(item.requestBody),
    answer: jsonOf(answer),
    location: /location header/i.test(answer.description ?? ''),
    etag: 'ETag' in (answer.headers ?? {}),
  }
}

/**
 * What the document says of a query parameter in prose alone is said in its schema, too: what is a time, how large a page
 * may be, and that ids may be repeated. ilert's command line client repeats `expand` as well.
 *
 * @param {string} name
 * @param {Schema} schema
 * @param {string} description
 * @returns {Schema}
 */
function querySchema(name, schema, description) {
  if (name === 'from' || name === 'until') return { type: 'string', format: 'date-time' }
  if (name === 'timezone') return { $ref: '#/components/schemas/TimeZone' }
  const { type, ...rest } = schema
  const precise = name.endsWith('-results') || name.endsWith('-index') || /\bids?\b/.test(description)
  if (type !== 'array' && (name === 'expand' || /\bids to filter\b/.test(description))) {
    return { type: 'array', items: { ...rest, type: type === 'number' ? 'integer' : type } }
  }
  if (name !== 'max-results') return precise && type === 'number' ? { ...schema, type: 'integer' } : schema
  return {
    type: 'integer',
    maximum: numberIn(description, /may not exceed (\d+)/),
    default: numberIn(description, /defaults to (\d+)/),
    ...rest,
  }
}

/**
 * @param {string | undefined} text
 * @param {RegExp} pattern
 */
function numberIn(text = '', pattern) {
  const number = pattern.exec(text.replaceAll(/\s+/g, ' '))?.[1]
  return number === undefined ? undefined : Number(number)
}

/**
 * The schema of a body. One that says nothing at all is none.
 *
 * @param {any} body
 * @returns {Schema | undefined}
 */
function jsonOf(body) {
  const schema = body?.content?.['application/json']?.schema
  return schema && Object.keys(schema).length > 0 ? schema : undefined
}
