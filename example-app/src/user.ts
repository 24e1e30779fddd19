import type { IlertProfile } from 'passport-ilert'

declare global {
  namespace Express {
    /** What the app keeps of the user who is signed in. It is in the session, so it is small and holds no secret. */
    interface User {
      provider: 'ilert'
      /** ilert's user id. Look your own users up by it, never by an e-mail address, which ilert may not have verified. */
      id: string
      name: string
      username: string
      role: string | undefined
      account: string | undefined
      /** In which times are shown, such as Europe/Berlin. */
      timezone: string | undefined
    }
  }
}

/** Makes the app's user of ilert's. With a database, this is where to find or create the user's row: users.ts. */
export function toUser(profile: IlertProfile): Express.User {
  const { provider, id, displayName, username, role, tenant, timezone } = profile
  return { provider, id, name: displayName, username, role, account: tenant, timezone }
}
