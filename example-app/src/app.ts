import { join } from 'node:path'
import express, { type Express } from 'express'
import passport from 'passport'
import { IlertStrategy } from 'passport-ilert'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { notFound, showError } from './errors.ts'
import { requestLog } from './logger.ts'
import { alertRoutes } from './routes/alert.ts'
import { authRoutes } from './routes/auth.ts'
import { deskRoutes } from './routes/desk.ts'
import { healthRoutes } from './routes/health.ts'
import { otherRoutes } from './routes/pages.ts'
import { behindTLS, noStore, sameOriginOnly, securityHeaders } from './security.ts'
import { endOldSessions, sessions } from './sessions.ts'
import type { Stores } from './stores.ts'
import { toUser } from './user.ts'

interface Parts {
  readonly config: Config
  readonly stores: Stores
  readonly logger: Logger
  /** Aborted when the app is to end. */
  readonly stopping: AbortSignal
  /** What time it is. Default: the system's clock. */
  readonly clock?: { now(): number }
}

const ROOT = join(import.meta.dirname, '..')

/** The whole app. `ilert` is for the caller, who closes it at the end. */
export function createApp({ config, stores, logger, stopping, clock = Date }: Parts): {
  app: Express
  ilert: IlertStrategy
} {
  const now = () => clock.now()
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.trustProxy)
  app.set('view engine', 'ejs')
  app.set('views', join(ROOT, 'views'))
  Object.assign(app.locals, { user: undefined, notice: undefined, sandbox: config.sandbox })

  app.use(healthRoutes(stores, stopping))
  app.use(requestLog(logger))
  app.use(securityHeaders(config))
  app.use(behindTLS(config))
  app.use(express.static(join(ROOT, 'public'), { maxAge: '1h' }))
  app.use(noStore)
  app.use(sameOriginOnly)
  app.use(sessions(config, stores))

  // Everything else is read from ILERT_*.
  const ilert = new IlertStrategy({
    scope: config.scope,
    verify: ({ profile }) => toUser(profile),
    clock,
    ...(stores.tokens && { tokenStore: stores.tokens }),
  })
  passport.use(ilert)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user: Express.User, done) => done(null, user))
  app.use(passport.session())
  app.use(ilert.session()) // req.ilert
  app.use(endOldSessions(config, now))
  app.use((req, res, next) => {
    res.locals.user = req.user // for the header of every page
    if (req.method === 'GET' && req.session.notice !== undefined) {
      res.locals.notice = req.session.notice
      delete req.session.notice // it is said once
    }
    next()
  })

  app.use(authRoutes(ilert, now))
  app.use(deskRoutes(now))
  app.use(alertRoutes(ilert, now))
  app.use(otherRoutes(ilert, now))

  app.use(notFound)
  app.use(showError)
  return { app, ilert }
}
