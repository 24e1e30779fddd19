import { type RequestHandler, Router } from 'express'
import passport from 'passport'
import type { IlertStrategy } from 'passport-ilert'
import { CALLBACK_PATH } from '../config.ts'
import { HttpError, SignInFailed } from '../errors.ts'
import { limitSignIns } from '../security.ts'

/** In and out. */
export function authRoutes(ilert: IlertStrategy, now: () => number): Router {
  const routes = Router()

  routes.get('/auth/ilert', limitSignIns, (req, res, next) => {
    // The strategy takes a path on this site and nothing else, so a link to this route lures nobody to another site.
    const { returnTo } = req.query
    passport.authenticate('ilert', typeof returnTo === 'string' ? { returnTo } : {})(req, res, next)
  })

  // With a callback of our own, rather than `successReturnToOrRedirect`, since it is told why a sign-in failed.
  routes.get(CALLBACK_PATH, limitSignIns, (req, res, next) => {
    const finish: passport.AuthenticateCallback = (error, user, info, status) => {
      if (error) return next(error)
      if (!user) return next(new SignInFailed(info, status))
      // Passport begins a new session here, so that one which was known before the sign-in is worth nothing.
      req.logIn(user, (error) => {
        if (error) return next(error)
        const { returnTo = '/' } = req.session
        delete req.session.returnTo
        req.session.signedInAt ??= now()
        res.redirect(returnTo)
      })
    }
    passport.authenticate('ilert', finish)(req, res, next)
  })

  routes.post('/disconnect', signedIn, async (req, res) => {
    await req.ilert.disconnect()
    req.session.notice = 'The tokens are revoked. You are still signed in to this desk.'
    res.redirect(303, '/session')
  })

  routes.post('/logout', ilert.logout({ redirect: '/' }))

  return routes
}

/** For what is sent by a form. Pages of your own that need a sign-in: `ilert.requireScope()`. */
export const signedIn: RequestHandler = (req, _res, next) => {
  next(req.user ? undefined : new HttpError(401, 'Nobody is signed in.'))
}
