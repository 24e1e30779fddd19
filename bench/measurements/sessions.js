// What many sessions cost: memory for each, and a request's CPU where there are a thousand or a million.

import { createClient } from 'redis'
import { alternate } from '../lib/alternate.js'
import { alone, compared, digits } from '../lib/rows.js'
import { startRedis } from '../lib/setup.js'
import { onStage } from '../lib/stage.js'

/** What the project keeps at hand; sessions beyond are read from the store when they turn up. */
const CACHED = 10_000
/** Asked for in turn, more than the cache holds are never in it. */
const MORE_THAN_CACHED = 12_000
const HOT = 1000

export const title = 'Many sessions'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  const many = quick ? 100_000 : 1_000_000
  const servers = [await startRedis(), await startRedis()]
  const [fewRedis, manyRedis] = servers
  try {
    return await onStage(async (stage) => {
      const few = await stage.app('passport-ilert', { redis: fewRedis.url })
      const fewCookies = await few.call('makeSessions', { sample: await stage.signIn(few), from: 0, count: HOT })
      const app = await stage.app('passport-ilert', { redis: manyRedis.url, execArgv: ['--expose-gc'] })
      const sample = await stage.signIn(app)
      const memory = await heldBytes(app, sample)
      const cookies = await app.call('makeSessions', { sample, from: 0, count: MORE_THAN_CACHED })
      const recordBytes = await fill(manyRedis.url, MORE_THAN_CACHED, many)

      const apps = { few, hot: app, cold: app }
      const visited = { few: fewCookies, hot: cookies.slice(-HOT), cold: cookies }
      const cpuOfRequest = async (/** @type {keyof typeof apps} */ which, ms = quick ? 400 : 1000) => {
        const visits = { url: `${apps[which].ready.origin}/`, cookies: visited[which], atOnce: 16 }
        // Whatever was asked for before has pushed out what is to be in the cache.
        if (which === 'hot') await stage.load.call('visits', { ...visits, ms: 300 })
        const before = await apps[which].call('cpuMs')
        const { done } = await stage.load.call('visits', { ...visits, ms })
        return ((await apps[which].call('cpuMs')) - before) / done
      }
      const names = /** @type {const} */ (['few', 'hot', 'cold'])
      for (const name of names) await cpuOfRequest(name, quick ? 1500 : 4000)
      const cpu = await alternate(names, rounds, (name) => cpuOfRequest(name))
      const show = (/** @type {number} */ value) => `${digits(value * 1000)} us`
      return [
        compared({
          what: `CPU of a request on a cached session, ${digits(many)} sessions`,
          peer: `the same with ${digits(HOT)} sessions`,
          ours: cpu.hot,
          theirs: cpu.few,
          show,
          target: { atMost: 1.05 },
        }),
        compared({
          what: `CPU of a request on a session that is not cached, ${digits(many)} sessions`,
          peer: 'on a cached one',
          ours: cpu.cold,
          theirs: cpu.hot,
          show,
        }),
        alone({ what: 'memory for a signed-in session, up to 10 000', values: [memory.cached], show: bytes }),
        alone({ what: 'memory for a signed-in session beyond', values: [memory.beyond], show: bytes }),
        alone({ what: "a session's tokens in Redis", values: [recordBytes], show: bytes }),
      ]
    })
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

/** Heap for each grant, in the cache and beyond it: whatever else the process holds was there before. */
async function heldBytes(/** @type {import('../lib/processes.js').Child} */ app, /** @type {string} */ sample) {
  const grow = async (/** @type {number} */ from, /** @type {number} */ count) => {
    const before = await app.call('heapBytes')
    await app.call('makeSessions', { sample, from, count })
    return ((await app.call('heapBytes')) - before) / count
  }
  await grow(100_000_000, 2000)
  const cached = await grow(100_100_000, CACHED - 3000)
  await grow(100_200_000, 2000)
  return { cached, beyond: Math.max(0, await grow(100_300_000, CACHED)) }
}

/** Copies sessions until there are so many; nobody asks for these. Resolves to the bytes of a token record. */
async function fill(/** @type {string} */ url, /** @type {number} */ from, /** @type {number} */ to) {
  const client = createClient({ url })
  await client.connect()
  try {
    const sources = ['web:bench-0', 'ilert:tokens:session:bench-0']
    for (const source of sources) {
      const copy = `local v = redis.call('GET', KEYS[1])
        for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do redis.call('SET', ARGV[3] .. i, v) end`
      for (let start = from; start < to; start += 100_000) {
        const end = Math.min(to, start + 100_000) - 1
        await client.eval(copy, { keys: [source], arguments: [String(start), String(end), source.slice(0, -1)] })
      }
    }
    return await client.strLen('ilert:tokens:session:bench-0')
  } finally {
    client.destroy()
  }
}

function bytes(/** @type {number} */ value) {
  return `${digits(Math.round(value))} bytes`
}
