// The OpenID Connect server that express-openid-connect needs: ilert is none, so this is beside it in the same process.

import Provider from 'oidc-provider'

const ACCOUNT = 'mara.lindqvist'
const BITS = /** @type {Record<string, number>} */ ({ AccessToken: 4200, RefreshToken: 1200 })

/**
 * @param {{ issuer: string, clientID: string, clientSecret: string, redirectURIs: string[], onRefresh: () => void }} o
 * @returns {import('node:http').RequestListener}
 */
export function createOpenID({ issuer, clientID, clientSecret, redirectURIs, onRefresh }) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientID,
        client_secret: clientSecret,
        redirect_uris: redirectURIs,
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId, name: 'Mara Lindqvist' }) }),
    claims: { openid: ['sub'], profile: ['name'] },
    cookies: { keys: ['only for measuring'] },
    // As long as ilert's: what a cookie holds has to be sealed and opened.
    formats: { bitsOfOpaqueRandomness: (_ctx, { kind }) => BITS[kind] ?? 256 },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/oidc/interaction/${uid}` },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    pkce: { required: () => false },
    ttl: { AccessToken: 3600, IdToken: 3600, RefreshToken: 31_536_000, Grant: 31_536_000, Session: 86_400 },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: clientID, accountId: ACCOUNT })
      grant.addOIDCScope('openid profile offline_access')
      await grant.save()
      return grant
    },
  })
  for (const event of ['grant.success', 'grant.error']) {
    provider.on(event, (ctx) => {
      if (ctx.oidc.params?.grant_type === 'refresh_token') onRefresh()
    })
  }
  const serve = provider.callback()
  return (request, response) => {
    // As Express would mount it: the provider writes its own URLs from the difference.
    Object.assign(request, { originalUrl: request.url, url: request.url?.slice('/oidc'.length) })
    if (!request.url?.startsWith('/interaction/')) return serve(request, response)
    provider
      .interactionFinished(request, response, { login: { accountId: ACCOUNT } })
      .catch((error) => response.destroy(error))
  }
}
