/*
 * When TokenManager asks ilert for other tokens, and what it makes of the answers: rules 1, 2 and 4.
 */

import { IlertClient, NetworkError } from '../../src/index.ts'
import type { Fault } from '../../src/sandbox/index.ts'
import { appTokensOf } from '../../src/tokens/manager.ts'
import { optionsOf, TOKEN } from '../support/app.ts'
import { json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'
import { closeDesks, HOUR, INTO_THE_WINDOW, MINUTE, MODES, startDesk } from './desk.ts'

afterEach(closeDesks)

const many = <T>(count: number, call: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, () => call()))

describe.each(MODES)('where a refresh token is for %s', (refreshTokens) => {
  it.each([
    ['has the tokens at hand', false],
    ['has to read them first', true],
  ])(
    '200 calls at once with a token that has expired make one refresh, and get its token: a manager that %s',
    async (_, cold) => {
      const desk = await startDesk({ refreshTokens })
      const saved = desk.manager()
      const { accessToken } = await desk.signIn().then(async (tokens) => {
        await saved.save('a', tokens)
        return tokens
      })
      const manager = cold ? desk.manager() : saved
      for (const round of [1, 2]) {
        desk.advance(HOUR)
        const answers = new Set(await many(200, () => manager.accessToken('a')))
        expect(answers.size).toBe(1)
        expect(answers).not.toContain(accessToken)
        expect(desk.refreshes()).toHaveLength(round)
        const user = await manager.api('a').get('/api/users/current')
        expect(user).toMatchObject({ id: desk.sandbox.users[0]?.id })
      }
      expect(desk.revocations()).toEqual([])
    },
  )

  it('200 calls at once inside the window are answered while ilert withholds its answer to the one refresh', async () => {
    const desk = await startDesk({ refreshTokens })
    const manager = desk.manager()
    const { accessToken } = await desk.signIn().then(async (tokens) => {
      await manager.save('a', tokens)
      return tokens
    })
    desk.advance(INTO_THE_WINDOW)
    const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang' })
    expect(new Set(await many(200, () => manager.accessToken('a')))).toEqual(new Set([accessToken]))
    await until(() => desk.refreshes().length > 0)
    expect(new Set(await many(200, () => manager.accessToken('a')))).toEqual(new Set([accessToken]))
    expect(desk.refreshes()).toMatchObject([{ status: 0 }])
    hang.clear()
    await desk.quiet(manager)
    expect(await manager.accessToken('a')).not.toBe(accessToken)
    expect(desk.refreshes()).toMatchObject([{ status: 200 }])
  })
})

it('a token is due 10 minutes before its end and not earlier, and waited for when it is not good for 10 s', async () => {
  const desk = await startDesk()
  const manager = desk.manager()
  const { accessToken } = await desk.signIn().then(async (tokens) => {
    await manager.save('a', tokens)
    return tokens
  })
  desk.advance(HOUR - 10 * MINUTE - 1)
  expect(await manager.accessToken('a')).toBe(accessToken)
  await desk.quiet(manager)
  expect(desk.refreshes()).toEqual([])
  const fault = desk.sandbox.fault({ path: TOKEN, kind: 503, times: 1 })
  desk.advance(1)
  expect(await manager.accessToken('a')).toBe(accessToken)
  await desk.quiet(manager)
  expect(desk.refreshes()).toHaveLength(1)
  fault.clear()
  desk.advance(10 * MINUTE - 9_999)
  expect(await manager.accessToken('a')).not.toBe(accessToken)
})

it('an access token of 4 s is due when 1 s is left, and never refreshed twice within 2 s', async () => {
  const desk = await startDesk({ accessTokenSeconds: 4 })
  const manager = desk.manager()
  await manager.save('a', await desk.signIn())
  const start = desk.sandbox.clock.now()
  for (let elapsed = 0; elapsed < 20_000; elapsed += 100) {
    const { expiresAt } = await manager.get('a')
    expect(expiresAt).toBeGreaterThan(desk.sandbox.clock.now())
    await desk.quiet(manager)
    desk.advance(100)
  }
  const times = desk.refreshes().map(({ at, status }) => [at - start, status])
  expect(times).toEqual([3000, 6000, 9000, 12_000, 15_000, 18_000].map((at) => [at, 200]))

  // Whatever the API says of its tokens.
  const { accessToken } = await manager.get('a')
  expect(await appTokensOf(manager).refused('a', accessToken)).toBe(true)
  const { accessToken: next } = await manager.get('a')
  for (const ms of [0, 1000, 999]) {
    desk.advance(ms)
    expect(await appTokensOf(manager).refused('a', next)).toBe(false)
  }
  desk.advance(1)
  expect(await appTokensOf(manager).refused('a', next)).toBe(true)
  expect(desk.refreshes()).toHaveLength(8)
})

