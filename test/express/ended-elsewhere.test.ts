/*
 * What the user has ended stays ended in every process, also if a request that began before saves its session afterwards.
 */
import type { Request } from 'express'
import session from 'express-session'
import { type IlertStrategyOptions, MemoryTokenStore } from '../../src/index.ts'
import { closeApps, optionsOf, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'
import { FragileStore } from '../tokens/desk.ts'

afterEach(closeApps)

const MINUTE = 60_000
const DAY = 86_400_000

type SessionRequest = Request & { session: Record<string, unknown> }

/**
 * Two processes of one app, over one session store and one token store; a user who is signed in and known to both; and a
 * request that is under way in the second one.
 */
async function startTwo(strategy: IlertStrategyOptions = {}, cookie: { maxAge?: number } = {}) {
  const tokenStore = new FragileStore(new MemoryTokenStore({ clock: { now: () => first.sandbox.clock.now() } }))
  let proceed = () => {}
  let arrived = 0
  const gate = new Promise<void>((resolve) => {
    proceed = resolve
  })
  const routes = (web: Parameters<NonNullable<Parameters<typeof startApp>[0]>['routes'] & object>[0], app: TestApp) => {
    web.get('/slow', async (req, res) => {
      arrived++
      await gate
      ;(req as SessionRequest).session.slow = Date.now()
      res.end()
    })
    web.post('/logout', app.ilert.logout())
    web.post('/disconnect', (req, res, next) => {
      req.ilert.disconnect().then(() => res.end(), next)
    })
    web.get('/page', app.ilert.requireScope(), (_req, res) => res.end('page'))
    // Keeps req.ilert, and uses it when it is told to.
    web.get('/long', async (req, res) => {
      arrived++
      await gate
      const token = await req.ilert.accessToken().then(
        () => 'token',
        ({ code }: { code: string }) => code,
      )
      res.json({ token, connected: req.ilert.connected })
    })
  }
  const first: TestApp = await startApp({ strategy: { ...strategy, tokenStore }, session: sessions(cookie), routes })
  const second = await startApp({
    strategy: { ...optionsOf(first.sandbox), clock: first.sandbox.clock, ...strategy, tokenStore },
    session: { ...sessions(cookie), store: otherProcess(first) },
    routes,
  })
  const browser = first.browser()
  await browser.signIn()
  const { cookies } = browser
  const at = async (app: TestApp, path = '/', method = 'GET') =>
    await app.browser().visit(path, { method, headers: { cookie: cookies } })
  expect((await at(second)).json).toMatchObject({ connected: true })
  const inside = (count: number) => until(() => arrived === count, 'under way')
  return { first, second, tokenStore, browser, at, proceed: () => proceed(), inside }
}

/** The session store of another process, over the same sessions. */
function otherProcess({ store }: TestApp): session.MemoryStore {
  const { sessions } = store as unknown as { sessions: object }
  return Object.assign(new session.MemoryStore(), { sessions })
}

function sessions(cookie: { maxAge?: number }) {
  return { secret: 'keyboard cat', resave: false, saveUninitialized: false, cookie }
}

const GONE = { user: null, connected: false, scope: [] }
const SHARED: IlertStrategyOptions = { tokenKey: ({ profile }) => `user:${profile.id}` }

describe.each([
  { kind: 'tokens of its own', strategy: {} },
  { kind: "tokens under the app's key", strategy: SHARED },
])('a session with $kind that the user has signed out of', ({ strategy }) => {
  it.each([
    { kind: 'without maxAge', cookie: {}, days: [0, 0.04, 13, 16, 400] },
    { kind: 'of an hour', cookie: { maxAge: DAY / 24 }, days: [0, 0.04, 1, 2, 30] },
    { kind: 'of 30 days', cookie: { maxAge: 30 * DAY }, days: [0, 14, 30, 32, 100] },
  ])(
    'does not come back with what a slow request saves, in any process, at any time: $kind',
    async ({ cookie, days }) => {
      for (const day of days) {
        const { first, second, at, proceed, inside } = await startTwo(strategy, cookie)
        const slow = at(second, '/slow')
        await inside(1)
        expect((await at(first, '/logout', 'POST')).status).toBe(204)
        proceed()
        await slow
        first.sandbox.clock.advance(Math.max(MINUTE, day * DAY))
        const [app, other] = day > 0.5 ? [first, second] : [second, first]
        expect((await at(app)).json).toMatchObject(GONE)
        expect((await at(other)).json).toMatchObject(GONE)
        expect((await at(app, '/page')).status).toBe(401)
        await closeApps()
      }
    },
  )

  it('is not used by a request of another process that keeps req.ilert', async () => {
    const { first, second, at, proceed, inside } = await startTwo(strategy)
    const long = at(second, '/long')
    await inside(1)
    await at(first, '/logout', 'POST')
    first.sandbox.clock.advance(MINUTE)
    proceed()
    expect((await long).json).toMatchObject({ token: 'reauthentication_required' })
  })

  it('leaves at most one small entry in the store', async () => {
    const app = await startApp({ strategy, routes: (web, { ilert }) => web.post('/logout', ilert.logout()) })
    const browser = app.browser()
    await browser.signIn()
    const before = Object.keys(app.store.entries()).length
    await browser.visit('/logout', { method: 'POST' })
    const entries = Object.values(app.store.entries())
    const ends = entries.filter((text) => JSON.parse(text).ilert?.data?.startsWith('ended.'))
    expect(ends).toHaveLength(1)
    expect(ends[0]?.length).toBeLessThan(600)
    expect(entries.length).toBeLessThan(before)
  })
})

it('with a key of the app only the session that was signed out of ends: the tokens are for all the others', async () => {
  const { first, second, at, browser } = await startTwo(SHARED)
  const other = first.browser()
  await other.signIn()
  await at(first, '/logout', 'POST')
  first.sandbox.clock.advance(MINUTE)
  const cookie = other.cookies
  for (const app of [first, second]) {
    expect((await app.browser().visit('/', { headers: { cookie } })).json).toMatchObject({ connected: true })
    expect((await at(app)).json).toMatchObject(GONE)
  }
  await browser.signIn()
  expect(await browser.home()).toMatchObject({ connected: true })
})

it.each([{}, SHARED])(
  'what was disconnected in one process is not connected in another, whose user stays: %#',
  async (strategy) => {
    const { first, second, at } = await startTwo(strategy)
    expect((await at(first, '/disconnect', 'POST')).status).toBe(200)
    first.sandbox.clock.advance(MINUTE)
    for (const app of [second, first]) {
      const { json } = await at(app)
      expect(json).toMatchObject({ connected: false, scope: [] })
      expect(json.user).not.toBeNull()
      expect((await at(app, '/page')).status).toBe(401)
    }
  },
)

describe('a session that shows up while the store knows nothing of its tokens', () => {
  it('keeps its user if it is young: a sign-out would be known', async () => {
    const { first, second, at, tokenStore } = await startTwo({}, { maxAge: 30 * DAY })
    tokenStore.get = async () => undefined
    tokenStore.set = async () => false
    first.sandbox.clock.advance(30 * DAY)
    const { json } = await at(second)
    expect(json).toMatchObject({ connected: false })
    expect(json.user).not.toBeNull()
  })

  it('ends if it is old: it cannot be told from one that was signed out of', async () => {
    const { first, second, at, tokenStore } = await startTwo({}, { maxAge: 30 * DAY })
    tokenStore.get = async () => undefined
    tokenStore.set = async () => false
    first.sandbox.clock.advance(31 * DAY)
    expect((await at(second)).json).toMatchObject(GONE)
  })

  it('goes on while the store is unavailable', async () => {
    const { first, second, at, tokenStore } = await startTwo()
    tokenStore.fate = () => 'fail'
    first.sandbox.clock.advance(10 * MINUTE)
    expect((await at(second)).json).toMatchObject({ connected: true, scope: ['profile'] })
    expect((await at(second, '/token')).status).toBe(200)
    expect((await at(second, '/page')).status).toBe(200)
  })
})
