import { authorize } from '../api/authorize.ts'
import { type Answer, type Ilert, json, type SandboxRequest } from '../messages.ts'

/** GET /api/users/current: the user whose access token it is. docs/ilert.md, "Wire formats". */
export function currentUser(request: SandboxRequest, ilert: Ilert): Answer {
  const { user } = authorize(request, ilert, 'profile')
  const { tenant, ...fields } = user
  // As the account has it by now; a user who was deleted there is still the one who signed in.
  return json(200, ilert.state.account(tenant).collection('/api/users').get(user.id, undefined)?.entry ?? fields)
}
