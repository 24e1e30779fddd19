import { Router } from 'express'
import type { IlertStrategy } from 'passport-ilert'
import { chart } from '../chart.ts'
import { connectionView } from '../connection.ts'
import { loadLastDay, mapAnswer } from '../ilert.ts'
import { signedIn } from './auth.ts'

/** The last 24 hours, and the user's connection to ilert. */
export function otherRoutes(ilert: IlertStrategy, now: () => number): Router {
  const routes = Router()

  routes.get('/last-day', ilert.requireScope('alert'), async (req, res) => {
    const lastDay = await loadLastDay(req.ilert, now())
    res.render('last-day', { chart: mapAnswer(lastDay, (alerts) => chart(alerts, now())) })
  })

  routes.get('/session', signedIn, (req, res) => {
    res.render('session', { connection: connectionView(req.ilert, req.user as Express.User, now()) })
  })

  return routes
}
