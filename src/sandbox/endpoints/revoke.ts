import { type Answer, type Ilert, json, oauthForm, refuse, required, type SandboxRequest } from '../messages.ts'

/**
 * POST revoke: ends the refresh token and what came of it, at once; access tokens stay good until they expire.
 * ILERT.md, "Wire formats". A token that is unknown needs no ending (RFC 7009, section 2.2).
 */
export function revoke(request: SandboxRequest, { state }: Ilert): Answer {
  const value = required(oauthForm(request), 'token')
  // Said aloud, since an app which revokes the wrong one would believe that its user is signed out.
  if (state.accessTokens.get(value)) refuse('invalid_request', 'The token to revoke is the refresh token')
  const held = state.refreshTokens.get(value)
  if (held) held.grant.revoked = true
  return json(200, {}, {}, held ? undefined : 'unknown token')
}
