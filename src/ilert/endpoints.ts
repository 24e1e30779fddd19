/** ilert's web host, where users sign in and consent. docs/ilert.md, "Endpoints". */
export const APP_URL = 'https://app.ilert.com'

/** ilert's API host, which also serves the token endpoints. docs/ilert.md, "Endpoints". */
export const API_URL = 'https://api.ilert.com'

/** The paths of ilert's OAuth2 endpoints and of the signed-in user. */
export const PATHS = {
  authorize: '/api/developers/oauth2/authorize',
  token: '/api/developers/oauth2/token',
  tokenInfo: '/api/developers/oauth2/token_info',
  revoke: '/api/developers/oauth2/revoke',
  currentUser: '/api/users/current',
} as const

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** Whether `tenant` can be the first label of a host name, and nothing more than that (RFC 1123, section 2.1). */
export function isTenant(tenant: string): boolean {
  return DNS_LABEL.test(tenant)
}

/**
 * The origin on which a user is asked for consent. A tenant that is known skips ilert's sign-in step on its own host
 * where the user is signed in there already; an `appURL` of one's own (a sandbox, a proxy) has no such hosts.
 */
export function authorizeOrigin(appURL: string | undefined, tenant: string | undefined): string {
  return appURL ?? (tenant === undefined ? APP_URL : `https://${tenant.toLowerCase()}.ilert.com`)
}
