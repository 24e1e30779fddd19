import { fileURLToPath } from 'node:url'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { IlertStrategy } from 'passport-ilert'

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * A page, and the backend that keeps its tokens. Everything else is read from `ILERT_*`.
 *
 * @param {{ secret: string, secure?: boolean, clock?: { now(): number } }} options `secure`: browsers come by https.
 */
export function createApp({ secret, secure = false, clock }) {
  const ilert = new IlertStrategy({ scope: 'alert', ...(clock && { clock }) })
  passport.use(ilert)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user))

  const app = express()
  app.disable('x-powered-by')
  app.use((_req, res, next) => {
    res.set({ 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Referrer-Policy': 'same-origin' })
    next()
  })
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url))))
  app.use(
    session({
      name: secure ? '__Host-session' : 'session',
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
    }),
  )
  app.use(passport.session())
  app.use(ilert.session())

  app.get('/auth/ilert', passport.authenticate('ilert'))
  app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
  app.get('/me', ilert.me())
  app.post('/logout', ilert.logout())
  app.use('/api/ilert', ilert.proxy({ allow: ['GET /api/alerts', 'PUT /api/alerts/{id}/accept'] }))
  return { app, ilert }
}
