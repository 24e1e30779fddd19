/*
 * Sign-ins under way, and what becomes of tokens that nobody attaches: each is one of the ten that ilert allows a user.
 */

import { EventEmitter } from 'node:events'
import type { Request } from 'express'
import { SignIns } from '../../src/express/sign-ins.ts'
import { IlertClient, MemoryTokenStore, TokenManager } from '../../src/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { REVOKE, TOKEN } from '../support/app.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'

const ATTEMPT = { redirectURI: 'http://app.example/callback', codeVerifier: 'v'.repeat(43) }
const HOUR = 3_600_000

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await closeServers()
})

/** An ilert that gives each code tokens of its own, and whoever signs in with it. */
async function startSignIns(tokenKey?: () => string, rememberMs?: number) {
  const strangers = { come: false }
  const ilert = await serve((response, { path, body }) => {
    const code = new URLSearchParams(body).get('code')
    if (path === TOKEN && strangers.come) json(response, 401, { code: 'invalid_grant' })
    else if (path === TOKEN)
      json(response, 200, { access_token: `a-${code}`, refresh_token: `r-${code}`, scope: 'profile' })
    else json(response, 200, path === REVOKE ? {} : { id: 1 })
  })
  const options = { clientID: 'app', clientSecret: 'a-secret-for-these-tests-alone-0123456789', apiURL: ilert.origin }
  const client = new IlertClient(options)
  const tokens = new TokenManager({ ...options, tokenStore: new MemoryTokenStore() })
  closing.push(
    () => tokens.close(),
    () => client.close(),
  )
  const ask = async () => ({ user: { id: 1 } as Express.User })
  const time = { now: 1_800_000_000_000 }
  const parts = {
    clock: { now: () => time.now },
    client,
    tokens: appTokensOf(tokens),
    ask,
    scope: 'profile',
    allowedTenants: undefined,
    tokenKey,
  }
  const signIns = new SignIns(parts, rememberMs)
  /** Takes part in a sign-in, which there must be. */
  const take = (req: Request, state: string, code: string) => {
    const signIn = signIns.take(req, state, code, ATTEMPT)
    if (typeof signIn === 'string') throw new Error(signIn)
    return signIn
  }
  const revoked = () =>
    ilert.requests.filter(({ path }) => path === REVOKE).map(({ body }) => new URLSearchParams(body).get('token'))
  return { ilert, strangers, tokens, signIns, take, time, revoked }
}

/** A request, and how its answer ends. */
function request({ destroyed = false, sessionID = 'a session' } = {}) {
  const headers: Record<string, unknown> = {}
  const setHeader = (name: string, value: unknown) => Object.assign(headers, { [name]: value })
  const res = Object.assign(new EventEmitter(), { destroyed, writableFinished: false, setHeader })
  const end = (writableFinished: boolean) => {
    Object.assign(res, { writableFinished, destroyed: true })
    res.emit('close')
  }
  return { req: { res, sessionID } as unknown as Request, headers, answered: () => end(true), left: () => end(false) }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 30))

it('a state has one code: another one is no part of its sign-in', async () => {
  const { signIns, take, ilert } = await startSignIns()
  const first = take(request().req, 'state', 'one')
  expect(signIns.take(request().req, 'state', 'two', ATTEMPT)).toBe('another code')
  expect(take(request().req, 'state', 'one')).toBe(first)
  await first.result
  expect(ilert.requests.filter(({ path }) => path === TOKEN)).toHaveLength(1)
})

