/*
 * What the README shows compiles and runs, word for word.
 */
import { needs } from '../support/needs.ts'
import { answers, pageUnderTest } from '../support/pages.ts'
import { freePort } from '../support/port.ts'
import { startRedis } from '../support/redis.ts'

const FIRST_SCREEN = 'app.listen('
const OWN_USERS = 'const users = new Map'
const CALLING = "routes.get('/open'"
const ERRORS = 'ErrorRequestHandler'
const REDIS = 'new RedisTokenStore('

const code = pageUnderTest('README.md', [FIRST_SCREEN, OWN_USERS, CALLING, ERRORS, REDIS])

test('the app of the first screen signs in, is asked for one more scope, shows alerts and signs out', async () => {
  const port = await freePort()
  const app = `http://localhost:${port}`
  const sandbox = await code().startSandbox(app)
  code().start(FIRST_SCREEN, { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'not one for production' })
  await answers(app)

  const signedIn = { cookie: await sandbox.signIn(`${app}/auth/ilert`) }
  expect(await (await fetch(app, { headers: signedIn })).json()).toMatchObject({
    connected: true,
    user: { provider: 'ilert', username: sandbox.users[0]?.username },
  })

  const refused = await fetch(`${app}/alerts`, { headers: signedIn })
  expect([refused.status, await refused.json()]).toEqual([403, { error: 'insufficient_scope', scope: 'alert' }])
  const withAlerts = { cookie: await sandbox.signIn(`${app}/alerts`) }
  const alerts = (await (await fetch(`${app}/alerts`, { headers: withAlerts })).json()) as unknown[]
  expect(alerts.length).toBeGreaterThan(0)

  await fetch(`${app}/logout`, { method: 'POST', headers: withAlerts, redirect: 'manual' })
  expect(await (await fetch(app, { headers: withAlerts })).json()).toEqual({ user: null, connected: false })
}, 60_000)

test.each([
  ['5', undefined],
  ['4', 'express4'],
])(
  'the app of the first screen outlives an error of ilert, on Express %s',
  async (_, express) => {
    const port = await freePort()
    const app = `http://localhost:${port}`
    const sandbox = await code().startSandbox(app)
    const env = { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'not one for production', ILERT_SCOPE: 'alert' }
    const cwd = express === undefined ? code().folder : await code().withPackage('express', express)
    const child = code().start(FIRST_SCREEN, env, cwd)
    await answers(app)
    const headers = { cookie: await sandbox.signIn(`${app}/auth/ilert`) }
    for (const [kind, expected] of [
      [500, 500],
      ['reset', 503],
      ['html', 502],
    ] as const) {
      const fault = sandbox.fault({ path: '/api/alerts', kind })
      const { status } = await fetch(`${app}/alerts`, { headers })
      expect({ kind, status, exitCode: child.exitCode }).toEqual({ kind, status: expected, exitCode: null })
      fault.clear()
    }
    expect((await fetch(`${app}/alerts`, { headers })).status).toBe(200)
  },
  60_000,
)

test("your own users: keyed on ilert's id", async () => {
  const user = await code().runProgram(`
    import { around, mount } from './app.js'
    await around(
      async (parts) => mount(parts, (await import('BLOCK(${OWN_USERS})')).ilert),
      async ({ origin, headers }) => (await fetch(origin, { headers })).json(),
    )`)
  expect(user).toEqual({ id: expect.stringMatching(/^\d+$/), name: expect.any(String), email: expect.any(String) })
}, 30_000)

test('calling the API reads and writes, and an error reaches the handler of the app', async () => {
  const results = await code().runProgram(`
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const { ilert, routes } = await import('BLOCK(${CALLING})')
        const { showErrors } = await import('BLOCK(${ERRORS})')
        const close = mount(parts, ilert)
        parts.app.use(routes, showErrors)
        return close
      },
      async ({ origin, headers }) => {
        const open = await (await fetch(origin + '/open', { headers })).json()
        const accept = async (id) => {
          const answer = await fetch(origin + '/accept/' + id, { method: 'POST', headers, redirect: 'manual' })
          return [answer.status, answer.headers.get('content-type') ?? '']
        }
        return [open.length, await accept(open[0].id), await accept(1)]
      },
    )`)
  expect(results).toEqual([expect.any(Number), [303, expect.any(String)], [404, 'text/plain; charset=utf-8']])
}, 30_000)

needs('redis-server')('with Redis', () => {
  test('the tokens of a sign-in are in Redis', async () => {
    const redis = await startRedis()
    try {
      const kept = await code().runProgram(
        `
        import { around, mount } from './app.js'
        await around(
          async (parts) => {
            const { client, ilert } = await import('BLOCK(${REDIS})')
            const close = mount(parts, ilert)
            parts.app.get('/keys', async (req, res) => {
              const [, records] = await client.sendCommand(['SCAN', '0', 'MATCH', 'ilert:*', 'TYPE', 'string', 'COUNT', '100'])
              res.json([req.ilert.connected, records.length])
            })
            return async () => {
              await close()
              client.destroy()
            }
          },
          async ({ origin, headers }) => (await fetch(origin + '/keys', { headers })).json(),
        )`,
        { REDIS_URL: redis.url },
      )
      expect(kept).toEqual([true, 1])
    } finally {
      await redis.stop()
    }
  }, 60_000)
})
