/*
 * A server whose tokens are opaque, and which leaves out the scope when it is what was asked for (RFC 6749, section 5.1): then
 * nobody but the client knows what was granted.
 */
import { type AppOptions, closeApps, startApp, TOKEN } from '../support/app.ts'
import { closeServers, json, type Received, serve } from '../support/server.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

const NAVIGATION = { 'sec-fetch-mode': 'navigate', accept: 'text/html' }

async function opaqueApp(options: AppOptions = {}, narrow?: string) {
  let issued = 0
  const ilert = await serve((response, { path }: Received) => {
    if (path !== TOKEN) return json(response, 200, { id: 7, username: 'mara' })
    issued += 1
    const tokens = { access_token: `opaque-${issued}`, refresh_token: `refresh-${issued}`, token_type: 'bearer' }
    json(response, 200, { ...tokens, expires_in: '3600', ...(narrow !== undefined && { scope: narrow }) })
  })
  const app = await startApp({
    ...options,
    strategy: { apiURL: ilert.origin, scope: 'alert', ...options.strategy },
    routes: (web, app) => {
      web.get('/alerts', app.ilert.requireScope('alert'), (req, res) => res.json(req.ilert.scope))
      web.get('/teams', app.ilert.requireScope('team:w'), (req, res) => res.json(req.ilert.scope))
    },
  })
  return { app, browser: app.browser() }
}

it("a sign-in has been granted what the app's sign-ins ask for", async () => {
  const { browser } = await opaqueApp()
  await browser.signIn()
  expect((await browser.send('/alerts', NAVIGATION)).json).toEqual(['profile', 'alert'])
})

it('a sign-in that asks for something else has been granted that', async () => {
  const { browser } = await opaqueApp({ begin: { scope: ['service:w'] } })
  await browser.signIn()
  expect((await browser.home()).scope).toEqual(['profile', 'service:w'])
})

it('a page that needs more asks for it once, and is shown', async () => {
  const { browser } = await opaqueApp()
  await browser.signIn()
  const asked = await browser.send('/teams', NAVIGATION)
  expect(new URL(asked.location).searchParams.get('scope')?.split(' ').sort()).toEqual(['alert', 'profile', 'team:w'])
  expect((await browser.visit(await browser.consent(asked.location))).location).toBe('/teams')
  expect(JSON.parse((await browser.send('/teams', NAVIGATION)).text).sort()).toEqual(['alert', 'profile', 'team:w'])
})

it('an app without a secret is granted the offline_access that it asks for', async () => {
  const { browser } = await opaqueApp({ strategy: { clientSecret: undefined as never, encryptionKey: 'k'.repeat(40) } })
  await browser.signIn()
  expect((await browser.home()).scope).toEqual(['profile', 'alert', 'offline_access'])
})

it('what the server says it has granted counts, not what was asked for', async () => {
  const { browser } = await opaqueApp({}, 'profile')
  await browser.signIn()
  expect((await browser.home()).scope).toEqual(['profile'])
  const asked = await browser.send('/teams', NAVIGATION)
  await browser.visit(await browser.consent(asked.location))
  expect((await browser.send('/teams', NAVIGATION)).status).toBe(403)
})
