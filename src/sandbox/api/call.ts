import type { Account } from '../data/account.ts'
import type { Collection, Entry, Stored } from '../data/collection.ts'
import { type Answer, json, noContent, notFound, Refused, type SandboxRequest } from '../messages.ts'
import type { SandboxUser } from '../users.ts'
import { checkBody, type Fields } from './check.ts'
import { readJSON } from './json-body.ts'
import { type Query, readQuery } from './query.ts'
import { render } from './render.ts'
import type { Operation } from './schema.ts'

/** A request to the API, let in, with everything that its path names. */
export interface Call {
  readonly operation: Operation
  readonly request: SandboxRequest
  readonly query: Query
  readonly user: SandboxUser
  readonly account: Account
  /** The name of the collection that the path leads to: `alerts`, or `status-pages/{id}/groups`. */
  readonly name: string
  readonly collection: Collection
  /** The ids of the path, in order. */
  readonly ids: readonly string[]
  readonly now: number
}

export type Handler = (call: Call) => Answer

/** Where the path of a call leads. */
export interface Target {
  readonly operation: Operation
  readonly name: string
  readonly ids: readonly string[]
}

export function enter(
  { operation, name, ids }: Target,
  { request, user, account, now }: Pick<Call, 'request' | 'user' | 'account' | 'now'>,
): Call {
  const query = readQuery(operation, request.query)
  return { operation, request, query, user, account, name, collection: account.collection(name), ids, now }
}

/** The entry that the path names at place `i`, in a collection that is a part of nothing. */
export function entryAt({ account, ids }: Call, name: string, i = 0): Stored {
  return account.collection(name).get(ids[i]) ?? missing()
}

/** The id of the entry that the path leads over, which has to be there; undefined where it leads over none. */
export function parentOf({ account, name, ids }: Call): string | undefined {
  const over = name.split('/{', 1)[0] ?? name
  if (over === name) return undefined
  return account.collection(over).get(ids[0]) ? ids[0] : missing()
}

/** The body of a call, checked, and without what is ilert's own. */
export function bodyOf(call: Call, parent?: string): Fields {
  const { operation, request, account } = call
  return checkBody(operation.body ?? 'object', readJSON(request), { account, parent }) as Fields
}

/** An answer with `value` in the form that the document promises. */
export function answer({ operation, account }: Call, value: unknown, hidden: readonly string[] = []): Answer {
  const { status = 200, answer: schema } = operation
  if (schema === undefined) return noContent(status)
  return json(status, render(schema, value, account, hidden))
}

export function missing(): never {
  throw new Refused(notFound())
}

/** A new version of an entry in its place. */
export function change(collection: Collection, stored: Stored, fields: Fields): Entry {
  const entry = { ...stored.entry, ...fields, id: stored.entry.id }
  collection.put(entry, stored.parent)
  return entry
}
