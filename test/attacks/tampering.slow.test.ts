import { jest } from '@jest/globals'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import passport, { type Authenticator } from 'passport'
import { IlertStrategy } from '../../src/index.ts'
import { closeApps, optionsOf, REVOKE, startApp, type TestApp, TOKEN } from '../support/app.ts'
import { raw } from '../support/raw.ts'

afterEach(async () => {
  jest.restoreAllMocks()
  await closeApps()
})

const flip = (text: string, i: number, bit: number) =>
  text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << bit)) + text.slice(i + 1)

it("every bit of an attempt's cookie counts, of its name as of its value", async () => {
  const app = await startApp()
  const browser = app.browser()
  const { pathname, search, host } = new URL(await browser.callback())
  const send = (cookie: string) =>
    raw(app.origin, [`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Cookie: ${cookie}`])
  const { cookies } = browser
  let sent = 0
  for (let i = 0; i < cookies.length; i++) {
    const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((bit) => send(flip(cookies, i, bit))))
    for (const [bit, { status }] of answers.entries()) {
      sent++
      // Control characters are refused by Node itself, with 400.
      if (status !== 403 && status !== 400) throw new Error(`${status} for bit ${bit} of character ${i}`)
    }
  }
  expect(sent).toBeGreaterThan(1500)
  expect(app.count(TOKEN)).toBe(0)
  expect(app.errors).toEqual([])
  // Nothing was lost: the attempt is as good as before.
  expect((await send(cookies)).status).toBe(302)
  expect(app.count(TOKEN)).toBe(1)
}, 120_000)

const KEY = 'k'.repeat(32)

/** Puts a process that has just started, and has nothing in memory, in the place of the app's. */
function restart(app: TestApp): void {
  const ilert = new IlertStrategy({ ...optionsOf(app.sandbox), clock: app.sandbox.clock, encryptionKey: KEY })
  const authenticator = new passport.Passport() as unknown as Authenticator
  authenticator.deserializeUser((user: Express.User, done) => done(null, user))
  const web = express()
  web.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, store: app.store }))
  web.use(authenticator.session(), ilert.session())
  web.get('/token', async (req, res) => {
    res.send(await req.ilert.accessToken())
  })
  web.use(((error, _req, res, _next) => {
    res.status(error.status ?? 500).json({ code: error.code })
  }) satisfies ErrorRequestHandler)
  for (const emitter of [app.server, app.store]) emitter.removeAllListeners()
  app.server.on('request', web)
}

it('every bit of a stored record counts: what was changed counts as absent, and nothing of it is lost', async () => {
  const app = await startApp({ strategy: { encryptionKey: KEY } })
  const browser = app.browser()
  await browser.signIn()
  const token = (await browser.visit('/token')).text
  const [id = '', record = ''] = Object.entries(app.store.entries()).find(([, text]) => text.includes('"ilert":')) ?? []
  const sessions = (app.store as unknown as { sessions: Record<string, string> }).sessions
  const from = record.indexOf('"data":"') + 8
  const isSealed = (i: number) => i >= from && i < record.indexOf('"', from)
  const counts: Record<string, number> = {}
  const destroyed = jest.spyOn(app.store, 'destroy')
  const written = jest.spyOn(app.store, 'set')
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {}) // once for each process
  // Of what is sealed every fifth character: test/tokens/seal.test.ts has them all.
  for (let i = 0; i < record.length; i += isSealed(i) && isSealed(i + 5) ? 5 : 1) {
    restart(app)
    const changed = flip(record, i, (3 * i) % 7)
    sessions[id] = changed
    const { status, text } = await browser.visit('/token')
    counts[status] = (counts[status] ?? 0) + 1
    if (status === 200 && text === token) {
      // Around what is sealed stands what the session store needs: its cookie, and the end.
      if (isSealed(i)) throw new Error(`character ${i} does not count: ${changed}`)
    } else if (status !== 401 && status !== 503) {
      throw new Error(`${status} ${text} for character ${i}: ${changed}`)
    }
  }
  expect(counts['401']).toBeGreaterThan(200)
  expect(warned.mock.calls.length).toBeGreaterThan(200)
  // Nobody has touched it, but for the store itself, which forgets what has ended.
  expect([...destroyed.mock.calls, ...written.mock.calls].filter(([touched]) => touched === id)).toEqual([])
  sessions[id] = record
  restart(app)
  expect((await browser.visit('/token')).text).toBe(token)
  expect([app.count(REVOKE), app.count(TOKEN)]).toEqual([0, 1])
}, 120_000)
