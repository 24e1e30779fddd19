import { MemoryTokenStore } from '../../src/index.ts'
import { closeApps, REVOKE, TOKEN } from '../support/app.ts'
import { closeProviders, twoProviders } from './two-providers.ts'

afterEach(async () => {
  await closeProviders()
  await closeApps()
})

const KEY = 'k'.repeat(32)

describe('an attempt that was begun at one provider', () => {
  it.each<[string, Parameters<typeof twoProviders>[0]]>([
    ['', {}],
    [', where both strategies have one key', { both: { encryptionKey: KEY } }],
    // A hostile provider gives out whatever client id it likes.
    [', where both have one key and one client id', { both: { encryptionKey: KEY, clientID: 'the-app' } }],
  ])('is not finished at the other%s', async (_, options) => {
    const { app, otherSandbox } = await twoProviders(options)
    for (const [begins, ends] of [
      ['ilert', 'other'],
      ['other', 'ilert'],
    ]) {
      const browser = app.browser()
      const state = new URL(await browser.begin(`/auth/${begins}`)).searchParams.get('state')
      const page = await browser.visit(`/auth/${ends}/callback?code=CANARY-code&state=${state}`)
      expect(page.status).toBe(403)
      expect((await browser.home()).user).toBeNull()
    }
    const exchanges = [...app.sandbox.requests, ...otherSandbox.requests].filter(({ path }) => path === TOKEN)
    expect(exchanges).toEqual([])
    expect(app.errors).toEqual([])
  })

  it('brings a hostile one no code of the other: mix-up, RFC 9700, section 4.4.1', async () => {
    const { app, otherSandbox } = await twoProviders({ both: { encryptionKey: KEY } })
    const victim = app.browser()
    // The victim begins at the hostile provider, which sends the browser on to the honest one: as the app, with the state
    // and the challenge of the attempt.
    const hostile = new URL(await victim.begin('/auth/other'))
    const honest = new URL(await app.browser().begin('/auth/ilert'))
    for (const name of ['state', 'code_challenge']) {
      honest.searchParams.set(name, hostile.searchParams.get(name) as string)
    }
    const callback = await victim.consent(honest.href)
    expect(callback).toMatch(/code=[\w-]{43}/)
    expect((await victim.visit(callback)).status).toBe(403)
    expect([...app.sandbox.requests, ...otherSandbox.requests].filter(({ path }) => path === TOKEN)).toEqual([])
    expect((await victim.home()).user).toBeNull()
  })
})

describe('requireScope of one provider', () => {
  const guarded = () =>
    twoProviders({
      first: { allowedTenants: ['nobody'] },
      second: { scope: 'alert:d' },
      routes: (web, { app, other }) => {
        web.get('/staff', app.ilert.requireScope(), (_req, res) => res.send('in'))
        web.get('/alerts', app.ilert.requireScope('alert'), (_req, res) => res.send('in'))
        web.get('/other', other.requireScope('alert:w'), (_req, res) => res.send('in'))
      },
    })

  it('lets nobody through who is signed in at another one', async () => {
    const { app } = await guarded()
    const browser = app.browser()
    await browser.signIn('/auth/other')
    expect((await browser.visit('/other')).status).toBe(200)
    for (const path of ['/staff', '/alerts']) {
      const page = await browser.visit(path)
      expect([page.status, page.json.error]).toEqual([401, 'unauthorized'])
    }
  })

  it('gives what runs after it the tokens that it has looked at', async () => {
    const { app, otherSandbox } = await twoProviders({
      routes: (web, { app, other }) => {
        web.get('/link', app.passport.authorize('other'))
        web.get('/auth/other/linked', app.passport.authorize('other'), (_req, res) => res.redirect('/'))
        for (const [path, strategy] of [
          ['/with/first', app.ilert],
          ['/with/other', other],
        ] as const) {
          web.get(path, strategy.requireScope(), async (req, res) => {
            res.json([await req.ilert.accessToken(), await req.ilert.get('/api/users/current')])
          })
        }
      },
    })
    const browser = app.browser()
    await browser.signIn()
    // Attached to the same session: both providers are at hand now.
    const callback = new URL(await browser.callback('/link'))
    expect((await browser.visit(`/auth/other/linked${callback.search}`)).location).toBe('/')
    const [first] = (await browser.visit('/with/first')).json as unknown as [string]
    const [second] = (await browser.visit('/with/other')).json as unknown as [string]
    expect(first).not.toBe(second)
    expect((await app.ilert.client.tokenInfo(first)).active).toBe(true)
    expect((await app.ilert.client.tokenInfo(second)).active).toBe(false)
    expect(otherSandbox.requests.filter(({ status }) => status >= 400)).toEqual([])
    expect(app.sandbox.requests.filter(({ status }) => status >= 400)).toEqual([])
  })

  it('does not take the session() of another one for its own', async () => {
    const { app } = await twoProviders({
      middleware: false,
      routes: (web, { app }) => web.get('/staff', app.ilert.requireScope(), (_req, res) => res.send('in')),
    })
    const browser = app.browser()
    await browser.signIn('/auth/other')
    expect((await browser.visit('/staff')).json).toMatchObject({ code: 'session_missing' })
  })
})

it('tokens that are kept under one key in one store are not taken for those of another provider', async () => {
  const { app, other, otherSandbox } = await twoProviders({
    both: {
      tokenStore: new MemoryTokenStore(),
      encryptionKey: KEY,
      tokenKey: ({ profile }) => `user:${profile.id}`,
    },
  })
  const browser = app.browser()
  await browser.signIn()
  const key = `user:${app.sandbox.users[0]?.id}`
  const token = await app.ilert.tokens.accessToken(key)

  // Whoever signs in last at the other one finds the key taken.
  const page = await app.browser().signIn('/auth/other')
  expect([page.status, page.json.code]).toEqual([500, 'unreadable_record'])
  await expect(other.tokens.accessToken(key)).rejects.toMatchObject({ code: 'reauthentication_required' })
  await expect(other.tokens.revoke(key)).rejects.toMatchObject({ code: 'unreadable_record' })

  await other.tokens.close()
  // It was asked to end its own tokens, which have found no place, and has seen no others.
  const revoked = otherSandbox.requests.filter(({ path }) => path === REVOKE)
  expect(revoked.map(({ note }) => note)).toEqual([undefined])
  expect(app.count(REVOKE)).toBe(0)
  expect(await app.ilert.tokens.accessToken(key)).toBe(token)
  expect((await browser.visit('/')).json).toMatchObject({ user: { provider: 'ilert' } })
})
