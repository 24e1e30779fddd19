import { Router } from 'express'
import type { Stores } from '../stores.ts'

const READY_TIMEOUT_MS = 2000

/** For those who run the app: `/healthz` says that it lives, `/readyz` whether to send it requests. */
export function healthRoutes({ ready }: Stores, stopping: AbortSignal): Router {
  const routes = Router()
  routes.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })
  routes.get('/readyz', async (_req, res) => {
    const status = stopping.aborted ? 'stopping' : (await answers(ready)) ? 'ok' : 'store unavailable'
    res.status(status === 'ok' ? 200 : 503).json({ status })
  })
  return routes
}

/** Whether it does so in time. */
async function answers(ready: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, READY_TIMEOUT_MS, false)
  })
  const answered = ready().then(
    () => true,
    () => false,
  )
  return await Promise.race([answered, late]).finally(() => clearTimeout(timer))
}
