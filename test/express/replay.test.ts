/*
 * A callback with a copy of its cookie, as a log of headers may hold it: how long it is good for, and for whom.
 */
import { type AppOptions, closeApps, startApp, type TestApp, TOKEN } from '../support/app.ts'
import { closeServers, serve } from '../support/server.ts'
import { until } from '../support/until.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

const KEPT: [string, AppOptions][] = [
  ['whose tokens are the session’s', {}],
  ['whose tokens are under a key of the app', { strategy: { tokenKey: ({ profile }) => `user:${profile.id}` } }],
]

/** A browser that has signed in, and what somebody who read its headers can send again. */
async function signedIn(app: TestApp) {
  const browser = app.browser()
  const callback = await browser.callback()
  const cookie = browser.cookies
  await browser.visit(callback)
  const replay = async () => {
    const other = app.browser()
    const page = await other.visit(callback, { headers: { cookie } })
    return { status: page.status, user: (await other.home()).user }
  }
  return { browser, replay }
}

describe.each(KEPT)('the callback of a sign-in %s', (_, options) => {
  it('is good for ten seconds, and not for longer however often it is repeated', async () => {
    const app = await startApp(options)
    const { browser, replay } = await signedIn(app)
    for (let i = 0; i < 3; i++) {
      expect(await replay()).toMatchObject({ status: 302 })
      app.sandbox.clock.advance(3000)
    }
    app.sandbox.clock.advance(1000)
    for (let i = 0; i < 3; i++) {
      expect(await replay()).toEqual({ status: 403, user: null })
      app.sandbox.clock.advance(60_000)
    }
    expect(app.count(TOKEN)).toBe(1)
    expect(await browser.home()).toMatchObject({ connected: true })
  })

  it('is good for nothing after the sign-out', async () => {
    const app = await startApp({
      ...options,
      routes: (web, app) => {
        web.post('/logout', app.ilert.logout())
      },
    })
    const { browser, replay } = await signedIn(app)
    await browser.visit('/logout', { method: 'POST' })
    expect(await replay()).toEqual({ status: 403, user: null })
    app.sandbox.clock.advance(60_000)
    expect(await replay()).toEqual({ status: 403, user: null })
    expect(app.count(TOKEN)).toBe(1)
  })
})

it('a sign-out ends the sign-ins of the same user before it, too: of a session that a step-up has replaced', async () => {
  const app = await startApp({
    routes: (web, app) => {
      web.get('/alerts', app.ilert.requireScope('alert'), (_req, res) => res.send('alerts'))
      web.post('/logout', app.ilert.logout())
    },
  })
  const { browser, replay } = await signedIn(app)
  const page = await browser.send('/alerts', { accept: 'text/html', 'sec-fetch-mode': 'navigate' })
  await browser.visit(await browser.consent(page.location))
  await browser.visit('/logout', { method: 'POST' })
  expect(await replay()).toEqual({ status: 403, user: null })
})

it('a callback that is under way when its session signs out signs nobody in', async () => {
  let verify: (() => void) | undefined
  const app = await startApp({
    strategy: {
      verify: async ({ profile }) => {
        if (app.count(TOKEN) > 1) await new Promise<void>((resolve) => (verify = resolve))
        return profile
      },
    },
    routes: (web, app) => {
      web.post('/logout', app.ilert.logout())
    },
  })
  const browser = app.browser()
  await browser.signIn()
  const again = browser.visit(await browser.callback())
  await until(() => verify !== undefined, 'verify')
  await browser.visit('/logout', { method: 'POST' })
  verify?.()
  expect((await again).status).toBe(403)
  expect((await browser.home()).user).toBeNull()
})

it('beyond a hundred sign-ins under way the next one is a 503 with Retry-After, and may be tried again', async () => {
  let open = 0
  const held: (() => void)[] = []
  const slow = await serve((response) => {
    open++
    held.push(() => response.destroy())
  })
  const app = await startApp({ strategy: { apiURL: slow.origin, timeoutMs: 60_000 } })
  const begun = await Promise.all(
    Array.from({ length: 130 }, async () => {
      const browser = app.browser()
      return { browser, url: `/auth/ilert/callback?state=${new URL(await browser.begin()).searchParams.get('state')}` }
    }),
  )
  const pages = begun.map(async ({ browser, url }) => {
    const page = await browser.visit(`${url}&code=x`)
    return { status: page.status, code: page.json.code, retryAfter: page.headers.get('retry-after'), browser, url }
  })
  await until(() => open === 100 && app.errors.length === 30, 'a hundred calls')
  for (const end of held.splice(0)) end()
  const refused = (await Promise.all(pages)).filter(({ code }) => code === 'too_many_sign_ins')
  expect(refused).toHaveLength(30)
  expect(open).toBe(100)
  for (const page of refused) expect(page).toMatchObject({ status: 503, retryAfter: '5' })
  // Its attempt is not used up: this is a call to ilert again.
  const [one] = refused
  const again = one?.browser.visit(`${one.url}&code=x`)
  await until(() => open === 101, 'the call')
  for (const end of held.splice(0)) end()
  expect((await again)?.json.code).not.toBe('too_many_sign_ins')
})

describe('a sign-out', () => {
  it('takes pending attempts back: their answers sign nobody in', async () => {
    const app = await startApp({
      routes: (web, app) => {
        web.post('/logout', app.ilert.logout())
      },
    })
    const browser = app.browser()
    const callbacks = [await browser.callback(), await browser.callback()]
    await browser.signIn()
    browser.jar.keep(new URL(app.origin), ['theme=dark; Path=/'])
    const page = await browser.visit('/logout', { method: 'POST' })
    expect(page.cookies.filter((cookie) => /^ilert\.\d=; Max-Age=0; Path=\/;/.test(cookie))).toHaveLength(2)
    expect(browser.cookies).toMatch(/theme=dark/)
    expect(browser.cookies).not.toMatch(/ilert\.\d/)
    for (const callback of callbacks) expect((await browser.visit(callback)).status).toBe(403)
    expect((await browser.home()).user).toBeNull()
  })

  it('takes back no more cookies than there are slots, whatever the browser brings', async () => {
    const app = await startApp({
      routes: (web, app) => {
        web.post('/logout', app.ilert.logout())
      },
    })
    const names = Array.from({ length: 60 }, (_, i) => [
      `ilert.${i}`,
      `__Host-Http-ilert.${i}`,
      `ilert.${i % 6}`,
    ]).flat()
    const cookie = names.map((name) => `${name}=x`).join('; ')
    const page = await app.browser().visit('/logout', { method: 'POST', headers: { cookie } })
    expect(page.cookies).toHaveLength(12)
  })
})
