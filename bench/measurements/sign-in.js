// Sign-ins per second, CPU per sign-in, and TCP connections per sign-in.

import { alternate } from '../lib/alternate.js'
import { alone, compared, digits } from '../lib/rows.js'
import { onStage, startAll } from '../lib/stage.js'

const OURS = 'passport-ilert'
const PEERS = /** @type {const} */ (['passport-oauth2', 'passport-oauth2, bare', 'openid-client'])
const TARGETS = {
  'passport-oauth2': { perSecond: { atLeast: 1 }, cpu: { atMost: 1 } },
  'passport-oauth2, bare': {},
  'openid-client': { perSecond: { atLeast: 1.5 } },
}

export const title = 'Sign-ins'

/** @type {import('../run.js').Measure} */
export async function measure({ rounds, quick }) {
  // So many, and not so long: a slice of few has more of what comes between the slices.
  const slice = (/** @type {number} */ atOnce) => (quick ? 150 : 300) * (atOnce === 1 ? 1 : 2)
  const warmUp = quick ? 2000 : 8000
  return await onStage(async (stage) => {
    const { load, provider } = stage
    const names = /** @type {const} */ ([OURS, ...PEERS])
    const apps = await startAll(stage, names)

    const signIns = async (/** @type {typeof names[number]} */ name, /** @type {number} */ atOnce) => {
      const app = apps[name]
      const [cpuBefore, { connections: before }] = await Promise.all([app.call('cpuMs'), provider.call('counts')])
      const { done, ms } = await load.call('signIns', { origin: app.ready.origin, atOnce, count: slice(atOnce) })
      const [cpuAfter, { connections: after }] = await Promise.all([app.call('cpuMs'), provider.call('counts')])
      const cpuMs = cpuAfter - cpuBefore
      return {
        perSecond: (done * 1000) / ms,
        cpuMs: cpuMs / done,
        busy: cpuMs / ms,
        connections: (after - before) / done,
      }
    }

    // Until the compiler has come to rest: before, a good part of the CPU is its own.
    for (const name of names) await load.call('signIns', { origin: apps[name].ready.origin, atOnce: 16, count: warmUp })

    const rows = []
    for (const atOnce of [16, 1]) {
      const results = await alternate(names, rounds, (name) => signIns(name, atOnce))
      const of = (/** @type {typeof names[number]} */ name, /** @type {'perSecond' | 'cpuMs'} */ key) =>
        results[name].map((result) => result[key])
      const how = atOnce === 1 ? 'one after the other' : `${atOnce} at once`
      const targets = (/** @type {typeof PEERS[number]} */ peer) =>
        /** @type {{ perSecond?: object, cpu?: object }} */ (atOnce === 1 ? {} : TARGETS[peer])
      for (const peer of PEERS) {
        rows.push(
          compared({
            what: `sign-ins per second, ${how}`,
            peer,
            ours: of(OURS, 'perSecond'),
            theirs: of(peer, 'perSecond'),
            show: digits,
            target: targets(peer).perSecond,
          }),
          compared({
            what: `CPU per sign-in, ${how}`,
            peer,
            ours: of(OURS, 'cpuMs'),
            theirs: of(peer, 'cpuMs'),
            show: (value) => `${digits(value)} ms`,
            target: targets(peer).cpu,
          }),
        )
      }
      if (atOnce === 1) continue
      rows.push(
        alone({
          what: 'TCP connections per sign-in of a busy app',
          values: results[OURS].map(({ connections }) => connections),
          show: digits,
          target: { atMost: 0 },
        }),
        alone({
          what: 'cores that the app keeps busy meanwhile (1: it is the bottleneck, not the provider)',
          values: results[OURS].map(({ busy }) => busy),
          show: digits,
        }),
      )
    }
    rows.push({
      what: 'sign-ins per second',
      peer: 'express-openid-connect',
      ours: '',
      theirs: 'cannot: it needs an ID token, and ilert issues none',
    })
    return rows
  })
}
