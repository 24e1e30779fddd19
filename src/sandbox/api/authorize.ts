import { covers } from '../../ilert/scopes.ts'
import { apiError, type Ilert, Refused, type SandboxRequest, scopeError } from '../messages.ts'
import type { Grant } from '../state.ts'

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([\w\-.~+/]+=*)$/i

/** The grant of a request to the API, which must cover `scope`. */
export function authorize({ headers }: SandboxRequest, { state }: Ilert, scope: string): Grant {
  const token = bearerToken(headers.authorization)
  const grant = token === undefined ? undefined : state.accessTokens.get(token)
  if (!grant) {
    const challenge = { 'www-authenticate': 'Bearer' }
    throw new Refused(apiError(401, 'UNAUTHORIZED', 'The access token is missing, unknown or expired', challenge))
  }
  if (!covers(grant.scope, scope)) throw new Refused(scopeError(scope))
  return grant
}

/** The token of an Authorization header, if it has one. */
export function bearerToken(header = ''): string | undefined {
  return BEARER.exec(header)?.[1]
}
