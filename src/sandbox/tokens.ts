import { createHmac, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Grant } from './state.ts'

let accessTokenKey: Promise<KeyObject> | undefined
const refreshTokenKey = randomBytes(32)

/** One key for the process, made when the first token needs it: making one takes a tenth of a second. */
function signingKey(): Promise<KeyObject> {
  accessTokenKey ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(({ privateKey }) => privateKey)
  return accessTokenKey
}

// NumericDate counts whole seconds. Rounded down, so that no token claims to outlive what the sandbox grants it.
const seconds = (ms: number) => Math.floor(ms / 1000)

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** What is signed of a JWS (RFC 7515, section 5.1): its header and its payload. */
const signingInput = (alg: string, claims: object) => `${encoded({ alg, typ: 'JWT' })}.${encoded(claims)}`

/** An access token with the claims that ilert's sample has. docs/ilert.md, "Wire formats". */
export async function signAccessToken(
  grant: Grant,
  now: number,
  expiresAt: number,
  key: Promise<KeyObject> = signingKey(),
): Promise<string> {
  const input = signingInput('RS256', {
    iss: 'ilert',
    il_t: 'ACCESS',
    il_u: grant.user.username,
    il_n: grant.user.tenant,
    il_a: grant.app.appID,
    il_s: grant.scope.join(' '),
    il_v: 1,
    // RS256 is deterministic: without it, two tokens of one second would be one.
    jti: randomBytes(12).toString('base64url'),
    iat: seconds(now),
    exp: seconds(expiresAt),
  })
  const signature = await promisify(sign)('sha256', Buffer.from(input), await key)
  return `${input}.${signature.toString('base64url')}`
}

/** A refresh token with the claims that ilert's sample has. docs/ilert.md, "Wire formats". */
export function signRefreshToken(expiresAt: number, key: Buffer = refreshTokenKey): string {
  const input = signingInput('HS256', {
    iss: 'ilert',
    il_t: 'OAUTH',
    il_v: 1,
    il_k: randomBytes(24).toString('base64url'),
    exp: seconds(expiresAt),
  })
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}
