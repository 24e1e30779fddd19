// What costs no I/O.

import { alone, digits } from '../lib/rows.js'
import { onStage } from '../lib/stage.js'

export const title = 'In process'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  const count = quick ? 100_000 : 500_000
  return await onStage(async (stage) => {
    const app = await stage.app('passport-ilert')
    const cookie = await stage.signIn(app)
    const microseconds = async (/** @type {string} */ work) => {
      const url = `${app.ready.origin}/in-process?work=${work}&count=${count}&atOnce=1`
      const values = []
      for (let i = 0; i < rounds + 2; i++) {
        // CPU and not time, which others on the machine take too; where there are none it is the same.
        const { cpuMs } = await stage.load.call('ask', { url, cookie })
        values.push((cpuMs * 1000) / count)
      }
      return values.slice(2)
    }
    const perSecond = (/** @type {number} */ value) => `${digits(value)} us (${digits(1 / value)} million per second)`
    return [
      alone({
        what: '`req.ilert.accessToken()`, nothing due',
        values: await microseconds('accessToken'),
        show: perSecond,
        target: { atMost: 1 },
      }),
      alone({
        what: "`covers('profile alert:w service', 'alert')`",
        values: await microseconds('covers'),
        show: perSecond,
      }),
    ]
  })
}
