import { requiredScope } from '../../ilert/scopes.ts'
import { type Endpoint, type Ilert, notFound, Refused, type SandboxRequest } from '../messages.ts'
import { alertHandlers } from './alerts.ts'
import { authorize } from './authorize.ts'
import { enter, type Handler } from './call.ts'
import { genericHandler } from './generic.ts'
import { incidentHandlers } from './incidents.ts'
import { collectionAt } from './includes.ts'
import { onCalls } from './on-calls.ts'
import { peopleHandlers } from './people.ts'
import { reportHandlers } from './reports.ts'
import { scheduleHandlers } from './schedules.ts'
import type { Operation } from './schema.ts'
import { subscriberHandlers } from './subscribers.ts'
import { OPERATIONS } from './table/operations.ts'

/** What is more than a list of entries. */
const SPECIAL: Readonly<Record<string, Handler>> = {
  ...peopleHandlers,
  ...alertHandlers,
  ...scheduleHandlers,
  ...incidentHandlers,
  ...subscriberHandlers,
  ...reportHandlers,
  'GET /api/on-calls': onCalls,
}

/** A path of the API, and what answers there. */
interface Route {
  readonly segments: readonly string[]
  readonly operations: ReadonlyMap<string, { readonly operation: Operation; readonly handler: Handler }>
  /** The collection that the path leads to. */
  readonly name: string
}

/** The paths of the table, those with fewer ids first: `/api/alerts/count` is no alert. */
const ROUTES: readonly Route[] = routesOf().toSorted((a, b) => idsIn(a) - idsIn(b))

/** What answers at a path of the API, by method; undefined where nothing does. */
export function apiMethods(path: string): Readonly<Record<string, Endpoint>> | undefined {
  const segments = path.split('/')
  for (const route of ROUTES) {
    const ids = idsOf(route, segments)
    if (ids) return endpoints(route, ids)
  }
  return undefined
}

function endpoints({ operations, name }: Route, ids: readonly string[]): Record<string, Endpoint> {
  const found = [...operations].map(([method, { operation, handler }]): [string, Endpoint] => [
    method,
    (request, ilert) => {
      const { user, account } = admit(request, ilert)
      return handler(enter({ operation, name, ids }, { request, user, account, now: ilert.clock.now() }))
    },
  ])
  const [get] = found
    .filter(([method]) => method === 'GET')
    .map(([, endpoint]): [string, Endpoint] => ['HEAD', endpoint])
  return Object.fromEntries(get ? [...found.slice(0, 1), get, ...found.slice(1)] : found)
}

/** Who calls, and in which account: 401 or 403 for those who may not. */
function admit(request: SandboxRequest, ilert: Ilert) {
  const { method, path } = request
  const scope = requiredScope(method, path)
  if (scope === null) throw new Refused(notFound()) // never: the table has no path that no scope opens
  const { user } = authorize(request, ilert, scope)
  const account = ilert.state.account(user.tenant)
  account.count(user.id, scope, ilert.clock.now())
  return { user, account }
}

function routesOf(): Route[] {
  const paths = new Map<string, [string, Operation][]>()
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const [, path = ''] = key.split(' ')
    paths.set(path, [...(paths.get(path) ?? []), [key, operation]])
  }
  return [...paths].map(([path, entries]) => {
    const isEntry = path.endsWith('}')
    const name = collectionAt(path)
    const operations = new Map(
      entries.map(([key, operation]) => {
        const [method = ''] = key.split(' ')
        const handler = SPECIAL[key] ?? genericHandler(method, isEntry)
        if (!handler) throw new Error(`The table has ${key}, which nothing answers.`)
        return [method, { operation, handler }]
      }),
    )
    return { segments: path.split('/'), operations, name }
  })
}

/** The ids of a path if it is one of a route. */
function idsOf({ segments, name }: Route, path: readonly string[]): string[] | undefined {
  if (path.length !== segments.length) return undefined
  const ids: string[] = []
  for (const [i, segment] of segments.entries()) {
    const given = path[i] ?? ''
    if (!segment.startsWith('{')) {
      if (segment !== given) return undefined
    } else if (isID(given, segment, name)) {
      ids.push(given)
    } else {
      return undefined
    }
  }
  return ids
}

/** Whether a text can be an id. Those of connectors and alert actions are texts; levels count from 0. */
function isID(text: string, segment: string, name: string): boolean {
  if (segment === '{level}') return /^(?:0|[1-9]\d{0,3})$/.test(text)
  if (name === 'connectors' || name === 'alert-actions') return /^[\w-]{1,64}$/.test(text)
  return /^[1-9]\d{0,14}$/.test(text)
}

function idsIn({ segments }: Route): number {
  return segments.filter((segment) => segment.startsWith('{')).length
}
