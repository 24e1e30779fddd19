import { parseScope, type RequestIlert, scopes } from 'passport-ilert'
import { momentAt } from './time.ts'

/** How things stand with ilert, as `req.ilert` knows it: data for `views/session.ejs`. */
export function connectionView(
  { connected, scope, issuedAt, expiresAt, refreshes }: RequestIlert,
  user: Express.User,
  now: number,
) {
  return {
    connected,
    scopes: scope.map((name) => ({ name, description: scopes[parseScope(name).resource]?.description })),
    refreshes,
    token:
      issuedAt === undefined || expiresAt === undefined
        ? undefined
        : {
            lifeMs: expiresAt - issuedAt,
            leftMs: Math.max(0, expiresAt - now),
            end: momentAt(expiresAt, user.timezone, now),
          },
  }
}
