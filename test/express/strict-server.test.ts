/* Signing out and disconnecting at a server that refuses token_info and revoke without the client's credentials. */
import { IlertBearerStrategy } from '../../src/index.ts'
import { closeApps, isAlive, LASTING, rememberTokens, startApp } from '../support/app.ts'
import { closeApis, startApi } from './bearer-app.ts'

afterEach(async () => {
  await closeApps()
  await closeApis()
})

const STRICT = { requireCredentials: true, ...LASTING }

it.each(['/logout', '/disconnect'])('%s revokes the refresh token there', async (path) => {
  const { seen, verify } = rememberTokens()
  const app = await startApp({
    sandbox: STRICT,
    strategy: { verify },
    routes: (web, { ilert }) => {
      web.post('/logout', ilert.logout())
      web.post('/disconnect', (req, res, next) => {
        req.ilert.disconnect().then(() => res.status(204).end(), next)
      })
    },
  })
  const browser = app.browser()
  await browser.signIn()
  expect(seen).toHaveLength(1)
  expect((await browser.visit(path, { method: 'POST' })).status).toBe(204)
  expect(await isAlive(app, seen[0]?.refreshToken)).toBe(false)
})

it('token_info answers an API that has credentials, and no other', async () => {
  const api = await startApi({
    sandbox: STRICT,
    make: (options, { env }) => {
      const credentials = { clientID: env.ILERT_CLIENT_ID ?? '', clientSecret: env.ILERT_CLIENT_SECRET ?? '' }
      return new IlertBearerStrategy({ ...options, ...credentials })
    },
  })
  expect((await api.get(await api.token())).status).toBe(200)
  const without = await startApi({ sandbox: STRICT })
  expect((await without.get(await without.token())).status).toBe(401)
})
