/*
 * The types in apps of all kinds: both majors of Express, compilers from 5.4 on, every way to find modules, npm and pnpm.
 * `skipLibCheck` is off, so the declarations of the package are checked as well, and those of Express.
 */
import { fileURLToPath } from 'node:url'
import { packedTarball } from '../support/pack.ts'
import { PEERS, Project } from './project.ts'

const COMPILE = fileURLToPath(new URL('compile.js', import.meta.url))

/** The README's first screen, and something of each subpath. */
const APP = `
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { IlertStrategy, NetworkError } from 'passport-ilert'
import type { Alert } from 'passport-ilert/api'
import { PostgresTokenStore } from 'passport-ilert/postgres'
import { RedisTokenStore } from 'passport-ilert/redis'
import { createSandbox } from 'passport-ilert/sandbox'
import { tokenStoreContract } from 'passport-ilert/testing'

const ilert = new IlertStrategy()
passport.use(ilert)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user: Express.User, done) => done(null, user))
const app = express()
app.use(session({ secret: process.env.SESSION_SECRET ?? '', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(ilert.session())
app.get('/auth/ilert', passport.authenticate('ilert'))
app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
app.post('/logout', ilert.logout({ redirect: '/' }))
app.get('/alerts', ilert.requireScope('alert'), (req, res, next) => {
  req.ilert.get('/api/alerts').then((alerts: Alert[]) => res.json(alerts), next)
})
export const stores = [new RedisTokenStore({ client: {} }), new PostgresTokenStore({ pool: {} })]
export const retry = (error: unknown) => error instanceof NetworkError && error.retryAfterSeconds
export const more = [createSandbox, tokenStoreContract]
app.listen(3000)
`

/** The user is the profile. */
const PROFILE = `${APP}
app.get('/', (req, res) => {
  const name: string | undefined = req.user?.displayName
  res.send(name)
})
`

/** The app has a user of its own, whose \`id\` is no string. */
const OWN = `${APP.replace('new IlertStrategy()', "new IlertStrategy({ verify: async () => ({ id: 7, plan: 'free' }) })")}
declare global {
  namespace Express {
    interface User { id: number; plan: 'free' | 'paid' }
  }
}
app.get('/', (req, res) => {
  const id: number | undefined = req.user?.id
  res.json({ id, plan: req.user?.plan })
})
`

const SOURCES = { profile: PROFILE, own: OWN }

interface Compilation {
  readonly module: string
  readonly moduleResolution: string
  readonly files: readonly string[]
}

/** A file's ending says of `node16` and `nodenext` whether it is an ES module or CommonJS. */
const COMPILATIONS: readonly Compilation[] = [
  { module: 'node16', moduleResolution: 'node16', files: ['profile.mts', 'profile.cts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', files: ['profile.mts', 'profile.cts'] },
  { module: 'esnext', moduleResolution: 'bundler', files: ['profile.ts'] },
  { module: 'commonjs', moduleResolution: 'node10', files: ['profile.ts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', files: ['own.mts', 'own.cts'] },
]

/** The oldest that is supported, and the last one before the current. */
const WITH_API = ['5.4', '5.9']

/** Has no API, and no `node10` any more. */
const CURRENT = '7'

const COMPILERS = [...WITH_API, CURRENT].map((version) => `typescript-${version}@npm:typescript@${version}`)

const INSTALLERS: [string, (app: Project, ...packages: string[]) => Promise<unknown>][] = [
  ['npm', (app, ...packages) => app.npm(...packages)],
  ['pnpm', (app, ...packages) => app.run('npx', ['-y', 'pnpm@10', 'add', ...packages])],
]

/** Resolves to what a compiler with an API has to say. */
function compile(app: Project, version: string): Promise<string> {
  return app.run(process.execPath, [COMPILE, `typescript-${version}`, JSON.stringify(COMPILATIONS)])
}

/** Rejects with what the current compiler has to say. */
async function compileWithCurrent(app: Project): Promise<void> {
  const tsc = `node_modules/typescript-${CURRENT}/bin/tsc`
  const flags = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2022',
    '--esModuleInterop',
    '--types',
    'node',
  ]
  for (const { module, moduleResolution, files } of COMPILATIONS) {
    if (moduleResolution === 'node10') continue
    const how = ['--module', module, '--moduleResolution', moduleResolution]
    await app.run(process.execPath, [tsc, ...flags, ...how, ...files])
  }
}

describe.each(INSTALLERS)('installed by %s', (_, install) => {
  describe.each(['4', '5'])('beside Express %s', (major) => {
    let app: Project

    beforeAll(async () => {
      app = await Project.make()
      const types = [`@types/express@${major}`, '@types/express-session', '@types/passport', '@types/node@20']
      await install(app, `express@${major}`, ...PEERS.slice(1), ...types, ...COMPILERS, await packedTarball())
      for (const [name, text] of Object.entries(SOURCES)) {
        for (const ending of ['ts', 'mts', 'cts']) await app.write(`${name}.${ending}`, text)
      }
    }, 300_000)

    afterAll(() => app.remove())

    test.each(WITH_API)(
      'TypeScript %s takes the types',
      async (version) => {
        expect(await compile(app, version)).toBe('')
      },
      300_000,
    )

    test('the current TypeScript takes the types', () => compileWithCurrent(app), 300_000)

    test('there is one copy of the types of Express', async () => {
      const core = '*@types/express-serve-static-core/package.json'
      expect((await app.run('find', ['node_modules', '-path', core])).trim().split('\n')).toHaveLength(1)
    })
  })
})
