import { readJWT } from './jwt.ts'
import { namedScopes } from './scopes.ts'

/** What ilert's access token says of itself. Read without a key: proof of nothing, and used only as ilert's own word. */
export interface AccessTokenClaims {
  /** The tenant, as ilert names it in the token. */
  tenant?: string
  username?: string
  appID?: number
  scope?: string[]
  /** Milliseconds since the epoch. */
  expiresAt?: number
}

/** An access token of ilert has less than 1 KiB. What is much longer is not decoded. */
const LONGEST_TOKEN = 16 * 1024

/**
 * The claims of an access token, or undefined if it is no JWT, or too long for one of ilert.
 * docs/ilert.md, "Wire formats".
 */
export function readClaims(accessToken: string): AccessTokenClaims | undefined {
  if (typeof accessToken !== 'string' || accessToken.length > LONGEST_TOKEN) return undefined
  const jwt = readJWT(accessToken)
  if (!jwt) return undefined
  const { il_n, il_u, il_a, il_s, exp } = jwt.claims
  const scope = namedScopes(il_s)
  return {
    ...(typeof il_n === 'string' && il_n !== '' && { tenant: il_n }),
    ...(typeof il_u === 'string' && { username: il_u }),
    ...(typeof il_a === 'number' && { appID: il_a }),
    ...(scope && { scope }),
    ...(typeof exp === 'number' && Number.isFinite(exp) && { expiresAt: exp * 1000 }),
  }
}
