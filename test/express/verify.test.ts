import { IlertStrategy, type IlertStrategyOptions } from '../../src/index.ts'
import { type AppOptions, closeApps, isAlive, LASTING, startApp } from '../support/app.ts'
import { failOnCrashes } from '../support/crashes.ts'
import { until } from '../support/until.ts'

failOnCrashes(closeApps)

type Args = unknown[]
type Done = (error: unknown, user?: unknown, info?: object) => void

/** Signs in with a form of verify. */
async function signIn(options: AppOptions) {
  const app = await startApp(options)
  const browser = app.browser()
  const page = await browser.signIn()
  return { app, browser, page, home: await browser.home() }
}

describe('verify as an option', () => {
  it('gets the request, the tokens and the profile, and its user is the user', async () => {
    const seen: Record<string, unknown>[] = []
    const verify: IlertStrategyOptions['verify'] = ({ req, tokens, profile }) => {
      seen.push({ url: req.originalUrl.split('?')[0], tokens: { ...tokens }, profile })
      return { id: 7, name: profile.displayName } as Express.User
    }
    for (const form of [verify, async (context: never) => verify(context)] as IlertStrategyOptions['verify'][]) {
      const { app, home } = await signIn({ strategy: { verify: form as never, scope: 'alert' } })
      const [user] = app.sandbox.users
      expect(home).toMatchObject({ connected: true, user: { id: 7, name: `${user?.firstName} ${user?.lastName}` } })
      expect(seen.pop()).toEqual({
        url: '/auth/ilert/callback',
        tokens: {
          accessToken: expect.stringContaining('.'),
          refreshToken: expect.stringContaining('.'),
          scope: ['profile', 'alert'],
          expiresAt: expect.any(Number),
          refreshTokenExpiresAt: expect.any(Number),
        },
        profile: expect.objectContaining({ provider: 'ilert', id: String(user?.id), tenant: user?.tenant }),
      })
    }
  })

  it.each<[string, () => unknown]>([
    ['false', () => false],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a promise of false', async () => false],
  ])('refuses the sign-in with %s', async (_, verify) => {
    const { page, home, app } = await signIn({ strategy: { verify: verify as never } })
    expect(page.status).toBe(401)
    expect(home.user).toBeNull()
    expect(app.errors).toEqual([])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no database')
      },
    ],
    ['rejects later', () => new Promise((_, reject) => setImmediate(() => reject(new Error('no database'))))],
  ])('that %s is an error of the sign-in', async (_, verify) => {
    const { page, home, app } = await signIn({ strategy: { verify: verify as never } })
    expect(page.status).toBe(500)
    expect(app.errors).toEqual([expect.objectContaining({ message: 'no database' })])
    expect(home.user).toBeNull()
  })

  it('that throws nothing at all is an error, too', async () => {
    for (const thrown of [undefined, null, 0, '', 'route', 'router']) {
      const app = await startApp({
        strategy: {
          verify: () => {
            throw thrown
          },
        },
      })
      const browser = app.browser()
      const page = await browser.signIn()
      expect(page.status).toBeGreaterThanOrEqual(400)
      expect((await browser.home()).user).toBeNull()
    }
  })
})

it('without verify the user is the profile', async () => {
  const { app, home } = await signIn({})
  const [user] = app.sandbox.users
  expect(home.user).toEqual({
    provider: 'ilert',
    id: String(user?.id),
    username: user?.username,
    displayName: `${user?.firstName} ${user?.lastName}`,
    name: { givenName: user?.firstName, familyName: user?.lastName },
    emails: [{ value: user?.email, verified: false }],
    tenant: user?.tenant,
    role: user?.role,
    timezone: expect.any(String),
    language: expect.any(String),
  })
})

