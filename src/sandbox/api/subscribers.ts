import type { Account } from '../data/account.ts'
import type { Subscriber } from '../data/collection.ts'
import type { SandboxUser } from '../users.ts'
import { nameOf } from './alert-life.ts'
import { answer, type Call, entryAt, type Handler, missing } from './call.ts'
import { checkBody, type Fields } from './check.ts'
import { readJSON } from './json-body.ts'
import { refuse } from './query.ts'

const COLLECTIONS = { USER: 'users', TEAM: 'teams' } as const

/** Whether a user is told when something happens to an entry. */
export function isSubscribed(account: Account, name: string, id: unknown, { id: user }: SandboxUser): boolean {
  const { subscribers = [] } = account.collection(name).get(String(id)) ?? {}
  return subscribers.some((one) => one.type === 'USER' && one.id === user)
}

function handlersOf(name: string): Record<'list' | 'add' | 'replace' | 'remove', Handler> {
  const subscribers = (call: Call) => entryAt(call, name).subscribers
  const store = (call: Call, changed: readonly Subscriber[]) => {
    call.account.collection(name).subscribe(call.ids[0] ?? '', changed)
    return answer(call, undefined)
  }
  return {
    list: (call) =>
      answer(
        call,
        subscribers(call).map((one) => ({ ...one, name: labelOf(call.account, one) })),
      ),
    add: (call) => store(call, distinct([...subscribers(call), ...subscribersIn(call)])),
    replace: (call) => {
      subscribers(call) // 404 before 400
      return store(call, distinct(subscribersIn(call)))
    },
    remove: (call) => {
      const [, id] = call.ids
      const type = call.query.text('subscriber-type')
      const left = subscribers(call).filter((one) => one.type !== type || String(one.id) !== id)
      return left.length < subscribers(call).length ? store(call, left) : missing()
    },
  }
}

/** The subscribers in a body, one or a list of them, who have to be there. */
function subscribersIn({ operation, request, account }: Call): Subscriber[] {
  const ground = { account, parent: undefined }
  const body = checkBody(operation.body ?? ['object'], readJSON(request), ground) as Fields | readonly Fields[]
  return [body].flat().map(({ id, type }, i) => {
    const path = (name: string) => (Array.isArray(body) ? `[${i}].${name}` : name)
    if (type !== 'USER' && type !== 'TEAM') return refuse(path('type'), 'is required')
    if (typeof id !== 'number') return refuse(path('id'), 'is required')
    if (!account.collection(COLLECTIONS[type]).get(String(id))) refuse(path('id'), 'is the id of nothing that is there')
    return { id, type }
  })
}

function distinct(subscribers: readonly Subscriber[]): Subscriber[] {
  return [...new Map(subscribers.map((one) => [`${one.type} ${one.id}`, one])).values()]
}

function labelOf(account: Account, { type, id }: Subscriber): unknown {
  const entry = account.collection(COLLECTIONS[type]).find(String(id), 'deleted')?.entry ?? {}
  return type === 'USER' ? nameOf(entry) : (entry as Fields).name
}

const [incident, service, page] = [handlersOf('incidents'), handlersOf('services'), handlersOf('status-pages')]

export const subscriberHandlers: Readonly<Record<string, Handler>> = {
  'GET /api/incidents/{id}/private-subscribers': incident.list,
  'POST /api/incidents/{id}/private-subscribers': incident.add,
  'GET /api/services/{id}/private-subscribers': service.list,
  'PUT /api/services/{id}/private-subscribers': service.replace,
  'GET /api/status-pages/{id}/private-subscribers': page.list,
  'POST /api/status-pages/{id}/private-subscribers': page.add,
  'PUT /api/status-pages/{id}/private-subscribers': page.replace,
  'DELETE /api/status-pages/{id}/private-subscribers/{subscriber-id}': page.remove,
}
