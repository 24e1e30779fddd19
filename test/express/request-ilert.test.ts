import { closeApps, startApp } from '../support/app.ts'

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
