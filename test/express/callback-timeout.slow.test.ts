import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { NetworkError } from '../../src/index.ts'
import { CURRENT_USER, closeApps, REVOKE, startApp, TOKEN } from '../support/app.ts'
import { freePort } from '../support/port.ts'
import { closeServers } from '../support/server.ts'

afterEach(async () => {
  await closeApps()
  await closeServers()
})

const TIMEOUT_MS = 300

// Sandboxes make their key once, when they first need it, which may take longer than that.
beforeAll(async () => {
  const app = await startApp()
  await app.browser().signIn()
})

describe('a provider that accepts the connection and never answers', () => {
  it.each([TOKEN, CURRENT_USER])('ends the callback in time, with an error that the app can show: %s', async (path) => {
    const app = await startApp({ strategy: { timeoutMs: TIMEOUT_MS } })
    const browser = app.browser()
    const callback = await browser.callback()
    app.sandbox.fault({ path, kind: 'hang' })
    const start = performance.now()
    const page = await browser.visit(callback)
    const elapsed = performance.now() - start
    expect(page.status).toBe(503)
    expect(page.json).toMatchObject({ name: 'NetworkError', code: 'timeout' })
    expect(app.errors).toEqual([expect.any(NetworkError)])
    expect(elapsed).toBeGreaterThan(TIMEOUT_MS * 0.9)
    expect(elapsed).toBeLessThan(TIMEOUT_MS + 2000)
    expect((await browser.home()).user).toBeNull()
    // A code is good for one exchange: it is not tried again.
    expect(app.count(TOKEN)).toBe(1)
  })

  it('and gives up a body that never ends', async () => {
    const app = await startApp({ strategy: { timeoutMs: TIMEOUT_MS } })
    app.sandbox.fault({ path: TOKEN, kind: 'trickle', ms: 20 })
    expect((await app.browser().signIn()).status).toBe(503)
  })

  it('leaves nothing that keeps the process alive', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', CHILD, String(TIMEOUT_MS)],
      { timeout: 15_000 },
    )
    expect(stderr).toBe('')
    const { answers, open, sockets, timers } = JSON.parse(stdout)
    expect(answers).toEqual([
      { status: 503, code: 'timeout' },
      { status: 503, code: 'timeout' },
    ])
    expect({ open, sockets, timers }).toEqual({ open: 0, sockets: [], timers: [] })
  })
})

it.each<['reset' | 'html' | 429 | 500 | 503, number]>([
  ['reset', 503],
  ['html', 503],
  [429, 503],
  [500, 503],
  [503, 503],
])('a token endpoint that answers with %s is a NetworkError, and the code is not sent again', async (kind, status) => {
  const app = await startApp()
  app.sandbox.fault({ path: TOKEN, kind })
  expect((await app.browser().signIn()).status).toBe(status)
  expect(app.errors).toEqual([expect.any(NetworkError)])
  expect([app.count(TOKEN), app.count(CURRENT_USER), app.count(REVOKE)]).toEqual([1, 0, 0])
})

it('a provider that is not there is a NetworkError', async () => {
  const port = await freePort()
  const app = await startApp({ strategy: { apiURL: `http://127.0.0.1:${port}` } })
  const page = await app.browser().signIn()
  expect([page.status, page.json.code]).toEqual([503, 'connection_failed'])
})

/** Signs in where ilert hangs, first at the token endpoint and then at the user, and ends by itself or never. */
const CHILD = `
import { createServer } from 'node:http'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { IlertStrategy } from './dist/index.js'

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
const ilert = createServer((req, res) => {
  req.resume()
  if (hanging === 'user' && req.url.endsWith('/token')) {
    const tokens = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600, scope: 'profile' }
    res.setHeader('content-type', 'application/json').end(JSON.stringify(tokens))
  } else if (req.url.endsWith('/revoke')) res.end('{}')
})
let hanging = 'token'
const origin = 'http://127.0.0.1:' + (await listen(ilert))

const app = express()
const server = createServer(app)
const strategy = new IlertStrategy({
  clientID: 'c', clientSecret: 's', appURL: origin, apiURL: origin, timeoutMs: Number(process.argv[1])
})
passport.use(strategy)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))
app.use(session({ secret: 's', resave: false, saveUninitialized: false }), passport.session(), strategy.session())
app.get('/auth/ilert', passport.authenticate('ilert'))
app.get('/auth/ilert/callback', passport.authenticate('ilert'))
app.use((error, req, res, next) => res.status(error.status).json({ status: error.status, code: error.code }))
const base = 'http://127.0.0.1:' + (await listen(server))

const answers = []
for (hanging of ['token', 'user']) {
  const begun = await fetch(base + '/auth/ilert', { redirect: 'manual' })
  const state = new URL(begun.headers.get('location')).searchParams.get('state')
  const headers = { cookie: begun.headers.getSetCookie()[0].split(';')[0] }
  answers.push(await (await fetch(base + '/auth/ilert/callback?code=x&state=' + state, { headers })).json())
}
await strategy.tokens.close()
await strategy.client.close()
// The hung calls are given up, not only no longer waited for.
let open = 1
for (let i = 0; i < 100 && open > 0; i++) {
  open = await new Promise((resolve) => ilert.getConnections((_, count) => resolve(count)))
  await new Promise((resolve) => setTimeout(resolve, 10))
}
for (const each of [server, ilert]) each.close()
server.closeAllConnections()
process.once('beforeExit', () => {
  const left = process.getActiveResourcesInfo()
  const of = (kind) => left.filter((name) => name.includes(kind))
  console.log(JSON.stringify({ answers, open, sockets: of('TCP'), timers: of('Timeout') }))
})
`
