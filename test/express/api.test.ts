/* `req.ilert` as ilert's API. What calls can do is tested with the client; here, that they are the user's. */
import { closeApps, startApp } from '../support/app.ts'

afterEach(closeApps)

const ALERTS = '/api/alerts'

/** An app whose page calls the API, and a browser that is signed in to it. */
async function startDesk(clock?: { now(): number }) {
  const app = await startApp({
    strategy: { scope: 'alert:w', ...(clock && { clock }) },
    routes: (web) => {
      // Express 4 knows nothing of promises: a rejection has to be handed on.
      web.get('/alerts', (req, res, next) => {
        req.ilert.get(ALERTS).then((alerts) => res.json(alerts), next)
      })
      web.get('/request', (req, res, next) => {
        const alerts = req.ilert.request('GET', ALERTS, { query: { 'max-results': 1 } })
        alerts.then((some) => res.json(some), next)
      })
    },
  })
  const browser = app.browser()
  await browser.signIn()
  return { app, browser }
}

it('calls are made as the user who is signed in', async () => {
  const { browser } = await startDesk()
  expect((await browser.visit('/alerts')).json).toEqual(
    expect.arrayContaining([expect.objectContaining({ id: 41177 })]),
  )
  expect((await browser.visit('/request')).json).toHaveLength(1)
})

it('a token that ilert takes no more is refreshed, once, and the call made again', async () => {
  const { app, browser } = await startDesk(Date)
  app.sandbox.clock.advance(3_600_000) // by the app's clock it is good for an hour
  expect((await browser.visit('/alerts')).status).toBe(200)
  expect(app.count(ALERTS)).toBe(2)
  expect(app.sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token')).toHaveLength(1)
})

it('nobody who is not signed in calls anything', async () => {
  const { app } = await startDesk()
  const { status, json } = await app.browser().visit('/alerts')
  expect(status).toBe(401)
  expect(json).toMatchObject({ name: 'ReauthenticationRequired', message: 'The user is not signed in with ilert.' })
  expect(app.count(ALERTS)).toBe(0)
})
