import { Router } from 'express'
import { APIError, covers, type IlertStrategy } from 'passport-ilert'
import { deskView } from '../desk.ts'
import { changeAlert, loadDesk } from '../ilert.ts'
import { signedIn } from './auth.ts'

/** The page, and what can be done on it. */
export function deskRoutes(ilert: IlertStrategy, now: () => number): Router {
  const routes = Router()

  routes.get('/', async (req, res) => {
    if (!req.user) return res.render('landing')
    const data = await loadDesk(req.ilert, now())
    const { notice } = req.session
    delete req.session.notice
    // Afterwards, since the calls may have refreshed the token.
    const view = deskView(req.user, req.ilert, data, now())
    res.render('desk', { ...view, notice, mayWrite: covers(req.ilert.scope, 'alert:w') })
  })

  // Where the buttons lead until the user has allowed this app to write alerts: ilert asks, and sends the user back.
  routes.get('/alerts/write', ilert.requireScope('alert:w'), (_req, res) => res.redirect('/#alerts'))

  routes.post('/alerts/:id/:change', signedIn, async (req, res, next) => {
    const { change } = req.params
    const id = Number(req.params.id)
    if (!Number.isSafeInteger(id) || (change !== 'accept' && change !== 'resolve')) return next()
    try {
      const { summary = `Alert ${id}` } = await changeAlert(req.ilert, id, change)
      req.session.notice = `${change === 'accept' ? 'You have taken on' : 'Resolved'}: ${summary}`
    } catch (error) {
      // Somebody else was faster, or the user may not, say. Nothing is broken, so the user stays on the desk.
      if (!(error instanceof APIError) || error.status === 401 || error.status >= 500) throw error
      req.session.notice = `ilert did not do it: ${error.message}`
    }
    res.redirect(303, '/#alerts')
  })

  return routes
}
