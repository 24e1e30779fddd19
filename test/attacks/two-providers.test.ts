import { MemoryTokenStore } from '../../src/index.ts'
import { closeApps, REVOKE } from '../support/app.ts'
import { closeProviders, twoProviders } from './two-providers.ts'

afterEach(async () => {
  await closeProviders()
  await closeApps()
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

  it('gives what comes behind the tokens that it has looked at', async () => {
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
      encryptionKey: 'k'.repeat(32),
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