it('without a window a request that uses no tokens starts nothing, and one that does waits for the refresh', async () => {
  const desk = await startDesk()
  const manager = desk.manager({ refreshWindowSeconds: 0 })
  await manager.save('a', await desk.signIn())
  for (const ms of [INTO_THE_WINDOW, HOUR - INTO_THE_WINDOW - 5000, 10_000]) {
    desk.advance(ms)
    await appTokensOf(manager).peek('a')?.attend(HOUR)
    await desk.quiet(manager)
  }
  expect(desk.refreshes()).toEqual([])
  expect(await manager.accessToken('a')).toEqual(expect.any(String))
  expect(desk.refreshes()).toHaveLength(1)
})

it('an answer that is read after its tokens have expired is followed by the next refresh, for which the request waits', async () => {
  const desk = await startDesk({ refreshLimitSeconds: 0 })
  const manager = desk.manager()
  await manager.save('a', await desk.signIn())
  desk.advance(HOUR)
  const hang = desk.sandbox.fault({ path: TOKEN, kind: 'hang', times: 1 })
  const late = manager.accessToken('a')
  await until(() => desk.refreshes().length === 1)
  desk.advance(2 * HOUR) // frozen meanwhile, say
  hang.clear()
  // The access token of the answer has expired, too; its refresh token is kept, and used.
  expect(await late).toEqual(expect.any(String))
  expect(await manager.get('a')).toMatchObject({ expiresAt: desk.sandbox.clock.now() + HOUR })
  expect(desk.refreshes().map(({ status }) => status)).toEqual([200, 200])
})

describe('a provider that is unavailable', () => {
  const FAULTS: Omit<Fault, 'path'>[] = [{ kind: 'reset' }, { kind: 500 }, { kind: 'html' }]

  it.each(FAULTS.flatMap((fault) => [0, 1].map((random) => ({ ...fault, random }))))(
    'for 10 minutes across expiry signs nobody out, is asked 20 times at most, and is back within 60 s: $kind, chance $random',
    async ({ kind, random }) => {
      const desk = await startDesk()
      const manager = desk.manager({}, { random: () => random })
      const { accessToken, expiresAt } = await desk.signIn().then(async (tokens) => {
        await manager.save('a', tokens)
        return tokens
      })
      desk.advance(HOUR - 5 * MINUTE)
      const { clock } = desk.sandbox
      const fault = desk.sandbox.fault({ path: TOKEN, kind })
      const refusals: NetworkError[] = []
      for (let second = 0; second < 600; second++) {
        const calls = desk.refreshes().length
        try {
          expect(await manager.accessToken('a')).toBe(accessToken)
          expect(clock.now()).toBeLessThan(expiresAt)
        } catch (error) {
          if (!(error instanceof NetworkError)) throw error
          refusals.push(error)
          if (error.code === 'backing_off') expect(desk.refreshes()).toHaveLength(calls)
        }
        await desk.quiet(manager)
        desk.advance(1000)
      }
      expect(refusals).toHaveLength(300)
      expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([503]))
      expect(refusals.filter(({ code }) => code === 'backing_off').length).toBeGreaterThan(280)
      for (const { retryAfterSeconds = 1 } of refusals) {
        expect(retryAfterSeconds).toBeGreaterThanOrEqual(1)
        expect(retryAfterSeconds).toBeLessThanOrEqual(60)
      }
      expect(desk.refreshes().length).toBeLessThanOrEqual(20)
      expect(desk.refreshes().length).toBeGreaterThanOrEqual(14)

      fault.clear()
      const back = clock.now()
      let token: string | undefined
      while (token === undefined) {
        token = await manager.accessToken('a').catch(() => undefined)
        if (token === undefined) desk.advance(1000)
        if (clock.now() > back + MINUTE) throw new Error('not back within 60 s')
      }
      expect(token).not.toBe(accessToken)
    },
    60_000,
  )

  it.each([429, 503] as const)('is left alone for as long as its Retry-After says: %i', async (kind) => {
    const desk = await startDesk()
    const manager = desk.manager()
    await manager.save('a', await desk.signIn())
    desk.advance(HOUR)
    desk.sandbox.fault({ path: TOKEN, kind, ms: 200_000, times: 1 })
    await expect(manager.accessToken('a')).rejects.toMatchObject({ name: 'NetworkError', retryAfterSeconds: 200 })
    desk.advance(199_999)
    await expect(manager.accessToken('a')).rejects.toMatchObject({ code: 'backing_off', retryAfterSeconds: 1 })
    expect(desk.refreshes()).toHaveLength(1)
    desk.advance(1)
    expect(await manager.accessToken('a')).toEqual(expect.any(String))
    expect(desk.refreshes()).toHaveLength(2)
  })
})

