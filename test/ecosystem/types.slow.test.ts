/*
 * The types in apps of all kinds: both majors of Express, compilers from 5.4 on, every way to find modules, npm and pnpm.
 * `skipLibCheck` is off, so the declarations of the package are checked as well.
 */
import { rm } from 'node:fs/promises'
import { PEERS, Project, packed } from './project.ts'

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

const COMPILERS = ['5.4', '5.9', '7']
const WAYS: [string, string, string][] = [
  ['node16', 'node16', 'mts'],
  ['node16', 'node16', 'cts'],
  ['nodenext', 'nodenext', 'mts'],
  ['nodenext', 'nodenext', 'cts'],
  ['esnext', 'bundler', 'ts'],
  ['commonjs', 'node10', 'ts'],
]

const INSTALLERS: [string, (app: Project, ...packages: string[]) => Promise<unknown>][] = [
  ['npm', (app, ...packages) => app.npm(...packages)],
  ['pnpm', (app, ...packages) => app.run('npx', ['-y', 'pnpm@10', 'add', ...packages])],
]

let source: { folder: string; tarball: string }

beforeAll(async () => {
  source = await packed()
}, 300_000)

afterAll(() => rm(source.folder, { recursive: true, force: true }))

describe.each(INSTALLERS)('installed by %s', (_, install) => {
  test.each(['4', '5'])(
    'every compiler takes the types beside Express %s, and there is one copy of the types of Express',
    async (major) => {
      const app = await Project.make()
      try {
        const types = [`@types/express@${major}`, '@types/express-session', '@types/passport', '@types/node@20']
        const compilers = COMPILERS.map((version) => `typescript-${version}@npm:typescript@${version}`)
        await install(app, `express@${major}`, ...PEERS.slice(1), ...types, ...compilers, source.tarball)
        const failed: string[] = []
        for (const [name, text] of Object.entries({ profile: PROFILE, own: OWN })) {
          for (const extension of ['ts', 'mts', 'cts']) await app.write(`${name}.${extension}`, text)
          for (const compiler of COMPILERS) {
            for (const [module, resolution, extension] of WAYS) {
              if (compiler === '7' && resolution === 'node10') continue // it has no such way any more
              const flags = ['--noEmit', '--strict', '--target', 'es2022', '--esModuleInterop', '--types', 'node']
              const how = ['--module', module, '--moduleResolution', resolution, `${name}.${extension}`]
              await app
                .run(process.execPath, [`node_modules/typescript-${compiler}/bin/tsc`, ...flags, ...how])
                .catch((error: Error) => failed.push(error.message))
            }
          }
        }
        expect(failed).toEqual([])
        const copies = await app.run('find', [
          'node_modules',
          '-path',
          '*@types/express-serve-static-core/package.json',
        ])
        expect(copies.trim().split('\n')).toHaveLength(1)
      } finally {
        await app.remove()
      }
    },
    600_000,
  )
})
