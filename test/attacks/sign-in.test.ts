import { createHash } from 'node:crypto'
import { Strategy } from 'passport-strategy'
import { type AppOptions, type Browser, closeApps, startApp, type TestApp, TOKEN } from '../support/app.ts'
import { raw } from '../support/raw.ts'
import { closeServers, json, serve } from '../support/server.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

const NAVIGATION = { 'sec-fetch-mode': 'navigate', accept: 'text/html' }

/** An app that browsers reach over TLS, which a proxy in front of it ends. */
const behindProxy: AppOptions = {
  strategy: { callbackURL: '/auth/ilert/callback' },
  before: (web) => web.set('trust proxy', true),
  callbackURL: (origin) => `${origin.replace('http:', 'https:')}/auth/ilert/callback`,
}
const OVER_TLS = { 'x-forwarded-proto': 'https' }

const nameAndValue = (cookie: string) => [cookie.split('=', 1)[0] ?? '', cookie.slice(cookie.indexOf('=') + 1)] as const

describe('login CSRF', () => {
  it('leaves a victim who is signed in as whom they are, in the same session', async () => {
    const app = await startApp()
    const [attacker, victim] = [app.browser(), app.browser()]
    await victim.signIn()
    const before = await victim.home()
    const { cookies } = victim
    const callback = await attacker.callback()
    const calls = app.count(TOKEN)
    // Led on, as after Back and another consent of their own: nothing of the callback counts.
    expect((await victim.visit(callback)).location).toBe('/')
    expect(victim.cookies).toBe(cookies)
    expect(await victim.home()).toEqual(before)
    expect(app.count(TOKEN)).toBe(calls)
  })

  /** The attacker's own attempt, as a neighbouring host could plant it, and the answer to it. */
  async function planted(app: TestApp, begunWith: Record<string, string>): Promise<[string, string, URL]> {
    const attacker = app.browser()
    const authorize = new URL((await attacker.visit('/auth/ilert', { headers: begunWith })).location)
    const setCookie = attacker.jar.header(new URL(app.origin))
    authorize.searchParams.set('redirect_uri', app.sandbox.env.ILERT_CALLBACK_URL as string)
    return [...nameAndValue(setCookie), new URL(await attacker.consent(authorize.href))]
  }

  it('with an attempt that was begun without TLS, and planted from a neighbouring host, is refused', async () => {
    const app = await startApp(behindProxy)
    const [name, value, callback] = await planted(app, {})
    expect(name).toMatch(/^ilert\./)
    const headers = { ...OVER_TLS, cookie: `${name}=${value}` }
    expect((await app.browser().visit(callback.pathname + callback.search, { headers })).status).toBe(403)
    expect(app.count(TOKEN)).toBe(0)
  })

  // Names that browsers let a neighbouring host set, in the hope that the server reads them as the one they do not.
  it.each<[string, (name: string, value: string) => string]>([
    ['without the prefix', (name, value) => `${name.replace('__Host-Http-', '')}=${value}`],
    [
      'with the prefix in small letters',
      (name, value) => `${name.toLowerCase().replace('__host-', '__host-')}=${value}`,
    ],
    ['with __Host- alone', (name, value) => `${name.replace('Http-', '')}=${value}`],
    ['with __Http-', (name, value) => `${name.replace('__Host-', '__')}=${value}`],
    ['with __Secure-', (name, value) => `${name.replace('__Host-', '__Secure-')}=${value}`],
    ['behind a no-break space', (name, value) => `\xa0${name}=${value}`],
    ['behind a next-line character', (name, value) => `\x85${name}=${value}`],
    ['behind an en quad in UTF-8', (name, value) => `\xe2\x80\x80${name}=${value}`],
    ['in quotation marks', (name, value) => `"${name}"=${value}`],
    ['URL-encoded', (name, value) => `${name.replaceAll('_', '%5F')}=${value}`],
    ['with $Version', (name, value) => `$Version=1; $${name}=${value}`],
    ['in brackets', (name, value) => `${name}[]=${value}`],
  ])('with a cookie that only looks like an attempt is refused: %s', async (_, disguise) => {
    const app = await startApp(behindProxy)
    const [name, value, callback] = await planted(app, OVER_TLS)
    expect(name).toMatch(/^__Host-Http-ilert\./)
    const send = (cookie: string) =>
      raw(app.origin, [
        `GET ${callback.pathname}${callback.search} HTTP/1.1`,
        `Host: ${callback.host}`,
        'X-Forwarded-Proto: https',
        `Cookie: ${cookie}`,
      ])
    expect((await send(disguise(name, value))).status).toBe(403)
    expect(app.count(TOKEN)).toBe(0)
    // The same request with the cookie itself would have been a sign-in.
    expect((await send(`${name}=${value}`)).status).toBe(302)
  })

  it('with a flood of planted cookies costs the victim no attempt', async () => {
    const app = await startApp(behindProxy)
    const victim = app.browser()
    const location = (await victim.visit('/auth/ilert', { headers: OVER_TLS })).location
    const names = [0, 1, 2, 3, 4, 5].map((slot) => `ilert.${slot}`)
    const junk = names.map((name) => `${name}=${'x'.repeat(1000)}`)
    const flooded = { ...OVER_TLS, cookie: [...junk, victim.cookies].join('; ') }
    // Another attempt has a slot of its own, and takes none that anybody began.
    const page = await victim.visit('/auth/ilert', { headers: flooded })
    const [name, ...others] = page.cookies.map((cookie) => nameAndValue(cookie)[0])
    expect(others).toEqual([])
    expect(victim.cookies.split('; ').map((cookie) => nameAndValue(cookie)[0])).toHaveLength(2)
    expect(name).toMatch(/^__Host-Http-/)
    const callback = new URL(await victim.consent(location))
    const back = await victim.visit(callback.pathname + callback.search, { headers: flooded })
    expect(back.location).toBe('/')
  })
})

