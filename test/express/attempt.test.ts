/*
 * Attempts by themselves, without a sign-in around them: what comes back of what was remembered, and how much room it takes.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseSetCookie } from 'cookie'
import express, { type Request } from 'express'
import { type Attempt, Attempts } from '../../src/express/attempts.ts'
import { responseOf } from '../../src/express/express.ts'
import { isState } from '../../src/express/state.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'

const START = 1_800_000_000_000
const REDIRECT_URI = 'http://app.example/callback'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Begun {
  state: string
  codeChallenge: string
  /** As the browser sends it back. */
  cookie: string
}

async function startAttempts() {
  const time = { now: START }
  const attempts = new Attempts(new Sealer(['a key for these tests'], 'attempts'), { now: () => time.now })
  const app = express()
  app.get('/begin', async (req, res) => {
    res.json(await attempts.begin(req, JSON.parse(req.get('x-attempt') ?? '')))
  })
  app.get('/take', async (req, res) => {
    const attempt = await attempts.take(req, req.get('x-state') ?? '', req.get('x-redirect-uri') ?? '')
    res.json({ attempt })
  })
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function begin(o: Partial<Attempt> = {}, cookie = ''): Promise<Begun> {
    const attempt = JSON.stringify({ redirectURI: REDIRECT_URI, ...o })
    const answer = await fetch(`${origin}/begin`, { headers: { 'x-attempt': attempt, cookie } })
    const set = answer.headers.getSetCookie().map((header) => parseSetCookie(header))
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(set).toMatchObject([{ maxAge: 600 }])
    const begun = (await answer.json()) as Begun
    expect(isState(begun.state)).toBe(true)
    return { ...begun, cookie: `${set[0]?.name}=${set[0]?.value}` }
  }

  async function take({ state, cookie }: Pick<Begun, 'state' | 'cookie'>, redirectURI = REDIRECT_URI) {
    const headers = { 'x-state': state, 'x-redirect-uri': redirectURI, cookie }
    const { attempt } = (await (await fetch(`${origin}/take`, { headers })).json()) as { attempt?: Attempt }
    return attempt
  }

  return { time, begin, take }
}

const slotOf = ({ cookie }: Pick<Begun, 'cookie'>) => Number(/ilert\.(\d)=/.exec(cookie)?.[1])

describe('what an attempt remembers', () => {
  it.each<[string, Partial<Attempt>]>([
    ['nothing but where to come back to', {}],
    ['the page to go to', { returnTo: '/alerts?state=open' }],
    ['the scopes that a page needs', { asked: 'alert:w service' }],
    ['what ilert was asked for', { scope: 'profile alert:w' }],
    ['the page to go to, and what ilert was asked for', { returnTo: '/x', scope: 'profile alert:w', user: 'hash' }],
    ['who was signed in', { user: 'a-hash-of-22-characters' }],
    ['the scopes that a page needs, and who must come back', { asked: 'alert:w', expects: '4711', returnTo: '/' }],
  ])('comes back: %s', async (_, o) => {
    const { begin, take } = await startAttempts()
    const begun = await begin(o)
    const { codeVerifier, ...attempt } = (await take(begun)) as Attempt
    expect(attempt).toStrictEqual({ redirectURI: REDIRECT_URI, ...o, expiresAt: START + 600_000 })
    expect(createHash('sha256').update(codeVerifier).digest('base64url')).toBe(begun.codeChallenge)
  })

  it('is remembered for ten minutes, to the millisecond', async () => {
    const { time, begin, take } = await startAttempts()
    const begun = await begin()
    time.now += 599_999
    expect(await take(begun)).toBeDefined()
    time.now += 1
    expect(await take(begun)).toBeUndefined()
  })

  it('is bound to TLS where it was begun so, by what the address begins with', async () => {
    const { begin, take } = await startAttempts()
    const redirectURI = 'http://app.example/callback?for=https://app.example'
    const begun = await begin({ redirectURI })
    expect(begun.cookie).toMatch(/^ilert\./)
    expect(await take(begun, redirectURI)).toMatchObject({ redirectURI })
    expect(await take(begun, 'https://app.example/callback')).toBeUndefined()
  })
})

describe("an attempt's cookie", () => {
  it('has at most 960 bytes of name and value, and all of them if needed; then the page to go to is /', async () => {
    const { begin, take } = await startAttempts()
    let longest = 0
    for (let length = 500; length < 700; length++) {
      const begun = await begin({ returnTo: '/'.padEnd(length, 'a') })
      const bytes = begun.cookie.replace('=', '').length
      expect(bytes).toBeLessThanOrEqual(960)
      if (((await take(begun)) as Attempt).returnTo === '/') break
      longest = bytes
    }
    expect(longest).toBe(959) // base64 never fills the last one
  })

  it.each<[string, Partial<Attempt>]>([
    ['a plain sign-in', {}],
    ['a step-up', { asked: 'alert:w', expects: '4711', user: 'u'.repeat(22) }],
  ])('has room for a page of 512 characters, with an ordinary callback URL: %s', async (_, o) => {
    const { begin, take } = await startAttempts()
    const redirectURI = 'https://alerts.example.com/auth/ilert/callback'
    const returnTo = '/'.padEnd(512, 'a')
    expect(await take(await begin({ redirectURI, returnTo, ...o }), redirectURI)).toMatchObject({ returnTo })
  })

  it('stays if its slot has been given to another attempt', async () => {
    const { begin, take } = await startAttempts()
    const begun = await begin()
    const state = `${slotOf(begun)}${'A'.repeat(22)}`
    expect(await take({ ...begun, state })).toBeUndefined()
    expect(await take(begun)).toBeDefined()
  })
})

