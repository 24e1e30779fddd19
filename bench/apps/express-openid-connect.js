// express-openid-connect, as its documentation shows it: the session, with the tokens, is an encrypted cookie.

import express from 'express'
import eoc from 'express-openid-connect'
import { options } from '../lib/child.js'
import { clientID, clientSecret, listen, provider } from './common.js'

const issuer = `${provider}/oidc`
const app = express()
app.use(
  eoc.auth({
    issuerBaseURL: issuer,
    baseURL: `http://127.0.0.1:${options.port}`,
    clientID,
    clientSecret,
    secret: 'only for measuring, and as long as it asks for',
    authRequired: false,
    authorizationParams: { response_type: 'code', response_mode: 'query', scope: 'openid profile offline_access' },
  }),
)
app.get('/', (req, res) => {
  if (!req.oidc.isAuthenticated()) return res.status(401).json({ error: 'unauthorized' })
  res.json({ user: req.oidc.user?.sub })
})
app.get('/alerts', async (req, res) => {
  let token = /** @type {NonNullable<typeof req.oidc.accessToken>} */ (req.oidc.accessToken)
  if (token.isExpired()) token = await token.refresh()
  // Its provider has no alerts: the user's claims are asked for instead.
  const answer = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token.access_token}` } })
  if (!answer.ok) throw new Error(`The API answered ${answer.status}`)
  res.json(await answer.json())
})
listen(app)
