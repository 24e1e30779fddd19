/* What passport.authenticate('ilert', options) takes: Passport's options, ours, and nothing that only looks like ours. */
import { closeApps, startApp } from '../support/app.ts'

afterEach(closeApps)

async function begin(options: object) {
  const app = await startApp({ begin: options })
  return await app.browser().visit('/auth/ilert')
}

it.each([
  ['returnto', 'returnTo'],
  ['return_to', 'returnTo'],
  ['returnTO', 'returnTo'],
  ['scopes', 'scope'],
  ['Scope', 'scope'],
  ['tenants', 'tenant'],
  ['tennant', 'tenant'],
])('%s is refused, and %s named: a sign-in would ignore it', async (name, likely) => {
  const page = await begin({ [name]: '/x' })
  expect([page.status, page.json.name]).toEqual([500, 'TypeError'])
  expect(page.json.message).toBe(`authenticate: unknown option '${name}'. Did you mean '${likely}'?`)
  expect(page.cookies).toEqual([])
})

it('callbackURL is refused, which other strategies take here', async () => {
  const page = await begin({ callbackURL: '/elsewhere' })
  expect([page.status, page.json.message]).toEqual([500, expect.stringContaining('an option of IlertStrategy')])
})

it.each([
  { session: false },
  { session: true, keepSessionInfo: true },
  { successRedirect: '/', successReturnToOrRedirect: '/', failureRedirect: '/', failWithError: true },
  { successFlash: true, successMessage: true, failureFlash: 'no', failureMessage: 'no' },
  { assignProperty: 'account', authInfo: false, userProperty: 'user', pauseStream: true, passReqToCallback: true },
  { state: 'x', prompt: 'consent', loginHint: 'mara@example.com', scopeSeparator: ' ' },
  { scope: ['alert'], tenant: 'bluepeak', returnTo: '/alerts' },
  { myOwn: 1, role: 'admin', theme: 'dark', x: undefined },
])("Passport's options, ours and an app's own pass: %j", async (options) => {
  expect((await begin(options)).status).toBe(302)
})

it('an object that was found good is not looked at again, and another one is', async () => {
  const options = { scope: 'alert' }
  const app = await startApp({
    routes: (web, { passport }) => {
      web.get('/good', passport.authenticate('ilert', options))
      web.get('/bad', passport.authenticate('ilert', { ...options, returnto: '/x' } as object))
    },
  })
  expect((await app.browser().visit('/good')).status).toBe(302)
  expect((await app.browser().visit('/good')).status).toBe(302)
  expect((await app.browser().visit('/bad')).status).toBe(500)
})
