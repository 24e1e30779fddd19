import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import { type TraceMessage, traced } from '../../src/client/trace.ts'
import { IlertClient, MemoryTokenStore, TokenManager } from '../../src/index.ts'
import { closeApps, REVOKE, rememberTokens, startApp, TOKEN } from '../support/app.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'

const NAMES = ['login', 'refresh', 'api', 'revoke'] as const
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

interface Heard {
  name: string
  event: string
  message: TraceMessage
  /** As it was at that moment. */
  text: string
}

/** A message without how long it took, which no two have in common. */
function told(heard: Heard | undefined): TraceMessage {
  const { durationMs, ...message } = heard?.message ?? {}
  return message
}

const listeners: [string, (message: unknown) => void][] = []

/** Listens on every channel. */
function listen(names: readonly string[] = NAMES): Heard[] {
  const heard: Heard[] = []
  for (const name of names) {
    for (const event of EVENTS) {
      const onMessage = (message: unknown) => {
        const text = inspect(message, { depth: 10, showHidden: true })
        heard.push({ name, event, message: message as TraceMessage, text })
      }
      subscribe(`tracing:passport-ilert:${name}:${event}`, onMessage)
      listeners.push([`tracing:passport-ilert:${name}:${event}`, onMessage])
    }
  }
  return heard
}

afterEach(async () => {
  for (const [name, listener] of listeners.splice(0)) unsubscribe(name, listener)
  jest.restoreAllMocks()
  await closeApps()
  await closeServers()
})

const WELL = ['start', 'end', 'asyncStart', 'asyncEnd']
const BADLY = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']
const events = (heard: Heard[], name: string) => heard.filter((one) => one.name === name).map(({ event }) => event)

const SECRETS = {
  clientSecret: 'CANARY-client-secret-0123456789',
  accessToken: 'CANARY-access-token-0123456789',
  refreshToken: 'CANARY-refresh-token-0123456789',
}
const NEXT = { access_token: 'CANARY-next-access-0123456789', refresh_token: 'CANARY-next-refresh-0123456789' }

/** A manager with one user's tokens, and an ilert that repeats whatever it is sent. */
async function keeping(answer: Parameters<typeof serve>[0]) {
  const server = await serve(answer)
  const clock = { time: Date.now(), now: () => clock.time }
  const { clientSecret, ...tokens } = SECRETS
  const manager = new TokenManager({
    clientID: 'app',
    clientSecret,
    apiURL: server.origin,
    tokenStore: new MemoryTokenStore(),
    clock,
  })
  await manager.save('key', { ...tokens, scope: ['alert:w'], expiresAt: clock.time + 3_600_000 })
  return { manager, clock, server }
}

describe('a call of the API', () => {
  it('is told with its method and its path, without the query, the headers and the body', async () => {
    const heard = listen()
    const { manager } = await keeping((response) => json(response, 200, [NEXT]))
    const init = { query: { q: 'CANARY-query' }, headers: { 'x-a': 'CANARY-header' } }
    await manager.api('key').post<unknown>('/api/alerts?x=CANARY-path', { summary: 'CANARY-body' }, init)
    expect(heard.map(({ name, event }) => `${name} ${event}`)).toEqual(WELL.map((event) => `api ${event}`))
    for (const each of heard) expect(told(each)).toEqual({ method: 'POST', path: '/api/alerts' })
    expect(new Set(heard.map(({ message }) => message)).size).toBe(1)
    await manager.close()
  })

  it('that fails is told with the code and the status of its error, and no word of it', async () => {
    const heard = listen()
    const { manager } = await keeping((response) =>
      json(response, 404, { status: 404, code: 'NOT_FOUND', message: 'CANARY-message' }),
    )
    await expect(manager.api('key').get('/api/alerts/7')).rejects.toMatchObject({ status: 404 })
    expect(heard.map(({ event }) => event)).toEqual(BADLY)
    expect(told(heard.at(-1))).toEqual({
      method: 'GET',
      path: '/api/alerts/7',
      error: { name: 'APIError', code: 'NOT_FOUND', status: 404 },
    })
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
    await manager.close()
  })

  it.each<[string, (api: ReturnType<TokenManager['api']>) => Promise<unknown>, object]>([
    [
      'a missing scope',
      (api) => api.get('/api/teams'),
      { name: 'InsufficientScope', code: 'insufficient_scope', status: 403 },
    ],
    ['a bad path', (api) => api.get('//evil.example'), { name: 'IlertError', code: 'invalid_path', status: 400 }],
    ['a bad argument', (api) => api.post<unknown>('/api/alerts', 1n), { name: 'TypeError' }],
    ['a path that is none', (api) => api.get({ toString: null } as never), { code: 'invalid_path' }],
    [
      'an abort with words of its own',
      (api) => api.get('/api/alerts', { signal: AbortSignal.abort('CANARY-reason') }),
      { name: 'Error' },
    ],
    [
      'an abort without a reason',
      (api) => api.get('/api/alerts', { signal: AbortSignal.abort(null) }),
      { name: 'Error' },
    ],
    ['an abort', (api) => api.get('/api/alerts', { signal: AbortSignal.abort() }), { name: 'AbortError' }],
  ])('is told what went wrong: %s', async (_, call, error) => {
    const heard = listen()
    const { manager } = await keeping((response) => json(response, 200, []))
    const api = manager.api('key')
    await call(api).then(
      () => expect('nothing').toBe('thrown'),
      () => {},
    )
    expect(heard.map(({ event }) => event)).toEqual(BADLY)
    expect(heard.at(-1)?.message.error).toMatchObject(error)
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
    await manager.close()
  })
})

