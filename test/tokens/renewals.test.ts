/*
 * What the diagnostics channels tell of a refresh: why it was made, how it ended, and how long its parts took.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import type { Lease, TokenStore } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { TOKEN } from '../support/app.ts'
import { until } from '../support/until.ts'
import { closeDesks, FragileStore, HOUR, INTO_THE_WINDOW, startDesk } from './desk.ts'

const CHANNELS = ['renewal', 'lease', 'store', 'refresh'] as const

const quiet: (() => void)[] = []
afterEach(async () => {
  for (const end of quiet.splice(0)) end()
  await closeDesks()
})

type Told = { channel: string; [field: string]: unknown }

/** What was told of work that has ended. */
function listen(channels: readonly string[] = CHANNELS): Told[] {
  const told: Told[] = []
  for (const channel of channels) {
    const asyncEnd = (message: object) => told.push({ channel, ...message })
    const subscribers = { start() {}, end() {}, asyncStart() {}, error() {}, asyncEnd }
    tracingChannel<unknown, object>(`passport-ilert:${channel}`).subscribe(subscribers as never)
    quiet.push(() => tracingChannel(`passport-ilert:${channel}`).unsubscribe(subscribers as never))
  }
  return told
}

const durationMs = expect.any(Number)

/** A store with leases, of which the next one has to be waited for. */
class LeasingStore extends FragileStore implements TokenStore {
  ready: Promise<void> = Promise.resolve()
  async withLease<T>(_key: string, work: (lease: Lease) => Promise<T>, o?: { signal?: AbortSignal }): Promise<T> {
    const given = new Promise<never>((_, reject) =>
      o?.signal?.addEventListener('abort', () => reject(o.signal?.reason)),
    )
    await Promise.race([this.ready, given])
    return await work({ signal: new AbortController().signal })
  }
}

async function signedIn() {
  const desk = await startDesk({ refreshLimitSeconds: 0 })
  const store = new LeasingStore(desk.store)
  const manager = desk.manager({ tokenStore: store })
  await manager.save('a', await desk.signIn())
  return { desk, store, manager }
}

it('tells a refresh, and each part of it, with its duration', async () => {
  const { desk, manager } = await signedIn()
  desk.advance(HOUR)
  const told = listen()
  await manager.get('a')
  expect(told.filter(({ channel }) => channel !== 'store')).toEqual([
    { channel: 'lease', durationMs },
    { channel: 'refresh', durationMs },
    { channel: 'renewal', reason: 'expired', outcome: 'refreshed', durationMs },
  ])
  const operations = told.filter(({ channel }) => channel === 'store').map(({ operation }) => operation)
  expect(operations).toEqual(expect.arrayContaining(['get', 'set']))
  const [lease = 0, refresh = 0, renewal = 0] = ['lease', 'refresh', 'renewal'].map(
    (name) => told.find(({ channel }) => channel === name)?.durationMs as number,
  )
  expect(renewal).toBeGreaterThanOrEqual(lease + refresh)
})

it('tells that another process has brought the tokens, or that the present ones are good', async () => {
  const { desk, store, manager } = await signedIn()
  const told = listen(['renewal'])
  desk.advance(HOUR)
  let go = () => {}
  store.ready = new Promise((resolve) => {
    go = resolve
  })
  const waiting = manager.get('a')
  await until(() => store.calls.filter((method) => method === 'get').length > 1)
  await desk.manager().get('a')
  told.length = 0
  go()
  await waiting
  expect(told).toEqual([{ channel: 'renewal', reason: 'expired', outcome: 'elsewhere', durationMs }])
})

it('tells why: in the background, and because the API refused the token', async () => {
  const { desk, manager } = await signedIn()
  const told = listen(['renewal'])
  const { accessToken } = await manager.get('a')
  await appTokensOf(manager).refused('a', accessToken)
  desk.advance(INTO_THE_WINDOW)
  await manager.get('a')
  await until(() => told.length === 2)
  expect(told).toMatchObject([
    { reason: 'refused', outcome: 'refreshed' },
    { reason: 'due', outcome: 'refreshed' },
  ])
})

it('tells that ilert has ended the grant', async () => {
  const { desk, manager } = await signedIn()
  const told = listen(['renewal'])
  desk.advance(HOUR)
  desk.sandbox.revoke('mara.lindqvist')
  await expect(desk.passing(manager.get('a'))).rejects.toThrow()
  expect(told).toEqual([{ channel: 'renewal', reason: 'expired', outcome: 'ended', durationMs }])
})

it('tells of a failure by its code alone', async () => {
  const { desk, store, manager } = await signedIn()
  const told = listen()
  desk.advance(HOUR)
  const fault = desk.sandbox.fault({ path: TOKEN, kind: 503 })
  await expect(manager.get('a')).rejects.toThrow()
  const error = { name: 'NetworkError', code: 'server_error', status: 503 }
  expect(told.filter(({ error: failed }) => failed)).toEqual([
    { channel: 'refresh', error, durationMs },
    { channel: 'renewal', reason: 'expired', error, durationMs },
  ])
  fault.clear()
  desk.advance(HOUR)
  told.length = 0
  store.fate = () => 'fail'
  await expect(manager.get('a')).rejects.toThrow()
  const away = { name: 'NetworkError', code: 'store_unavailable', status: 503 }
  expect(told.find(({ channel }) => channel === 'store')).toEqual({
    channel: 'store',
    operation: 'get',
    error: away,
    durationMs,
  })
})

it('tells of a lease that was waited for in vain', async () => {
  const { desk, store, manager } = await signedIn()
  desk.advance(HOUR)
  store.ready = new Promise(() => {})
  const told = listen(['lease'])
  await expect(desk.passing(manager.get('a'))).rejects.toThrow()
  const error = { name: 'NetworkError', code: 'store_unavailable', status: 503 }
  expect(told).toEqual([{ channel: 'lease', error, durationMs }])
})

it('tells nothing for requests that need nothing', async () => {
  const { manager } = await signedIn()
  const told = listen()
  for (let i = 0; i < 10; i++) await manager.get('a')
  expect(told).toEqual([])
})
