// API calls from inside a request, against bare undici.

import { alternate } from '../lib/alternate.js'
import { compared, digits } from '../lib/rows.js'
import { onStage } from '../lib/stage.js'

export const title = 'API calls'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  const count = quick ? 1600 : 8000
  return await onStage(async (stage) => {
    const app = await stage.app('passport-ilert')
    const cookie = await stage.signIn(app)
    const run = async (/** @type {string} */ work, /** @type {number} */ atOnce) => {
      const url = `${app.ready.origin}/in-process?work=${work}&count=${count}&atOnce=${atOnce}`
      const { ms } = await stage.load.call('ask', { url, cookie })
      return (count * 1000) / ms
    }
    const rows = []
    for (const atOnce of [16, 1]) {
      for (const work of ['get', 'undici', 'get', 'undici']) await run(work, atOnce)
      const { get, undici } = await alternate(['get', 'undici'], rounds, (work) => run(work, atOnce))
      rows.push(
        compared({
          what: `API calls per second with \`req.ilert.get\`, ${atOnce === 1 ? 'one after the other' : `${atOnce} at once`}`,
          peer: 'undici.request and body.json()',
          ours: get,
          theirs: undici,
          show: digits,
          ...(atOnce > 1 && { target: { atLeast: 0.9 } }),
        }),
      )
    }
    return rows
  })
}