describe('the classic verify', () => {
  const user = { id: 'u1' }
  const seen: Args[] = []
  const note = (...args: Args) => {
    seen.push(args)
    ;(args.at(-1) as Done)(null, user)
  }
  // Told apart by the number of parameters, so each has to be written out.
  const FORMS: [string, boolean, (...args: never[]) => void][] = [
    ['four parameters', false, (a: unknown, r: unknown, p: unknown, d: unknown) => note(a, r, p, d)],
    ['five parameters', false, (a: unknown, r: unknown, x: unknown, p: unknown, d: unknown) => note(a, r, x, p, d)],
    ['the request and four', true, (q: unknown, a: unknown, r: unknown, p: unknown, d: unknown) => note(q, a, r, p, d)],
    [
      'the request and five',
      true,
      (q: unknown, a: unknown, r: unknown, x: unknown, p: unknown, d: unknown) => note(q, a, r, x, p, d),
    ],
    ['as many as there are', false, (...args: unknown[]) => note(...args)],
  ]

  it.each(FORMS)('works with %s', async (name, passReqToCallback, verify) => {
    const { home } = await signIn({ verify, ...(passReqToCallback && { strategy: { passReqToCallback } }) })
    expect(home).toMatchObject({ user, connected: true })
    const args = seen.pop() ?? []
    if (passReqToCallback) expect((args.shift() as { originalUrl: string }).originalUrl).toMatch(/^\/auth\/ilert\/call/)
    const [accessToken, refreshToken] = args.splice(0, 2)
    for (const token of [accessToken, refreshToken]) expect(token).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/)
    if (name.endsWith('five') || name.startsWith('five')) {
      const expected = { access_token: accessToken, refresh_token: refreshToken, expires_in: 3600, scope: 'profile' }
      expect(args.shift()).toMatchObject({ token_type: 'Bearer', ...expected })
    }
    expect(args.shift()).toMatchObject({ provider: 'ilert', username: expect.any(String) })
    expect(args).toEqual([expect.any(Function)])
  })

  it('works as the only argument, with options from the environment', async () => {
    const before = { ...process.env }
    const form = (a: unknown, r: unknown, p: unknown, d: unknown) => note(a, r, p, d)
    const { home } = await signIn({
      make: (options) => {
        const { clientID, clientSecret, callbackURL, appURL, apiURL } = options
        const variables = { CLIENT_ID: clientID, CLIENT_SECRET: clientSecret, CALLBACK_URL: callbackURL }
        for (const [name, value] of Object.entries({ ...variables, APP_URL: appURL, API_URL: apiURL })) {
          process.env[`ILERT_${name}`] = value
        }
        return new IlertStrategy(form)
      },
    })
    process.env = before
    expect(home).toMatchObject({ user, connected: true })
    expect(seen.pop()).toHaveLength(4)
  })

  it('has no refresh token where ilert gave none', async () => {
    const app = await startApp({
      strategy: {
        verify: ({ tokens }) => {
          expect('refreshToken' in tokens).toBe(false)
          return user
        },
      },
    })
    const registered = app.sandbox.register({ redirectURI: `${app.origin}/auth/ilert/callback`, pkceOnly: true })
    expect(registered.clientSecret).toBe('')
  })

  const failing: [string, (done: Done) => unknown, number][] = [
    [
      'throws',
      () => {
        throw new Error('no database')
      },
      500,
    ],
    [
      'rejects',
      async () => {
        throw new Error('no database')
      },
      500,
    ],
    ['calls back with an error', (done) => done(new Error('no database')), 500],
    ['calls back with an error later', (done) => setImmediate(done, new Error('no database')), 500],
    [
      'calls back with an error, and then with a user',
      (done) => {
        done(new Error('no database'))
        done(null, user)
      },
      500,
    ],
    [
      'calls back with an error, and throws',
      (done) => {
        done(new Error('no database'))
        throw new Error('again')
      },
      500,
    ],
    ['calls back with a word', (done) => done('no database'), 500],
    ['calls back with false', (done) => done(null, false, { message: 'not you' }), 401],
    ['calls back with nothing', (done) => done(null), 401],
    ['calls back with nothing at all', (done) => (done as () => void)(), 401],
    [
      'calls back with false, and then with a user',
      (done) => {
        done(null, false)
        done(null, user)
      },
      401,
    ],
  ]
  it.each(failing)('that %s signs nobody in', async (_, act, status) => {
    const verify = (_a: unknown, _r: unknown, _p: unknown, done: Done) => act(done)
    const { app, home, page } = await signIn({ verify: verify as never })
    expect(page.status).toBe(status)
    expect(home.user).toBeNull()
    if (status === 500) expect(app.errors).toEqual([expect.anything()])
    else expect(app.errors).toEqual([])
  })

  it.each<[string, (done: Done) => unknown]>([
    [
      'calls back twice',
      (done) => {
        done(null, user)
        done(null, { id: 'u2' })
      },
    ],
    [
      'calls back, and then with an error',
      (done) => {
        done(null, user)
        done(new Error('late'))
      },
    ],
    [
      'calls back, and throws',
      (done) => {
        done(null, user)
        throw new Error('late')
      },
    ],
    [
      'calls back, and rejects',
      async (done) => {
        done(null, user)
        throw new Error('late')
      },
    ],
    [
      'calls back, and again much later',
      (done) => {
        done(null, user)
        setImmediate(() => setImmediate(done, new Error('late')))
      },
    ],
  ])('that %s signs in once, with what it said first', async (_, act) => {
    const verify = (_a: unknown, _r: unknown, _p: unknown, done: Done) => act(done)
    const { app, home, page } = await signIn({ verify: verify as never })
    expect(page.location).toBe('/')
    expect(home).toMatchObject({ user, connected: true })
    expect(app.errors).toEqual([])
    expect(app.store.grants()).toHaveLength(1)
  })

  it('hands on what it says of the sign-in', async () => {
    const infos: unknown[] = []
    const verify = (_a: unknown, _r: unknown, _p: unknown, done: Done) => done(null, user, { from: 'ilert' })
    await signIn({
      verify: verify as never,
      callback: (app) =>
        [
          app.passport.authenticate('ilert'),
          (req: { authInfo?: unknown }, res: { end(): void }) => {
            infos.push(req.authInfo)
            res.end()
          },
        ] as never,
    })
    expect(infos).toEqual([{ from: 'ilert' }])
  })
})

