/*
 * What the README shows compiles and runs, word for word.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'redis'
import { IlertClient, TokenManager } from '../src/index.ts'
import { createSandbox, type Sandbox } from '../src/sandbox/index.ts'
import { RedisTokenStore } from '../src/tokens/stores/redis.ts'
import { needs } from './support/needs.ts'
import { APP, answers, output, Pages } from './support/pages.ts'
import { freePort } from './support/port.ts'
import { startRedis } from './support/redis.ts'

let pages: Pages
const sandboxes: Sandbox[] = []

beforeAll(async () => {
  pages = await Pages.open(['README.md'])
  await pages.compile().catch(() => {}) // what is wrong is said by the test below
}, 60_000)

afterEach(async () => {
  pages.stop()
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()))
})

afterAll(() => pages.remove())

test('every block compiles, in strict mode', async () => {
  expect(pages.blocks.length).toBeGreaterThan(8)
  await pages.compile()
}, 60_000)

test('the app of the first screen signs in, is asked for one more scope, shows alerts and signs out', async () => {
  const port = await freePort()
  const app = `http://localhost:${port}`
  const sandbox = await createSandbox({ port: 0, approve: true, redirectURI: `${app}/auth/ilert/callback` })
  sandboxes.push(sandbox)
  pages.start('app.listen(', { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'not one for production' })
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
    const sandbox = await createSandbox({ port: 0, approve: true, redirectURI: `${app}/auth/ilert/callback` })
    sandboxes.push(sandbox)
    const env = { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'not one for production', ILERT_SCOPE: 'alert' }
    const cwd = express === undefined ? pages.folder : await pages.withPackage('express', express)
    const child = pages.start('app.listen(', env, cwd)
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

test('the sandbox chapter runs', async () => {
  const { stdout, stderr, code } = await output(pages.start("kind: 'hang'", {}))
  expect({ stdout, stderr, code }).toEqual({ stdout: '0\n', stderr: '', code: 0 })
})

test('the contract suite runs in another test runner', async () => {
  const { stdout, code } = await output(pages.start('tokenStoreContract(', {}))
  expect(code).toBe(0)
  // Node's test runner writes TAP into a pipe until version 22, and for people from 24 on.
  expect(stdout).toMatch(/^[#ℹ] pass [1-9]\d+$/m)
}, 60_000)

test('the scopes chapter says what comes out', async () => {
  const block = pages.blocks[pages.blockWith('covers(')] as string
  const lines = [...block.matchAll(/^(\w+\(.*\)) \/\/ (.*)$/gm)]
  expect(lines).toHaveLength(4)
  const pairs = lines.map(([, call, value]) => `[${call}, ${value}]`)
  const results = (await pages.runProgram(
    `import { covers, formatScope, parseScope, requiredScope } from 'passport-ilert'
     console.log(JSON.stringify([${pairs.join(', ')}]))`,
  )) as [unknown, unknown][]
  for (const [result, promised] of results) expect(result).toEqual(promised)
})

describe('the chapters of an app', () => {
  beforeAll(() => writeFile(join(pages.folder, 'out', 'app.js'), APP))

  test("your own users: keyed on ilert's id", async () => {
    const user = await pages.runProgram(`
      import { around, mount } from './app.js'
      await around(
        async (parts) => mount(parts, (await import('BLOCK(const users = new Map)')).ilert),
        async ({ origin, headers }) => (await fetch(origin, { headers })).json(),
      )`)
    expect(user).toEqual({ id: expect.stringMatching(/^\d+$/), name: expect.any(String), email: expect.any(String) })
  }, 30_000)

  test('calling the API: reads, reads all pages, and writes', async () => {
    const results = await pages.runProgram(`
      import { around, mount } from './app.js'
      await around(
        async (parts) => {
          const { ilert, routes } = await import('BLOCK(const routes = express.Router)')
          const close = mount(parts, ilert)
          parts.app.use(routes)
          return close
        },
        async ({ origin, headers }) => {
          const open = await (await fetch(origin + '/open', { headers })).json()
          const all = await (await fetch(origin + '/all', { headers })).json()
          const post = (id) => fetch(origin + '/accept/' + id, { method: 'POST', headers, redirect: 'manual' })
          return [open.length, all.length, (await post(open[0].id)).status, (await post(1)).status]
        },
      )`)
    expect(results).toEqual([expect.any(Number), expect.any(Number), 303, 404])
    const [open, all] = results as [number, number]
    expect(open).toBeGreaterThan(0)
    expect(all).toBeGreaterThan(open)
  }, 30_000)

  test('protecting an API, showing errors and watching', async () => {
    const [whoami, nobody, log] = (await pages.runProgram(`
      import { IlertStrategy } from 'passport-ilert'
      import { around, mount } from './app.js'
      const lines = []
      const { log } = console
      console.log = (line) => (String(line).startsWith('{"ilert"') ? lines.push(JSON.parse(line)) : log(line))
      await import('BLOCK(tracingChannel)')
      await around(
        async (parts) => {
          const { IlertBearerStrategy } = await import('passport-ilert')
          const { api } = await import('BLOCK(new IlertBearerStrategy)')
          const { showErrors } = await import('BLOCK(ErrorRequestHandler)')
          parts.passport.use(new IlertBearerStrategy({ appID: Number(process.env.ILERT_APP_ID) }))
          const ilert = new IlertStrategy()
          const close = mount(parts, ilert)
          parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
          parts.app.use(api)
          parts.app.use(showErrors)
          return close
        },
        async ({ origin, headers }) => {
          const authorization = 'Bearer ' + (await (await fetch(origin + '/token', { headers })).text())
          const whoami = await (await fetch(origin + '/whoami', { headers: { authorization } })).json()
          const refused = await fetch(origin + '/token')
          return [whoami, [refused.status, await refused.text()], lines]
        },
      )`)) as [object, [number, string], { ilert: string; ms: number }[]]
    expect(whoami).toEqual({
      tenant: expect.any(String),
      username: expect.any(String),
      scope: ['profile'],
      appID: expect.any(Number),
    })
    expect(nobody).toEqual([401, expect.stringContaining('sign')])
    expect(log).toContainEqual({ ilert: 'login', ms: expect.any(Number), outcome: 'success' })
  }, 30_000)
})

needs('redis-server')('with Redis', () => {
  test('the job works while the user is away', async () => {
    const redis = await startRedis()
    const client = createClient({ url: redis.url })
    try {
      const redirectURI = 'http://localhost/callback'
      const sandbox = await createSandbox({ port: 0, approve: true, redirectURI })
      sandboxes.push(sandbox)
      const { ILERT_CLIENT_ID: clientID, ILERT_CLIENT_SECRET: clientSecret } = sandbox.env as Record<string, string>
      const { appURL, apiURL } = sandbox
      const ilert = new IlertClient({
        clientID: clientID as string,
        clientSecret: clientSecret as string,
        appURL,
        apiURL,
      })
      const codeVerifier = 'v'.repeat(43)
      const codeChallenge = Buffer.from(
        await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier)),
      ).toString('base64url')
      const url = ilert.authorizationURL({ redirectURI, scope: 'profile schedule', state: 'state', codeChallenge })
      const answer = await fetch(url, { redirect: 'manual' })
      const code = new URL(answer.headers.get('location') as string).searchParams.get('code') as string

      await client.connect()
      const tokenStore = new RedisTokenStore({ client })
      const options = { clientID: clientID as string, clientSecret: clientSecret as string, appURL, apiURL, tokenStore }
      const tokens = new TokenManager(options)
      await tokens.save('user:7', await ilert.exchangeCode({ code, redirectURI, codeVerifier }))
      await Promise.all([tokens.close(), ilert.close()])

      const job = pages.start('tokens.api(', { ...sandbox.env, REDIS_URL: redis.url, ILERT_USER_ID: '7' })
      const { stdout, stderr, code: exit } = await output(job)
      expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 })
      expect(stdout).toContain('name')
    } finally {
      await client.close()
      await redis.stop()
    }
  }, 60_000)
})
