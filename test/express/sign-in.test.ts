import { CURRENT_USER, closeApps, REVOKE, startApp, TOKEN, tellAll } from '../support/app.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)
afterEach(closeServers)

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

describe('who may sign in', () => {
  it.each([
    { allowedTenants: ['initech', 'nordwind'], user: expect.objectContaining({ tenant: 'nordwind' }) },
    {
      allowedTenants: ['initech'],
      user: false,
      info: { message: "Users of the ilert tenant 'nordwind' may not sign in here." },
      status: 403,
    },
  ])('of the accounts: $allowedTenants', async ({ allowedTenants, ...answer }) => {
    const app = await startApp({ strategy: { allowedTenants }, callback: tellAll })
    expect(app.sandbox.users[0]?.tenant).toBe('nordwind')
    expect((await app.browser().signIn()).json).toEqual(answer)
    await until(() => app.count(REVOKE) === 1, 'revoked') // nobody keeps them: the callback logs in nobody
  })

  it('nobody whose account is not told, where accounts are chosen', async () => {
    const ilert = await serve((response, { path }) =>
      json(response, 200, path === TOKEN ? { access_token: 'opaque', refresh_token: 'r', expires_in: 60 } : { id: 1 }),
    )
    const app = await startApp({ strategy: { apiURL: ilert.origin, allowedTenants: ['nordwind'] }, callback: tellAll })
    expect((await app.browser().signIn()).json).toMatchObject({
      user: false,
      info: { message: 'ilert does not name the tenant of this user, and not every tenant may sign in here.' },
    })
    await until(() => ilert.requests.some(({ path }) => path === REVOKE), 'revoked')
  })
})
