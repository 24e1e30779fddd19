/*
 * docs/behind-a-proxy.md: its settings work behind a proxy that ends TLS, and below a path that the proxy removes.
 */
import { walk } from '../e2e/walk.ts'
import { answers, pageUnderTest } from '../support/pages.ts'
import { freePort } from '../support/port.ts'

const ENDS_TLS = "name: '__Host-session'"
const BASE_PATH = "basePath: '/portal'"

const code = pageUnderTest('docs/behind-a-proxy.md', [ENDS_TLS, BASE_PATH])

test('through a proxy that ends TLS the session comes back', async () => {
  const origin = 'https://app.example'
  const port = await freePort()
  const sandbox = await code().startSandbox(origin)
  await code().startProgram(
    `
    import { app } from 'BLOCK(${ENDS_TLS})'
    import passport from 'passport'
    passport.serializeUser((user, done) => done(null, user))
    passport.deserializeUser((user, done) => done(null, user))
    app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
    app.get('/auth/ilert', passport.authenticate('ilert'))
    app.get('/', (req, res) => res.send(req.user?.username))
    app.listen(${port}, '127.0.0.1')`,
    { ...sandbox.env, SESSION_SECRET: 'for tests only' },
  )
  await answers(`http://127.0.0.1:${port}`)
  const { answer } = await walk(`${origin}/auth/ilert`, { [origin]: `http://127.0.0.1:${port}` })
  expect([answer.status, answer.text]).toEqual([200, 'mara.lindqvist'])
}, 30_000)

test('below a path that the proxy removes the browser comes back to its page', async () => {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const sandbox = await code().startSandbox(origin, { redirectURI: `${origin}/portal/auth/ilert/callback` })
  const { ILERT_CALLBACK_URL: _, ...env } = sandbox.env
  await code().startProgram(
    `
    import express from 'express'
    import session from 'express-session'
    import passport from 'passport'
    import { ilert } from 'BLOCK(${BASE_PATH})'
    let times = 0
    const app = express()
    // What a proxy does that removes the prefix: the app sees neither it nor a trace of it.
    app.use((req, res, next) => {
      if (!req.url.startsWith('/portal/')) return res.sendStatus(404)
      req.url = req.originalUrl = req.url.slice('/portal'.length)
      next()
    })
    passport.use(ilert)
    passport.serializeUser((user, done) => done(null, user))
    passport.deserializeUser((user, done) => done(null, user))
    app.use(session({ secret: 'test', resave: false, saveUninitialized: false }), passport.session(), ilert.session())
    app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/portal/' }))
    app.get('/page', ilert.requireScope(), (req, res) => res.send(req.user.username + ' sees the page, time ' + ++times))
    app.listen(${port})`,
    env,
  )
  await answers(origin)
  const cookie = await sandbox.signIn(`${origin}/portal/page`)
  const answer = await fetch(`${origin}/portal/page`, { headers: { cookie } })
  expect(await answer.text()).toBe('mara.lindqvist sees the page, time 2')
}, 30_000)
