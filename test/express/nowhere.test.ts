import type { TokenSet } from '../../src/index.ts'
import {
  type AppOptions,
  CURRENT_USER,
  closeApps,
  isAlive,
  LASTING,
  REVOKE,
  rememberTokens,
  startApp,
  type TestApp,
  TOKEN,
} from '../support/app.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

/** Revocations that ilert has carried out on a token that it knew. */
const revocations = (app: TestApp) =>
  app.sandbox.requests.filter(({ path, status, note }) => path === REVOKE && status === 200 && note === undefined)
    .length

/** Signs in with an app that has no use for the tokens, and sees them end, once. */
async function expectRevoked(options: AppOptions, status: number): Promise<TestApp> {
  const app = await startApp({ sandbox: LASTING, ...options })
  const browser = app.browser()
  expect((await browser.signIn()).status).toBe(status)
  await until(() => revocations(app) === 1, 'the revocation')
  await app.ilert.tokens.close()
  expect([app.count(TOKEN), app.count(REVOKE)]).toEqual([1, 1])
  expect(await browser.home()).toMatchObject({ user: null, connected: false })
  expect(app.store.grants()).toEqual([])
  return app
}

describe('tokens that end up nowhere are revoked at ilert', () => {
  it.each<[string, AppOptions, number]>([
    ['verify says no', { strategy: { verify: () => false } }, 401],
    ['verify rejects', { strategy: { verify: () => Promise.reject(new Error('no database')) } }, 500],
    [
      'the classic verify says no',
      { verify: (_a: never, _r: never, _p: never, done: (error: unknown, user: false) => void) => done(null, false) },
      401,
    ],
    ['the account is not allowed', { strategy: { allowedTenants: ['somebody-else'] } }, 403],
    [
      'the account is not allowed, though its name begins alike',
      { strategy: { allowedTenants: ['blu', 'BLUEPEAK', 'bluepeakx'] }, sandbox: { ...LASTING } },
      403,
    ],
    ['the app keeps no session', { end: { session: false } }, 200],
    ['the app keeps no session, and links accounts', { end: { session: false, assignProperty: 'account' } }, 200],
    [
      "the app's callback does not log in",
      {
        callback: (app) => (req, res, next) => {
          app.passport.authenticate('ilert', () => res.end('not now'))(req, res, next)
        },
      },
      200,
    ],
    [
      "the app's callback logs in without a session",
      {
        callback: (app) => (req, res, next) => {
          const done = (_: unknown, user: Express.User) => {
            req.logIn(user, { session: false }, () => res.end('this once'))
          }
          app.passport.authenticate('ilert', done)(req, res, next)
        },
      },
      200,
    ],
    ['tokenKey rejects', { strategy: { tokenKey: () => Promise.reject(new Error('no database')) } }, 500],
    ['tokenKey names no key', { strategy: { tokenKey: () => '' } }, 500],
    [
      'serializeUser throws',
      {
        serializeUser: () => {
          throw new Error('no id')
        },
      },
      500,
    ],
  ])('when %s', async (_, options, status) => {
    await expectRevoked(options, status)
  })

  it.each([500, 'html', 'reset'] as const)('when ilert does not say who the user is: %s', async (kind) => {
    const app = await startApp({ sandbox: LASTING })
    app.sandbox.fault({ path: CURRENT_USER, kind })
    const page = await app.browser().signIn()
    expect(page.status).toBe(kind === 500 ? 500 : kind === 'html' ? 502 : 503)
    await until(() => revocations(app) === 1, 'the revocation')
    expect([app.count(TOKEN), app.count(REVOKE)]).toEqual([1, 1])
  })

  it('when ilert does not say in time who the user is', async () => {
    const app = await startApp({ sandbox: LASTING, strategy: { timeoutMs: 1500 } })
    app.sandbox.fault({ path: CURRENT_USER, kind: 'hang' })
    expect((await app.browser().signIn()).status).toBe(503)
    await until(() => revocations(app) === 1, 'the revocation')
  })

  it('when the session store is unavailable, and nobody is half signed in, then or once it is back', async () => {
    for (const fails of [
      () => true,
      // The record of the tokens is written, the session is not: neither by Passport, nor with the tokens.
      (_: string, data: object) => !('ilert' in data),
      (_: string, data: object) => 'passport-ilert' in data,
    ]) {
      const { seen, verify } = rememberTokens()
      const app = await startApp({
        sandbox: LASTING,
        strategy: { verify },
        before: (web, app) =>
          web.use((_req, res, next) => {
            // The store is back before the request has ended, when express-session saves what there is.
            const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => typeof res
            res.writeHead = (...args: unknown[]) => {
              app.store.fails = () => false
              return writeHead(...args)
            }
            next()
          }),
      })
      const browser = app.browser()
      const callback = await browser.callback()
      app.store.fails = fails
      const page = await browser.visit(callback)
      expect(page.status).toBeGreaterThanOrEqual(500)
      expect(app.errors).toHaveLength(1)
      expect(await browser.home()).toMatchObject({ user: null, connected: false })
      await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
      await app.close()
    }
  })

  it('when the session store has gone altogether', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify } })
    const browser = app.browser()
    const callback = await browser.callback()
    app.store.fails = () => true
    app.store.get = (_id, done) => done(new Error('the store is away'))
    expect((await browser.visit(callback)).status).toBe(503)
    expect(app.errors).toEqual([expect.objectContaining({ name: 'NetworkError', code: 'store_unavailable' })])
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
  })

  it('when the session fails only after the tokens were stored, and the store is unavailable from then on', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify } })
    const browser = app.browser()
    const callback = await browser.callback()
    app.store.fails = (_, data) => {
      if ('ilert' in data) return false
      app.store.fails = () => true
      app.store.get = (_id, done) => done(new Error('the store is away'))
      return true
    }
    expect((await browser.visit(callback)).status).toBe(500)
    await until(async () => !(await isAlive(app, seen[0]?.refreshToken)))
  })
})

