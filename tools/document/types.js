/*
 * ilert's OpenAPI document as TypeScript: an interface for each schema, and for each method a map from paths, as code
 * writes them, to what goes in and comes out. Names, types and enums alone; no text of the document.
 */
import { referenced, resolve, schemasNeeded, scopedOperations } from './read.js'

/** @import { Operation, Parameter, Schema } from './read.js' */

const HEADER = `/*
 * Made from ilert's OpenAPI document by \`npm run document\`; not to be changed by hand. Types alone, no code.
 *
 * A field that need not be there may also be \`null\`. Enums are open, since ilert adds words.
 */

/** Known words complete in an editor, others are taken as they are. */
type Open<Word extends string> = Word | (string & {})

/** What is sent: without an id, since ilert gives it one, or with the id that it has. */
type Draft<T extends { id: unknown }> = Omit<T, 'id'> & { id?: T['id'] }

/** One name may stand in a query several times. */
type OneOrMore<T> = T | readonly T[]
`

/** Whose words are examples: it takes every name of the IANA's. */
const EXAMPLES_ALONE = new Set(['TimeZone'])

/**
 * The text of `src/ilert/api.ts`.
 *
 * @param {any} document
 * @param {(method: string, path: string) => string | null} requiredScope
 */
export function typesOf(document, requiredScope) {
  const operations = scopedOperations(document, requiredScope)
  const types = new Types(document, operations)
  const roots = operations.flatMap(({ body, answer, query }) => [
    ...(body ? [body] : []),
    ...(answer ? [answer] : []),
    ...query.map(({ schema }) => schema),
  ])
  return [
    HEADER,
    `/** The edition of ilert's document. */\nexport type DocumentVersion = '${document.info.version}'\n`,
    ...schemasNeeded(document, roots).map((name) => types.declaration(name)),
    types.map('Gets', 'What GET gives.', 'GET', (operation) => types.answer(operation)),
    types.map('Posts', 'What POST takes and gives.', 'POST', (operation) => types.exchange(operation)),
    types.map('Puts', 'What PUT takes and gives.', 'PUT', (operation) => types.exchange(operation)),
    types.map('Deletes', 'What DELETE gives.', 'DELETE', (operation) => types.answer(operation)),
    types.map('Queries', 'What the query of a GET may have, beside the page.', 'GET', (operation) =>
      types.query(operation),
    ),
  ].join('\n')
}

class Types {
  /**
   * @param {any} document
   * @param {readonly Operation[]} operations
   */
  constructor(document, operations) {
    this.document = document
    this.operations = operations
    /** The schemas that an answer has as a whole: what is there has an id. */
    this.answered = new Set(
      operations.map(({ answer }) => answer && referenced(answer.type === 'array' ? (answer.items ?? {}) : answer)),
    )
  }

  /** @param {string} name of a schema */
  declaration(name) {
    const schema = this.document.components.schemas[name]
    const { properties } = schema
    if (!properties) return `export type ${name} = ${EXAMPLES_ALONE.has(name) ? 'string' : this.type(schema)}\n`
    return `export interface ${name} ${this.object(this.hasId(name) ? withId(schema) : schema, '\n  ', '\n')}\n`
  }

  /** @param {string | undefined} name of a schema */
  hasId(name) {
    return (
      name !== undefined && this.answered.has(name) && 'id' in (this.document.components.schemas[name].properties ?? {})
    )
  }

  /**
   * @param {Schema} schema
   * @returns {string}
   */
  type(schema) {
    const { enum: words, items, oneOf, properties, type } = schema
    const name = referenced(schema)
    if (name !== undefined) return name
    if (oneOf) return [...new Set(oneOf.map((one) => this.type(one)))].join(' | ')
    if (words) return typeof words[0] === 'string' ? `Open<${words.map(quoted).join(' | ')}>` : words.join(' | ')
    if (type === 'array') return listOf(this.type(items ?? {}))
    if (properties) return this.object(schema, ' ', ' ')
    if (type === 'integer') return 'number'
    if (type === 'object') return 'Record<string, unknown>'
    return type ?? 'unknown'
  }

