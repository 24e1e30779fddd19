/*
 * Sign-ins under way, and what becomes of tokens that nobody attaches: each is one of the ten that ilert allows a user.
 */
import { EventEmitter } from 'node:events'
import type { Request } from 'express'
import { SignIns } from '../../src/express/sign-in.ts'
import { IlertClient, MemoryTokenStore, TokenManager } from '../../src/index.ts'
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
  const ilert = await serve((response, { path, body }) => {
    const code = new URLSearchParams(body).get('code')
    if (path === TOKEN) json(response, 200, { access_token: `a-${code}`, refresh_token: `r-${code}`, scope: 'profile' })
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
  const signIns = new SignIns({ client, tokens, ask, allowedTenants: undefined, tokenKey }, rememberMs)
  const revoked = () => ilert.requests.filter(({ path }) => path === REVOKE).map(({ body }) => /r-\w+/.exec(body)?.[0])
  return { ilert, tokens, signIns, revoked }
}

/** A request, and how its answer ends. */
function request({ destroyed = false } = {}) {
  const res = Object.assign(new EventEmitter(), { destroyed, writableFinished: false })
  const end = (writableFinished: boolean) => {
    Object.assign(res, { writableFinished, destroyed: true })
    res.emit('close')
  }
  return { req: { res } as unknown as Request, answered: () => end(true), left: () => end(false) }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 30))

it('a state has one code: another one is no part of its sign-in', async () => {
  const { signIns, ilert } = await startSignIns()
  const first = signIns.take(request().req, 'state', 'one', ATTEMPT)
  expect(signIns.take(request().req, 'state', 'two', ATTEMPT)).toBeUndefined()
  expect(signIns.take(request().req, 'state', 'one', ATTEMPT)).toBe(first)
  await first?.result
  expect(ilert.requests.filter(({ path }) => path === TOKEN)).toHaveLength(1)
})

it('an answer without tokens being attached has them revoked, and the sign-in is over', async () => {
  const { signIns, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
  await signIn?.result
  answered()
  await until(() => revoked().length === 1, 'revoked')
  expect(revoked()).toEqual(['r-one'])
  await expect(signIn?.store(req, HOUR)).rejects.toMatchObject({
    name: 'ReauthenticationRequired',
    message: 'This sign-in is over. Start again.',
  })
})

it('tokens that were stored, and then not attached, are forgotten and revoked', async () => {
  const { signIns, tokens, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
  await signIn?.result
  const { grant } = (await signIn?.store(req, HOUR)) ?? { grant: '' }
  expect(await tokens.accessToken(grant)).toBe('a-one')
  answered()
  await until(() => revoked().length === 1, 'revoked')
  await expect(tokens.accessToken(grant)).rejects.toMatchObject({ name: 'ReauthenticationRequired' })
})

it('tokens that were attached stay', async () => {
  const { signIns, tokens, revoked } = await startSignIns()
  const { req, answered } = request()
  const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
  await signIn?.result
  const { grant } = (await signIn?.store(req, HOUR)) ?? { grant: '' }
  signIn?.attached()
  answered()
  await turn()
  expect(revoked()).toEqual([])
  expect(await tokens.accessToken(grant)).toBe('a-one')
})

it("tokens under a key of the app's own stay, attached or not", async () => {
  const { signIns, tokens, revoked } = await startSignIns(() => 'user:1')
  const { req, answered } = request()
  const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
  await signIn?.result
  expect(await signIn?.store(req, HOUR)).toEqual({ grant: 'user:1', account: '1', shared: true })
  answered()
  await turn()
  expect(revoked()).toEqual([])
  expect(await tokens.accessToken('user:1')).toBe('a-one')
})

describe('a client that has gone', () => {
  it('may come back: its tokens are kept until nobody can come any more', async () => {
    const { signIns, revoked } = await startSignIns()
    const { req, left } = request()
    const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
    await signIn?.result
    left()
    await turn()
    expect(revoked()).toEqual([])
    // A thousand others are known by then, and this one no more.
    const others = Array.from({ length: 1000 }, (_, i) => signIns.take(request().req, `state ${i}`, `x${i}`, ATTEMPT))
    await until(() => revoked().length === 1, 'revoked')
    await Promise.all(others.map(async (other) => await other?.result))
    expect(revoked()).toEqual(['r-one'])
  })

  it('has its tokens revoked once it has not come back for a while', async () => {
    const { signIns, revoked } = await startSignIns(undefined, 20)
    const { req, left } = request()
    const signIn = signIns.take(req, 'state', 'one', ATTEMPT)
    await signIn?.result
    left()
    await until(() => revoked().length === 1, 'revoked')
    expect(revoked()).toEqual(['r-one'])
  })

  it('before its request was looked at has no part in the sign-in', async () => {
    const { signIns, revoked } = await startSignIns()
    const gone = request({ destroyed: true })
    const { req, answered } = request()
    const signIn = signIns.take(gone.req, 'state', 'one', ATTEMPT)
    signIns.take(req, 'state', 'one', ATTEMPT)
    await signIn?.result
    answered()
    await until(() => revoked().length === 1, 'revoked')
  })

  it('while another request for the same sign-in goes on takes nothing from it', async () => {
    const { signIns, revoked } = await startSignIns()
    const [first, second] = [request(), request()]
    const signIn = signIns.take(first.req, 'state', 'one', ATTEMPT)
    signIns.take(second.req, 'state', 'one', ATTEMPT)
    await signIn?.result
    first.answered()
    await turn()
    expect(revoked()).toEqual([])
    second.left()
    await until(() => revoked().length === 1, 'revoked')
  })
})