describe('an authorization code of a victim', () => {
  it('is of no use in an attempt of the attacker: PKCE', async () => {
    const app = await startApp()
    const [attacker, victim] = [app.browser(), app.browser()]
    const stolen = new URL(await victim.callback()).searchParams.get('code') as string
    const own = new URL(await attacker.callback())
    own.searchParams.set('code', stolen)
    const page = await attacker.visit(own)
    expect([page.status, page.json.code]).toEqual([401, 'invalid_grant'])
    expect((await attacker.home()).user).toBeNull()
  })

  it('that was issued to another app is of no use either', async () => {
    const app = await startApp()
    const redirectURI = app.sandbox.env.ILERT_CALLBACK_URL as string
    const { clientID } = app.sandbox.register({ redirectURI })
    const browser = app.browser()
    const authorize = new URL(await browser.begin())
    authorize.searchParams.set('client_id', clientID)
    const page = await browser.visit(await browser.consent(authorize.href))
    expect([page.status, page.json.code]).toEqual([401, 'invalid_grant'])
    expect((await browser.home()).user).toBeNull()
  })

  it('that was asked for without a challenge is refused: a downgrade of PKCE', async () => {
    const app = await startApp()
    const browser = app.browser()
    const authorize = new URL(await browser.begin())
    authorize.searchParams.delete('code_challenge')
    authorize.searchParams.delete('code_challenge_method')
    const callback = await browser.consent(authorize.href)
    expect(callback).toContain('code=')
    const page = await browser.visit(callback)
    expect([page.status, page.json.code]).toEqual([401, 'invalid_grant'])
    expect((await browser.home()).user).toBeNull()
  })
})

it.each(['access_token', 'id_token', 'refresh_token', 'token', 'user'])(
  'what a callback brings as %s is not looked at: tokens come from the token endpoint alone',
  async (name) => {
    const app = await startApp()
    const [attacker, browser] = [app.browser(), app.browser()]
    await attacker.signIn()
    const stolen = (await attacker.visit('/token')).text
    const state = new URL(await browser.begin()).searchParams.get('state')
    const calls = app.sandbox.requests.length
    const page = await browser.visit(`/auth/ilert/callback?state=${state}&token_type=bearer&${name}=${stolen}`)
    expect(page.status).toBe(400)
    expect(app.sandbox.requests).toHaveLength(calls)
    expect((await browser.home()).user).toBeNull()
  },
)

