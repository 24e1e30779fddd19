import type { Account } from '../data/account.ts'
import type { Fields } from './check.ts'
import { includable } from './includes.ts'
import { mentioned, mentionedBy } from './references.ts'
import { type Field, fieldsOf, type Schema, shapeOf } from './schema.ts'

/**
 * A value as an answer has it: the fields of its schema and no others, and the entries that it mentions filled in, as far
 * as the schema goes. `hidden` fields are left out.
 */
export function render(schema: Schema, value: unknown, account: Account, hidden: readonly string[] = []): unknown {
  const shape = shapeOf(schema)
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => render(shape.of, item, account, hidden))
  return shape.kind === 'fields' ? renderFields(shape.fields, value as Fields, account, hidden) : value
}

function renderFields(fields: readonly Field[], entry: Fields, account: Account, hidden: readonly string[]): Fields {
  return Object.fromEntries(
    fields
      .filter(({ name }) => entry[name] !== undefined && entry[name] !== null && !hidden.includes(name))
      .map(({ name, schema }) => {
        const collections = mentionedBy(name)
        return [
          name,
          collections ? fill(schema, entry[name], collections, account) : render(schema, entry[name], account),
        ]
      }),
  )
}

/** What is mentioned, also where it was deleted since: history stays readable. */
function fill(schema: Schema, value: unknown, collections: readonly string[], account: Account): unknown {
  const shape = shapeOf(schema)
  if (shape.kind === 'list') return (value as unknown[]).map((item) => fill(shape.of, item, collections, account))
  const mention = value as Fields
  const found = mentioned(account, collections, mention.id, { also: 'deleted' })
  if (!found) return render(schema, mention, account)
  const hidden = includable(found.collection).filter((name) => !(name in mention))
  return renderFields(fieldsOf(schema), { ...found.entry, ...mention }, account, hidden)
}
