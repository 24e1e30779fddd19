import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import fc from 'fast-check'
import { LRUCache } from 'lru-cache'
import type { TokenInfo } from '../../src/client/answers.ts'
import { BearerAnswers } from '../../src/express/bearer-cache.ts'
import { NetworkError } from '../../src/ilert/errors.ts'

const GOOD: TokenInfo = { active: true, scope: ['profile'], username: 'mara.lindqvist', appID: 250 }
const BAD: TokenInfo = { active: false, scope: [] }
const START = 1_800_000_000_000

function setUp({
  info = () => GOOD,
  ...limits
}: {
  info?: (token: string) => TokenInfo
  [limit: string]: unknown
} = {}) {
  let now = START
  const asked: string[] = []
  const ask = async (token: string) => {
    asked.push(token)
    return info(token)
  }
  const answers = new BearerAnswers({ ask, clock: { now: () => now }, ...limits })
  return {
    answers,
    asked,
    advance: (ms: number) => {
      now += ms
    },
  }
}

it.each([
  ['a good answer for 60 s', GOOD, 60_000],
  ['a bad answer for 10 s', BAD, 10_000],
])('remembers %s, to the millisecond', async (_, info, ms) => {
  const { answers, asked, advance } = setUp({ info: () => info })
  expect(await answers.about('a')).toEqual(info)
  advance(ms - 1)
  expect(await answers.about('a')).toEqual(info)
  expect(asked).toHaveLength(1)
  advance(1)
  await answers.about('a')
  expect(asked).toHaveLength(2)
})

it('remembers a good answer no longer than the token lasts', async () => {
  const { answers, asked, advance } = setUp()
  await answers.about('a', START + 5000)
  advance(4999)
  await answers.about('a', START + 5000)
  expect(asked).toHaveLength(1)
  advance(1)
  await answers.about('a', START + 5000)
  expect(asked).toHaveLength(2)
})

it('counts from the question, not from the answer', async () => {
  let now = START
  let asked = 0
  const ask = async () => {
    asked++
    now += 9000 // the answer takes its time
    return GOOD
  }
  const answers = new BearerAnswers({ ask, clock: { now: () => now } })
  await answers.about('a')
  now = START + 59_999
  await answers.about('a')
  expect(asked).toBe(1)
  now = START + 60_000
  await answers.about('a')
  expect(asked).toBe(2)
})

describe('a clock that jumps backwards', () => {
  it('ends an answer from before', async () => {
    const { answers, asked, advance } = setUp()
    await answers.about('a')
    advance(-1)
    await answers.about('a')
    expect(asked).toHaveLength(2)
  })

  it('prolongs nothing where it stays behind the question', async () => {
    const { answers, asked, advance } = setUp()
    await answers.about('a')
    advance(50_000)
    await answers.about('a')
    advance(-40_000)
    await answers.about('a')
    advance(9999)
    await answers.about('a')
    expect(asked).toHaveLength(1)
    advance(1)
    await answers.about('a')
    expect(asked).toHaveLength(2)
  })
})

it('shares a question, and asks again after it', async () => {
  const { answers, asked } = setUp({ info: () => BAD })
  const all = await Promise.all(Array.from({ length: 200 }, () => answers.about('a')))
  expect(asked).toHaveLength(1)
  expect(new Set(all).size).toBe(1)
})

it('shares a failure with those who wait, and does not remember it', async () => {
  let fails = true
  let asked = 0
  const ask = async () => {
    asked++
    if (fails) throw new NetworkError('away')
    return GOOD
  }
  const answers = new BearerAnswers({ ask, clock: { now: () => START } })
  const all = await Promise.allSettled([answers.about('a'), answers.about('a'), answers.about('a')])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(asked).toBe(1)
  fails = false
  expect(await answers.about('a')).toEqual(GOOD)
  expect(asked).toBe(2)
})

it('lets the answer that was used least recently make room', async () => {
  const { answers, asked } = setUp({ maxRemembered: 3 })
  for (const token of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'd']) await answers.about(token)
  expect(asked).toEqual(['a', 'b', 'c', 'd'])
  await answers.about('b')
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b'])
  expect(answers.size).toBe(3)
})

