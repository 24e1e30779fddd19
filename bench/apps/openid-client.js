// openid-client's Passport strategy, as its documentation shows it. ilert publishes no metadata to discover, so the
// endpoints are written out. The strategy sends a state only where the server is not known to support PKCE.

import * as client from 'openid-client'
import { Strategy } from 'openid-client/passport'
import passport from 'passport'
import { clientID, clientSecret, createApp, endpoints, listen, page, provider } from './common.js'

const config = new client.Configuration(
  { issuer: provider, authorization_endpoint: endpoints.authorize, token_endpoint: endpoints.token },
  clientID,
  { client_secret: clientSecret },
  client.ClientSecretPost(clientSecret),
)
client.allowInsecureRequests(config)

const app = await createApp()

/** @returns {Promise<any>} */
const get = async (/** @type {string} */ url, /** @type {string} */ accessToken) => {
  const answer = await client.fetchProtectedResource(config, accessToken, new URL(url), 'GET')
  return await answer.json()
}

function tokensOf(/** @type {any} */ tokens) {
  const { access_token, refresh_token, expires_in } = tokens
  return { accessToken: access_token, refreshToken: refresh_token, expiresAt: Date.now() + expires_in * 1000 }
}

passport.use(
  'openid',
  new Strategy({ config, scope: 'profile alert' }, (tokens, verified) => {
    void get(endpoints.currentUser, tokens.access_token).then(
      ({ id, username, email }) => verified(null, { id: String(id), username, email, ...tokensOf(tokens) }),
      verified,
    )
  }),
)

// The callback's URL is the app's own, which is known once a request has come.
const authenticate = (/** @type {object} */ options) => (/** @type {any} */ req, /** @type {any} */ res, next) => {
  const callbackURL = `${req.protocol}://${req.get('host')}/callback`
  passport.authenticate('openid', /** @type {any} */ ({ ...options, callbackURL }))(req, res, next)
}

app.get('/login', authenticate({}))
app.get('/callback', authenticate({ successRedirect: '/' }))
app.get('/', page)
app.get('/alerts', async (req, res) => {
  const { session, user } = /** @type {any} */ (req)
  if (Date.now() >= user.expiresAt) {
    Object.assign(user, tokensOf(await client.refreshTokenGrant(config, user.refreshToken)))
    session.passport.user = user
  }
  res.json(await get(endpoints.alerts, user.accessToken))
})
listen(app)