it('every exchange carries the verifier of its own challenge, at least 256 bits of chance each', async () => {
  const tokens = { access_token: 'token', expires_in: 3600, scope: 'profile' }
  const ilert = await serve((response, { path }) => json(response, 200, path === TOKEN ? tokens : { id: 7 }))
  const app = await startApp({ strategy: { apiURL: ilert.origin } })
  const challenges: string[] = []
  for (let i = 0; i < 20; i++) {
    const browser = app.browser()
    const authorize = new URL(await browser.begin())
    expect(authorize.searchParams.get('code_challenge_method')).toBe('S256')
    challenges.push(authorize.searchParams.get('code_challenge') as string)
    await browser.visit(await browser.consent(authorize.href))
  }
  const exchanges = ilert.requests.filter(({ path }) => path === TOKEN).map(({ body }) => new URLSearchParams(body))
  const verifiers = exchanges.map((form) => form.get('code_verifier') as string)
  // 43 characters of base64url are 256 bits (RFC 7636, section 7.1).
  for (const verifier of verifiers) expect(verifier).toMatch(/^[\w-]{43}$/)
  expect(new Set(verifiers).size).toBe(20)
  expect(verifiers.map((verifier) => createHash('sha256').update(verifier).digest('base64url'))).toEqual(challenges)
})

describe('state', () => {
  it('is never what the request or the app says: nobody can fix it in advance', async () => {
    const app = await startApp({ begin: { state: 'CHOSEN-BY-SOMEBODY-EL' } })
    const fixed = await app.browser().visit(`/auth/ilert?state=${'0'.repeat(23)}`)
    expect([fixed.status, fixed.cookies]).toEqual([403, []])
    const states = new Set<string>()
    for (let i = 0; i < 50; i++) states.add(new URL(await app.browser().begin()).searchParams.get('state') ?? '')
    expect(states.size).toBe(50)
    // 22 characters of base64url are 128 bits and more.
    for (const state of states) expect(state).toMatch(/^[0-5][\w-]{22}$/)
    expect(new Set([...states].map((state) => state.slice(1))).size).toBe(50)
  })

  it('is used up by the first answer, whatever that says', async () => {
    const app = await startApp()
    for (const query of ['error=access_denied', 'error=server_error', 'code=', 'code=wrong']) {
      const browser = app.browser()
      const good = await browser.callback()
      const state = new URL(good).searchParams.get('state')
      await browser.visit(`/auth/ilert/callback?${query}&state=${state}`)
      expect((await browser.visit(good)).status).toBe(403)
    }
  })
})

/** A strategy of the app's own: signs in whoever says who they are. */
class Local extends Strategy {
  name = 'local'
  override authenticate(req: { query: { as?: string } }): void {
    ;(this as unknown as { success(user: object): void }).success({ provider: 'local', id: req.query.as })
  }
}

async function appWithCart() {
  return await startApp({
    routes: (web, app) => {
      app.passport.use(new Local() as never)
      web.get('/local/keep', app.passport.authenticate('local', { keepSessionInfo: true }), (_req, res) => {
        res.end()
      })
      web.get('/alerts', app.ilert.requireScope('alert'), (_req, res) => res.send('alerts'))
      web.get('/cart/:item', (req, res) => {
        Object.assign(req.session, { cart: req.params.item })
        res.end()
      })
    },
  })
}

describe('session fixation', () => {
  it("a session id that the attacker knows is nobody's after the sign-in, and its record is gone", async () => {
    const app = await appWithCart()
    const attacker = app.browser()
    await attacker.visit('/cart/bait')
    const fixed = attacker.cookies
    const victim: Browser = app.browser()
    victim.jar.keep(new URL(app.origin), [`${fixed}; Path=/`])
    await victim.signIn()
    expect(await victim.home()).toMatchObject({ connected: true })
    expect(victim.cookies).not.toBe(fixed)
    expect(await attacker.home()).toMatchObject({ user: null, connected: false })
    expect((await victim.home()).session).not.toHaveProperty('cart')
    expect(Object.values(app.store.entries()).filter((text) => text.includes('bait'))).toEqual([])
  })

  it('a sign-in that fails gives nobody a session', async () => {
    const app = await startApp({ strategy: { verify: () => false } })
    const browser = app.browser()
    await browser.signIn()
    expect(browser.cookies).toBe('')
    expect(app.store.entries()).toEqual({})
  })
})

it('a step-up of one user is refused under another who has signed in meanwhile, and changes nothing', async () => {
  const app = await appWithCart()
  const browser = app.browser()
  await browser.signIn()
  const stepUp = (await browser.send('/alerts', NAVIGATION)).location
  await browser.visit('/local/keep?as=somebody-else')
  await browser.visit('/cart/somebody-elses')
  const calls = app.count(TOKEN)
  expect((await browser.visit(await browser.consent(stepUp))).status).toBe(403)
  expect(app.count(TOKEN)).toBe(calls)
  expect(await browser.home()).toMatchObject({
    connected: false,
    user: { provider: 'local', id: 'somebody-else' },
    session: { cart: 'somebody-elses' },
  })
})