describe('the slot of an attempt', () => {
  /** Begins attempts of one browser, which has the cookies of those before. */
  async function beginInTurn(
    begin: (o?: object, cookie?: string) => Promise<Begun>,
    count: number,
    time: { now: number },
  ) {
    const begun: Begun[] = []
    for (let i = 0; i < count; i++) {
      time.now += 1000
      begun.push(await begin({}, begun.map(({ cookie }) => cookie).join('; ')))
    }
    return begun
  }

  it('is one of six, each once, if they begin at once in a browser without cookies', async () => {
    const { begin } = await startAttempts()
    const begun = await Promise.all(Array.from({ length: 6 }, () => begin()))
    expect(begun.map(slotOf).sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('is one that the browser has no cookie for, also if tabs begin at once', async () => {
    const { begin, time } = await startAttempts()
    const before = await beginInTurn(begin, 3, time)
    const cookie = before.map((each) => each.cookie).join('; ')
    const begun = await Promise.all([begin({}, cookie), begin({}, cookie), begin({}, cookie)])
    expect([...before, ...begun].map(slotOf).sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('is the one of the oldest attempt if all are taken', async () => {
    const { begin, time } = await startAttempts()
    const before = await beginInTurn(begin, 6, time)
    expect(before.map(slotOf).sort()).toEqual([0, 1, 2, 3, 4, 5])
    const cookies = [3, 0, 5, 1, 4, 2].map((i) => before[i] as Begun)
    for (let i = 0; i < 6; i++) {
      const begun = await begin({}, cookies.map(({ cookie }) => cookie).join('; '))
      expect(slotOf(begun)).toBe(slotOf(before[i] as Begun))
      time.now += 1000
      cookies[cookies.findIndex((each) => slotOf(each) === slotOf(begun))] = begun
    }
  })

  it('is one whose cookie nobody can read before any that a user began, and they are taken in turn', async () => {
    const { begin, time } = await startAttempts()
    const own = await beginInTurn(begin, 3, time)
    const planted = [0, 1, 2, 3, 4, 5].filter((slot) => !own.map(slotOf).includes(slot))
    const cookie = [...planted.map((slot) => `ilert.${slot}=planted`), ...own.map((each) => each.cookie)].join('; ')
    const begun = await Promise.all([begin({}, cookie), begin({}, cookie), begin({}, cookie)])
    expect(begun.map(slotOf).sort()).toEqual(planted)
  })

  it('is one that is empty before another app’s on the same host', async () => {
    const { begin } = await startAttempts()
    const others = [0, 1, 2, 4, 5].map((slot) => `ilert.${slot}=another-app`)
    expect(slotOf(await begin({}, others.join('; ')))).toBe(3)
  })

  it('is taken by the exact name alone', async () => {
    const { begin } = await startAttempts()
    const others = [0, 1, 2, 4, 5].map((slot) => `ilert.${slot}=another-app`)
    const similar = ['my-ilert.3=1', 'ilert.33=1', 'ilert.3.x=1', '__Host-Http-ilert.3=1', 'ILERT.3=1', 'ilert.3']
    expect(slotOf(await begin({}, [...others, ...similar].join('; ')))).toBe(3)
  })
})

// Without TLS a neighbouring host may plant a cookie of any name, which browsers send before ours or behind it.
it.each<[string, (own: string, planted: string) => string]>([
  ['before', (own, planted) => `${planted}; ${own}`],
  ['behind', (own, planted) => `${own}; ${planted}`],
  ['many', (own, planted) => `${`${planted}; `.repeat(100)}${own}`],
])('a planted cookie of the same name blocks no attempt: %s', async (_, join) => {
  const { begin, take } = await startAttempts()
  const begun = await begin({ returnTo: '/own' })
  const another = await begin({ returnTo: '/another' })
  const value = another.cookie.slice(another.cookie.indexOf('=') + 1)
  for (const planted of [`ilert.${slotOf(begun)}=planted`, `ilert.${slotOf(begun)}=${value.slice(0, 80)}`]) {
    expect(await take({ ...begun, cookie: join(begun.cookie, planted) })).toMatchObject({ returnTo: '/own' })
  }
})

it.each([
  '',
  '0',
  'A'.repeat(22),
  `6${'A'.repeat(22)}`,
  `0${'A'.repeat(21)}`,
  `0${'A'.repeat(23)}`,
  `0${'+'.repeat(22)}`,
])('a state that is not as they are issued is nobody’s: %j', async (state) => {
  const { begin, take } = await startAttempts()
  expect(isState(state)).toBe(false)
  expect(await take({ state, cookie: (await begin()).cookie })).toBeUndefined()
})

it('a request without a response is none of Express', () => {
  expect(() => responseOf({} as Request)).toThrow('IlertStrategy needs Express: the request has no res.')
})

// Another host of the domain may plant a cookie whose name only looks like one with the prefix, and the browser takes it.
it.each(['\u00a0', '\u0085', 'x'])('%j beside the name makes it another cookie', async (extra) => {
  const { begin, take } = await startAttempts()
  const redirectURI = 'https://app.example/callback'
  const { state, cookie } = await begin({ redirectURI })
  expect(cookie).toMatch(/^__Host-Http-ilert\./)
  expect(await take({ state, cookie: `${extra}${cookie}` }, redirectURI)).toBeUndefined()
  expect(await take({ state, cookie: cookie.replace('=', `${extra}=`) }, redirectURI)).toBeUndefined()
  expect(await take({ state, cookie }, redirectURI)).toMatchObject({ redirectURI })
})
