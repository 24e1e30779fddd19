// A page's call of ilert's API: passed on by ilert.proxy(), against a route that asks with req.ilert.get and answers with
// res.json.

import { alternate } from '../lib/alternate.js'
import { compared, digits } from '../lib/rows.js'
import { onStage } from '../lib/stage.js'

const PATHS = { proxy: '/api/ilert/api/alerts', route: '/alerts' }

export const title = 'A page that calls the API'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  return await onStage(async (stage) => {
    const app = await stage.app('passport-ilert')
    const cookies = [await stage.signIn(app)]
    const page = (/** @type {keyof typeof PATHS} */ name, /** @type {number} */ seconds) =>
      stage.load.call('page', {
        url: `${app.ready.origin}${PATHS[name]}`,
        cookies,
        // No two requests are equal: equal ones that are under way would share a call.
        headers: { 'sec-fetch-site': 'same-origin', 'accept-language': '[<id>]' },
        connections: 16,
        seconds,
      })
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
