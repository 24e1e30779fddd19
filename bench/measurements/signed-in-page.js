// Requests per second of a page for signed-in users, with nothing due.

import { alternate } from '../lib/alternate.js'
import { compared, digits } from '../lib/rows.js'
import { onStage, startAll } from '../lib/stage.js'

const OURS = 'passport-ilert'
const PEERS = /** @type {const} */ (['without its middleware', 'express-openid-connect'])
const TARGETS = { 'without its middleware': { atLeast: 0.98 }, 'express-openid-connect': { atLeast: 2 } }

export const title = 'A signed-in page'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  // No two processes of the same code are equally fast: where the code lands in memory differs. So there are several.
  const generations = quick ? 1 : 3
  const each = Math.ceil((quick ? rounds : 2 * rounds) / generations)
  const names = /** @type {const} */ ([OURS, ...PEERS])
  /** @type {Record<string, number[]>} */
  const values = Object.fromEntries(names.map((name) => [name, []]))
  for (let i = 0; i < generations; i++) {
    await onStage(async (stage) => {
      const apps = await startAll(stage, names)
      const cookies = /** @type {Record<string, string>} */ ({})
      for (const name of names) cookies[name] = await stage.signIn(apps[name])
      const page = (/** @type {typeof names[number]} */ name, /** @type {number} */ seconds) => {
        const options = { url: `${apps[name].ready.origin}/`, cookies: [cookies[name]], connections: 16, seconds }
        return stage.load.call('page', options)
      }
      for (const name of names) await page(name, quick ? 1 : 2)
      const results = await alternate(names, each, (name) => page(name, 1))
      for (const name of names) values[name].push(...results[name])
    })
  }
  return PEERS.map((peer) =>
    compared({
      what: 'requests per second of a signed-in page, nothing due',
      peer: peer === 'without its middleware' ? 'the same app without `ilert.session()`' : peer,
      ours: values[OURS],
      theirs: values[peer],
      show: digits,
      target: TARGETS[peer],
    }),
  )
}
