import { CURRENT_USER, closeApps, startApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

it('signs in with two calls to ilert: one for the tokens, one for the user', async () => {
  const app = await startApp()
  const browser = app.browser()
  const page = await browser.signIn()
  expect([page.status, page.location]).toEqual([302, '/'])
  const asked = app.sandbox.requests.filter(({ path }) => path !== '/api/developers/oauth2/authorize')
  expect(asked.map(({ path }) => path)).toEqual([TOKEN, CURRENT_USER])

  const home = await browser.home()
  expect(home).toMatchObject({
    user: { provider: 'ilert', id: String(app.sandbox.users[0]?.id), username: app.sandbox.users[0]?.username },
    connected: true,
    scope: ['profile'],
    returnTo: null,
  })
  expect(home.user).toMatchObject({
    emails: [{ value: app.sandbox.users[0]?.email, verified: false }],
    tenant: app.sandbox.users[0]?.tenant,
  })
  const claims = JSON.parse(
    Buffer.from((await browser.visit('/token')).text.split('.')[1] ?? '', 'base64url').toString(),
  )
  expect(claims).toMatchObject({ iss: 'ilert', il_t: 'ACCESS', il_u: app.sandbox.users[0]?.username })
  expect(app.sandbox.requests).toHaveLength(3)
  expect(app.errors).toEqual([])
})

it("works with the sandbox's own browser", async () => {
  const app = await startApp({ sandbox: { approve: false } })
  const [, second] = app.sandbox.users
  const cookie = await app.sandbox.signIn(`${app.origin}/auth/ilert`, { as: second?.username ?? '' })
  const page = await app.browser().visit('/', { headers: { cookie } })
  expect(page.json).toMatchObject({ user: { username: second?.username }, connected: true })
})
