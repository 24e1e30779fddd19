/*
 * docs/operations.md: its code does what it says.
 */
import { answers, output, pageUnderTest } from '../support/pages.ts'
import { freePort } from '../support/port.ts'

const FAILURES = 'interface Failure'
const TIMES = 'new WeakMap<object, number>'
const NO_BACKGROUND = 'refreshWindowSeconds: 0'
const STOPPING = "process.once('SIGTERM'"

const code = pageUnderTest('docs/operations.md', [FAILURES, TIMES, NO_BACKGROUND, STOPPING])

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

test('how long things take: a line for each, with its milliseconds', async () => {
  const lines = (await code().runProgram(`
    import { IlertStrategy } from 'passport-ilert'
    import { around, mount } from './app.js'
    const lines = []
    const { log } = console
    console.log = (line) => (String(line).startsWith('{"ilert"') ? lines.push(JSON.parse(line)) : log(line))
    await import('BLOCK(${TIMES})')
    await around(async (parts) => mount(parts, new IlertStrategy()), async () => lines)`)) as unknown[]
  expect(lines).toContainEqual({ ilert: 'login', ms: expect.any(Number), outcome: 'success' })
}, 30_000)
