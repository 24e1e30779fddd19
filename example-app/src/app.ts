import { join } from 'node:path'
import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import session from 'express-session'
import helmet from 'helmet'
import passport from 'passport'
import { IlertStrategy } from 'passport-ilert'
import { CALLBACK_PATH, type Config } from './config.ts'
import { describeError, SignInFailed } from './errors.ts'
import type { Markup } from './html.ts'
import { sameOriginOnly } from './same-origin.ts'
import { toUser } from './user.ts'
import { errorPage, landingPage, mePage } from './views.ts'

declare module 'express-session' {
  interface SessionData {
    /** Where the user wanted to go; passport-ilert brings it through the sign-in. */
    returnTo?: string
  }
}

const ONE_WEEK_MS = 7 * 24 * 60 * 60 * 1000

/** The whole app. `ilert` is for whoever has to close it at the end. */
export function createApp(config: Config): { app: Express; ilert: IlertStrategy } {
  const { secure, sandbox } = config
  const app = express()

  app.use(securityHeaders(secure))
  app.use(express.static(join(import.meta.dirname, '..', 'public'), { maxAge: '1h' }))
  app.use((_req, res, next) => {
    res.set('cache-control', 'no-store') // pages are made for one person, who may sign out
    next()
  })
  app.use(sameOriginOnly)

  // Sessions, and the tokens with them, are in this process's memory. Before you run several processes, or want sessions
  // to survive a restart, pass a `store`, such as connect-redis.
  app.use(
    session({
      name: secure ? '__Host-session' : 'session', // browsers let no other host set a __Host- cookie
      secret: config.sessionSecret,
      resave: false,
      saveUninitialized: false,
      rolling: true,
      cookie: { httpOnly: true, sameSite: 'lax', secure, maxAge: ONE_WEEK_MS },
      proxy: secure, // the app speaks http, so where browsers use https there is a proxy, which says so
    }),
  )

  const ilert = new IlertStrategy({ verify: ({ profile }) => toUser(profile) }) // reads ILERT_* from the environment
  passport.use(ilert)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user: Express.User, done) => done(null, user))
  app.use(passport.session())
  app.use(ilert.session()) // req.ilert

  app.get('/', (req, res) => send(res, landingPage({ user: req.user, sandbox })))

  app.get('/auth/ilert', (req, res, next) => {
    // The strategy takes a path on this site and nothing else, so nobody can be lured away by a link to this route.
    const returnTo = typeof req.query.returnTo === 'string' ? req.query.returnTo : '/me'
    passport.authenticate('ilert', { returnTo })(req, res, next)
  })

  // With a callback of our own, rather than `successReturnToOrRedirect`, since it is told why a sign-in failed.
  app.get(CALLBACK_PATH, (req, res, next) => {
    const finish: passport.AuthenticateCallback = (error, user, info, status) => {
      if (error) return next(error)
      if (!user) return next(new SignInFailed(info, status))
      req.logIn(user, (error) => {
        if (error) return next(error)
        const { returnTo = '/me' } = req.session
        delete req.session.returnTo
        res.redirect(returnTo)
      })
    }
    passport.authenticate('ilert', finish)(req, res, next)
  })

  app.get('/me', signedIn, (req, res) => {
    const { user } = req
    if (user) send(res, mePage({ user, sandbox }, req.ilert, Date.now()))
  })

  app.post('/logout', ilert.logout({ redirect: '/' }))

  app.use((req, res) => showError(req, res, { status: 404 }))
  app.use(((error, req, res, next) => {
    if (res.headersSent) next(error)
    else showError(req, res, error)
  }) satisfies express.ErrorRequestHandler)

  function showError(req: Request, res: Response, error: unknown): void {
    const { status, retryAfterSeconds, text } = describeError(error)
    if (status >= 500) console.error(error) // passport-ilert's errors hold no token and no secret
    if (retryAfterSeconds !== undefined) res.set('retry-after', String(retryAfterSeconds))
    send(res.status(status), errorPage({ user: req.user, sandbox }, text))
  }

  return { app, ilert }
}

/** Lets users through who are signed in; the others sign in, and come back to where they wanted to go. */
const signedIn: RequestHandler = (req, res, next) => {
  if (req.user) next()
  else res.redirect(`/auth/ilert?returnTo=${encodeURIComponent(req.originalUrl)}`)
}

function securityHeaders(secure: boolean): RequestHandler {
  return helmet({
    strictTransportSecurity: secure && { includeSubDomains: false }, // other hosts are not this app's to decide on
    referrerPolicy: { policy: 'same-origin' }, // with helmet's own, browsers would send forms with `Origin: null`
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  })
}

function send(res: Response, { text }: Markup): void {
  res.type('html').send(text)
}
