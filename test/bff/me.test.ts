/* The check-session endpoint. */
import { closeApps, LOGIN, startApp } from '../support/app.ts'
import { ask, startBackend } from './support.ts'

afterEach(closeApps)

const ANONYMOUS = {
  user: null,
  connected: false,
  scope: [],
  expiresAt: null,
  loginURL: '/auth/ilert',
  logoutURL: '/logout',
}

test('nobody who is signed in is told so, with where to sign in', async () => {
  const app = await startBackend()
  const page = await ask(app.browser(), '/me')
  expect(page.status).toBe(200)
  expect(page.json).toEqual(ANONYMOUS)
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.cookies).toEqual([]) // and no session is begun for it
})

test('an app can have it as a 401', async () => {
  const app = await startApp({
    routes: (express, { ilert }) =>
      express.get('/session', ilert.me({ anonymous: 401, loginURL: '/in', logoutURL: '/out' })),
  })
  const page = await ask(app.browser(), '/session')
  expect(page.status).toBe(401)
  expect(page.json).toEqual({ ...ANONYMOUS, loginURL: '/in', logoutURL: '/out' })
  expect(page.headers.get('www-authenticate')).toBe('Bearer realm="ilert"')
})

test('a user is shown what is safe to show of the profile', async () => {
  const app = await startBackend()
  const browser = app.browser()
  await browser.signIn()
  const { json } = await ask(browser, '/me')
  expect(json).toEqual({
    user: { id: expect.any(String), username: 'mara.lindqvist', displayName: 'Mara Lindqvist', tenant: 'nordwind' },
    connected: true,
    scope: ['profile', 'alert:w', 'schedule:d'],
    expiresAt: expect.any(Number),
    loginURL: '/auth/ilert',
    logoutURL: '/logout',
  })
  expect(Math.abs((json.expiresAt as number) - app.sandbox.clock.now() - 3_600_000)).toBeLessThan(60_000)
})

test('what else an app has put into its user is not shown, and what the app chooses is', async () => {
  const app = await startApp({
    strategy: {
      verify: ({ profile }) => ({ ...profile, id: 7, passwordHash: 'hash', displayName: { a: 1 } }) as never,
    },
    routes: (express, { ilert }) => {
      express.get('/me', ilert.me())
      express.get(
        '/mine',
        ilert.me({ user: async ({ user }) => ({ hash: (user as unknown as { passwordHash: string }).passwordHash }) }),
      )
      express.get('/nothing', ilert.me({ user: () => undefined }))
    },
  })
  const browser = app.browser()
  await browser.signIn()
  expect((await ask(browser, '/me')).json.user).toEqual({ id: 7, username: 'mara.lindqvist', tenant: 'nordwind' })
  expect((await ask(browser, '/mine')).json.user).toEqual({ hash: 'hash' })
  expect((await ask(browser, '/nothing')).json.user).toBeNull()
})

test('a user whose grant has ended is still the user, and not connected', async () => {
  const app = await startBackend({
    routes: (express) =>
      express.post('/end', (req, res, next) => void req.ilert.disconnect().then(() => res.end(), next)),
  })
  const browser = app.browser()
  await browser.signIn()
  await ask(browser, '/end', { method: 'POST' })
  expect((await ask(browser, '/me')).json).toMatchObject({
    user: { displayName: 'Mara Lindqvist' },
    connected: false,
    scope: [],
    expiresAt: null,
  })
  expect((await ask(browser, '/logout', { method: 'POST' })).status).toBe(204)
  expect((await ask(browser, '/me')).json).toEqual(ANONYMOUS)
})

test('no token and no key of the session is in it', async () => {
  const app = await startBackend()
  const browser = app.browser()
  await browser.signIn()
  const [token, me] = [await browser.visit('/token'), await ask(browser, '/me')]
  expect(me.text).not.toContain(token.text)
  for (const id of Object.keys(app.store.entries())) expect(me.text).not.toContain(id)
})

test('it takes nothing but GET and HEAD', async () => {
  const app = await startBackend()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const page = await ask(app.browser(), '/me', { method })
    expect(page.status).toBe(405)
    expect(page.headers.get('allow')).toBe('GET, HEAD')
  }
  expect((await ask(app.browser(), '/me', { method: 'HEAD' })).status).toBe(200)
})

test('below a prefix that a proxy removes, a page is told where browsers find the app', async () => {
  const app = await startBackend({ strategy: { basePath: '/portal' } })
  const browser = app.browser()
  const { json } = await ask(browser, '/me')
  expect(json).toMatchObject({ loginURL: `/portal${LOGIN}`, logoutURL: '/portal/logout' })
  expect((await ask(browser, '/api/ilert/api/alerts')).json.loginURL).toBe(`/portal${LOGIN}`)
})