it('remembers 10 000 answers where nothing else is said', async () => {
  const { answers } = setUp({ info: () => BAD })
  for (let i = 0; i < 10_050; i++) await answers.about(`token ${i}`)
  expect(answers.size).toBe(10_000)
})

it('asks about 100 tokens at once and no more, and answers what it knows meanwhile', async () => {
  const waiting: ((info: TokenInfo) => void)[] = []
  let known = true
  const ask = () => (known ? Promise.resolve(GOOD) : new Promise<TokenInfo>((resolve) => waiting.push(resolve)))
  const answers = new BearerAnswers({ ask, clock: { now: () => START } })
  await answers.about('known')
  known = false
  const all = Array.from({ length: 100 }, (_, i) => answers.about(`token ${i}`))
  const tooMany: unknown = await answers.about('one more').catch((error: unknown) => error)
  expect(tooMany).toBeInstanceOf(NetworkError)
  expect(tooMany).toMatchObject({ code: 'backing_off', status: 503, retryAfterSeconds: 1 })
  expect(await answers.about('known')).toEqual(GOOD)
  all.push(answers.about('token 7')) // shares
  for (const resolve of waiting) resolve(GOOD)
  expect(await Promise.all(all)).toHaveLength(101)
  expect(waiting).toHaveLength(100)
  known = true
  expect(await answers.about('one more')).toEqual(GOOD)
})

it('never answers with what is older than promised, whatever the clock does', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ ask: fc.nat(4), lasts: fc.constantFrom(undefined, 1, 20_000, 90_000) }) },
    { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 70_000 }) }) },
    { weight: 1, arbitrary: fc.record({ advance: fc.integer({ min: -70_000, max: -1 }) }) },
    { weight: 1, arbitrary: fc.record({ turn: fc.nat(4) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let now = START
      let forwards = 0 // what the clock has gone forwards in sight of the cache
      let seen = START
      const active = [true, true, true, false, false]
      const last = new Map<string, { at: number; forwards: number; info: TokenInfo; until: number }>()
      let expiresAt: number | undefined
      const ask = async (token: string) => {
        const info = { active: active[Number(token)] ?? false, scope: [] }
        last.set(token, { at: now, forwards, info, until: expiresAt ?? Number.POSITIVE_INFINITY })
        return info
      }
      const answers = new BearerAnswers({ ask, clock: { now: () => now }, maxRemembered: 3 })
      for (const one of steps) {
        if ('advance' in one) now += one.advance
        else if ('turn' in one) active[one.turn] = !active[one.turn]
        else {
          forwards += Math.max(0, now - seen)
          seen = now
          expiresAt = one.lasts === undefined ? undefined : now + one.lasts
          const token = String(one.ask)
          const info = await answers.about(token, expiresAt)
          const { at, forwards: since, info: truth, until } = last.get(token) ?? fail()
          const ms = truth.active ? 60_000 : 10_000
          expect(info).toBe(truth)
          // Asked just now, or remembered in time.
          if (now !== at || forwards !== since) {
            expect(now - at).toBeGreaterThanOrEqual(0)
            expect(forwards - since).toBeLessThan(ms)
            if (truth.active) expect(now).toBeLessThan(until)
          }
          expect(answers.size).toBeLessThanOrEqual(3)
        }
      }
    }),
    { numRuns: 300 },
  )
})

it('keeps the hash of a token, and the token nowhere', async () => {
  const token = 'CANARY-0123456789'
  const remember = jest.spyOn(LRUCache.prototype, 'set')
  const share = jest.spyOn(Map.prototype, 'set')
  try {
    const { answers } = setUp()
    await answers.about(token)
    const kept = [...remember.mock.calls, ...share.mock.calls.filter(([, value]) => value instanceof Promise)]
    const key = createHash('sha256').update(token).digest('base64url')
    expect(kept.map(([first]) => first)).toEqual([key, key])
    expect(inspect([answers, kept], { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('CANARY')
  } finally {
    remember.mockRestore()
    share.mockRestore()
  }
})

function fail(): never {
  throw new Error('an answer to a question that nobody asked')
}
