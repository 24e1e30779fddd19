/*
 * Two processes of an app whose sessions are in PostgreSQL, by a session store that knows no leases, and pages that make two
 * requests at the moment of expiry: one in each process.
 */
import { needs } from '../support/needs.ts'
import { packedTarball } from '../support/pack.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { PEERS, Project } from './project.ts'

const LOADS = 45

/** One process: the README's first screen over connect-pg-simple, with a clock that its parent moves. */
const MEMBER = `
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const PgStore = require('connect-pg-simple')(session)
const { IlertStrategy } = require('passport-ilert')

let ahead = 0
const ilert = new IlertStrategy({ scope: 'profile alert', clock: { now: () => Date.now() + ahead } })
passport.use(ilert)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))
const app = express()
const store = new PgStore({ conString: process.env.DATABASE_URL, createTableIfMissing: true })
const cookie = { maxAge: 365 * 86_400_000 }
app.use(session({ store, secret: 'of a test', resave: false, saveUninitialized: false, cookie }))
app.use(passport.session(), ilert.session())
app.get('/auth/ilert', passport.authenticate('ilert'))
app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
app.get('/', (req, res) => res.json({ id: req.user?.id, connected: req.ilert.connected }))
app.get('/me', (req, res, next) => req.ilert.get('/api/users/current').then(({ id }) => res.json({ id }), next))
app.use((error, req, res, next) => res.status(error.status ?? 500).send(error.code + ' ' + error.message))
const server = app.listen(Number(process.env.PORT), () => process.send({ port: server.address().port }))
process.on('message', (ms) => {
  ahead += ms
  process.send('moved')
})
`

/** The browser, and ilert. Prints how the requests were answered, and the refreshes. */
const FLEET = `
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { createServer } = require('node:net')
const { createSandbox } = require('passport-ilert/sandbox')

async function freePort() {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function main() {
  const ports = [await freePort(), await freePort()]
  const base = 'http://localhost:' + ports[0]
  const sandbox = await createSandbox({
    redirectURI: base + '/auth/ilert/callback',
    refreshTokens: process.env.REFRESH_TOKENS,
  })
  const members = []
  for (const PORT of ports) {
    const member = fork('member.js', { env: { ...process.env, ...sandbox.env, PORT } })
    await once(member, 'message')
    members.push(member)
  }
  const get = async (cookie, port, path) => {
    const answer = await fetch('http://localhost:' + port + path, { redirect: 'manual', headers: { cookie } })
    return answer.status + ' ' + (await answer.text())
  }
  const both = (cookie) => Promise.all(ports.map((port) => get(cookie, port, '/me')))
  const advance = async (ms) => {
    sandbox.clock.advance(ms)
    await Promise.all(members.map((member) => (member.send(ms), once(member, 'message'))))
  }

  const cookie = await sandbox.signIn(base + '/auth/ilert')
  await both(cookie)
  sandbox.fault({ path: '/api/developers/oauth2/token', kind: 'delay', ms: 100 })
  const failed = []
  for (let load = 0; load < ${LOADS}; load++) {
    await advance(3_700_000)
    failed.push(...(await both(cookie)).filter((answer) => !answer.startsWith('200 ')))
  }
  const answered = sandbox.requests.filter((one) => one.grantType === 'refresh_token' && one.status === 200).length
  console.log(JSON.stringify({ failed, answered, home: await get(cookie, ports[1], '/') }))
  for (const member of members) member.kill()
  process.exit()
}
main()
`

needs('postgres')('two processes without leases', () => {
  let app: Project
  let postgres: PostgresServer

  beforeAll(async () => {
    postgres = await startPostgres()
    app = await Project.make()
    await app.npm(...PEERS, 'pg', 'connect-pg-simple', await packedTarball())
    await app.write('member.js', MEMBER)
    await app.write('fleet.js', FLEET)
  }, 300_000)

  afterAll(async () => {
    await app?.remove()
    await postgres?.stop()
  })

  test.each(['reuse', 'add', 'rotate'])(
    `${LOADS} pages of two requests at expiry: each is answered, and nobody is signed out (%s)`,
    async (refreshTokens) => {
      const env = { DATABASE_URL: postgres.url, REFRESH_TOKENS: refreshTokens }
      const { failed, answered, home } = JSON.parse(await app.run(process.execPath, ['fleet.js'], env))
      expect(failed).toEqual([])
      expect(answered).toBeGreaterThanOrEqual(LOADS)
      expect(home).toMatch(/^200 .*"connected":true/)
    },
    180_000,
  )
})