  /**
   * @param {Schema} schema
   * @param {string} before each field
   * @param {string} end
   */
  object({ properties = {}, required = [] }, before, end) {
    const fields = Object.entries(properties).map(([name, field]) => {
      const isThere = required.includes(name)
      const key = `${field.readOnly ? 'readonly ' : ''}${nameOf(name)}`
      return `${before}${key}${isThere ? '' : '?'}: ${this.type(field)}${isThere ? '' : ' | null'}`
    })
    return `{${fields.join(before === ' ' ? ';' : '')}${end}}`
  }

  /**
   * @param {string} name
   * @param {string} says
   * @param {string} method
   * @param {(operation: Operation) => string} value of a path; an empty one leaves the path out
   */
  map(name, says, method, value) {
    const fields = this.operations
      .filter((operation) => operation.method === method && value(operation) !== '')
      .map((operation) => `  ${this.key(operation.path)}: ${value(operation)}\n`)
    return `/** ${says} */\nexport interface ${name} {\n${fields.join('')}}\n`
  }

  /** @param {Pick<Operation, 'answer'>} operation */
  answer({ answer }) {
    return answer ? this.type(answer) : 'undefined'
  }

  /** @param {Operation} operation */
  exchange({ body, answer }) {
    return `[${body ? this.draft(body) : 'undefined'}, ${this.answer({ answer })}]`
  }

  /** @param {Schema} body */
  draft(body) {
    const name = referenced(body)
    return this.hasId(name) ? `Draft<${name}>` : this.type(body)
  }

  /**
   * A path as code writes it. A pattern is an index signature, so that TypeScript looks it up by itself.
   *
   * @param {string} path
   */
  key(path) {
    const written = path.replaceAll(/\{[^}]+\}/g, (_, at) =>
      this.isText(path.slice(0, at)) ? `\${string}` : `\${number}`,
    )
    return written === path ? `'${path}'` : `[path: \`${written}\`]`
  }

  /**
   * Whether the ids of a collection are texts: those of its entries tell, since the document is loose about parameters.
   *
   * @param {string} collection with the slash at its end
   */
  isText(collection) {
    const entry = this.operations.find(({ method, path }) => method === 'GET' && /^[^/]+$/.test(rest(path, collection)))
    const { properties } = resolve(this.document, entry?.answer ?? {})
    return properties?.id?.type === 'string'
  }

  /** @param {Operation} operation */
  query({ query }) {
    const own = query.filter(({ name }) => name !== 'start-index' && name !== 'max-results')
    return own.length === 0 ? '' : `{ ${own.map((parameter) => this.parameter(parameter)).join('; ')} }`
  }

  /** @param {Parameter} parameter */
  parameter({ name, required, schema }) {
    const { items, type } = schema
    const one = this.type(type === 'array' ? (items ?? {}) : schema)
    // One name may stand in a query several times, also where the document does not say so.
    const isSingle = required || type === 'boolean' || ['from', 'until', 'timezone', 'lang'].includes(name)
    return `${nameOf(name)}${required ? '' : '?'}: ${isSingle ? one : `OneOrMore<${one}>`}`
  }
}

/** @param {Schema} schema */
function withId(schema) {
  return { ...schema, required: [...(schema.required ?? []), 'id'] }
}

/** @param {string} type */
function listOf(type) {
  return /[ |]/.test(type) && !/^\w+<[^>]*>$/.test(type) ? `(${type})[]` : `${type}[]`
}

/** @param {string} name of a field */
function nameOf(name) {
  return /^\w+$/.test(name) ? name : quoted(name)
}

/** @param {unknown} text */
function quoted(text) {
  return `'${String(text)}'`
}

/**
 * @param {string} path
 * @param {string} beginning
 */
function rest(path, beginning) {
  return path.startsWith(`${beginning}{`) ? path.slice(beginning.length) : '/'
}
