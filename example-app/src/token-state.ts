import type { RequestIlert } from 'passport-ilert'
import type { TokenState } from './views.ts'

/** How things stand with ilert. Asks ilert only where the access token is over: the rest is in memory. */
export async function tokenState(ilert: RequestIlert): Promise<TokenState> {
  let endsAt: number | undefined
  try {
    if (ilert.connected) endsAt = expiryOf(await ilert.accessToken())
  } catch {
    // It is over, and there is no other one now. `connected` says whether there will be one later.
  }
  return { connected: ilert.connected, scope: ilert.scope, endsAt }
}

/** The `exp` claim of a JWT (RFC 7519, section 4.1.4), which is good enough to be shown, and not checked in any way. */
function expiryOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    return undefined // not a JWT
  }
}