describe('a new sign-in', () => {
  it('revokes the tokens that it replaces, and leaves no record of them', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { verify } })
    const browser = app.browser()
    const other = app.browser()
    await browser.signIn()
    await other.signIn()
    await browser.signIn()
    await until(() => revocations(app) === 1, 'the revocation')
    const alive = []
    for (const { refreshToken } of seen) alive.push(await isAlive(app, refreshToken))
    expect(alive).toEqual([false, true, true])
    expect(app.store.grants()).toHaveLength(2)
    expect(await other.home()).toMatchObject({ connected: true })
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('that fails leaves the former tokens alone', async () => {
    let allowed = true
    const { seen, verify } = rememberTokens()
    const app = await startApp({
      sandbox: LASTING,
      strategy: { verify: (context) => verify(context) && allowed && (context.profile as never) },
    })
    const browser = app.browser()
    await browser.signIn()
    allowed = false
    expect((await browser.signIn()).status).toBe(401)
    await until(() => revocations(app) === 1, 'the revocation')
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
    expect(await browser.home()).toMatchObject({ connected: true, user: { provider: 'ilert' } })
  })

  it('revokes nothing where ilert hands out the same refresh token again', async () => {
    let tokens = 0
    const ilert = await serve((response, { path }) => {
      if (path === TOKEN) {
        json(response, 200, {
          access_token: `access-${++tokens}`,
          refresh_token: 'the-one',
          expires_in: 3600,
          scope: 'profile',
        })
      } else json(response, 200, { id: 7 })
    })
    const app = await startApp({ strategy: { apiURL: ilert.origin } })
    const [browser, other] = [app.browser(), app.browser()]
    for (const each of [browser, browser, other]) {
      expect((await each.signIn()).location).toBe('/')
      expect(await each.home()).toMatchObject({ connected: true })
    }
    expect(await browser.home()).toMatchObject({ connected: true })
    await app.ilert.tokens.close()
    expect(ilert.requests.filter(({ path }) => path === REVOKE)).toEqual([])
    expect(app.store.grants()).toHaveLength(1)
  })
})

