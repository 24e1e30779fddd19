import { MemoryTokenStore } from '../../src/index.ts'
import { closeApps, optionsOf, startApp } from '../support/app.ts'
import { FragileStore } from '../tokens/desk.ts'

afterEach(closeApps)

test('req.ilert says when the token ends, and how often it was refreshed', async () => {
  const app = await startApp({
    routes: (web) => {
      web.get('/ends', async (req, res) => {
        const state = () => {
          const { issuedAt = null, expiresAt = null, refreshes } = req.ilert
          return { issuedAt, expiresAt, refreshes }
        }
        const before = state()
        if (req.ilert.connected) await req.ilert.accessToken()
        res.json({ before, after: state() })
      })
    },
  })
  const browser = app.browser()
  const token = async () =>
    (await browser.visit('/ends')).json as Record<
      'before' | 'after',
      Record<'issuedAt' | 'expiresAt' | 'refreshes', number>
    >
  expect((await token()).before).toEqual({ issuedAt: null, expiresAt: null, refreshes: 0 })

  const began = app.sandbox.clock.now()
  await browser.signIn()
  const { before } = await token()
  expect(before.refreshes).toBe(0)
  expect(before.issuedAt).toBeGreaterThanOrEqual(began)
  expect(before.issuedAt).toBeLessThanOrEqual(app.sandbox.clock.now())
  expect(before.expiresAt).toBeGreaterThanOrEqual(began + 3_600_000)
  expect(before.expiresAt).toBeLessThanOrEqual(app.sandbox.clock.now() + 3_600_000)

  app.sandbox.clock.advance(3_600_000)
  const { after } = await token()
  expect(after.refreshes).toBe(1)
  expect(after.issuedAt).toBeGreaterThanOrEqual(before.issuedAt + 3_600_000)
  expect(after.expiresAt).toBeGreaterThanOrEqual(before.expiresAt + 3_600_000)
})

describe('in a process that has just started', () => {
  /** Somebody who has signed in, and the app once more, over the same stores: that of the tokens can be away. */
  async function restarted() {
    const tokens = new MemoryTokenStore()
    const first = await startApp({ strategy: { tokenStore: tokens } })
    const browser = first.browser()
    await browser.signIn()
    const tokenStore = new FragileStore(tokens)
    const app = await startApp({
      strategy: { ...optionsOf(first.sandbox), clock: first.sandbox.clock, tokenStore },
      session: { store: first.store, secret: 'keyboard cat', resave: false, saveUninitialized: false },
    })
    const visit = (path: string) => app.browser().visit(path, { headers: { cookie: browser.cookies } })
    return { tokenStore, visit, token: (await browser.visit('/token')).text }
  }

  test('a token store that is unavailable signs nobody out, and says so when a token is needed', async () => {
    const { tokenStore, visit, token } = await restarted()
    tokenStore.fate = () => 'fail'
    expect((await visit('/')).json).toMatchObject({ connected: true, scope: [], user: { provider: 'ilert' } })
    const page = await visit('/token')
    expect([page.status, page.json.code]).toEqual([503, 'store_unavailable'])
    tokenStore.fate = () => 'work'
    expect((await visit('/token')).text).toBe(token)
  })

  test('a token store that is back within the same request gives the token', async () => {
    const { tokenStore, visit, token } = await restarted()
    let calls = 0
    tokenStore.fate = () => (calls++ === 0 ? 'fail' : 'work')
    expect((await visit('/token')).text).toBe(token)
  })

  test('the token is there at the first request, and what it can be used for', async () => {
    const { visit } = await restarted()
    expect((await visit('/')).json).toMatchObject({ connected: true, scope: ['profile'] })
  })

  test('a user whose tokens are gone is not connected, and stays signed in to the app', async () => {
    const { tokenStore, visit } = await restarted()
    tokenStore.get = async () => undefined
    expect((await visit('/')).json).toMatchObject({ connected: false, user: { provider: 'ilert' } })
    expect((await visit('/token')).json).toMatchObject({ name: 'ReauthenticationRequired' })
  })
})
