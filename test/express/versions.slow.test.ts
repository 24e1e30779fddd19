/*
 * What an app asks for most, with every Express and every Passport that the package allows. All other tests run with the
 * newest of each.
 */
import type { Express } from 'express'
import type { Authenticator } from 'passport'
import {
  type AppOptions,
  CURRENT_USER,
  closeApps,
  isAlive,
  LASTING,
  REVOKE,
  rememberTokens,
  startApp,
  TOKEN,
} from '../support/app.ts'
import { closeApis, startApi } from './bearer-app.ts'

afterEach(async () => {
  await closeApps()
  await closeApis()
})

// The older ones come without types of their own.
const load = async (name: string) => ((await import(name)) as { default: unknown }).default
type Passport = { Passport: new () => Authenticator }
const EXPRESS: [string, () => Express][] = [
  ['Express 4', (await load('express4')) as () => Express],
  ['Express 5', (await load('express')) as () => Express],
]
const PASSPORT: [string, Passport][] = [
  ['Passport 0.6', (await load('passport06')) as Passport],
  ['Passport 0.7', (await load('passport')) as Passport],
]
const PAIRS = EXPRESS.flatMap(([e, express]) =>
  PASSPORT.map(([p, { Passport }]): [string, Versions] => [`${e} and ${p}`, { express, Passport }]),
)
type Versions = { express: () => Express } & Passport

const NAVIGATION = { 'sec-fetch-mode': 'navigate' }

describe.each(PAIRS)('with %s', (_, { express, Passport }) => {
  /** An app with somebody who has signed in. */
  async function signedIn(options: AppOptions = {}) {
    const { seen, verify } = rememberTokens()
    const app = await startApp({
      sandbox: LASTING,
      express,
      passport: new Passport(),
      ...options,
      strategy: { verify, ...options.strategy },
      routes: (web, app) => {
        web.get('/alerts', app.ilert.requireScope('alert'), (req, res, next) => {
          req.ilert.get('/api/alerts').then((alerts) => res.json(alerts), next)
        })
        web.post('/logout', app.ilert.logout({ redirect: '/' }))
        web.get('/me', app.ilert.me())
        web.use('/api/ilert', app.ilert.proxy({ allow: ['GET /api/alerts', 'POST /api/alerts'] }))
        web.get('/mark', (req, res) => {
          Object.assign(req.session, { mark: 'kept' })
          res.end()
        })
      },
    })
    const browser = app.browser()
    await browser.visit('/mark')
    const before = browser.cookies
    const callback = await browser.callback('/auth/ilert')
    expect((await app.browser().visit(callback)).status).toBe(403)
    expect((await browser.visit(callback)).location).toBe('/')
    return { app, browser, before, seen }
  }

  it('signs in, into a new session', async () => {
    const { app, browser, before, seen } = await signedIn()
    expect(browser.cookies).not.toBe(before)
    const home = await browser.home()
    expect(home).toMatchObject({ connected: true, scope: ['profile'], user: { provider: 'ilert' } })
    expect(home.session).not.toHaveProperty('mark')
    expect((await browser.visit('/token')).text).toBe(seen[0]?.accessToken)
    expect([app.count(TOKEN), app.count(CURRENT_USER)]).toEqual([1, 1])
    expect(app.errors).toEqual([])
  })

  it('keeps what the session knew, where the app says keepSessionInfo', async () => {
    const { browser, before } = await signedIn({ end: { keepSessionInfo: true, successRedirect: '/' } })
    expect(browser.cookies).not.toBe(before)
    expect(await browser.home()).toMatchObject({ connected: true, session: { mark: 'kept' } })
  })

  it('refreshes once for 100 requests at once whose token has expired', async () => {
    const { app, browser, seen } = await signedIn({ sandbox: { refreshTokens: 'rotate' } })
    app.sandbox.clock.advance(3_600_001)
    const pages = await Promise.all(Array.from({ length: 100 }, () => browser.visit('/token')))
    const answers = new Set(pages.map(({ status, text }) => `${status} ${text}`))
    expect([...answers]).toEqual([expect.stringMatching(/^200 /)])
    expect(answers).not.toContain(`200 ${seen[0]?.accessToken}`)
    expect(app.count(TOKEN)).toBe(2)
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('asks for one more scope, comes back to the page, and keeps the session', async () => {
    const { app, browser } = await signedIn()
    await browser.visit('/mark')
    expect((await browser.send('/alerts', {})).json).toEqual({ error: 'insufficient_scope', scope: 'alert' })
    const toIlert = await browser.send('/alerts?page=2', NAVIGATION)
    expect(new URL(toIlert.location).searchParams.get('scope')).toBe('profile alert')
    const back = await browser.visit(await browser.consent(toIlert.location))
    expect(back.location).toBe('/alerts?page=2')
    expect((await browser.send(back.location, NAVIGATION)).json).toHaveProperty([0, 'summary'])
    expect(await browser.home()).toMatchObject({ scope: ['profile', 'alert'], session: { mark: 'kept' } })
    expect(app.errors).toEqual([])
  })

  it('signs out, here and at ilert', async () => {
    const { app, browser, seen } = await signedIn()
    const { cookies } = browser
    const page = await browser.visit('/logout', { method: 'POST' })
    expect([page.status, page.location, app.count(REVOKE)]).toEqual([303, '/', 1])
    expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
    const old = await app.browser().visit('/', { headers: { cookie: cookies } })
    expect(old.json).toMatchObject({ user: null, connected: false })
    expect(app.store.grants()).toEqual([])
  })

  it('passes the calls of a page on to ilert, and tells it who is signed in', async () => {
    const { app, browser } = await signedIn({ strategy: { scope: 'alert:w' } })
    const page = { 'sec-fetch-site': 'same-origin' }
    const ask = async (path: string, body?: object) =>
      await browser.visit(`/api/ilert${path}`, {
        headers: { ...page, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      })
    expect((await browser.send('/me', page)).json).toMatchObject({
      connected: true,
      user: { username: 'mara.lindqvist' },
    })
    expect((await ask('/api/alerts?max-results=1')).json).toHaveLength(1)
    const refusedByIlert = await ask('/api/alerts', { summary: 'From a page' })
    expect(refusedByIlert).toMatchObject({ status: 400, json: { message: "'alertSource' is required" } })
    const refused = [await ask('/api/users'), await browser.visit('/api/ilert/api/alerts')]
    expect(refused.map(({ status }) => status)).toEqual([404, 403])
    expect(app.errors).toEqual([])
  })

  it('protects an API with bearer tokens', async () => {
    const api = await startApi({ express, passport: new Passport(), authenticate: { scope: 'alert' } })
    expect((await api.get(await api.token('alert:w'))).json).toMatchObject({ user: { username: 'mara.lindqvist' } })
    const refused = await Promise.all([
      api.get(),
      api.get(await api.token('profile')),
      api.send(['Authorization', 'Bearer']),
    ])
    expect(refused.map(({ status, challenges }) => [status, challenges.length])).toEqual([
      [401, 1],
      [403, 1],
      [400, 1],
    ])
  })
})