describe('a refresh', () => {
  it('and the call that has waited for it are told, without a token', async () => {
    const heard = listen()
    const { manager, clock } = await keeping((response, { path }) =>
      json(response, 200, path === TOKEN ? { ...NEXT, expires_in: 3600, scope: 'alert:w' } : []),
    )
    clock.time += 3_600_001
    await manager.api('key').get('/api/alerts')
    expect(events(heard, 'refresh')).toEqual(WELL)
    expect(events(heard, 'api')).toEqual(WELL)
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
    await manager.close()
  })

  it('that is refused is told with the code, also where ilert repeats the token', async () => {
    const heard = listen()
    const { manager, clock } = await keeping((response, { body }) =>
      json(response, 400, { code: 'invalid_request', error: `Bad ${body} ${JSON.stringify(NEXT)}` }),
    )
    clock.time += 3_600_001
    await expect(manager.accessToken('key')).rejects.toMatchObject({ status: 503 })
    expect(events(heard, 'refresh')).toEqual(BADLY)
    expect(heard.find(({ name }) => name === 'refresh')?.message.error).toEqual({
      name: 'OAuthError',
      code: 'invalid_request',
      status: 400,
    })
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
    await manager.close()
  })

  it('whose code is the token itself is told without it', async () => {
    const heard = listen()
    const { manager, clock } = await keeping((response) =>
      json(response, 400, { code: SECRETS.refreshToken, error: 'No' }),
    )
    clock.time += 3_600_001
    await manager.accessToken('key').catch(() => {})
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
    await manager.close()
  })
})

it('a revocation is told, well or badly', async () => {
  const heard = listen()
  const { manager, server } = await keeping((response) => json(response, 200, {}))
  await manager.revoke('key')
  expect(events(heard, 'revoke')).toEqual(WELL)
  heard.length = 0
  const client = new IlertClient({ clientID: 'app', apiURL: server.origin })
  await server.close()
  await expect(client.revoke(SECRETS.refreshToken)).rejects.toMatchObject({ status: 503 })
  expect(events(heard, 'revoke')).toEqual(BADLY)
  expect(told(heard.at(-1))).toEqual({
    error: { name: 'NetworkError', code: 'connection_failed', status: 503 },
  })
  expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
  await client.close()
  await manager.close()
})

