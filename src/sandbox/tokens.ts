import { randomBytes } from 'node:crypto'
import { type CryptoKey, generateKeyPair, SignJWT } from 'jose'
import type { Grant } from './state.ts'

let accessTokenKey: Promise<CryptoKey> | undefined
const refreshTokenKey = randomBytes(32)

/** One key for the process, made when the first token needs it: making one takes a tenth of a second. */
function signingKey(): Promise<CryptoKey> {
  accessTokenKey ??= generateKeyPair('RS256', { modulusLength: 2048 }).then(({ privateKey }) => privateKey)
  return accessTokenKey
}

// NumericDate counts whole seconds. Rounded down, so that no token claims to outlive what the sandbox grants it.
const seconds = (ms: number) => Math.floor(ms / 1000)

/** An access token with the claims that ilert's sample has. docs/ilert.md, "Wire formats". */
export async function signAccessToken(grant: Grant, now: number, expiresAt: number): Promise<string> {
  const claims = {
    il_t: 'ACCESS',
    il_u: grant.user.username,
    il_n: grant.user.tenant,
    il_a: grant.app.appID,
    il_s: grant.scope.join(' '),
    il_v: 1,
    // RS256 is deterministic: without it, two tokens of one second would be one.
    jti: randomBytes(12).toString('base64url'),
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer('ilert')
    .setIssuedAt(seconds(now))
    .setExpirationTime(seconds(expiresAt))
    .sign(await signingKey())
}

/** A refresh token with the claims that ilert's sample has. docs/ilert.md, "Wire formats". */
export function signRefreshToken(expiresAt: number): Promise<string> {
  return new SignJWT({ il_t: 'OAUTH', il_v: 1, il_k: randomBytes(24).toString('base64url') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('ilert')
    .setExpirationTime(seconds(expiresAt))
    .sign(refreshTokenKey)
}
