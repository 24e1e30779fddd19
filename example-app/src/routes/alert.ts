import express, { type Request, Router } from 'express'
import { APIError, covers, type IlertStrategy } from 'passport-ilert'
import type { Alert } from 'passport-ilert/api'
import { alertPageView, readAssignee } from '../alert.ts'
import { alertView } from '../alerts.ts'
import { HttpError } from '../errors.ts'
import { filterQuery, readFilter } from '../filter.ts'
import { changes, loadAlert, readAlert } from '../ilert.ts'
import { signedIn } from './auth.ts'

/** An alert's page, and what can be done with it. The filter of the list goes along, so that one comes back to it. */
export function alertRoutes(ilert: IlertStrategy, now: () => number): Router {
  const routes = Router()

  routes.param('id', (_req, _res, next, id) => next(/^\d{1,15}$/.test(id) ? undefined : 'route'))
  routes.param('change', (_req, _res, next, change) => next(Object.hasOwn(carryOut, change) ? undefined : 'route'))

  routes.get('/alerts/:id', ilert.requireScope('alert'), async (req, res) => {
    const view = alertPageView(userOf(req), await loadAlert(req.ilert, idOf(req)), now())
    res.render('alert', { ...view, query: listOf(req), mayWrite: covers(req.ilert.scope, 'alert:w') })
  })

  // Asks before it is done. A user who has not allowed this app to write alerts goes to ilert first, and comes back here.
  routes.get('/alerts/:id/:change', ilert.requireScope('alert:w'), async (req, res) => {
    const alert = alertView(await readAlert(req.ilert, idOf(req)), userOf(req), now())
    if (req.params.change === 'assign') return res.redirect(`/alerts/${alert.id}${listOf(req)}`)
    res.render('confirm', { alert, change: req.params.change, query: listOf(req) })
  })

  routes.post('/alerts/:id/:change', signedIn, formBody, async (req, res) => {
    const change = req.params.change as keyof typeof carryOut
    try {
      req.session.notice = await carryOut[change](req)
    } catch (error) {
      // Another user was faster, or this one may not do it. Nothing is broken, so the user stays where they were.
      if (!(error instanceof APIError) || error.status === 401 || error.status >= 500) throw error
      req.session.notice = `ilert refused it: ${error.message}`
    }
    const toList = change === 'resolve' || req.query.from === 'list'
    res.redirect(303, toList ? `/${listOf(req)}#alert-${idOf(req)}` : `/alerts/${idOf(req)}${listOf(req)}`)
  })

  return routes
}

const formBody = express.urlencoded({ extended: false, limit: '1kb' })

/** Each resolves to what the user is told. */
const carryOut = {
  accept: async (req: Request) => `You have accepted: ${nameOf(await changes.accept(req.ilert, idOf(req)))}`,
  resolve: async (req: Request) => `You have resolved: ${nameOf(await changes.resolve(req.ilert, idOf(req)))}`,
  async join(req: Request) {
    await changes.join(req.ilert, idOf(req))
    return 'You are a responder of this alert now.'
  },
  async assign(req: Request) {
    const to = readAssignee((req.body as { to?: unknown } | undefined)?.to)
    if (!to) throw new HttpError(400, 'Choose who takes on the alert.')
    return `You have reassigned: ${nameOf(await changes.assign(req.ilert, idOf(req), to))}`
  },
}

function nameOf({ id, summary }: Alert): string {
  return summary || `Alert ${id}`
}

function userOf(req: Request): Express.User {
  return req.user as Express.User // the routes are for signed-in users alone
}

function idOf(req: Request): number {
  return Number(req.params.id)
}

/** The query of the list that the user came from. */
function listOf(req: Request): string {
  return filterQuery(readFilter(req.query))
}
