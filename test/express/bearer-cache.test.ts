import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import fc from 'fast-check'
import type { TokenInfo } from '../../src/client/answers.ts'
import { BearerAnswers } from '../../src/express/bearer/cache.ts'
import { NetworkError } from '../../src/ilert/errors.ts'
import { LRUMap } from '../../src/tokens/lru-map.ts'

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

  it('prolongs nothing when it goes back to before the question', async () => {
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
  expect(answers.size).toEqual({ good: 3, bad: 0 })
})

it('remembers 10 000 answers of each kind where nothing else is said', async () => {
  const { answers } = setUp({ info: (token) => (token.endsWith('good') ? GOOD : BAD) })
  for (let i = 0; i < 10_050; i++) for (const kind of ['good', 'bad']) await answers.about(`token ${i} ${kind}`)
  expect(answers.size).toEqual({ good: 10_000, bad: 10_000 })
})

describe('a flood of tokens that ilert refuses, or does not answer about', () => {
  const isGood = (token: string) => token.startsWith('good')
  /** Answers at once about good tokens; about others as the test says, and never where it says nothing. */
  function flooded(forged: (token: string) => TokenInfo | undefined, limits: object = {}) {
    let now = START
    const asked: string[] = []
    const timeouts = new Map<string, number | undefined>()
    let holds = (_token: string) => false
    const ask = async (token: string, timeoutMs?: number) => {
      asked.push(token)
      timeouts.set(token, timeoutMs)
      const info = isGood(token) ? GOOD : forged(token)
      return info && !holds(token) ? info : new Promise<never>(() => {})
    }
    return {
      answers: new BearerAnswers({ ask, clock: { now: () => now }, ...limits }),
      asked,
      timeouts,
      advance: (ms: number) => {
        now += ms
      },
      hold: (which: (token: string) => boolean) => {
        holds = which
      },
    }
  }
  /** Whether it is answered, and not kept waiting. */
  const answered = (promise: Promise<TokenInfo>) =>
    Promise.race([promise.then(({ active }) => active), new Promise((resolve) => setImmediate(resolve, 'waits'))])

  it('displaces no acceptance: 24 000 refusals cost good tokens no question', async () => {
    const { answers, asked } = flooded(() => BAD)
    for (let i = 0; i < 50; i++) await answers.about(`good ${i}`)
    for (let i = 0; i < 24_000; i++) await answers.about(`forged ${i}`)
    for (let i = 0; i < 50; i++) expect(await answers.about(`good ${i}`)).toBe(GOOD)
    expect(asked.filter(isGood)).toHaveLength(50)
    expect(answers.size).toEqual({ good: 50, bad: 10_000 })
  })

  it('takes no look-up: 400 that hang, and a token that was good a minute ago is answered', async () => {
    const { answers, advance } = flooded((token) => (token.includes('hangs') ? undefined : BAD))
    await answers.about('good')
    for (let i = 0; i < 24_000; i++) await answers.about(`forged ${i}`)
    advance(60_000)
    const hanging = Array.from({ length: 400 }, (_, i) => answered(answers.about(`forged ${i} hangs`)))
    expect((await Promise.allSettled(hanging)).filter(({ status }) => status === 'rejected')).toHaveLength(300)
    expect(await answered(answers.about('good'))).toBe(true)
    await expect(answers.about('good, but new')).rejects.toMatchObject({ code: 'backing_off', status: 503 })
  })

  it.each([
    [3_599_999, true],
    [3_600_000, false],
  ])('a token that was good %i ms ago has a look-up of its own: %p', async (ms, own) => {
    const { answers, advance } = flooded(() => undefined)
    await answers.about('good')
    advance(ms)
    for (let i = 0; i < 100; i++) void answers.about(`forged ${i}`)
    if (own) expect(await answers.about('good')).toBe(GOOD)
    else await expect(answers.about('good')).rejects.toMatchObject({ code: 'backing_off' })
  })

  it('good tokens have 100 look-ups, too, and no more', async () => {
    const { answers, advance, hold } = flooded(() => undefined)
    for (let i = 0; i < 101; i++) await answers.about(`good ${i}`)
    advance(60_000)
    hold(isGood)
    for (let i = 0; i < 100; i++) expect(await answered(answers.about(`good ${i}`))).toBe('waits')
    await expect(answers.about('good 100')).rejects.toMatchObject({ code: 'backing_off' })
    // Those that are new have theirs.
    expect(await answered(answers.about('forged'))).toBe('waits')
  })

  it('only acceptances make acceptances go', async () => {
    const { answers, asked } = flooded(() => BAD, { maxRemembered: 3 })
    for (const token of ['good 1', 'good 2', 'good 3', 'bad 1', 'bad 2', 'bad 3', 'bad 4']) await answers.about(token)
    asked.length = 0
    for (const token of ['good 1', 'good 2', 'good 3', 'bad 2', 'bad 3', 'bad 4']) await answers.about(token)
    expect(asked).toEqual([])
    await answers.about('good 4')
    await answers.about('good 1')
    expect(asked).toEqual(['good 4', 'good 1'])
  })

  it('waits 3 s for an answer about a token that was never good, and as long as always about one that was', async () => {
    const { answers, advance, timeouts } = flooded(() => BAD)
    for (const token of ['good', 'forged']) await answers.about(token)
    expect([timeouts.get('good'), timeouts.get('forged')]).toEqual([3000, 3000])
    advance(60_000)
    for (const token of ['good', 'forged']) await answers.about(token)
    expect([timeouts.get('good'), timeouts.get('forged')]).toEqual([undefined, 3000])
  })

  it('a token that was good and is refused is one of the refused, and one that is good again is not', async () => {
    let info = GOOD
    const { answers, asked, advance } = setUp({ info: () => info })
    await answers.about('a')
    advance(60_000)
    info = BAD
    expect(await answers.about('a')).toBe(BAD)
    expect(answers.size).toEqual({ good: 0, bad: 1 })
    expect(await answers.about('a')).toBe(BAD)
    expect(asked).toHaveLength(2)
    advance(10_000)
    info = GOOD
    expect(await answers.about('a')).toBe(GOOD)
    expect(answers.size).toEqual({ good: 1, bad: 0 })
  })
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
          expect(answers.size.good).toBeLessThanOrEqual(3)
          expect(answers.size.bad).toBeLessThanOrEqual(3)
        }
      }
    }),
    { numRuns: 300 },
  )
})

it('keeps the hash of a token, and the token nowhere', async () => {
  const token = 'CANARY-0123456789'
  const remember = jest.spyOn(LRUMap.prototype, 'set')
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
