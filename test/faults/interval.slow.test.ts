import fc from 'fast-check'
import type { Fault } from '../../src/sandbox/index.ts'
import { needs } from '../support/needs.ts'
import { startPostgres } from '../support/postgres.ts'
import { type FragileStore, type RedisServer, startRedis } from '../support/redis.ts'
import { agreed, type Fleet, HOUR, PAST_BACK_OFF, startFleet, TOKEN } from './fleet.ts'

const FAULTS: Omit<Fault, 'path'>[] = [
  { kind: 'reset' },
  { kind: 'reset', processed: true },
  { kind: 500 },
  { kind: 'html', processed: true },
  { kind: 429, ms: 20_000 },
  { kind: 'delay', ms: 50 },
]

interface Event {
  /** To which processes. */
  requests?: number[]
  seconds?: number
  fault?: Omit<Fault, 'path'>
  times?: number
  /** Of the token store, during the requests. */
  outage?: 'silent' | 'killed'
}

const requests = fc.array(fc.nat(2), { minLength: 1, maxLength: 8 })
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ requests }) },
  { weight: 5, arbitrary: fc.record({ requests, seconds: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 5, arbitrary: fc.record({ requests, seconds: fc.integer({ min: 400, max: 4000 }) }) },
  { weight: 2, arbitrary: fc.record({ fault: fc.constantFrom(...FAULTS), times: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ requests, outage: fc.constantFrom('silent' as const, 'killed' as const) }) },
)

function whateverHappens(startTokens: () => Promise<FragileStore>): void {
  let sessions: RedisServer
  let tokens: FragileStore
  let fleet: Fleet
  beforeAll(async () => {
    sessions = await startRedis()
    tokens = await startTokens()
  })
  afterAll(async () => {
    await sessions?.stop()
    await tokens?.stop()
  })
  // This fails where two answered refreshes were less than the interval apart.
  afterEach(() => fleet?.close())

  async function backAgain(): Promise<void> {
    await tokens.resume()
    await tokens.start()
    await Promise.all(fleet.apps.map((app) => app.call('hasStore')))
  }

  // A refresh token that lives on, since answers get lost here that `rotate` could not do without.
  it.each([1, 2])(
    'never refresh a grant twice within the interval, and sign nobody out (seed %i)',
    async (seed) => {
      fleet = await startFleet({
        processes: 3,
        refreshTokens: 'add',
        tokens: tokens.url,
        sessions: sessions.url,
        storeTimeoutMs: tokens.url.startsWith('redis') ? 300 : 1000,
      })
      const { apps, sandbox } = fleet
      const cookie = await fleet.signIn()
      const ask = (processes = [0, 1, 2]) =>
        Promise.all(processes.map((i) => (apps[i] as (typeof apps)[0]).get('/token', cookie)))
      await ask()
      const [events = []] = fc.sample(fc.noBias(fc.array(event, { minLength: 60, maxLength: 60 })), {
        seed,
        numRuns: 1,
      })
      const faults = []
      for (const { requests = [], seconds = 0, fault, times = 1, outage } of events) {
        if (fault) faults.push(sandbox.fault({ path: TOKEN, ...fault, times }))
        // The time that passes between two events is none in which an answer is on its way.
        if (seconds > 0) await Promise.all(apps.map((app) => app.call('answered')))
        if (seconds > 0) await fleet.advance(seconds * 1000)
        if (outage === 'silent') await tokens.pause()
        if (outage === 'killed') await tokens.kill()
        for (const { status } of await ask(requests)) expect([200, 503]).toContain(status)
        if (outage) await backAgain()
      }

      for (const fault of faults) fault.clear()
      for (let i = 0; i < 3; i++) {
        await fleet.advance(PAST_BACK_OFF)
        await ask()
      }
      await fleet.advance(HOUR)
      await ask()
      expect(agreed(await ask())).toMatch(/^200 [\w-]{43}$/)
      // Or nothing was tried.
      expect(fleet.successful().length).toBeGreaterThan(5)
    },
    60_000,
  )
}

needs('redis-server')('three processes with Redis, whatever happens', () =>
  whateverHappens(() => startRedis({ durable: true })),
)

needs('postgres')('three processes with PostgreSQL, whatever happens', () => whateverHappens(startPostgres))
