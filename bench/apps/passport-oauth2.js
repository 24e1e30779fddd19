// passport-oauth2 with passport-oauth2-refresh, as their READMEs show them: the tokens are in the user, and with the user
// in the session. PKCE and state, which ilert's guides ask for, unless `bare`.

import passport from 'passport'
import OAuth2Strategy from 'passport-oauth2'
import refresh from 'passport-oauth2-refresh'
import { options } from '../lib/child.js'
import { clientID, clientSecret, createApp, endpoints, listen, page } from './common.js'

const app = await createApp()

const strategy = new OAuth2Strategy(
  {
    authorizationURL: endpoints.authorize,
    tokenURL: endpoints.token,
    clientID,
    clientSecret,
    callbackURL: '/callback',
    scope: 'profile alert',
    ...(!options.bare && { pkce: true, state: true }),
  },
  (
    /** @type {string} */ accessToken,
    /** @type {string} */ refreshToken,
    /** @type {any} */ params,
    /** @type {any} */ profile,
    /** @type {any} */ done,
  ) => done(null, { ...profile, ...tokensOf(accessToken, refreshToken, params.expires_in) }),
)
const oauth2 = /** @type {any} */ (strategy)._oauth2
oauth2.useAuthorizationHeaderforGET(true)

const get = (/** @type {string} */ url, /** @type {string} */ accessToken) =>
  new Promise((resolve, reject) => {
    oauth2.get(url, accessToken, (/** @type {any} */ error, /** @type {string} */ body) =>
      error ? reject(new Error(`The API answered ${error.statusCode}`)) : resolve(JSON.parse(body)),
    )
  })

// How strategies for one provider load the profile.
strategy.userProfile = (/** @type {string} */ accessToken, /** @type {any} */ done) => {
  void get(endpoints.currentUser, accessToken).then(
    (json) => done(null, { id: String(json.id), username: json.username, email: json.email }),
    done,
  )
}

function tokensOf(/** @type {string} */ accessToken, /** @type {string} */ refreshToken, expiresIn = 3600) {
  return { accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1000 }
}

const requestNewAccessToken = (/** @type {string} */ refreshToken) =>
  new Promise((resolve, reject) => {
    refresh.requestNewAccessToken('oauth2', refreshToken, (error, accessToken, newRefreshToken, results) =>
      error
        ? reject(new Error('The token endpoint refused.'))
        : resolve(tokensOf(accessToken, newRefreshToken ?? refreshToken, results.expires_in)),
    )
  })

passport.use(strategy)
refresh.use(strategy)

app.get('/login', passport.authenticate('oauth2'))
app.get('/callback', passport.authenticate('oauth2', { successRedirect: '/' }))
app.get('/', page)
app.get('/alerts', async (req, res) => {
  const { session, user } = /** @type {any} */ (req)
  if (Date.now() >= user.expiresAt) {
    Object.assign(user, await requestNewAccessToken(user.refreshToken))
    session.passport.user = user
  }
  res.json(await get(endpoints.alerts, user.accessToken))
})
listen(app)
