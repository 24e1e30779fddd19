import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Check, LONG, rejection, same } from './check.ts'

export const leases: Record<string, Check> = {
  'a lease, where there are any, has one holder at a time': async ({ store }) => {
    if (!store.withLease) return
    const withLease = store.withLease.bind(store)
    let holders = 0
    let turns = 0
    const work = async () => {
      holders += 1
      assert.equal(holders, 1)
      await sleep(3)
      holders -= 1
      turns += 1
    }
    await Promise.all(Array.from({ length: 20 }, () => withLease('a', work)))
    assert.equal(turns, 20)
  },

  'a lease passes on what the work comes to': async ({ store }) => {
    assert.equal(await (store.withLease?.('a', async () => 'done') ?? 'done'), 'done')
  },

  'a lease is free again after work that throws, and the error is passed on': async ({ store }) => {
    if (!store.withLease) return
    const error = new Error('on purpose')
    const failures: (() => Promise<never>)[] = [
      async () => {
        throw error
      },
      () => {
        throw error
      },
    ]
    for (const work of failures) assert.equal(await rejection(store.withLease('a', work)), error)
    assert.equal(await store.withLease('a', async () => 'next', { signal: AbortSignal.timeout(2000) }), 'next')
  },

  'a waiter gives up when its signal says so, with its reason': async ({ store, leaseMs }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    let ran = false
    const work = async () => {
      ran = true
    }
    await withLease('a', async () => {
      const reason = new Error('no time')
      const giveUp = new AbortController()
      const waiting = rejection(withLease('a', work, { signal: giveUp.signal }))
      await sleep(60)
      const before = performance.now()
      giveUp.abort(reason)
      assert.equal(await waiting, reason)
      assert.ok(performance.now() - before < 300)
      assert.equal(await rejection(withLease('a', work, { signal: AbortSignal.abort(reason) })), reason)
    })
    // Had a waiter left a lease, this would have to wait for its end.
    const before = performance.now()
    await withLease('a', async () => {})
    assert.ok(performance.now() - before < Math.max(leaseMs / 2, 200))
    assert.equal(ran, false)
  },

  'leases of two keys do not wait for each other': async ({ store }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    const signal = AbortSignal.timeout(2000)
    assert.equal(await withLease('a', () => withLease('b', async () => 'both', { signal })), 'both')
  },

  'a lease does not stand in the way of its record': async ({ store }) => {
    await store.withLease?.('a', async () => {
      assert.equal(await store.set('a', { version: 1, data: 'one' }, LONG), true)
      same(await store.get('a'), { version: 1, data: 'one' })
    })
  },

  'a lease lasts as long as the work': async ({ store, leaseMs }) => {
    const withLease = store.withLease?.bind(store)
    if (!withLease) return
    const order: string[] = []
    const first = withLease('a', async ({ signal }) => {
      await sleep(leaseMs * 2.5)
      assert.equal(signal.aborted, false)
      order.push('first')
    })
    await sleep(leaseMs / 4)
    await withLease('a', async () => order.push('second'))
    await first
    assert.equal(order.join(), 'first,second')
  },
}
