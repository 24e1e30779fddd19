import { Router } from 'express'
import type { Stores } from '../stores.ts'

const READY_TIMEOUT_MS = 2000

/** For whoever runs the app: `/healthz` says that it lives, `/readyz` whether to send it requests. */
export function healthRoutes({ ready }: Stores, stopping: AbortSignal): Router {
  const routes = Router()
  routes.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })
  routes.get('/readyz', async (_req, res) => {
    const late = new Promise((_resolve, reject) => setTimeout(reject, READY_TIMEOUT_MS, new Error('timeout')).unref())
    const isReady =
      !stopping.aborted &&
      (await Promise.race([ready(), late]).then(
        () => true,
        () => false,
      ))
    res.status(isReady ? 200 : 503).json({ status: isReady ? 'ok' : stopping.aborted ? 'stopping' : 'store away' })
  })
  return routes
}
