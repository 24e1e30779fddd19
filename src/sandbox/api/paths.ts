import type { Endpoint } from '../messages.ts'
import {
  act,
  create,
  endpoint,
  list,
  read,
  readSubscription,
  remove,
  subscribe,
  unsubscribe,
  update,
} from './handlers.ts'
import { RESOURCES, type Resource } from './resources.ts'

type Methods = Readonly<Record<string, Endpoint>>

/** The paths of the API, with `{id}` for each id, and what answers there. */
const METHODS: ReadonlyMap<string, Methods> = new Map(RESOURCES.flatMap((resource) => pathsOf(resource)))

/** What answers at a path of the API, by method; undefined where nothing does. */
export function apiMethods(path: string): Methods | undefined {
  return path.includes('{') ? undefined : METHODS.get(path.replaceAll(/\/[1-9]\d{0,14}(?=\/|$)/g, '/{id}'))
}

function pathsOf(resource: Resource): [string, Methods][] {
  const { path, computed, subscribable, actions = {} } = resource
  const on = (handlers: Readonly<Record<string, Parameters<typeof endpoint>[1]>>): Methods =>
    Object.fromEntries(Object.entries(handlers).map(([method, handler]) => [method, endpoint(resource, handler)]))
  if (computed) return [[path, on({ GET: list, HEAD: list })]]
  return [
    [path, on({ GET: list, HEAD: list, POST: create })],
    [`${path}/{id}`, on({ GET: read, HEAD: read, PUT: update, DELETE: remove })],
    ...Object.entries(actions).map(([name, action]): [string, Methods] => [
      `${path}/{id}/${name}`,
      on({ PUT: act(action) }),
    ]),
    ...(subscribable
      ? [
          [
            `${path}/{id}/subscription`,
            on({ GET: readSubscription, HEAD: readSubscription, POST: subscribe, PUT: subscribe, DELETE: unsubscribe }),
          ] satisfies [string, Methods],
        ]
      : []),
  ]
}
