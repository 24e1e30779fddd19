import { Router } from 'express'
import { covers } from 'passport-ilert'
import { deskView } from '../desk.ts'
import { readFilter } from '../filter.ts'
import { loadDesk } from '../ilert.ts'

/** The list of open alerts, and who is on call. */
export function deskRoutes(now: () => number): Router {
  const routes = Router()

  routes.get('/', async (req, res) => {
    if (!req.user) return res.render('landing')
    const filter = readFilter(req.query)
    const data = await loadDesk(req.ilert, filter, req.user.id)
    // Afterwards, since the calls may have refreshed the token.
    const { connected, scope } = req.ilert
    const view = deskView(req.user, filter, data, now())
    res.render('desk', { ...view, connected, mayWrite: covers(scope, 'alert:w') })
  })

  return routes
}
