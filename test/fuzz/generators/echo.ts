/* What ilert, or a proxy before it, may repeat of a request. */
import fc from 'fast-check'
import { ALL_SECRETS } from '../canary.ts'

const WRITINGS: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `"${secret}"`,
  (secret) => `token=${secret}&x=1`,
  (secret) => `${secret.slice(0, 25)}...`,
  (secret) => `...${secret.slice(-20)}`,
  (secret) => [...secret].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
  (secret) => [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => Buffer.from(JSON.stringify({ secret })).toString('base64url'),
  (secret) => encodeURIComponent(Buffer.from(`client:${secret}`).toString('base64')),
  (secret) => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify({ k: secret })).toString('base64url')}.sig`,
]

/** A text with a secret in it, in one writing or another. */
export const echoes: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', 'Provided token ', 'unknown: ', 'a\u0000b\n', '\u202e'),
    fc.constantFrom(...ALL_SECRETS),
    fc.constantFrom(...WRITINGS),
    fc.constantFrom('', ' is not known', '\r\n', ', sorry'),
  )
  .map(([before, secret, write, after]) => before + write(secret) + after)
