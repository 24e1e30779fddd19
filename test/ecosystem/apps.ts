/*
 * Programs that the projects run. Each prints JSON, or lines that a test compares.
 */

/** Everything that is exported, by what follows the package's name. */
export const SUBPATHS = ['', '/redis', '/postgres', '/sandbox', '/api', '/testing']

/** `start()` makes an app that signs in with a sandbox of its own, as the README's first screen does. */
export const APP = `
const { once } = require('node:events')
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { IlertStrategy } = require('passport-ilert')
const { createSandbox } = require('passport-ilert/sandbox')

exports.start = async (sessions = session({ secret: 'of a test', resave: false, saveUninitialized: false })) => {
  const app = express()
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = 'http://127.0.0.1:' + server.address().port
  const sandbox = await createSandbox({ redirectURI: origin + '/auth/ilert/callback' })
  Object.assign(process.env, sandbox.env)
  const ilert = new IlertStrategy({ scope: 'alert', clock: sandbox.clock })
  passport.use(ilert)
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user))
  app.use(sessions, passport.session(), ilert.session())
  app.get('/auth/ilert', passport.authenticate('ilert'))
  app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
  app.get('/', (req, res) => res.send(req.user ? req.user.displayName : 'nobody'))
  app.get('/alerts', (req, res, next) => req.ilert.get('/api/alerts').then((alerts) => res.json(alerts.length), next))
  app.post('/logout', ilert.logout({ redirect: '/' }))
  app.use((error, req, res, next) => res.status(error.status ?? 500).send(error.message))
  return {
    sandbox,
    signIn: () => sandbox.signIn(origin + '/auth/ilert'),
    async visit(path, options) {
      const answer = await fetch(origin + path, { redirect: 'manual', ...options })
      return answer.status + ' ' + (await answer.text())
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await ilert.client.close()
      await sandbox.close()
    },
  }
}
`

/** A sign-in, a call, a refresh an hour later, an ilert that does not answer, and a sign-out: prints what each brought. */
export const VISIT = `
exports.visit = async ({ sandbox, signIn, visit }) => {
  const headers = { cookie: await signIn() }
  const seen = [await visit('/', { headers }), await visit('/alerts', { headers })]
  sandbox.clock.advance(3_600_000)
  seen.push(await visit('/alerts', { headers }))
  const fault = sandbox.fault({ path: '/api/alerts', kind: 'reset' })
  seen.push((await visit('/alerts', { headers })).slice(0, 3))
  fault.clear()
  seen.push((await visit('/logout', { headers, method: 'POST' })).slice(0, 3), await visit('/', { headers }))
  return seen
}
`

/** What a visit brings wherever all is well. */
export const VISITED = [
  '200 Mara Lindqvist',
  expect.stringMatching(/^200 [1-9]\d*$/),
  expect.stringMatching(/^200 [1-9]\d*$/),
  '503',
  '303',
  '200 nobody',
]