describe('with tokenKey', () => {
  const shared: AppOptions = { strategy: { tokenKey: ({ profile }) => `user:${profile.id}` } }

  it('all sessions share the newest tokens, which survive them, and only those replaced are revoked', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { ...shared.strategy, verify } })
    const [browser, other] = [app.browser(), app.browser()]
    await browser.signIn()
    await other.signIn()
    await until(() => revocations(app) === 1, 'the revocation')
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
    expect(await isAlive(app, seen[1]?.refreshToken)).toBe(true)
    const key = `user:${app.sandbox.users[0]?.id}`
    for (const each of [browser, other]) {
      expect(await each.home()).toMatchObject({ connected: true })
      expect((await each.visit('/token')).text).toBe(await app.ilert.tokens.accessToken(key))
    }
    expect(app.store.grants()).toHaveLength(1)
  })

  it('a user who takes the place of another in a session leaves the tokens of that one alone', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: { ...LASTING, approve: false }, strategy: { ...shared.strategy, verify } })
    const browser = app.browser()
    // Begun before anybody is signed in: a user who is connected must sign out first.
    const urls = [new URL(await browser.begin()), new URL(await browser.begin())]
    for (const [i, url] of urls.entries()) {
      const username = app.sandbox.users[i]?.username ?? ''
      const form = new URLSearchParams({ ...Object.fromEntries(url.searchParams), user: username, decision: 'allow' })
      const consent = await browser.visit(`${app.sandbox.appURL}/consent`, { method: 'POST', body: form })
      expect((await browser.visit(consent.location)).location).toBe('/')
    }
    expect(await browser.home()).toMatchObject({ connected: true, user: { username: app.sandbox.users[1]?.username } })
    await app.ilert.tokens.close()
    expect(app.count(REVOKE)).toBe(0)
    expect([await isAlive(app, seen[0]?.refreshToken), await isAlive(app, seen[1]?.refreshToken)]).toEqual([true, true])
    expect(await app.ilert.tokens.accessToken(`user:${app.sandbox.users[0]?.id}`)).toMatch(/^ey/)
  })

  it('tokens whose session could not be saved stay: the key is the app’s', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ sandbox: LASTING, strategy: { ...shared.strategy, verify } })
    const browser = app.browser()
    const callback = await browser.callback()
    app.store.fails = (_, data) => 'passport-ilert' in data
    expect((await browser.visit(callback)).status).toBe(500)
    await app.ilert.tokens.close()
    expect(app.count(REVOKE)).toBe(0)
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(true)
  })
})

it('tokens that verify keeps under a key of its own are not revoked', async () => {
  let kept: TokenSet | undefined
  const app = await startApp({
    sandbox: LASTING,
    end: { session: false },
    strategy: {
      verify: async ({ tokens }) => {
        kept = tokens
        await app.ilert.tokens.save('job', tokens)
        return { id: 1 }
      },
    },
  })
  expect((await app.browser().signIn()).status).toBe(200)
  await new Promise((resolve) => setImmediate(resolve))
  await app.ilert.tokens.close()
  expect(app.count(REVOKE)).toBe(0)
  expect(await app.ilert.tokens.accessToken('job')).toBe(kept?.accessToken)
})

it('tokens that verify keeps under a key of its own are not kept in a session as well', async () => {
  const app = await startApp({
    sandbox: LASTING,
    strategy: {
      verify: async ({ tokens }) => {
        await app.ilert.tokens.save('job', tokens)
        return { id: 1 }
      },
    },
  })
  const page = await app.browser().signIn()
  expect(page.status).toBe(500)
  expect(page.json).toMatchObject({ name: 'TypeError', message: expect.stringContaining('tokenKey') })
  await app.ilert.tokens.close()
  expect(app.count(REVOKE)).toBe(0)
})
