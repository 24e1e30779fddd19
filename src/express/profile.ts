import { type IlertUser, jsonOf, type TokenSet } from '../client/answers.ts'
import { readClaims } from '../ilert/claims.ts'

/** Who has signed in, in Passport's normalized form. */
export interface IlertProfile {
  provider: 'ilert'
  /** ilert's user id: what to look users up by. Never use an e-mail address for that: ilert may not have verified it. */
  id: string
  username: string
  displayName: string
  name?: { givenName?: string; familyName?: string }
  emails?: { value: string; verified: false }[]
  /** The tenant, as the access token names it. */
  tenant?: string
  /** `USER`, `ADMIN` or `STAKEHOLDER`. */
  role?: string
  timezone?: string
  language?: string
  /** The user as ilert sent it, as JSON. Not enumerable. */
  readonly _raw: string
  /** The user as ilert sent it. Not enumerable. */
  readonly _json: unknown
}

/** @see docs/ilert.md, "Current user": all fields but `id` are optional. */
export function toProfile(user: IlertUser, tokens: TokenSet): IlertProfile {
  const id = String(user.id)
  const claims = readClaims(tokens.accessToken)
  const [givenName, familyName, email] = [text(user.firstName), text(user.lastName), text(user.email)]
  const [role, timezone, language] = [text(user.role), text(user.timezone), text(user.language)]
  const username = text(user.username) ?? claims?.username ?? id
  const profile = {
    provider: 'ilert' as const,
    id,
    username,
    displayName: [givenName, familyName].filter(Boolean).join(' ') || username,
    ...((givenName || familyName) && { name: { ...(givenName && { givenName }), ...(familyName && { familyName }) } }),
    ...(email && { emails: [{ value: email, verified: false as const }] }),
    ...(claims?.tenant !== undefined && { tenant: claims.tenant }),
    ...(role && { role }),
    ...(timezone && { timezone }),
    ...(language && { language }),
  }
  // Hidden, so that a profile that is put into a session or a log does not drag them along.
  return Object.defineProperties(profile, {
    _raw: { value: jsonOf(user) },
    _json: { value: user },
  }) as typeof profile & Pick<IlertProfile, '_raw' | '_json'>
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
