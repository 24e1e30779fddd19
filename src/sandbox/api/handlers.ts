import { requiredScope } from '../../ilert/scopes.ts'
import type { Account } from '../data/account.ts'
import type { Collection, Entry, Stored } from '../data/collection.ts'
import { type Answer, apiError, type Endpoint, type Ilert, json, Refused, type SandboxRequest } from '../messages.ts'
import type { SandboxUser } from '../users.ts'
import { authorize } from './authorize.ts'
import { readObject } from './json-body.ts'
import { listed } from './list.ts'
import type { Action, Resource } from './resources.ts'

/** A request to the API, let in, with everything that its path names. */
interface Call {
  readonly request: SandboxRequest
  readonly resource: Resource
  readonly user: SandboxUser
  readonly account: Account
  readonly collection: Collection
  /** The entry of another resource that the path leads over. */
  readonly parent: number | undefined
  readonly id: number | undefined
  readonly now: number
}

type Handler = (call: Call) => Answer

/** A handler as an endpoint for the paths of a resource. */
export function endpoint(resource: Resource, handler: Handler): Endpoint {
  return (request, ilert) => handler(enter(request, ilert, resource))
}

/** 401, 403, and 404 where the path leads over something that is not there. */
function enter(request: SandboxRequest, ilert: Ilert, resource: Resource): Call {
  const { method, path } = request
  const scope = requiredScope(method, path)
  if (scope === null) throw notFound() // never: the table has no path that no scope opens
  const { user } = authorize(request, ilert, scope)
  const account = ilert.state.account(user.tenant)
  const ids = idsOf(path)
  const [over = '', below] = resource.path.split('/{id}/')
  const parent = below === undefined ? undefined : ids.shift()
  if (parent !== undefined && !account.collection(over).get(parent, undefined)) throw notFound()
  const collection = account.collection(resource.path)
  return { request, resource, user, account, collection, parent, id: ids[0], now: ilert.clock.now() }
}

/** The ids in a path, in order. */
function idsOf(path: string): number[] {
  return path
    .split('/')
    .filter((segment) => /^\d+$/.test(segment))
    .map(Number)
}

export function list({ request, resource, account, collection, parent, now }: Call): Answer {
  const { view, computed } = resource
  const stored = collection.list(parent)
  const all = computed ? computed(account, now) : view ? stored.map((entry) => view(entry, now)) : stored
  return json(200, listed(all, resource, request.query))
}

export function create(call: Call): Answer {
  const { request, resource, account, collection, parent, now } = call
  const fields = readObject(request)
  if (collection.isFull) throw new Refused(apiError(409, 'CONFLICT', 'There are too many of them; delete some first'))
  const entry = { ...fields, ...resource.own?.(now, undefined), id: account.nextID() }
  collection.put(entry, parent)
  return shown(201, entry, call)
}

export function read(call: Call): Answer {
  return shown(200, find(call).entry, call)
}

/** A PUT brings the whole entry: what it leaves out is gone, but for what is ilert's own. */
export function update(call: Call): Answer {
  const { request, resource, collection, parent, now } = call
  const { entry: old } = find(call)
  const entry = { ...readObject(request), ...resource.own?.(now, old), id: old.id }
  collection.put(entry, parent)
  return shown(200, entry, call)
}

export function remove(call: Call): Answer {
  const { entry } = find(call)
  call.collection.delete(entry.id)
  call.account.orphan(call.resource.path, entry.id)
  return noContent()
}

export function act(action: Action): Handler {
  return (call) => {
    const entry = action(find(call).entry, call.user, call.now)
    call.collection.put(entry, call.parent)
    return shown(200, entry, call)
  }
}

export function readSubscription(call: Call): Answer {
  return json(200, { subscribed: find(call).subscribers.has(call.user.id) })
}

export function subscribe(call: Call): Answer {
  find(call).subscribers.add(call.user.id)
  return json(200, { subscribed: true })
}

export function unsubscribe(call: Call): Answer {
  find(call).subscribers.delete(call.user.id)
  return noContent()
}

function find({ collection, id, parent }: Call): Stored {
  const stored = collection.get(id, parent)
  if (!stored) throw notFound()
  return stored
}

function shown(status: number, entry: Entry, { resource: { view }, now }: Call): Answer {
  return json(status, view ? view(entry, now) : entry)
}

function noContent(): Answer {
  return { status: 204, headers: { 'cache-control': 'no-store' }, body: '' }
}

function notFound(): Refused {
  return new Refused(apiError(404, 'NOT_FOUND', 'There is no such resource'))
}
