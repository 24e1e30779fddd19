import type { Entry, Stored } from '../data/collection.ts'
import { type Answer, apiError, Refused } from '../messages.ts'
import { answer, bodyOf, type Call, type Handler, missing, parentOf } from './call.ts'
import type { Fields } from './check.ts'
import { kindOf } from './collections.ts'
import { matches } from './filters.ts'
import { includable, includesOf } from './includes.ts'
import { page } from './query.ts'

/** What an operation does if it is nothing special: lists, creates, reads, replaces or deletes entries. */
export function genericHandler(method: string, isEntry: boolean): Handler | undefined {
  const handlers: Readonly<Record<string, Handler>> = isEntry
    ? { GET: read, PUT: update, DELETE: remove }
    : { GET: list, POST: create }
  return handlers[method]
}

function list(call: Call): Answer {
  const { name, operation, collection, query } = call
  const entries = collection.list(parentOf(call)).filter((entry) => matches(name, entry, call))
  if (kindOf(name).newestFirst) entries.reverse()
  const asked = query.texts('include')
  const hidden = includable(name).filter((field) => !asked.includes(field))
  return answer(
    call,
    page(operation, query, entries).map((entry) => viewed(call, entry, asked)),
    hidden,
  )
}

export function read(call: Call): Answer {
  const { operation, query } = call
  const asked = query.texts('include')
  const hidden = (includesOf(operation) ?? []).filter((field) => field !== 'structure' && !asked.includes(field))
  return answer(call, viewed(call, find(call).entry, asked), hidden)
}

function create(call: Call): Answer {
  const { account, collection, name, operation, request, user, now } = call
  const parent = parentOf(call)
  const fields = bodyOf(call, parent)
  if (collection.isFull) throw new Refused(apiError(409, 'CONFLICT', 'There are too many of them; delete some first'))
  const kind = kindOf(name)
  const id = kind.textID ? account.nextTextID() : account.nextID()
  const entry: Entry = { ...fields, ...kind.own?.(fields, { account, user, now, old: undefined }), id }
  collection.put(entry, parent)
  kind.created?.(entry, { account, user, now })
  const { headers, ...rest } = answer(call, entry)
  const location = operation.location ? { location: `${request.path}/${id}` } : {}
  return { ...rest, headers: { ...headers, ...location } }
}

/** A PUT brings the whole entry: what it leaves out is gone, but for what is ilert's own. */
export function update(call: Call): Answer {
  const { account, collection, name, user, now } = call
  const stored = find(call)
  const kind = kindOf(name)
  const { entry: old } = stored
  const fields = bodyOf(call, stored.parent)
  const kept: Fields = kind.keepsTeams && !('teams' in fields) ? { teams: old.teams } : {}
  const entry = { ...kept, ...fields, ...kind.own?.(fields, { account, user, now, old }), id: old.id }
  collection.put(entry, stored.parent)
  return answer(call, entry)
}

function remove(call: Call): Answer {
  const { entry } = find(call)
  call.collection.delete(String(entry.id))
  call.account.orphan(call.name, String(entry.id))
  return answer(call, undefined)
}

/** The entry that the path ends with. */
export function find(call: Call): Stored {
  return call.collection.get(call.ids.at(-1), parentOf(call)) ?? missing()
}

/** An entry with what is computed when it is looked at. */
function viewed({ name, account, user, now, query }: Call, entry: Entry, asked: readonly string[]): Fields {
  const view = kindOf(name).view
  return view ? { ...entry, ...view(entry, { account, user, now, asked, query }) } : entry
}
