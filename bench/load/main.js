// The browsers: everything that is sent to an app comes from this process.

import autocannon from 'autocannon'
import { Agent, request } from 'undici'
import { serve } from '../lib/child.js'
import { signIn } from './browser.js'

const agent = new Agent({ connections: 256, pipelining: 1 })

/**
 * One piece of work after the other in `atOnce` lines, until so many are begun or so much time has passed.
 *
 * @param {{ atOnce: number, ms?: number, count?: number }} o
 * @param {() => Promise<unknown>} work
 */
async function inLines({ atOnce, ms = Infinity, count = Infinity }, work) {
  const start = performance.now()
  let begun = 0
  let last = start
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (begun < count && performance.now() - start < ms) {
        begun++
        await work()
        last = performance.now()
      }
    }),
  )
  return { done: begun, ms: last - start }
}

async function timed(/** @type {string} */ url, /** @type {string} */ cookie, headers = {}) {
  const start = performance.now()
  const { statusCode, body } = await request(url, { headers: { ...headers, cookie }, dispatcher: agent })
  await body.dump()
  return { status: statusCode, ms: performance.now() - start }
}

serve({
  signIn: (/** @type {string} */ origin) => signIn(agent, origin),
  signIns: (/** @type {any} */ { origin, ...o }) => inLines(o, () => signIn(agent, origin)),

  /** So many requests for one page, as fast as they are answered. */
  async page(/** @type {any} */ { url, cookies, connections, seconds }) {
    const requests = cookies.map((/** @type {string} */ cookie) => ({ headers: { cookie } }))
    const {
      duration,
      '2xx': answered,
      non2xx,
      errors,
    } = await autocannon({ url, connections, duration: seconds, requests })
    if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} refused, ${errors} errors`)
    return answered / duration
  },

  /** So many requests at once, spread over the processes of an app. */
  storm: (/** @type {any} */ { urls, cookie, count }) =>
    Promise.all(Array.from({ length: count }, (_, i) => timed(urls[i % urls.length], cookie))),

  /** So many requests a second, whether or not those before are answered. */
  async steady(/** @type {any} */ { url, cookie, perSecond, ms }) {
    const count = Math.round((perSecond * ms) / 1000)
    return await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const due = (i * 1000) / perSecond
        await new Promise((resolve) => setTimeout(resolve, due))
        return await timed(url, cookie)
      }),
    )
  },

  /** One request for each of the cookies in turn, and all over again, for so long. */
  visits(/** @type {any} */ { url, cookies, headers, ...o }) {
    let next = 0
    return inLines(o, async () => {
      const { status } = await timed(url, cookies[next++ % cookies.length], headers)
      if (status !== 200) throw new Error(`${url}: ${status}`)
    })
  },

  /** One request whose answer is of interest. */
  async ask(/** @type {any} */ { url, cookie }) {
    const { statusCode, body } = await request(url, { headers: { cookie }, dispatcher: agent, headersTimeout: 0 })
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${await body.text()}`)
    return await body.json()
  },
})
