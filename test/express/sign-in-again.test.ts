/* A user who is signed in with ilert begins a sign-in once more, or is made to by another site. */
import type { RequestHandler } from 'express'
import { MemoryTokenStore } from '../../src/index.ts'
import { type AppOptions, type Browser, closeApps, REVOKE, startApp, type TestApp } from '../support/app.ts'
import { until } from '../support/until.ts'

afterEach(closeApps)

const asked = (url: string) => new URL(url).searchParams.get('scope')?.split(' ').sort()
const end: RequestHandler = (_req, res) => {
  res.end()
}

/** An app whose user has granted more than it asks everybody for. */
async function widened(options: AppOptions = {}) {
  const app = await startApp({
    ...options,
    routes: (web, app) => {
      web.get('/write', app.ilert.requireScope('alert:w'), end)
      web.get('/teams', app.passport.authenticate('ilert', { scope: 'team' }), end)
      web.get('/link', app.passport.authorize('ilert'), end)
      web.get('/put', (req, res) => {
        Object.assign(req.session, { draft: 'two hours of work' })
        res.end()
      })
      options.routes?.(web, app)
    },
  })
  const browser = app.browser()
  await browser.signIn()
  await stepUp(browser, '/write')
  await browser.visit('/put')
  return { app, browser }
}

async function stepUp(browser: Browser, path: string): Promise<void> {
  const page = await browser.send(path, { 'sec-fetch-mode': 'navigate' })
  await browser.visit(await browser.consent(page.location))
}

/** Comes back from ilert as this user, with these scopes. */
async function consentAs(app: TestApp, browser: Browser, url: string, user: string, scope?: string): Promise<string> {
  const params = Object.fromEntries(new URL(url).searchParams)
  const form = new URLSearchParams({ ...params, ...(scope && { scope }), user, decision: 'allow' })
  return (await browser.visit(`${app.sandbox.appURL}/consent`, { method: 'POST', body: form })).location
}

const FROM_ELSEWHERE = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }

describe('a sign-in of a user who is connected', () => {
  it.each([
    ['/auth/ilert', ['alert:w', 'profile']],
    ['/teams', ['alert:w', 'profile', 'team']],
    ['/link', ['alert:w', 'profile']],
  ])('asks for all that there was as well: %s', async (path, scope) => {
    const { browser } = await widened()
    const page = await browser.send(path, FROM_ELSEWHERE)
    expect(asked(page.location)).toEqual(scope)
  })

  it('that another site has forced removes nothing', async () => {
    const { app, browser } = await widened()
    const cookie = browser.cookies
    const page = await browser.send('/auth/ilert', FROM_ELSEWHERE)
    const back = await browser.visit(await browser.consent(page.location))
    expect(back.status).toBe(302)
    expect(await browser.home()).toMatchObject({
      connected: true,
      scope: ['profile', 'alert:w'],
      session: { draft: 'two hours of work' },
    })
    expect(browser.cookies).not.toBe(cookie)
    await until(() => app.store.grants().length === 1, 'the replaced grant is gone')
  })

  it('is refused to another ilert user, who is told to sign out first, and the first one goes on', async () => {
    const { app, browser } = await widened({
      callback: (app) => app.passport.authenticate('ilert', { failWithError: false }) as never,
    })
    const url = await browser.begin()
    const other = app.sandbox.users[1]?.username as string
    const refused = await browser.visit(await consentAs(app, browser, url, other))
    expect(refused.status).toBe(403)
    await until(() => app.count(REVOKE) === 2, 'the step-up has replaced one, and this one is revoked')
    expect(await browser.home()).toMatchObject({
      connected: true,
      scope: ['profile', 'alert:w'],
      session: { draft: expect.any(String) },
    })
  })

  it('may link another ilert user with passport.authorize', async () => {
    const { app, browser } = await widened({ callback: (app) => app.passport.authorize('ilert') as never })
    const url = await browser.begin('/link')
    const other = app.sandbox.users[1]
    const page = await browser.visit(await consentAs(app, browser, url, other?.username as string))
    expect(page.json).toMatchObject({ connected: true, account: { id: String(other?.id) } })
  })

  it('begins as ever once the user has disconnected, or ilert has ended the grant', async () => {
    const { app, browser } = await widened({
      routes: (web) =>
        web.post('/disconnect', async (req, res) => {
          await req.ilert.disconnect()
          res.end()
        }),
    })
    await browser.visit('/disconnect', { method: 'POST' })
    const url = await browser.begin()
    expect(asked(url)).toEqual(['profile'])
    const other = app.sandbox.users[1]
    await browser.visit(await consentAs(app, browser, url, other?.username as string))
    expect(await browser.home()).toMatchObject({ connected: true, user: { id: String(other?.id) } })
    expect((await browser.home()).session).not.toHaveProperty('draft')
  })
})

describe('with tokenKey', () => {
  const shared = (strategy: AppOptions['strategy'] = {}): AppOptions => ({
    strategy: { tokenKey: ({ profile }) => `user:${profile.id}`, tokenStore: new MemoryTokenStore(), ...strategy },
  })
  const job = (app: TestApp) => app.ilert.tokens.api(`user:${app.sandbox.users[0]?.id}`).get('/api/alerts')

  it('a narrower sign-in of the same ilert user, in another browser, does not take the wider grant’s place', async () => {
    const { app } = await widened(shared())
    const revoked = app.count(REVOKE)
    const another = app.browser()
    await another.signIn()
    expect(await another.home()).toMatchObject({ connected: true, scope: ['profile', 'alert:w'] })
    expect(await job(app)).toEqual(expect.any(Array))
    await until(() => app.count(REVOKE) === revoked + 1, 'the narrower one is revoked')
  })

  it('a wider one does', async () => {
    const { app, browser } = await widened(shared())
    const token = (await browser.visit('/token')).text
    const another = app.browser()
    await another.signIn()
    expect((await another.visit('/token')).text).toBe(token)
    await another.signIn('/teams')
    expect((await another.visit('/token')).text).not.toBe(token)
    expect((await browser.home()).scope.sort()).toEqual(['alert:w', 'profile', 'team'])
  })

  it('a narrower one does when ilert has ended the wider', async () => {
    const { app } = await widened(shared())
    app.sandbox.revoke(app.sandbox.users[0]?.username as string)
    app.sandbox.clock.advance(3_600_001)
    const another = app.browser()
    await another.signIn()
    expect(await another.home()).toMatchObject({ connected: true, scope: ['profile'] })
    expect((await another.visit('/token')).status).toBe(200)
  })

  it('a narrower one of another ilert user does, under a key for all', async () => {
    const { app } = await widened(shared({ tokenKey: () => 'team' }))
    const another = app.browser()
    const url = await another.begin()
    await another.visit(await consentAs(app, another, url, app.sandbox.users[1]?.username as string))
    expect(await another.home()).toMatchObject({ connected: true, scope: ['profile'] })
  })

  it('a narrower one does when verify has saved it', async () => {
    let app: TestApp | undefined
    let saves = false
    const strategy = {
      verify: (async ({ tokens, profile }) => {
        if (saves) await app?.ilert.tokens.save(`user:${profile.id}`, tokens)
        return profile as never
      }) as NonNullable<NonNullable<AppOptions['strategy']>['verify']>,
    }
    ;({ app } = await widened(shared(strategy)))
    saves = true
    const another = app.browser()
    await another.signIn()
    expect(await another.home()).toMatchObject({ connected: true, scope: ['profile'] })
    await expect(job(app)).rejects.toMatchObject({ name: 'InsufficientScope' })
  })
})
