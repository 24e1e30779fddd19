// A page's call of ilert's API: passed on by ilert.proxy(), against a route that asks with req.ilert.get and answers with
// res.json.

import { alternate } from '../lib/alternate.js'
import { compared, digits } from '../lib/rows.js'
import { onStage } from '../lib/stage.js'

const AT_ONCE = 16
const PATHS = { proxy: '/api/ilert/api/alerts', route: '/alerts' }

export const title = 'A page that calls the API'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  return await onStage(async (stage) => {
    const app = await stage.app('passport-ilert')
    // Sessions of their own, in turn: equal requests of one that are under way would share a call.
    const cookies = []
    for (let i = 0; i < 4 * AT_ONCE; i++) cookies.push(await stage.signIn(app))
    const page = async (/** @type {keyof typeof PATHS} */ name, /** @type {number} */ seconds) => {
      const { done, ms } = await stage.load.call('visits', {
        url: `${app.ready.origin}${PATHS[name]}`,
        cookies,
        headers: { 'sec-fetch-site': 'same-origin' },
        atOnce: AT_ONCE,
        ms: seconds * 1000,
      })
      return (done * 1000) / ms
    }
    const names = /** @type {const} */ (['proxy', 'route'])
    for (const name of names) await page(name, quick ? 1 : 2)
    const { proxy, route } = await alternate(names, quick ? rounds : 2 * rounds, (name) => page(name, 1))
    return [
      compared({
        what: "requests per second of a page's call through `ilert.proxy`, 16 at once",
        peer: 'a route with `req.ilert.get` and `res.json`',
        ours: proxy,
        theirs: route,
        show: digits,
        target: { atLeast: 0.8 },
      }),
    ]
  })
}