it('a client secret that is wrong by now ends no sign-in', async () => {
  const desk = await startDesk()
  await desk.manager().save('a', await desk.signIn())
  desk.advance(HOUR)
  const wrong = desk.manager({ clientSecret: 'not-the-one' })
  for (const wait of [0, 1000, 10 * MINUTE, HOUR]) {
    desk.advance(wait)
    await expect(wrong.accessToken('a')).rejects.toMatchObject({
      name: 'NetworkError',
      status: 503,
      code: 'refresh_refused',
      message: expect.stringMatching(/\. The sign-in is kept\.$/),
    })
  }
  expect(desk.refreshes().map(({ status }) => status)).toEqual([400, 400, 400, 400])
  expect(await desk.manager().accessToken('a')).toEqual(expect.any(String))
})

describe('an answer that leaves things out', () => {
  async function answered(fields: object) {
    const desk = await startDesk()
    const server = await serve((response) => json(response, 200, { access_token: 'next', expires_in: 3600, ...fields }))
    try {
      const manager = desk.manager({ apiURL: server.origin })
      const tokens = await desk.signIn()
      await manager.save('a', tokens)
      desk.advance(HOUR)
      const next = await manager.get('a')
      // From the store as well.
      expect(await desk.manager().get('a')).toEqual(next)
      desk.advance(HOUR)
      await manager.get('a')
      const sent = server.requests.map(({ body }) => new URLSearchParams(body).get('refresh_token'))
      return { tokens, next, sent }
    } finally {
      await server.close()
    }
  }

  it('keeps the old refresh token and its end where there is no new one', async () => {
    const { tokens, next, sent } = await answered({ scope: 'profile' })
    expect(next).toMatchObject({ accessToken: 'next', scope: ['profile'] })
    expect(next.refreshToken).toBe(tokens.refreshToken)
    expect(next.refreshTokenExpiresAt).toBe(tokens.refreshTokenExpiresAt)
    expect(sent).toEqual([tokens.refreshToken, tokens.refreshToken])
  })

  it('keeps the scope where it says none, and takes a new refresh token without an end for one that has none', async () => {
    const { tokens, next, sent } = await answered({ refresh_token: 'another' })
    expect(next.scope).toEqual(tokens.scope)
    expect(next).toMatchObject({ accessToken: 'next', refreshToken: 'another' })
    expect(next).not.toHaveProperty('refreshTokenExpiresAt')
    expect(sent).toEqual([tokens.refreshToken, 'another'])
  })
})

it('an answer that is read long after it was given starts the interval then: the next refresh need not wait', async () => {
  const desk = await startDesk()
  const client = new IlertClient({ ...optionsOf(desk.sandbox), clock: desk.sandbox.clock })
  const { refresh } = IlertClient.prototype
  client.refresh = async function (refreshToken, ...rest) {
    const tokens = await refresh.call(this, refreshToken, ...rest)
    if (desk.refreshes().length === 1) desk.advance(HOUR - MINUTE) // the process stands still, and reads it then
    return tokens
  }
  const manager = desk.manager({}, { client })
  await manager.save('a', await desk.signIn())
  desk.advance(HOUR)
  await manager.get('a')
  desk.advance(MINUTE)
  expect(await manager.get('a')).toMatchObject({ expiresAt: desk.sandbox.clock.now() + HOUR })
  expect(desk.refreshes()).toHaveLength(2)
})
