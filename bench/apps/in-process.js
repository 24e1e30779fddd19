// What is measured without a request of its own: loops inside one request's handler.

import { covers } from 'passport-ilert'
import { request } from 'undici'

/** @type {Record<string, (req: import('express').Request, provider: string) => unknown>} */
const works = {
  accessToken: (req) => req.ilert.accessToken(),
  covers: () => covers('profile alert:w service', 'alert'),
  get: (req) => req.ilert.get('/api/alerts'),
  async undici(req, provider) {
    const { body } = await request(`${provider}/api/alerts`, {
      headers: { accept: 'application/json', authorization: `Bearer ${await req.ilert.accessToken()}` },
    })
    return await body.json()
  },
}

/** Does one of the works `count` times, `atOnce` at a time, and says how many milliseconds and how much CPU it took. */
export function inProcess(/** @type {string} */ provider) {
  return async (/** @type {import('express').Request} */ req, /** @type {import('express').Response} */ res) => {
    const { work: name, count, atOnce } = /** @type {Record<string, string>} */ (req.query)
    const work = works[name]
    const each = Number(count) / Number(atOnce)
    const cpu = process.cpuUsage()
    const start = performance.now()
    await Promise.all(
      Array.from({ length: Number(atOnce) }, async () => {
        for (let i = 0; i < each; i++) await work(req, provider)
      }),
    )
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    res.json({ ms, cpuMs: (user + system) / 1000 })
  }
}
