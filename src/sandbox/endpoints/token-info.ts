import { type Answer, type Ilert, json, oauthForm, required, type SandboxRequest } from '../messages.ts'
import { authenticate } from './token.ts'

/**
 * POST token_info: what an access token is good for. docs/ilert.md, "Wire formats". What ilert answers for one that
 * is not good is not stated; the sandbox says `{"active": false}`, also for refresh tokens.
 */
export function tokenInfo(request: SandboxRequest, ilert: Ilert): Answer {
  const form = oauthForm(request)
  if (ilert.settings.requireCredentials) authenticate(form, ilert)
  const grant = ilert.state.accessTokens.get(required(form, 'token'))
  if (!grant) return json(200, { active: false }, {}, 'inactive')
  const { app, user, scope } = grant
  return json(200, {
    active: true,
    tenant_id: user.tenant,
    username: user.username,
    scope: scope.join(' '),
    app_id: app.appID,
  })
}
