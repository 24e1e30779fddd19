import type { ApiDeletes, ApiGets, ApiPosts, ApiPuts } from '../../client/api-paths.ts'
import { isBelow, segmentsOf } from '../../ilert/paths.ts'

/** The methods that a proxy passes on. `HEAD` goes with `GET`. */
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A segment of a known path: ids are written `{id}`. */
type Segment<S extends string> = string extends S ? '{id}' : `${number}` extends S ? '{id}' : S

/** A known path with its ids as a route writes them: `/api/alerts/${number}` is `/api/alerts/{id}`. */
type Written<Path> = Path extends `${infer First}/${infer Rest}`
  ? `${Segment<First>}/${Written<Rest>}`
  : Path extends string
    ? Segment<Path>
    : never

/** The operations of ilert's document, and those that the app has added to the maps of paths. */
type KnownRoute =
  | `GET ${Written<keyof ApiGets>}`
  | `POST ${Written<keyof ApiPosts>}`
  | `PUT ${Written<keyof ApiPuts>}`
  | `DELETE ${Written<keyof ApiDeletes>}`

/**
 * What a proxy passes on: a method and a path of ilert's API, such as `PUT /api/alerts/{id}/accept`. `{id}`, or another
 * name in braces, stands for one id. Operations of ilert's document complete in an editor; others are taken as well.
 */
export type ProxyRoute = KnownRoute | (`${Method} /api/${string}` & {})

/** An entry of the list, split for matching. */
export interface Route {
  readonly method: string
  readonly segments: readonly string[]
}

/** Below a collection that has a name: an id alone could be the name of another one. */
const ENTRY = /^(GET|POST|PUT|PATCH|DELETE) (\/api\/[\w~-].*)$/
const LITERAL = /^[\w~-][\w.~-]*$/
const PARAMETER = /^\{[a-z][\w-]*\}$/i

/**
 * An id of ilert's: a number, or a text of letters, digits, `-` and `_`. It has a digit, so that `/api/alerts/{id}` does not
 * open `/api/alerts/count`, nor what ilert may put there one day.
 */
const ID = /^(?=\D*\d)[\w-]{1,100}$/

/** Where tokens are issued and revoked: a page has no business there. */
const OAUTH = segmentsOf('/api/developers')

/**
 * Reads the list once, when the app starts.
 *
 * @throws TypeError which names the entry that is malformed.
 */
export function allowedRoutes(allow: unknown): readonly Route[] {
  if (!Array.isArray(allow) || allow.length === 0) {
    throw new TypeError("allow: expected a list of methods and paths, such as ['GET /api/alerts'].")
  }
  return allow.map((entry: unknown) => route(entry))
}

function route(entry: unknown): Route {
  const [, method = '', path = ''] = (typeof entry === 'string' && ENTRY.exec(entry)) || []
  const segments = segmentsOf(path)
  const isPath = path !== '' && segments.slice(1).every((part) => LITERAL.test(part) || PARAMETER.test(part))
  if (!isPath || /[?#]/.test(path)) {
    const shown = typeof entry === 'string' ? `'${entry.slice(0, 100)}'` : `a ${typeof entry}`
    throw new TypeError(`allow: ${shown} is no method and path, such as 'PUT /api/alerts/{id}/accept'.`)
  }
  const named = segments.map((part) => (PARAMETER.test(part) ? '{id}' : part))
  if (isBelow(named, OAUTH))
    throw new TypeError('allow: /api/developers is where tokens are issued, and is not proxied.')
  return { method, segments: named }
}

/** What the list says of a request: which route it is, or by which methods its path is allowed. */
export function match(routes: readonly Route[], method: string, path: string): Route | readonly string[] {
  const segments = segmentsOf(path)
  const same = routes.filter((route) => isAt(segments, route.segments))
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = same.find((route) => route.method === wanted)
  return found ?? same.flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
}

function isAt(segments: readonly string[], pattern: readonly string[]): boolean {
  if (segments.length !== pattern.length) return false
  return pattern.every((part, i) => (part === '{id}' ? ID.test(segments[i] ?? '') : part === segments[i]))
}
