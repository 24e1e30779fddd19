/*
 * docs/operations.md: its code does what it says.
 */
import { needs } from '../support/needs.ts'
import { answers, output, pageUnderTest } from '../support/pages.ts'
import { freePort } from '../support/port.ts'
import { startPostgres } from '../support/postgres.ts'

const FAILURES = 'interface Failure'
const ENDED = "ilert.tokens.on('ended'"
const LEAVER = 'export async function endUser'
const RESEAL = 'await tokens.reseal('
const NO_BACKGROUND = 'refreshWindowSeconds: 0'
const STOPPING = "process.once('SIGTERM'"

const code = pageUnderTest('docs/operations.md', [FAILURES, ENDED, NO_BACKGROUND, STOPPING, LEAVER, RESEAL])

test('what to watch: a line for each failure, with its code and without a secret', async () => {
  const lines = (await code().runProgram(`
    import { IlertStrategy } from 'passport-ilert'
    import { around, mount } from './app.js'
    const lines = []
    console.error = (line) => lines.push(line)
    await import('BLOCK(${FAILURES})')
    await around(
      async (parts) => {
        const close = mount(parts, new IlertStrategy({ clock: parts.sandbox.clock }))
        parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
        parts.app.use((error, req, res, next) => res.status(error.status).end())
        return close
      },
      async ({ origin, sandbox, headers }) => {
        sandbox.fault({ path: '/api/developers/oauth2/token', kind: 503 })
        sandbox.clock.advance(3_600_000)
        const { status } = await fetch(origin + '/token', { headers })
        return [status, ...lines.map((line) => JSON.parse(line))]
      },
    )`)) as unknown[]
  expect(lines).toEqual([503, { ilert: 'refresh', failed: true, code: 'server_error', status: 503 }])
}, 30_000)

test('platforms that stop the process: a refresh happens within a request that needs it, and not before', async () => {
  const refreshes = await code().runProgram(`
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const { ilert } = await import('BLOCK(${NO_BACKGROUND})')
        const close = mount(parts, ilert)
        parts.app.get('/late', (req, res, next) => req.ilert.accessToken().then((token) => res.send(token)).catch(next))
        return close
      },
      async ({ origin, sandbox, headers }) => {
        const refreshes = () => sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length
        const now = Date.now
        let later = 0
        Date.now = () => now() + later
        const at = async (ms) => {
          sandbox.clock.advance(ms - later)
          later = ms
          await (await fetch(origin + '/late', { headers })).text()
          return refreshes()
        }
        return [await at(3_300_000), await at(3_500_000), await at(3_600_000)]
      },
    )`)
  expect(refreshes).toEqual([0, 0, 1])
}, 30_000)

test('stopping a process: SIGTERM ends it, once everything under way has ended', async () => {
  const port = await freePort()
  const sandbox = await code().startSandbox(`http://localhost:${port}`)
  const child = code().start(STOPPING, { ...sandbox.env, PORT: String(port) })
  const ended = output(child)
  await answers(`http://localhost:${port}`)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ stderr: '', code: 0 })
}, 30_000)

test('when a grant ends: a line for it, without its key', async () => {
  const lines = (await code().runProgram(`
    import { around, mount } from './app.js'
    const lines = []
    console.warn = (line) => lines.push(JSON.parse(line))
    await around(
      async (parts) => {
        const { ilert } = await import('BLOCK(${ENDED})')
        const close = mount(parts, ilert)
        parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
        parts.app.use((error, req, res, next) => res.status(error.status).end())
        return close
      },
      async ({ origin, sandbox, headers }) => {
        const now = Date.now
        Date.now = () => now() + 3_600_000
        sandbox.clock.advance(3_600_000)
        sandbox.revoke('mara.lindqvist')
        const { status } = await fetch(origin + '/token', { headers })
        return [status, String(sandbox.users[0].id), ...lines]
      },
    )`)) as unknown[]
  expect(lines).toEqual([401, lines[1], { ilert: 'ended', userID: lines[1], by: 'ilert', refreshes: 0 }])
}, 30_000)

test('ending everything: a user who leaves has no grant and no session afterwards', async () => {
  const results = (await code().runProgram(`
    import { IlertStrategy } from 'passport-ilert'
    import { around, mount } from './app.js'
    const { log } = console
    console.log = (line) => (String(line).startsWith('{"') ? lines.push(JSON.parse(line)) : log(line))
    const lines = []
    let endUser
    await around(
      async (parts) => {
        const { ilert, ...page } = await import('BLOCK(${LEAVER})')
        endUser = page.endUser
        const close = mount(parts, ilert)
        parts.app.get('/connected', (req, res) => res.json(req.ilert.connected))
        return close
      },
      async ({ origin, sandbox, headers }) => {
        const connected = async () => (await fetch(origin + '/connected', { headers })).json()
        const before = await connected()
        const isDone = await endUser(String(sandbox.users[0].id))
        return [before, isDone, await connected(), ...lines]
      },
    )`)) as unknown[]
  expect(results).toEqual([
    true,
    true,
    false,
    { session: true, connected: true },
    { ended: 1, sessions: 0, pending: 0 },
  ])
}, 30_000)

needs('postgres')('with PostgreSQL', () => {
  test('rotating keys: the job says what it has done, and that nothing needs the older key', async () => {
    const server = await startPostgres()
    try {
      const setUp = `
        import { TokenManager } from 'passport-ilert'
        import { PostgresTokenStore } from 'passport-ilert/postgres'
        import { Pool } from 'pg'
        const pool = new Pool({ connectionString: process.env.DATABASE_URL })
        const tokenStore = new PostgresTokenStore({ pool })
        await tokenStore.createTable()
        const tokens = new TokenManager({ tokenStore })
        await tokens.save('a', { accessToken: 'a', refreshToken: 'b', scope: [], expiresAt: Date.now() + 3_600_000 })
        console.log(true)
        await tokens.close()
        await pool.end()`
      const env = { DATABASE_URL: server.url, ILERT_CLIENT_ID: 'app', ILERT_CLIENT_SECRET: 'SECRET' }
      const [before, after] = ['an older key of 32 characters or more', 'a newer key of 32 characters or more']
      await code().runProgram(setUp, { ...env, ILERT_ENCRYPTION_KEY: before })
      const {
        stdout,
        stderr,
        code: exit,
      } = await output(code().start(RESEAL, { ...env, ILERT_ENCRYPTION_KEY: `${after},${before}` }))
      const counts = { resealed: 1, current: 0, older: 0, unreadable: 0, complete: true }
      expect({ counts: JSON.parse(stdout), stderr, exit }).toEqual({ counts, stderr: '', exit: 0 })
    } finally {
      await server.stop()
    }
  }, 60_000)
})
