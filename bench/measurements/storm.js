// 200 requests at once when the access token has just ended: in one process, and over four that share a Redis.

import { alone, digits } from '../lib/rows.js'
import { startRedis } from '../lib/setup.js'
import { onStage } from '../lib/stage.js'
import { median, quantile } from '../lib/statistics.js'

const OURS = 'passport-ilert'
const PEERS = /** @type {const} */ (['passport-oauth2', 'openid-client', 'express-openid-connect'])
const REQUESTS = 200
const OVER_MS = 3_601_000

export const title = 'A storm at expiry'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds: wanted, quick }) {
  const rounds = quick ? Math.min(3, wanted) : wanted
  const rows = await storms([OURS, ...PEERS], 1, undefined, rounds)
  const redis = await startRedis()
  try {
    // express-openid-connect keeps tokens in the browser's cookie: to it, four processes are as one.
    return [...rows, ...(await storms([OURS, 'passport-oauth2', 'openid-client'], 4, redis.url, rounds))]
  } finally {
    await redis.stop()
  }
}

/**
 * @param {readonly import('../lib/stage.js').AppName[]} names
 * @param {number} processes
 * @param {string | undefined} redis
 * @param {number} rounds
 */
async function storms(names, processes, redis, rounds) {
  const rows = []
  for (const name of names) {
    const results = await onStage(async (stage) => {
      const apps = []
      for (let i = 0; i < processes; i++) apps.push(await stage.app(name, { redis }))
      const urls = apps.map(({ ready }) => `${ready.origin}/alerts`)
      const results = []
      for (let round = 0; round < rounds; round++) {
        const cookie = await stage.signIn(apps[0])
        await stage.load.call('storm', { urls, cookie, count: REQUESTS }) // connections, and warm code
        await Promise.all([stage.provider, ...apps].map((child) => child.call('advance', OVER_MS)))
        const before = await refreshes(stage)
        const answers = await stage.load.call('storm', { urls, cookie, count: REQUESTS })
        results.push({ refreshes: (await refreshes(stage)) - before, answers })
      }
      return results
    })
    const where = processes === 1 ? 'one process' : `${processes} processes`
    const failures = results.map(
      ({ answers }) => answers.filter((/** @type {any} */ { status }) => status !== 200).length,
    )
    const p99 = results.map(({ answers }) =>
      quantile(
        answers.map((/** @type {any} */ { ms }) => ms),
        0.99,
      ),
    )
    const upstream = results.map((result) => result.refreshes)
    if (name === OURS) {
      const what = `refreshes upstream in a storm of ${REQUESTS}, ${where}`
      rows.push(alone({ what, values: upstream, show: digits, target: { atLeast: 1, atMost: 1 } }))
      const failed = `requests of the storm that fail, ${where}`
      rows.push(alone({ what: failed, values: failures, show: digits, target: { atMost: 0 } }))
      rows.push(alone({ what: `p99 in the storm, ${where}`, values: p99, show: (value) => `${digits(value)} ms` }))
    } else {
      const counts = `${digits(median(upstream))} refreshes, ${digits(median(failures))} fail`
      rows.push({
        what: `the same storm, ${where}`,
        peer: name,
        ours: '',
        theirs: `${counts}, p99 ${digits(median(p99))} ms`,
      })
    }
  }
  return rows
}

async function refreshes(/** @type {import('../lib/stage.js').Stage} */ { provider }) {
  const { refreshes } = await provider.call('counts')
  return refreshes
}