describe("the app's own callback", () => {
  const throwing: [
    string,
    (app: { passport: { authenticate(...args: unknown[]): (...args: unknown[]) => void } }) => unknown,
  ][] = [
    [
      'throws',
      ({ passport }) =>
        (req: unknown, res: unknown, next: unknown) =>
          passport.authenticate('ilert', () => {
            throw new Error('in the callback')
          })(req, res, next),
    ],
    [
      'rejects',
      ({ passport }) =>
        (req: unknown, res: unknown, next: unknown) =>
          passport.authenticate('ilert', async () => {
            throw new Error('in the callback')
          })(req, res, next),
    ],
    [
      'throws after the login',
      ({ passport }) =>
        (req: Express.Request, res: unknown, next: unknown) =>
          passport.authenticate('ilert', (_error: unknown, user: Express.User) => {
            req.logIn(user, () => {
              throw new Error('in the callback')
            })
          })(req, res, next),
    ],
  ]
  it.each(throwing)('that %s is called once, and reaches the error handler', async (_, callback) => {
    const app = await startApp({ callback: callback as never })
    const page = await app.browser().signIn()
    expect(page.status).toBe(500)
    expect(app.errors).toEqual([expect.objectContaining({ message: 'in the callback' })])
  })

  it.each(throwing.slice(0, 2))('that %s about an error is called once as well', async (_, callback) => {
    const app = await startApp({ callback: callback as never })
    const browser = app.browser()
    const url = new URL(await browser.callback())
    url.searchParams.set('code', 'unknown')
    expect((await browser.visit(url)).status).toBe(500)
    expect(app.errors).toEqual([expect.objectContaining({ message: 'in the callback' })])
  })
})

it('a verify that changes its tokens changes nothing', async () => {
  let refreshToken: string | undefined
  const app = await startApp({
    sandbox: LASTING,
    strategy: {
      verify: ({ tokens }) => {
        refreshToken = tokens.refreshToken
        tokens.accessToken = 'gone'
        delete tokens.refreshToken
        tokens.scope.push('everything')
        return false
      },
    },
  })
  await app.browser().signIn()
  await until(async () => !(await isAlive(app, refreshToken)))
})
