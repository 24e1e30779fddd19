/*
 * ilert's OpenAPI document as TypeScript: an interface for each schema, and for each method a map from paths, as code
 * writes them, to what goes in and comes out. Names, types and enums alone; no text of the document.
 */
import { grouped } from './groups.js'
import { referenced, resolve, schemasNeeded, scopedOperations } from './read.js'

/** @import { Operation, Parameter, Schema } from './read.js' */

const MADE = "Made from ilert's OpenAPI document by `npm run document`; not to be changed by hand"

const NOTATION = `
/** Known words complete in an editor, others are taken as they are. */
export type Open<Word extends string> = Word | (string & {})

/** What is sent: without an id, since ilert gives it one, or with the id that it has. */
export type Draft<T extends { id: unknown }> = Omit<T, 'id'> & { id?: T['id'] }

/** One name may stand in a query several times. */
export type OneOrMore<T> = T | readonly T[]
`

/** Whose words are examples: it takes every name of the IANA's. */
const EXAMPLES_ALONE = new Set(['TimeZone'])

/**
 * The text of `src/ilert/api.ts`, which exports all types, and of the files in `src/ilert/api/`, by their paths in `src`.
 *
 * @param {any} document
 * @param {(method: string, path: string) => string | null} requiredScope
 * @returns {Record<string, string>}
 */
export function typesOf(document, requiredScope) {
  const operations = scopedOperations(document, requiredScope)
  const types = new Types(document, operations)
  const declared = grouped(schemasNeeded(document, operations.flatMap(schemasOf)))
  const files = new Map(
    declared.map(([file, names]) => [file, names.map((name) => types.declaration(name)).join('\n')]),
  )
  files.set('paths', types.maps())
  const homes = new Map(declared.flatMap(([file, names]) => names.map((name) => [name, file])))
  for (const name of ['Open', 'Draft', 'OneOrMore']) homes.set(name, 'notation')
  return {
    'ilert/api.ts': entry(document.info.version, [...files.keys()]),
    'ilert/api/notation.ts': `/* ${MADE}. */\n${NOTATION}`,
    ...Object.fromEntries(
      [...files].map(([file, text]) => [
        `ilert/api/${file}.ts`,
        `/* ${MADE}. */\n${imports(file, text, homes)}\n${text}`,
      ]),
    ),
  }
}

/** @param {Operation} operation */
function schemasOf({ body, answer, query }) {
  return [...(body ? [body] : []), ...(answer ? [answer] : []), ...query.map(({ schema }) => schema)]
}

/**
 * @param {string} version
 * @param {readonly string[]} files
 */
function entry(version, files) {
  return `/*
 * ${MADE}. Types alone, no code.
 *
 * \`paths.ts\` has what each path takes and gives, the other files the schemas, by what they are about. A field that need
 * not be there may also be \`null\`. Enums are open, since ilert adds words.
 */
${files
  .toSorted()
  .map((file) => `export type * from './api/${file}.ts'\n`)
  .join('')}
/** The edition of ilert's document. */
export type DocumentVersion = '${version}'
`
}

/**
 * The imports of a file: a line for each other file that has names which its text uses.
 *
 * @param {string} file
 * @param {string} text
 * @param {ReadonlyMap<string, string>} homes of the names
 */
function imports(file, text, homes) {
  const words = new Set(text.replaceAll(/'[^']*'|`[^`]*`/g, '').match(/\b[A-Z]\w*/g))
  const others = [...new Set(homes.values())].toSorted().filter((home) => home !== file)
  return others
    .flatMap((home) => {
      const names = [...words].filter((word) => homes.get(word) === home).toSorted()
      return names.length === 0 ? [] : [`import type { ${names.join(', ')} } from './${home}.ts'\n`]
    })
    .join('')
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

  /** What each path takes and gives. */
  maps() {
    return [
      this.map('Gets', 'What GET gives.', 'GET', (operation) => this.answer(operation)),
      this.map('Posts', 'What POST takes and gives.', 'POST', (operation) => this.exchange(operation)),
      this.map('Puts', 'What PUT takes and gives.', 'PUT', (operation) => this.exchange(operation)),
      this.map('Deletes', 'What DELETE gives.', 'DELETE', (operation) => this.answer(operation)),
      this.map('Queries', 'What the query of a GET may have, beside the page.', 'GET', (operation) =>
        this.query(operation),
      ),
    ].join('\n')
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
