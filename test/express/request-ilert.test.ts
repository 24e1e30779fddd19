import { closeApps, startApp } from '../support/app.ts'

afterEach(closeApps)

test('req.ilert says when the token ends, and how often it was refreshed', async () => {
  const app = await startApp({
    routes: (web) => {
      web.get('/ends', async (req, res) => {
        const { expiresAt, refreshes } = req.ilert
        const before = { expiresAt: expiresAt ?? null, refreshes }
        if (req.ilert.connected) await req.ilert.accessToken()
        res.json({ before, after: { expiresAt: req.ilert.expiresAt ?? null, refreshes: req.ilert.refreshes } })
      })
    },
  })
  const browser = app.browser()
  const token = async () =>
    (await browser.visit('/ends')).json as Record<'before' | 'after', { expiresAt: number; refreshes: number }>
  expect((await token()).before).toEqual({ expiresAt: null, refreshes: 0 })

  const began = app.sandbox.clock.now()
  await browser.signIn()
  const { before } = await token()
  expect(before.refreshes).toBe(0)
  expect(before.expiresAt).toBeGreaterThanOrEqual(began + 3_600_000)
  expect(before.expiresAt).toBeLessThanOrEqual(app.sandbox.clock.now() + 3_600_000)

  app.sandbox.clock.advance(3_600_000)
  const { after } = await token()
  expect(after.refreshes).toBe(1)
  expect(after.expiresAt).toBeGreaterThanOrEqual(before.expiresAt + 3_600_000)
})
