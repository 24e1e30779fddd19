import { Strategy } from 'passport-strategy'
import { MemoryTokenStore } from '../../src/index.ts'
import { type AppOptions, closeApps, REVOKE, rememberTokens, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

/** A strategy of the app's own: signs in whoever says who they are. */
class Local extends Strategy {
  name = 'local'
  override authenticate(req: { query: { as?: string } }): void {
    ;(this as unknown as { success(user: object): void }).success({ provider: 'local', id: req.query.as })
  }
}

/** Routes to sign in otherwise, and out, with and without `keepSessionInfo`. */
const localRoutes: Pick<AppOptions, 'routes'> = {
  routes: (web, app) => {
    app.passport.use(new Local() as never)
    const ok = (_req: unknown, res: { end(): void }) => res.end()
    web.get('/local', app.passport.authenticate('local'), ok as never)
    web.get('/local/keep', app.passport.authenticate('local', { keepSessionInfo: true }), ok as never)
    for (const keepSessionInfo of [true, false]) {
      web.get(`/logout/${keepSessionInfo}`, (req, res, next) => {
        req.logout({ keepSessionInfo }, (error) => {
          if (error) next(error)
          else res.json({ connected: req.ilert.connected, scope: req.ilert.scope })
        })
      })
    }
    web.get('/link', app.passport.authorize('ilert', { returnTo: '/linked' } as object))
    web.get('/mark', (req, res) => {
      Object.assign(req.session, { mark: 'kept' })
      res.end()
    })
  },
}

/** Nothing of the tokens is in what the store has in the clear. */
function expectSealed(app: TestApp, tokens: { accessToken: string; refreshToken?: string }[]): void {
  const stored = JSON.stringify(app.store.entries())
  expect(tokens.length).toBeGreaterThan(0)
  for (const { accessToken, refreshToken = '' } of tokens) {
    for (const secret of [accessToken, refreshToken]) {
      expect(stored).not.toContain(secret)
      for (const part of secret.split('.')) expect(stored).not.toContain(part.slice(0, 40))
      expect(stored).not.toContain(Buffer.from(secret).toString('base64').slice(0, 40))
    }
  }
}

describe('passport.authenticate', () => {
  it('attaches the tokens to the new session, which holds a random key alone', async () => {
    const { seen, verify } = rememberTokens()
    const app = await startApp({ strategy: { verify, scope: 'alert' }, ...localRoutes })
    const browser = app.browser()
    await browser.visit('/mark')
    const before = browser.cookies
    await browser.signIn()
    expect(browser.cookies).not.toBe(before)

    const home = await browser.home()
    expect(home).toMatchObject({ connected: true, scope: ['profile', 'alert'] })
    const entries = Object.values(app.store.entries()).map((text) => JSON.parse(text))
    const sessions = entries.filter((entry) => entry.passport && !entry.ilert)
    expect(sessions).toHaveLength(1)
    const [{ cookie: _, passport, ...rest }] = sessions
    expect(passport).toEqual({ user: expect.objectContaining({ provider: 'ilert' }) })
    expect(Object.keys(rest)).toEqual(['passport-ilert'])
    expect(rest['passport-ilert'].key).toMatch(/[\w-]{22}$/)
    expect(app.store.grants()).toHaveLength(1)
    expectSealed(app, seen)
    expect((await browser.visit('/token')).text).toBe(seen[0]?.accessToken)
  })

  it('survives a restart of the process, as far as the store and the key do', async () => {
    const { seen, verify } = rememberTokens()
    const tokenStore = new MemoryTokenStore()
    const first = await startApp({ strategy: { verify, tokenStore } })
    const browser = first.browser()
    await browser.signIn()
    const { clientID, clientSecret } = {
      clientID: first.sandbox.env.ILERT_CLIENT_ID as string,
      clientSecret: first.sandbox.env.ILERT_CLIENT_SECRET as string,
    }
    const second = await startApp({
      strategy: { tokenStore, clientID, clientSecret, apiURL: first.sandbox.apiURL },
      session: { store: first.store, secret: 'keyboard cat', resave: false, saveUninitialized: false },
    })
    const page = await second.browser().visit('/token', { headers: { cookie: browser.cookies } })
    expect(page.text).toBe(seen[0]?.accessToken)
  })

  it('keeps the tokens where the app says', async () => {
    const tokenStore = new MemoryTokenStore()
    const app = await startApp({ strategy: { tokenStore } })
    const browser = app.browser()
    await browser.signIn()
    expect(app.store.grants()).toEqual([])
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it.each<[string, (user: unknown) => unknown]>([
    ['an id', (user) => (user as { id: string }).id],
    ['a number', (user) => Number((user as { id: string }).id)],
    ['an object', (user) => ({ provider: 'ilert', id: (user as { id: string }).id, seenAt: Math.random() })],
    ['an object without an id', (user) => ({ name: (user as { username: string }).username })],
    ['a list', (user) => [(user as { id: string }).id]],
    ['something with a date', () => ({ since: new Date(0) })],
  ])('works whatever serializeUser makes of the user: %s', async (_, serializeUser) => {
    const app = await startApp({ serializeUser })
    const browser = app.browser()
    await browser.signIn()
    expect(await browser.home()).toMatchObject({ connected: true })
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('keeps what the session knew where the app wants that', async () => {
    const app = await startApp({ end: { keepSessionInfo: true, successRedirect: '/' }, ...localRoutes })
    const browser = app.browser()
    await browser.visit('/mark')
    await browser.signIn()
    expect(await browser.home()).toMatchObject({ connected: true, session: { mark: 'kept' } })
  })

  it('shows the tokens already to what runs after it in the same request', async () => {
    const app = await startApp({ end: {} })
    const page = await app.browser().signIn()
    expect(page.json).toMatchObject({ connected: true, scope: ['profile'], user: { provider: 'ilert' } })
  })
})

describe("the app's own callback", () => {
  it.each(['logIn', 'login'] as const)('attaches the tokens when it calls req.%s', async (method) => {
    const app = await startApp({
      begin: { returnTo: '/alerts' },
      callback: (app) => (req, res, next) => {
        const done = (error: unknown, user: Express.User) => {
          if (error) return next(error)
          const before = { session: 'passport-ilert' in req.session, grants: app.store.grants().length }
          req[method](user, (error) => (error ? next(error) : res.json({ before, after: req.ilert.connected })))
        }
        app.passport.authenticate('ilert', done)(req, res, next)
      },
    })
    const browser = app.browser()
    expect((await browser.signIn()).json).toEqual({ before: { session: false, grants: 0 }, after: true })
    expect(await browser.home()).toMatchObject({ connected: true, returnTo: '/alerts', user: { provider: 'ilert' } })
  })

  it('attaches the tokens to whomever it logs in, however long that takes', async () => {
    const app = await startApp({
      callback: (app) => (req, res, next) => {
        const done = (_error: unknown, profile: { id: string }) => {
          setTimeout(() => {
            req.logIn({ id: `app-${profile.id}` } as never, { keepSessionInfo: true } as never, () => res.end())
          }, 30)
        }
        app.passport.authenticate('ilert', done as never)(req, res, next)
      },
    })
    const browser = app.browser()
    await browser.signIn()
    const id = `app-${app.sandbox.users[0]?.id}`
    expect(await browser.home()).toMatchObject({ connected: true, user: { id } })
  })

  it('leaves req.logIn as it was for a second login in the same request', async () => {
    const app = await startApp({
      callback: (app) => (req, res, next) => {
        const done = (_error: unknown, user: Express.User) => {
          req.logIn(user, () => {
            req.logIn({ id: 'somebody-else' } as never, { keepSessionInfo: true } as never, () => {
              res.json({ connected: req.ilert.connected })
            })
          })
        }
        app.passport.authenticate('ilert', done)(req, res, next)
      },
    })
    const browser = app.browser()
    expect((await browser.signIn()).json).toEqual({ connected: false })
    expect(await browser.home()).toMatchObject({ connected: false, user: { id: 'somebody-else' } })
  })
})

it("the app's own callback that logs in without a session attaches the tokens to none, and they are revoked", async () => {
  const app = await startApp({
    callback: (app) => (req, res, next) => {
      app.passport.authenticate('ilert', (error: unknown, user: Express.User) => {
        if (error) return next(error)
        req.logIn(user, { session: false }, (failed) => (failed ? next(failed) : res.json(req.user)))
      })(req, res, next)
    },
  })
  const browser = app.browser()
  expect((await browser.signIn()).json).toMatchObject({ provider: 'ilert' })
  expect(await browser.home()).toMatchObject({ user: null, connected: false })
  await until(() => app.count(REVOKE) === 1, 'revoked')
  expect(app.store.grants()).toEqual([])
})

describe('passport.authorize', () => {
  const linking: AppOptions = {
    ...localRoutes,
    callback: (app) => app.passport.authorize('ilert') as never,
  }

  it('attaches the tokens to the present session, and leaves its user alone', async () => {
    const app = await startApp(linking)
    const browser = app.browser()
    await browser.visit('/local?as=7')
    await browser.visit('/mark')
    const { cookies } = browser
    const page = await browser.signIn('/link')
    expect(page.json).toMatchObject({
      user: { provider: 'local', id: '7' },
      account: { provider: 'ilert', id: String(app.sandbox.users[0]?.id) },
      connected: true,
    })
    expect(browser.cookies).toBe(cookies)
    expect(await browser.home()).toMatchObject({
      user: { provider: 'local', id: '7' },
      connected: true,
      returnTo: '/linked',
      session: { mark: 'kept' },
    })
  })

  it('keeps the former tokens where the session cannot be saved', async () => {
    const app = await startApp(linking)
    const browser = app.browser()
    await browser.visit('/local?as=7')
    await browser.signIn('/link')
    const token = (await browser.visit('/token')).text
    const callback = await browser.callback('/link')
    let failures = 0
    app.store.fails = (_, data) => 'passport-ilert' in data && failures++ === 0
    expect((await browser.visit(callback)).status).toBe(500)
    expect(await browser.home()).toMatchObject({ connected: true, user: { id: '7' } })
    expect((await browser.visit('/token')).text).toBe(token)
  })

  it('works for a user who is not signed in', async () => {
    const app = await startApp(linking)
    const browser = app.browser()
    await browser.visit('/mark')
    await browser.signIn('/link')
    expect(await browser.home()).toMatchObject({ user: null, connected: true })
  })
})

describe("req.ilert never has the tokens of the session's former user", () => {
  it.each([
    ['another strategy with keepSessionInfo', '/local/keep?as=1'],
    ['another strategy', '/local?as=1'],
    ['req.logout with keepSessionInfo', '/logout/true'],
    ['req.logout', '/logout/false'],
  ])('after %s', async (_, path) => {
    const app = await startApp({ scope: 'alert', ...localRoutes } as AppOptions)
    const browser = app.browser()
    await browser.signIn()
    expect(await browser.home()).toMatchObject({ connected: true })
    const page = await browser.visit(path)
    if (page.text) expect(page.json).toEqual({ connected: false, scope: [] })
    expect(await browser.home()).toMatchObject({ connected: false, scope: [] })
    expect((await browser.visit('/token')).json).toMatchObject({ code: 'reauthentication_required' })
  })

  it('where two users have the same id in tables of their own', async () => {
    const app = await startApp({
      strategy: { verify: async () => ({ id: 1, type: 'staff' }) },
      routes: (web) => {
        web.get('/become', (req, res, next) => {
          const user = { id: 1, type: req.query.type }
          req.logIn(user as never, { keepSessionInfo: true } as never, (error) => (error ? next(error) : res.end()))
        })
      },
    })
    const browser = app.browser()
    await browser.signIn()
    await browser.visit('/become?type=customer')
    expect(await browser.home()).toMatchObject({ connected: false, scope: [], user: { type: 'customer' } })
    expect((await browser.visit('/token')).json).toMatchObject({ code: 'reauthentication_required' })
  })

  it('where the ids of two users are the same, and they come from different places', async () => {
    const app = await startApp(localRoutes)
    const browser = app.browser()
    await browser.signIn()
    await browser.visit(`/local/keep?as=${app.sandbox.users[0]?.id}`)
    expect(await browser.home()).toMatchObject({ connected: false, user: { provider: 'local' } })
  })

  it('where another user of ilert signs in with keepSessionInfo', async () => {
    const app = await startApp({ sandbox: { approve: false }, end: { keepSessionInfo: true, successRedirect: '/' } })
    const browser = app.browser()
    const tokens: string[] = []
    // Begun before anybody is signed in: a user who is connected must sign out first.
    const urls = [new URL(await browser.begin()), new URL(await browser.begin())]
    for (const [i, url] of urls.entries()) {
      const username = app.sandbox.users[i]?.username ?? ''
      const form = new URLSearchParams({ ...Object.fromEntries(url.searchParams), user: username, decision: 'allow' })
      const consent = await browser.visit(`${app.sandbox.appURL}/consent`, { method: 'POST', body: form })
      await browser.visit(consent.location)
      expect(await browser.home()).toMatchObject({ connected: true, user: { username } })
      tokens.push((await browser.visit('/token')).text)
      expect(tokens.at(-1)).not.toBe(tokens.at(-2))
    }
    await until(() => app.store.grants().length === 1, 'the end of the former tokens')
  })

  it('but has them where the same user signs in again with keepSessionInfo', async () => {
    const app = await startApp({ end: { keepSessionInfo: true, successRedirect: '/' } })
    const browser = app.browser()
    await browser.signIn()
    await browser.signIn()
    expect(await browser.home()).toMatchObject({ connected: true })
  })
})

it('req.ilert is there without a sign-in, and says so', async () => {
  const app = await startApp()
  const browser = app.browser()
  expect(await browser.home()).toMatchObject({ connected: false, scope: [] })
  const page = await browser.visit('/token')
  expect([page.status, page.json.name]).toEqual([401, 'ReauthenticationRequired'])
})

describe('without express-session', () => {
  it('ilert.session() says what is missing', async () => {
    const app = await startApp({ session: false, before: (web, app) => web.use(app.ilert.session()) })
    const page = await app.browser().visit('/')
    expect(page.json).toMatchObject({
      code: 'session_missing',
      message: expect.stringMatching(/req\.session.*express-session/),
    })
  })

  it('ilert.session() says what is missing where there is a session and no store', async () => {
    const app = await startApp({
      session: false,
      before: (web, app) => {
        web.use((req, _res, next) => {
          Object.assign(req, { session: {} })
          next()
        })
        web.use(app.ilert.session())
      },
    })
    expect((await app.browser().visit('/')).json).toMatchObject({
      message: expect.stringContaining('req.sessionStore'),
    })
  })

  it('ilert.session() says what to do where cookie-session is in its place', async () => {
    const app = await startApp({
      session: false,
      before: (web, app) => {
        web.use((req, _res, next) => {
          // What cookie-session puts on a request: its options, and a session that reads the cookie.
          Object.defineProperty(Object.assign(req, { sessionOptions: {} }), 'session', { get: () => ({}) })
          next()
        })
        web.use(app.ilert.session())
      },
    })
    const { json } = await app.browser().visit('/')
    expect(json).toMatchObject({
      code: 'session_missing',
      message: expect.stringMatching(/^cookie-session .*Use express-session in its place/),
    })
    expect(json.message).not.toContain('sessionStore')
  })

  it('a sign-in says what is missing, and its tokens are revoked', async () => {
    const app = await startApp({ session: false })
    const page = await app.browser().signIn()
    expect([page.status, page.json.code]).toEqual([500, 'session_missing'])
    await until(() => app.count(REVOKE) === 1)
  })

  it('a sign-in works where the app wants no session', async () => {
    const app = await startApp({ session: false, end: { session: false } })
    const page = await app.browser().signIn()
    expect(page.json).toMatchObject({ user: { provider: 'ilert' } })
    expect(app.errors).toEqual([])
  })

  it("a sign-in works where the app's callback wants no session", async () => {
    const app = await startApp({
      session: false,
      callback: (app) => (req, res, next) => {
        app.passport.authenticate('ilert', (error: unknown, user: unknown) => {
          if (error) next(error)
          else res.json(user)
        })(req, res, next)
      },
    })
    expect((await app.browser().signIn()).json).toMatchObject({ provider: 'ilert' })
  })
})
