import { PATHS } from '../ilert/endpoints.ts'
import { CONSENT_PATH } from './consent-page.ts'
import { authorize, consent } from './endpoints/authorize.ts'
import { currentUser } from './endpoints/current-user.ts'
import { revoke } from './endpoints/revoke.ts'
import { token } from './endpoints/token.ts'
import { tokenInfo } from './endpoints/token-info.ts'
import {
  type Answer,
  apiError,
  type Endpoint,
  type Ilert,
  oauthError,
  Refused,
  type SandboxRequest,
} from './messages.ts'

interface Route {
  readonly methods: Readonly<Record<string, Endpoint>>
  /** Whether a page of another origin may call it. ILERT.md, "Endpoints". */
  readonly crossOrigin: boolean
}

/** Everything that the sandbox serves: what ilert serves on both of its hosts, and the consent page's answer. */
const ROUTES: ReadonlyMap<string, Route> = new Map([
  [PATHS.authorize, { methods: { GET: authorize }, crossOrigin: false }],
  [CONSENT_PATH, { methods: { POST: consent }, crossOrigin: false }],
  [PATHS.token, { methods: { POST: token }, crossOrigin: true }],
  [PATHS.tokenInfo, { methods: { POST: tokenInfo }, crossOrigin: true }],
  [PATHS.revoke, { methods: { POST: revoke }, crossOrigin: true }],
  [PATHS.currentUser, { methods: { GET: currentUser }, crossOrigin: true }],
] satisfies [string, Route][])

/** Whether the errors of a path have the OAuth endpoints' form; all others have the API's. */
export function isOAuthPath(path: string): boolean {
  return path.startsWith('/api/developers/oauth2/')
}

/** Answers a request. */
export async function answerRequest(request: SandboxRequest, ilert: Ilert): Promise<Answer> {
  const { method, path } = request
  const route = ROUTES.get(path)
  if (!route) return apiError(404, 'NOT_FOUND', 'There is no such resource')
  if (method === 'OPTIONS' && route.crossOrigin) return preflight(route)
  const endpoint = route.methods[method] // one of the words that Node's parser knows, never `constructor`
  if (!endpoint) return wrongMethod(path, allowed(route))
  try {
    return await endpoint(request, ilert)
  } catch (error) {
    if (error instanceof Refused) return error.answer
    return failure(path)
  }
}

/** The headers that let a page of another origin read an answer of this path. */
export function crossOriginHeaders(path: string): Record<string, string> {
  if (!ROUTES.get(path)?.crossOrigin) return {}
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After, WWW-Authenticate' }
}

/** What the sandbox says where it does not know what to say. Nothing about the reason: it could hold a secret. */
export function failure(path: string): Answer {
  return isOAuthPath(path)
    ? oauthError('server_error', 'Internal error of the sandbox')
    : apiError(500, 'INTERNAL_SERVER_ERROR', 'Internal error of the sandbox')
}

function preflight(route: Route): Answer {
  const headers = {
    'access-control-allow-methods': allowed(route),
    'access-control-allow-headers': 'Authorization, Content-Type',
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
