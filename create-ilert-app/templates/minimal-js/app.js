import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { IlertStrategy } from 'passport-ilert'

/** The whole app. `ILERT_*` say where ilert is; `clock` is for tests. */
export function createApp(secret, clock = Date) {
  const ilert = new IlertStrategy({ clock })
  passport.use(ilert)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user))

  const app = express()
  app.use(session({ secret, resave: false, saveUninitialized: false }))
  app.use(passport.session())
  app.use(ilert.session()) // req.ilert; refreshes shortly before expiry

  app.get('/auth/ilert', passport.authenticate('ilert'))
  app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
  app.get('/', (req, res) => {
    res.type('html').send(page(req.user))
  })
  app.get('/alerts', ilert.requireScope('alert'), async (req, res) => {
    res.json(await req.ilert.get('/api/alerts'))
  })
  app.post('/logout', ilert.logout({ redirect: '/' }))
  return app
}

function page(user) {
  if (!user) return '<!doctype html><title>ilert</title><p><a href="/auth/ilert">Sign in with ilert</a></p>'
  const name = user.displayName.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<!doctype html><title>ilert</title><p>Signed in as ${name}. <a href="/alerts">Alerts</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>`
}
