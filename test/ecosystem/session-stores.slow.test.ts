/*
 * Session stores that put narrow limits on ids, and a session without a store.
 */
import { needs } from '../support/needs.ts'
import { packedTarball } from '../support/pack.ts'
import { startPostgres } from '../support/postgres.ts'
import { APP, VISIT, VISITED } from './apps.ts'
import { PEERS, Project } from './project.ts'

/** The session that most apps have, over `store`. */
const SESSION = `
const session = require('express-session')
const { start } = require('./app.js')
const { visit } = require('./visit.js')
const over = (store) => session({ store, secret: 'of a test', resave: false, saveUninitialized: false })
const print = (value) => {
  console.log(JSON.stringify(value))
  process.exit()
}
`

/** As the README of connect-session-sequelize has it, with the shortest column of all common stores. */
const SEQUELIZE = `${SESSION}
const { Sequelize } = require('sequelize')
const Store = require('connect-session-sequelize')(session.Store)
async function main() {
  const db = new Sequelize(process.env.DATABASE_URL, { logging: false })
  const store = new Store({ db })
  await store.sync()
  await db.query('ALTER TABLE "Sessions" ALTER COLUMN sid TYPE varchar(32)')
  const seen = await visit(await start(over(store)))
  const [rows] = await db.query('SELECT sid FROM "Sessions"')
  print({ seen, ids: rows.map((row) => row.sid) })
}
main()
`

const FILES = `${SESSION}
const { readdirSync } = require('node:fs')
const Store = require('session-file-store')(session)
start(over(new Store({ path: 'sessions', logFn() {} })))
  .then(visit)
  .then((seen) => print({ seen, ids: readdirSync('sessions').map((name) => name.replace(/[.]json$/, '')) }))
`

const COOKIE = `
const cookieSession = require('cookie-session')
const { start } = require('./app.js')
start(cookieSession({ secret: 'of a test' }))
  .then(({ visit }) => visit('/'))
  .then((answer) => {
    console.log(answer)
    process.exit()
  })
`

/** Our ids, among those of express-session: 32 characters, in lower case, so that no file system takes two for one. */
const OUR_ID = /^[\da-f]{32}$/

/** What no file may be called on Windows. */
const NO_FILE_NAME = /[<>:"/\\|?*\p{Cc}]|[ .]$/u

let app: Project

beforeAll(async () => {
  app = await Project.make()
  const stores = ['connect-session-sequelize', 'sequelize@6', 'pg', 'session-file-store', 'cookie-session']
  await app.npm(...PEERS, ...stores, await packedTarball())
  await app.write('app.js', APP)
  await app.write('visit.js', VISIT)
}, 300_000)

afterAll(() => app?.remove())

async function runs(name: string, program: string, env: Record<string, string> = {}): Promise<string> {
  await app.write(`${name}.js`, program)
  return app.run(process.execPath, [`${name}.js`], env)
}

needs('postgres')('with PostgreSQL', () => {
  test('connect-session-sequelize keeps sessions and tokens in a column of 32 characters', async () => {
    const postgres = await startPostgres()
    try {
      const { seen, ids } = JSON.parse(await runs('sequelize', SEQUELIZE, { DATABASE_URL: postgres.url }))
      expect(seen).toEqual(VISITED)
      expect(ids).toContainEqual(expect.stringMatching(OUR_ID))
    } finally {
      await postgres.stop()
    }
  }, 60_000)
})

test('session-file-store keeps tokens in files whose names every system takes', async () => {
  const { seen, ids } = JSON.parse(await runs('files', FILES))
  expect(seen).toEqual(VISITED)
  expect(ids).toContainEqual(expect.stringMatching(OUR_ID))
  expect(ids.filter((id: string) => NO_FILE_NAME.test(id))).toEqual([])
}, 60_000)

test('cookie-session is named by the error, which says what to do', async () => {
  expect(await runs('cookie', COOKIE)).toMatch(/^500 cookie-session .* Use express-session in its place/)
}, 60_000)
