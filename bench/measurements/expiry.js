// p99 under steady load while the access token comes to its end, against the same load with nothing due.

import { alternate } from '../lib/alternate.js'
import { compared, digits } from '../lib/rows.js'
import { onStage, startAll } from '../lib/stage.js'
import { quantile } from '../lib/statistics.js'

const NAMES = /** @type {const} */ (['passport-ilert', 'passport-oauth2'])
/** What ilert's token endpoint may take, so that waiting for it shows. */
const TOKEN_DELAY_MS = 50
const PER_SECOND = 200
/** Five minutes before the access token ends, and then past it. */
const STEPS_MS = [3_300_000, 301_000]

export const title = 'Across an expiry'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  const ms = quick ? 900 : 2100
  return await onStage(async (stage) => {
    const apps = await startAll(stage, NAMES)
    await stage.provider.call('set', { tokenDelayMs: TOKEN_DELAY_MS })
    const rows = []
    for (const name of NAMES) {
      const app = apps[name]
      const p99 = async (/** @type {boolean} */ expires) => {
        const cookie = await stage.signIn(app)
        const load = stage.load.call('steady', { url: `${app.ready.origin}/alerts`, cookie, perSecond: PER_SECOND, ms })
        if (expires) {
          for (const step of STEPS_MS) {
            await new Promise((resolve) => setTimeout(resolve, ms / 3))
            await app.call('advance', step)
          }
        }
        const answers = await load
        return quantile(
          answers.map((/** @type {any} */ answer) => answer.ms),
          0.99,
        )
      }
      await p99(false)
      const results = await alternate(['with', 'without'], rounds, (which) => p99(which === 'with'))
      rows.push(
        compared({
          what: `p99 at ${PER_SECOND} requests per second across an expiry, ${name}`,
          peer: `${name} without an expiry`,
          ours: results.with,
          theirs: results.without,
          show: (value) => `${digits(value)} ms`,
          ...(name === 'passport-ilert' && { target: { atMost: 1.2 } }),
        }),
      )
    }
    return rows
  })
}
