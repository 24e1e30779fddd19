/*
 * Attempts by themselves, without a sign-in around them: what comes back of what was remembered, and how much room it takes.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseSetCookie } from 'cookie'
import express, { type Request } from 'express'
import { type Attempt, Attempts, responseOf } from '../../src/express/attempts.ts'
import { Sealer } from '../../src/tokens/seal.ts'

const START = 1_800_000_000_000
const REDIRECT_URI = 'http://app.example/callback'
const MAX_PENDING_BYTES = 4096

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Begun {
  state: string
  codeChallenge: string
  /** As the browser sends it back. */
  cookie: string
  /** The names of those that were dropped. */
  dropped: string[]
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
    for (const { value } of set.filter(({ maxAge }) => maxAge === 0)) expect(value).toBe('')
    const made = set.filter(({ maxAge }) => maxAge !== 0).map(({ name, value }) => `${name}=${value}`)
    expect(made).toHaveLength(1)
    return {
      ...((await answer.json()) as Begun),
      cookie: String(made[0]),
      dropped: set.filter(({ maxAge }) => maxAge === 0).map(({ name }) => name),
    }
  }

  async function take({ state, cookie }: Pick<Begun, 'state' | 'cookie'>, redirectURI = REDIRECT_URI) {
    const headers = { 'x-state': state, 'x-redirect-uri': redirectURI, cookie }
    const { attempt } = (await (await fetch(`${origin}/take`, { headers })).json()) as { attempt?: Attempt }
    return attempt
  }

  return { time, begin, take }
}

/** A cookie that is named as an attempt's, and takes so much room. */
const stuffing = (first: string, bytes: number) => {
  const name = `ilert.${first.padEnd(22, '0')}`
  return `${name}=${'x'.repeat(bytes - name.length)}`
}
const size = (cookie: string) => cookie.replace('=', '').length

describe('what an attempt remembers', () => {
  it.each<[string, Partial<Attempt>]>([
    ['nothing but where to come back to', {}],
    ['the page to go to', { returnTo: '/alerts?state=open' }],
    ['the scopes that a page needs', { asked: 'alert:w service' }],
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
  it('has at most 1024 bytes, and all of them where they are needed; then the page to go to is /', async () => {
    const { begin, take } = await startAttempts()
    let longest = 0
    for (let length = 600; length < 700; length++) {
      const begun = await begin({ returnTo: '/'.padEnd(length, 'a') })
      expect(begun.cookie.length).toBeLessThanOrEqual(1024)
      if (((await take(begun)) as Attempt).returnTo === '/') break
      longest = begun.cookie.length
    }
    expect(longest).toBe(1024)
  })
})

describe('pending attempts', () => {
  it('may have 4096 bytes in all', async () => {
    const { begin } = await startAttempts()
    const room = MAX_PENDING_BYTES - size((await begin()).cookie)
    expect((await begin({}, stuffing('a', room))).dropped).toEqual([])
    expect((await begin({}, stuffing('a', room + 1))).dropped).toEqual(['ilert.a000000000000000000000'])
  })

  it('are dropped until the rest has room, and no more of them', async () => {
    const { begin } = await startAttempts()
    const room = MAX_PENDING_BYTES - size((await begin()).cookie)
    const cookies = [stuffing('a', 500), stuffing('b', 500), stuffing('c', room - 500)]
    expect((await begin({}, cookies.join('; '))).dropped).toEqual(['ilert.a000000000000000000000'])
  })

  it('are those whose names are theirs from the first letter to the last', async () => {
    const { begin } = await startAttempts()
    const others = ['my-ilert.aaaaaaaaaaaaaaaaaaaaaa', 'ilert.aaaaaaaaaaaaaaaaaaaaaa.mine', '__Host-ilert.short']
    const cookies = others.map((name) => `${name}=${'x'.repeat(4000)}`)
    expect((await begin({}, cookies.join('; '))).dropped).toEqual([])
  })
})

it('a request without a response is none of Express', () => {
  expect(() => responseOf({} as Request)).toThrow('IlertStrategy needs Express: the request has no res.')
})

// Another host of the domain may plant a cookie whose name only looks like one with the prefix, and the browser takes it.
it.each(['\u00a0', '\u0085', 'x'])('%j beside the name makes it another cookie', async (extra) => {
  const { begin, take } = await startAttempts()
  const redirectURI = 'https://app.example/callback'
  const { state, cookie } = await begin({ redirectURI })
  expect(cookie).toMatch(/^__Host-ilert\./)
  expect(await take({ state, cookie: `${extra}${cookie}` }, redirectURI)).toBeUndefined()
  expect(await take({ state, cookie: cookie.replace('=', `${extra}=`) }, redirectURI)).toBeUndefined()
  expect(await take({ state, cookie }, redirectURI)).toMatchObject({ redirectURI })
})
