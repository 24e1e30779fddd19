import { decodeJwt } from 'jose/jwt/decode'

/** What ilert's access token says of itself. Read without a key: proof of nothing, and used only as ilert's own word. */
export interface AccessTokenClaims {
  /** The account, as ilert names it in the token. */
  tenant?: string
  username?: string
  appID?: number
  scope?: string[]
  /** Milliseconds since the epoch. */
  expiresAt?: number
}

/** The claims of an access token, or undefined where it is no JWT. ILERT.md, "Wire formats". */
export function readClaims(accessToken: string): AccessTokenClaims | undefined {
  let claims: Record<string, unknown>
  try {
    claims = decodeJwt(accessToken)
  } catch {
    return undefined
  }
  const { il_n, il_u, il_a, il_s, exp } = claims
  return {
    ...(typeof il_n === 'string' && il_n !== '' && { tenant: il_n }),
    ...(typeof il_u === 'string' && { username: il_u }),
    ...(typeof il_a === 'number' && { appID: il_a }),
    ...(typeof il_s === 'string' && { scope: il_s.split(' ').filter(Boolean) }),
    ...(typeof exp === 'number' && Number.isFinite(exp) && { expiresAt: exp * 1000 }),
  }
}
