// This project, as its README shows it. `middleware: false` leaves ilert.session() out.

import passport from 'passport'
import { IlertStrategy } from 'passport-ilert'
import { RedisTokenStore } from 'passport-ilert/redis'
import { options } from '../lib/child.js'
import { clientID, clientSecret, connectRedis, createApp, listen, page, provider } from './common.js'
import { inProcess } from './in-process.js'
import { makeSessions } from './many-sessions.js'

const redis = await connectRedis()
const ilert = new IlertStrategy({
  clientID,
  clientSecret,
  appURL: provider,
  apiURL: provider,
  callbackURL: '/callback',
  scope: 'profile alert',
  ...(redis && { tokenStore: new RedisTokenStore({ client: redis }) }),
})
passport.use(ilert)

const app = await createApp()
if (options.middleware !== false) app.use(ilert.session())
app.get('/login', passport.authenticate('ilert'))
app.get('/callback', passport.authenticate('ilert', { successRedirect: '/' }))
app.get('/', page)
app.get('/alerts', async (req, res) => {
  res.json(await req.ilert.get('/api/alerts'))
})
app.use('/api/ilert', ilert.proxy({ allow: ['GET /api/alerts'] }))
app.get('/in-process', inProcess(provider))
listen(app, { makeSessions: (/** @type {any} */ o) => makeSessions(ilert.tokens, redis, o) })