it('an answer without tokens being attached has them revoked, and the sign-in has ended', async () => {
  const { take, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = take(req, 'state', 'one')
  await signIn.result
  answered()
  await until(() => revoked().length === 1, 'revoked')
  expect(revoked()).toEqual(['r-one'])
  await expect(signIn.store(req, HOUR)).rejects.toMatchObject({
    name: 'ReauthenticationRequired',
    message: 'This sign-in has ended. Start again.',
  })
})

it('tokens that were stored, and then not attached, are forgotten and revoked', async () => {
  const { take, tokens, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = take(req, 'state', 'one')
  await signIn.result
  const { key } = await signIn.store(req, HOUR)
  expect(await tokens.accessToken(key)).toBe('a-one')
  answered()
  await until(() => revoked().length === 1, 'revoked')
  await expect(tokens.accessToken(key)).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
})

it('tokens that were attached stay', async () => {
  const { take, tokens, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = take(req, 'state', 'one')
  await signIn.result
  const { key } = await signIn.store(req, HOUR)
  signIn.attached(req)
  answered()
  await turn()
  expect(revoked()).toEqual([])
  expect(await tokens.accessToken(key)).toBe('a-one')
})

it("tokens under a key of the app's own stay, attached or not", async () => {
  const { take, tokens, revoked } = await startSignIns(() => 'user:1')
  const { req, answered } = request()
  const signIn = take(req, 'state', 'one')
  await signIn.result
  expect(await signIn.store(req, HOUR)).toEqual({ key: 'user:1', ilertID: '1', shared: true })
  answered()
  await turn()
  expect(revoked()).toEqual([])
  expect(await tokens.accessToken('user:1')).toBe('a-one')
})

describe('a client that has gone', () => {
  it('may come back: its tokens are kept until nobody can come any more', async () => {
    const { take, revoked } = await startSignIns()
    const { req, left } = request()
    const signIn = take(req, 'state', 'one')
    await signIn.result
    left()
    await turn()
    expect(revoked()).toEqual([])
    // A thousand others have ended by then, and this one is known no more.
    for (let i = 0; i < 1000; i++) await take(request().req, `state ${i}`, `x${i}`).result
    await until(() => revoked().length === 1, 'revoked')
    expect(revoked()).toEqual(['r-one'])
  })

  it('has its tokens revoked once it has not come back for a while', async () => {
    const { take, revoked } = await startSignIns(undefined, 20)
    const { req, left } = request()
    const signIn = take(req, 'state', 'one')
    await signIn.result
    left()
    await until(() => revoked().length === 1, 'revoked')
    expect(revoked()).toEqual(['r-one'])
  })

  it('before its request was looked at has no part in the sign-in', async () => {
    const { take, revoked } = await startSignIns()
    const gone = request({ destroyed: true })
    const { req, answered } = request()
    const signIn = take(gone.req, 'state', 'one')
    take(req, 'state', 'one')
    await signIn.result
    answered()
    await until(() => revoked().length === 1, 'revoked')
  })

  it('while another request for the same sign-in goes on takes nothing from it', async () => {
    const { take, revoked } = await startSignIns()
    const [first, second] = [request(), request()]
    const signIn = take(first.req, 'state', 'one')
    take(second.req, 'state', 'one')
    await signIn.result
    first.answered()
    await turn()
    expect(revoked()).toEqual([])
    second.left()
    await until(() => revoked().length === 1, 'revoked')
  })
})

describe('a sign-in that has ended', () => {
  it('may be joined for ten seconds, which nobody prolongs; its state is never exchanged again', async () => {
    const { signIns, take, time, ilert } = await startSignIns()
    const signIn = take(request().req, 'state', 'one')
    await signIn.result
    for (let i = 0; i < 3; i++) {
      time.now += 3333
      expect(take(request().req, 'state', 'one')).toBe(signIn)
    }
    time.now += 1
    for (let i = 0; i < 3; i++) expect(signIns.take(request().req, 'state', 'one', ATTEMPT)).toBe('spent')
    expect(ilert.requests.filter(({ path }) => path === TOKEN)).toHaveLength(1)
  })

  it.each(['the session', 'the ilert user'])('may not be joined after a sign-out: of %s', async (whose) => {
    const { signIns, take, ilert } = await startSignIns()
    const { req } = request({ sessionID: 'before' })
    const signIn = take(req, 'state', 'one')
    await signIn.result
    signIn.attached(Object.assign(req, { sessionID: 'after' }))
    if (whose === 'the session') signIns.end('after', undefined)
    else signIns.end('another session', '1')
    expect(signIns.take(request().req, 'state', 'one', ATTEMPT)).toBe('spent')
    await expect(signIn.store(req, HOUR)).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
    expect(ilert.requests.filter(({ path }) => path === TOKEN)).toHaveLength(1)
  })

  it('stays for those whom a sign-out does not concern', async () => {
    const { signIns, take } = await startSignIns()
    const signIn = take(request().req, 'state', 'one')
    await signIn.result
    signIns.end('another session', '2')
    signIns.end('another session', undefined)
    expect(take(request().req, 'state', 'one')).toBe(signIn)
  })

  it('is not forgotten because of strangers whose codes are made up', async () => {
    const { take, strangers } = await startSignIns()
    const signIn = take(request().req, 'state', 'one')
    await signIn.result
    strangers.come = true
    for (let i = 0; i < 1100; i++) await take(request().req, `state ${i}`, `x${i}`).result.catch(() => {})
    expect(take(request().req, 'state', 'one')).toBe(signIn)
  })
})

describe('a sign-in under way', () => {
  it('signs nobody in after the sign-out of its session, and its tokens are revoked', async () => {
    const { signIns, take, revoked } = await startSignIns()
    const { req, answered } = request()
    const signIn = take(req, 'state', 'one')
    signIns.end('a session', undefined)
    await signIn.result
    expect(signIn.ended).toBe(true)
    await expect(signIn.store(req, HOUR)).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
    answered()
    await until(() => revoked().length === 1, 'revoked')
    expect(signIns.take(request().req, 'state', 'one', ATTEMPT)).toBe('spent')
  })

  it('is one of a hundred at most, is never given up for another, and can be joined all the same', async () => {
    const { signIns, take } = await startSignIns()
    const begun = Array.from({ length: 100 }, (_, i) => take(request().req, `state ${i}`, `x${i}`))
    const { req, headers } = request()
    expect(() => signIns.admit(req, 'another')).toThrow(
      expect.objectContaining({ name: 'NetworkError', code: 'too_many_sign_ins', status: 503, retryAfterSeconds: 5 }),
    )
    expect(headers).toEqual({ 'Retry-After': 5 })
    expect(() => signIns.admit(request().req, 'state 0')).not.toThrow()
    expect(take(request().req, 'state 0', 'x0')).toBe(begun[0])
    await begun[99]?.result
    expect(() => signIns.admit(request().req, 'another')).not.toThrow()
  })
})
