import { type Answer, type Ilert, json, oauthForm, refuse, required, type SandboxRequest } from '../messages.ts'
import { authenticate } from './token.ts'

/**
 * POST revoke: ends the refresh token and what came of it, at once; access tokens stay good until they expire.
 * docs/ilert.md, "Wire formats". A token that is unknown needs no ending (RFC 7009, section 2.2).
 */
export function revoke(request: SandboxRequest, ilert: Ilert): Answer {
  const { state, settings } = ilert
  const form = oauthForm(request)
  const app = settings.requireCredentials ? authenticate(form, ilert) : undefined
  const value = required(form, 'token')
  // Said aloud, since an app which revokes the wrong one would believe that its user is signed out.
  if (state.accessTokens.get(value)) refuse('invalid_request', 'The token to revoke is the refresh token')
  const held = state.refreshTokens.get(value)
  // RFC 7009, section 2.1: only the client to which the token was issued.
  if (app && held && held.grant.app !== app) refuse('invalid_request', 'The token was issued to another app')
  if (held) held.grant.revoked = true
  return json(200, {}, {}, held ? undefined : 'unknown token')
}
