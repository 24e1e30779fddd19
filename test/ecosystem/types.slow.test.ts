/*
 * The types in apps of all kinds: both majors of Express, compilers from 5.4 on, every way to find modules, npm and pnpm.
 * `skipLibCheck` is off, so the declarations of the package are checked as well.
 */
import { packedTarball } from '../support/pack.ts'
import { PEERS, Project } from './project.ts'

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

/** TypeScript 7 is the current one. */
const COMPILERS = ['5.4', '5.9', '7']

/** A file's ending says of `node16` and `nodenext` whether it is an ES module or CommonJS. */
const WAYS = [
  { module: 'node16', moduleResolution: 'node16', endings: ['mts', 'cts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', endings: ['mts', 'cts'] },
  { module: 'esnext', moduleResolution: 'bundler', endings: ['ts'] },
  { module: 'commonjs', moduleResolution: 'node10', endings: ['ts'], until: '5.9' },
]

const INSTALLERS: [string, (app: Project, ...packages: string[]) => Promise<unknown>][] = [
  ['npm', (app, ...packages) => app.npm(...packages)],
  // Newer ones refuse packages by their age.
  ['pnpm', (app, ...packages) => app.run('npx', ['-y', 'pnpm@10', 'add', ...packages])],
]

interface Compilation {
  readonly compiler: string
  readonly flags: readonly string[]
}

/** Every compiler, each way to find modules, both kinds of users. */
function compilations(): Compilation[] {
  return COMPILERS.flatMap((compiler) =>
    WAYS.filter(({ until }) => until === undefined || compiler <= until).flatMap((way) =>
      Object.keys(SOURCES).map((source) => {
        const flags = ['--module', way.module, '--moduleResolution', way.moduleResolution]
        return { compiler, flags: [...flags, ...way.endings.map((ending) => `${source}.${ending}`)] }
      }),
    ),
  )
}

const FLAGS = ['--noEmit', '--strict', '--target', 'es2022', '--esModuleInterop', '--types', 'node']

/** Resolves to what compilers have to say. */
async function compileAll(app: Project): Promise<string[]> {
  const failed: string[] = []
  const left = compilations()
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const tsc = `node_modules/typescript-${next.compiler}/bin/tsc`
      await app
        .run(process.execPath, [tsc, ...FLAGS, ...next.flags])
        .catch((error: Error) => failed.push(error.message))
    }
  }
  await Promise.all([work(), work()])
  return failed
}

describe.each(INSTALLERS)('installed by %s', (_, install) => {
  test.each(['4', '5'])(
    'every compiler takes the types beside Express %s, and there is one copy of the types of Express',
    async (major) => {
      const app = await Project.make()
      try {
        const types = [`@types/express@${major}`, '@types/express-session', '@types/passport', '@types/node@20']
        const compilers = COMPILERS.map((version) => `typescript-${version}@npm:typescript@${version}`)
        await install(app, `express@${major}`, ...PEERS.slice(1), ...types, ...compilers, await packedTarball())
        for (const [name, text] of Object.entries(SOURCES)) {
          for (const ending of ['ts', 'mts', 'cts']) await app.write(`${name}.${ending}`, text)
        }
        expect(await compileAll(app)).toEqual([])
        const core = '*@types/express-serve-static-core/package.json'
        expect((await app.run('find', ['node_modules', '-path', core])).trim().split('\n')).toHaveLength(1)
      } finally {
        await app.remove()
      }
    },
    600_000,
  )
})
