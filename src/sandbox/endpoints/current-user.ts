import { covers } from '../../ilert/scopes.ts'
import { type Answer, apiError, type Ilert, json, Refused, type SandboxRequest } from '../messages.ts'
import type { Grant } from '../state.ts'

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([\w\-.~+/]+=*)$/i

/** GET /api/users/current: the user whose access token it is. ILERT.md, "Wire formats". */
export function currentUser(request: SandboxRequest, ilert: Ilert): Answer {
  const { user } = authorized(request, ilert, 'profile')
  const { tenant: _, ...fields } = user
  return json(200, fields)
}

/** The grant behind a request to the API, which must cover `scope`. */
function authorized({ headers }: SandboxRequest, { state }: Ilert, scope: string): Grant {
  const token = BEARER.exec(headers.authorization ?? '')?.[1]
  const grant = token === undefined ? undefined : state.accessTokens.get(token)
  if (!grant) {
    const challenge = { 'www-authenticate': 'Bearer' }
    throw new Refused(apiError(401, 'UNAUTHORIZED', 'The access token is missing, unknown or expired', challenge))
  }
  if (!covers(grant.scope, scope)) {
    throw new Refused(apiError(403, 'FORBIDDEN', `The access token lacks the scope ${scope}`))
  }
  return grant
}
