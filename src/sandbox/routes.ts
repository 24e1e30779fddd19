import { PATHS } from '../ilert/endpoints.ts'
import { requiredScope } from '../ilert/scopes.ts'
import { authorize, bearerToken } from './api/authorize.ts'
import { apiMethods } from './api/router.ts'
import { CONSENT_PATH } from './consent-page.ts'
import { authorize as authorizeEndpoint, consent } from './endpoints/authorize.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { tokenInfo } from './endpoints/token-info.ts'
import {
  type Answer,
  apiError,
  type Endpoint,
  type Ilert,
  notFound,
  oauthError,
  Refused,
  type SandboxRequest,
} from './messages.ts'

interface Route {
  readonly methods: Readonly<Record<string, Endpoint>>
  /** Whether a page of another origin may call it. docs/ilert.md, "Endpoints". */
  readonly crossOrigin: boolean
  /** Whether a path of the table of scopes: a client that lacks the scope is told so, before it is told that nobody can. */
  readonly scoped?: true
}

/** What ilert serves on both of its hosts, and the consent page's answer. */
const ROUTES: ReadonlyMap<string, Route> = new Map([
  [PATHS.authorize, { methods: { GET: authorizeEndpoint }, crossOrigin: false }],
  [CONSENT_PATH, { methods: { POST: consent }, crossOrigin: false }],
  [PATHS.token, { methods: { POST: token }, crossOrigin: true }],
  [PATHS.tokenInfo, { methods: { POST: tokenInfo }, crossOrigin: true }],
  [PATHS.revoke, { methods: { POST: revoke }, crossOrigin: true }],
] satisfies [string, Route][])

/** What answers at a path: one of these, or a resource of the API. */
function routeOf(path: string): Route | undefined {
  const route = ROUTES.get(path)
  if (route) return route
  const methods = apiMethods(path)
  return methods && { methods, crossOrigin: true, scoped: true }
}

/** Whether the errors of a path have the OAuth endpoints' form; all others have the API's. */
export function isOAuthPath(path: string): boolean {
  return path.startsWith('/api/developers/oauth2/')
}

function isAPIPath(path: string): boolean {
  return path.startsWith('/api/') && !isOAuthPath(path)
}

/** Answers a request. */
export async function answerRequest(request: SandboxRequest, ilert: Ilert): Promise<Answer> {
  const { method, path, address } = request
  const route = routeOf(path)
  if (method === 'OPTIONS' && route?.crossOrigin) return preflight(route)
  // ilert counts by token; what has none is told apart by its address.
  const sender = bearerToken(request.headers.authorization) ?? address
  if (isAPIPath(path) && !ilert.rateLimit.admits(sender)) return tooManyRequests()
  if (!route) return notFound()
  try {
    const endpoint = route.methods[method] // one of the words that Node's parser knows, never `constructor`
    if (endpoint) return await endpoint(request, ilert)
    const scope = route.scoped ? requiredScope(method, path) : null
    if (scope !== null) authorize(request, ilert, scope)
    return wrongMethod(path, allowed(route))
  } catch (error) {
    if (error instanceof Refused) return error.answer
    return failure(path)
  }
}

/** The headers that let a page of another origin read an answer of this path. */
export function crossOriginHeaders(path: string): Record<string, string> {
  if (!routeOf(path)?.crossOrigin) return {}
  return {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'ETag, Location, Retry-After, WWW-Authenticate',
  }
}

/** What the sandbox says where it does not know what to say. Nothing about the reason: it could hold a secret. */
export function failure(path: string): Answer {
  return isOAuthPath(path)
    ? oauthError('server_error', 'Internal error of the sandbox')
    : apiError(500, 'INTERNAL_SERVER_ERROR', 'Internal error of the sandbox')
}

/** Without `Retry-After`, as ilert has it. docs/ilert.md, "Lifetimes and limits". */
function tooManyRequests(): Answer {
  return apiError(429, 'TOO_MANY_REQUESTS', 'There were too many requests with this token in a minute')
}

function preflight(route: Route): Answer {
  const headers = {
    'access-control-allow-methods': allowed(route),
    'access-control-allow-headers': 'Authorization, Content-Type, If-Match, Team-Context',
    'access-control-max-age': '600',
  }
  return { status: 204, headers, body: '', note: 'preflight' }
}

function wrongMethod(path: string, allow: string): Answer {
  const text = `The method must be ${allow}`
  return isOAuthPath(path)
    ? oauthError('invalid_request', text, { status: 405, headers: { allow } })
    : apiError(405, 'METHOD_NOT_ALLOWED', text, { allow })
}

function allowed(route: Route): string {
  return Object.keys(route.methods).join(', ')
}
