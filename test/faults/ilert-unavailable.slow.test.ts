import type { Fault } from '../../src/sandbox/index.ts'
import { needs } from '../support/needs.ts'
import { startRedis } from '../support/redis.ts'
import { type Answer, type App, agreed, type Fleet, HOUR, PAST_BACK_OFF, startFleet, TOKEN } from './fleet.ts'

const MINUTES = 60_000
/** Milliseconds, for tests with hundreds of requests one after the other. */
const SLOW = 60_000

let fleet: Fleet
afterEach(() => fleet?.close())

const away = { status: 503, name: 'NetworkError' }
const backingOff = { status: 503, name: 'NetworkError', code: 'backing_off' }

interface Case {
  fault: Omit<Fault, 'path'>
  code: string
  /** Seconds that ilert asks for. */
  retryAfter?: number
}

const CASES: Case[] = [
  { fault: { kind: 'hang' }, code: 'timeout' },
  { fault: { kind: 'hang', processed: true }, code: 'timeout' },
  { fault: { kind: 'trickle' }, code: 'timeout' },
  { fault: { kind: 'reset' }, code: 'connection_lost' },
  { fault: { kind: 500 }, code: 'server_error' },
  { fault: { kind: 503, ms: 20_000 }, code: 'server_error', retryAfter: 20 },
  { fault: { kind: 429, ms: 30_000 }, code: 'rate_limited', retryAfter: 30 },
  { fault: { kind: 'html' }, code: 'server_error' },
]
const named = CASES.map((c) => ({ name: Object.values(c.fault).join(' ').replace('true', 'after processing'), ...c }))

describe('an ilert that is not itself when the token expires', () => {
  it.each(named)('signs nobody out, is left in peace, and works again afterwards: $name', async (o) => {
    // With `rotate`, an answer that is lost once it was processed takes the grant with it: nothing can bring it back.
    fleet = await startFleet({ frozen: true, timeoutMs: 1500, refreshTokens: o.fault.processed ? 'add' : 'rotate' })
    const { sandbox, refreshes } = fleet
    const [app] = fleet.apps as [App]
    const cookie = await fleet.signIn()
    await fleet.advance(HOUR)
    const fault = sandbox.fault({ path: TOKEN, ...o.fault })

    // All that wait for the same call hear of its failure; whoever comes later, while it backs off, hears at once.
    const answers = await app.storm(20, '/token', cookie)
    for (const answer of answers) expect(answer).toMatchObject(away)
    expect(answers.map(({ code }) => code)).toContain(o.code)
    expect(refreshes()).toHaveLength(1)
    for (const answer of await app.storm(20, '/token', cookie)) expect(answer).toMatchObject(backingOff)
    if (o.retryAfter !== undefined) {
      await fleet.advance(o.retryAfter * 1000 - 1)
      expect(await app.get('/token', cookie)).toMatchObject(backingOff)
    }
    expect(refreshes()).toHaveLength(1)
    expect(await app.get('/', cookie)).toEqual({ status: 200, user: 'mara.lindqvist', connected: true })

    fault.clear()
    await fleet.advance(o.retryAfter === undefined ? 1000 : 1)
    expect(agreed(await app.storm(20, '/token', cookie))).toMatch(/^200 [\w-]{43}$/)
    expect(refreshes()).toHaveLength(2)
  })

  it(
    'is asked at most 20 times in 10 minutes, and within a minute of its return all is well',
    async () => {
      fleet = await startFleet({ frozen: true })
      const { sandbox } = fleet
      const cookie = await fleet.signIn()
      await fleet.advance(HOUR - 2 * MINUTES)
      const fault = sandbox.fault({ path: TOKEN, kind: 500 })
      expect(await tenMinutes(cookie, 2000)).toBeLessThanOrEqual(20)
      fault.clear()
      await fleet.advance(PAST_BACK_OFF)
      expect(await fleet.apps[0]?.get('/token', cookie)).toMatchObject({ status: 200 })
    },
    SLOW,
  )
})

needs('redis-server')('an ilert that is unavailable to four processes with Redis', () => {
  it(
    'signs nobody out, and hears of each process at most 20 times in 10 minutes',
    async () => {
      const redis = await startRedis()
      try {
        fleet = await startFleet({ processes: 4, tokens: redis.url, sessions: redis.url, frozen: true })
        const cookie = await fleet.signIn()
        await fleet.advance(HOUR - 2 * MINUTES)
        const fault = fleet.sandbox.fault({ path: TOKEN, kind: 'reset' })
        expect(await tenMinutes(cookie, 10_000)).toBeLessThanOrEqual(4 * 20)
        fault.clear()
        await fleet.advance(PAST_BACK_OFF)
        const answers = await Promise.all(fleet.apps.map((app) => app.storm(5, '/token', cookie)))
        expect(agreed(answers.flat())).toMatch(/^200 [\w-]{43}$/)
        expect(fleet.successful()).toHaveLength(1)
      } finally {
        await redis.stop()
      }
    },
    SLOW,
  )
})

/** A request to each process every `stepMs`, 2 minutes before expiry and 8 minutes after. How often was ilert asked? */
async function tenMinutes(cookie: string, stepMs: number): Promise<number> {
  const { apps, refreshes } = fleet
  const before = refreshes().length
  for (let ms = 0; ms < 10 * MINUTES; ms += stepMs) {
    const answers: Answer[] = await Promise.all(apps.map((app) => app.get('/token', cookie)))
    for (const answer of answers) expect(answer).toMatchObject(ms < 2 * MINUTES ? { status: 200 } : away)
    await fleet.advance(stepMs)
  }
  const pages = await Promise.all(apps.map((app) => app.get('/', cookie)))
  for (const page of pages) expect(page).toMatchObject({ user: 'mara.lindqvist', connected: true })
  return refreshes().length - before
}
