/*
 * Jest in its default mode, where every module is CommonJS, on every Node that is supported; and that import and require
 * get the same of everything.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PEERS, Project, packed } from './project.ts'

const SUBPATHS = ['', '/redis', '/postgres', '/sandbox', '/api', '/testing']

const SIGN_IN = `
const { once } = require('node:events')
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { IlertStrategy, NetworkError } = require('passport-ilert')
const { createSandbox } = require('passport-ilert/sandbox')
for (const path of ${JSON.stringify(SUBPATHS)}) require('passport-ilert' + path)

test('a whole sign-in, and a call to the API', async () => {
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
  app.use(session({ secret: 'of a test', resave: false, saveUninitialized: false }), passport.session(), ilert.session())
  app.get('/auth/ilert', passport.authenticate('ilert'))
  app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
  app.get('/', (req, res) => res.send(req.user.displayName))
  app.get('/alerts', (req, res, next) => req.ilert.get('/api/alerts').then((alerts) => res.json(alerts.length), next))
  app.use((error, req, res, next) => res.status(error.status).send(String(error instanceof NetworkError)))
  try {
    const cookie = await sandbox.signIn(origin + '/auth/ilert')
    const get = async (path) => (await fetch(origin + path, { headers: { cookie } })).text()
    expect(await get('/')).toBe('Mara Lindqvist')
    expect(Number(await get('/alerts'))).toBeGreaterThan(0)
  } finally {
    server.closeAllConnections()
    server.close()
    await ilert.client.close()
    await sandbox.close()
  }
})
`

let source: { folder: string; tarball: string }
let app: Project

beforeAll(async () => {
  source = await packed()
  app = await Project.make()
  const { platform, arch } = process
  const nodes = ['20.19.0', '22', '24'].map((version) => `node-${version}@npm:node-${platform}-${arch}@${version}`)
  await app.npm(...PEERS, 'jest', ...nodes, source.tarball)
  await app.write('sign-in.test.js', SIGN_IN)
}, 300_000)

afterAll(async () => {
  await app?.remove()
  await rm(source.folder, { recursive: true, force: true })
})

test.each(['20.19.0', '22', '24'])(
  'Jest without any setting loads the package on Node %s, and signs in',
  async (version) => {
    const node = join(app.folder, `node_modules/node-${version}/bin/node`)
    expect(await app.run(node, ['node_modules/jest/bin/jest.js'])).toMatch(/Tests: +1 passed, 1 total/)
  },
  120_000,
)

test('import and require share every class and every value', async () => {
  await app.write(
    'shared.mjs',
    `import { createRequire } from 'node:module'
     const require = createRequire(import.meta.url)
     for (const path of ${JSON.stringify(SUBPATHS)}) {
       const [imported, required] = [await import('passport-ilert' + path), require('passport-ilert' + path)]
       const names = Object.keys(imported)
       const same = names.every((name) => imported[name] === required[name])
       console.log(path, same && names.length === Object.keys(required).length)
     }
     const { IlertClient, NetworkError } = await import('passport-ilert')
     const client = new IlertClient({ clientID: 'a', apiURL: 'http://127.0.0.1:1' })
     const error = await client.refresh('token').catch((error) => error)
     console.log(error instanceof NetworkError, error instanceof require('passport-ilert').NetworkError)`,
  )
  const lines = (await app.run(process.execPath, ['shared.mjs'])).trim().split('\n')
  expect(lines).toEqual([...SUBPATHS.map((path) => `${path} true`), 'true true'])
})