describe('a sign-in', () => {
  it('that succeeds is told as such', async () => {
    const heard = listen()
    const { seen, verify } = rememberTokens()
    const app = await startApp({ strategy: { verify } })
    const browser = app.browser()
    const callback = await browser.callback()
    expect(heard).toEqual([])
    await browser.visit(callback)
    expect(events(heard, 'login')).toEqual(WELL)
    expect(told(heard.at(-1))).toEqual({ outcome: 'success' })
    const said = heard.map(({ text }) => text).join()
    const code = new URL(callback).searchParams.get('code') ?? ''
    for (const secret of [seen[0]?.accessToken, seen[0]?.refreshToken, code]) {
      expect(secret).toMatch(/.{8}/)
      expect(said).not.toContain(secret)
    }
  })

  it('that the app refuses is told as such', async () => {
    const heard = listen()
    const app = await startApp({ strategy: { verify: () => false } })
    expect((await app.browser().signIn()).status).toBe(401)
    expect(events(heard, 'login')).toEqual(WELL)
    expect(told(heard.find(({ name }) => name === 'login'))).toEqual({ outcome: 'refused' })
    await until(() => app.count(REVOKE) === 1)
    await until(() => events(heard, 'revoke').length === 4)
  })

  it('of an account that may not sign in is told as refused', async () => {
    const heard = listen(['login'])
    const app = await startApp({ strategy: { allowedTenants: ['somebody-else'] } })
    expect((await app.browser().signIn()).status).toBe(403)
    expect(told(heard.at(-1))).toEqual({ outcome: 'refused' })
  })

  it('that fails is told with its error', async () => {
    const heard = listen(['login'])
    const app = await startApp()
    const browser = app.browser()
    const callback = new URL(await browser.callback())
    callback.searchParams.set('code', 'CANARY-code-0123456789')
    expect((await browser.visit(callback)).status).toBe(401)
    expect(heard.map(({ event }) => event)).toEqual(BADLY)
    expect(told(heard.at(-1))).toEqual({ error: { name: 'OAuthError', code: 'invalid_grant', status: 401 } })
  })

  it("whose verify throws is told without the app's own words", async () => {
    const heard = listen(['login'])
    const app = await startApp({
      strategy: {
        verify: ({ tokens }) => {
          throw Object.assign(new RangeError(`CANARY ${tokens.accessToken}`), { code: 'CANARY', status: 418 })
        },
      },
    })
    expect((await app.browser().signIn()).status).toBe(418)
    expect(told(heard.at(-1))).toEqual({ error: { name: 'RangeError' } })
  })

  it.each([
    { name: { givenName: 'CANARY' } },
    { name: 'CANARY token' },
    { name: 'CANARY Error' },
    { name: 'ErrorCANARY' },
    'CANARY',
    null,
    undefined,
  ])('whose verify throws %p is told as an Error, and no more', async (thrown) => {
    const heard = listen(['login'])
    const app = await startApp({ strategy: { verify: () => Promise.reject(thrown) } })
    await app.browser().signIn()
    expect(told(heard.at(-1))).toEqual({ error: { name: 'Error' } })
  })

  it('by two requests with one code is told once', async () => {
    const heard = listen(['login'])
    const app = await startApp()
    const browser = app.browser()
    const callback = await browser.callback()
    await Promise.all([browser.visit(callback), browser.visit(callback)])
    expect(events(heard, 'login')).toEqual(WELL)
  })
})

describe('traced()', () => {
  it('without subscribers does the work, makes no message, and publishes nothing', async () => {
    const run = jest.spyOn(channel('tracing:passport-ilert:api:start'), 'runStores')
    const message = {}
    expect(await traced('api', message, async () => 1)).toBe(1)
    await expect(
      traced('api', message, async () => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(message).toEqual({})
    expect(run).not.toHaveBeenCalled()
  })

  it.each(EVENTS)('hears a subscriber of %s alone', async (event) => {
    const heard: unknown[] = []
    const name = `tracing:passport-ilert:refresh:${event}`
    const listener = (message: unknown) => heard.push(message)
    subscribe(name, listener)
    listeners.push([name, listener])
    const failing = traced('refresh', {}, async () => {
      throw new TypeError('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(heard).toEqual([{ error: { name: 'TypeError' }, durationMs: expect.any(Number) }])
  })

  it('passes on the value and the very error, and tells neither', async () => {
    const heard = listen(['refresh'])
    const value = { secret: 'CANARY' }
    expect(await traced('refresh', {}, async () => value)).toBe(value)
    const error = Object.assign(new Error('CANARY'), { code: 'CANARY', cause: 'CANARY' })
    await expect(traced('refresh', {}, () => Promise.reject(error))).rejects.toBe(error)
    expect(heard.map(({ event }) => event)).toEqual([...WELL, ...BADLY])
    expect(heard.map(({ text }) => text).join()).not.toContain('CANARY')
  })

  it('begins the work at once, ends its first part, and only then waits', async () => {
    const order: string[] = []
    const heard = listen(['api'])
    const work = traced('api', {}, async () => {
      order.push(`work after ${heard.map(({ event }) => event).join()}`)
      await Promise.resolve()
      order.push(`rest after ${heard.map(({ event }) => event).join()}`)
    })
    expect(heard.map(({ event }) => event)).toEqual(['start', 'end'])
    await work
    expect(order).toEqual(['work after start', 'rest after start,end'])
  })

  it('carries what a subscriber binds to the start, through all of the work', async () => {
    const storage = new AsyncLocalStorage<{ span: number }>()
    const start = channel('tracing:passport-ilert:api:start') as unknown as {
      bindStore(store: AsyncLocalStorage<{ span: number }>, make: (message: unknown) => { span: number }): void
      unbindStore(store: AsyncLocalStorage<{ span: number }>): void
    }
    let spans = 0
    start.bindStore(storage, () => ({ span: ++spans }))
    try {
      const inside = await Promise.all(
        [1, 2].map((n) =>
          traced('api', { path: `/${n}` }, async () => {
            const before = storage.getStore()?.span
            await new Promise((resolve) => setImmediate(resolve))
            return [before, storage.getStore()?.span]
          }),
        ),
      )
      expect(inside).toEqual([
        [1, 1],
        [2, 2],
      ])
      expect(storage.getStore()).toBeUndefined()
    } finally {
      start.unbindStore(storage)
    }
  })
})
