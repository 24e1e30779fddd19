import { type Operation, shapeOf } from './schema.ts'
import { OPERATIONS } from './table/operations.ts'

/** Fields that an operation adds if its `include` asks for them; undefined if it takes no `include`. */
export function includesOf({ query }: Operation): readonly string[] | undefined {
  const shape = query?.include === undefined ? undefined : shapeOf(query.include)
  const of = shape?.kind === 'list' ? shapeOf(shape.of) : undefined
  return of?.kind === 'value' ? (of.words ?? []) : undefined
}

/** The collection that a path of the table leads to: `alerts` of `/api/alerts` and of `/api/alerts/{id}`. */
export function collectionAt(path: string): string {
  const segments = path.split('/').slice(2)
  return (segments.at(-1)?.startsWith('{') ? segments.slice(0, -1) : segments).join('/')
}

const byCollection = new Map<string, readonly string[]>()
for (const [key, operation] of Object.entries(OPERATIONS)) {
  const [method, path = ''] = key.split(' ')
  if (method !== 'GET') continue
  const collection = collectionAt(path)
  byCollection.set(collection, [...(byCollection.get(collection) ?? []), ...(includesOf(operation) ?? [])])
}

/** Fields of the entries of a collection that are left out if nobody asks for them. */
export function includable(collection: string): readonly string[] {
  return byCollection.get(collection) ?? []
}
