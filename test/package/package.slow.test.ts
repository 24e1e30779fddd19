/*
 * What people install: the packed tarball, in a project of its own, in plain Node.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { addressOf } from '../../tools/release/address.js'
import { pack } from '../support/pack.ts'
import { run } from '../support/run.ts'

let folder: string
let project: string
let tarball: string
let packed: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passport-ilert-package-'))
  ;({ tarball, files: packed } = await pack(folder))

  project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true }))
  const { devDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  const beside = ['express', 'express-session', 'passport', 'typescript']
  const types = ['node', 'express', 'express-session', 'passport'].map((name) => `@types/${name}`)
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]
  await run('npm', [...install, ...[...beside, ...types].map((name) => `${name}@${devDependencies[name]}`)], {
    cwd: project,
  })
}, 180_000)

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The files in a folder and below, as paths from there. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
}

async function node(name: string, source: string): Promise<string> {
  await writeFile(join(project, name), source)
  const { stdout, stderr } = await run(process.execPath, [name], { cwd: project })
  expect(stderr).toBe('')
  return stdout.trim()
}

test('import brings everything', async () => {
  const names = await node(
    'esm.mjs',
    `import * as main from 'passport-ilert'
     import * as redis from 'passport-ilert/redis'
     import * as postgres from 'passport-ilert/postgres'
     import * as sandbox from 'passport-ilert/sandbox'
     import * as testing from 'passport-ilert/testing'
     const all = [main, redis, postgres, sandbox, testing].flatMap((part) => Object.keys(part))
     console.log(all.sort().join(' '))`,
  )
  expect(names).toBe(
    'APIError IlertBearerStrategy IlertClient IlertError IlertStrategy InsufficientScope MemoryTokenStore NetworkError OAuthError ' +
      'PostgresTokenStore ReauthenticationRequired RedisTokenStore SessionTokenStore Strategy TokenManager ' +
      'connectSandbox covers createSandbox formatScope parseScope requiredScope scopes tokenStoreContract',
  )
})

test('require brings the same, without a warning', async () => {
  const output = await node(
    'cjs.cjs',
    `const { IlertStrategy } = require('passport-ilert')
     const { createSandbox } = require('passport-ilert/sandbox')
     const { RedisTokenStore } = require('passport-ilert/redis')
     const { PostgresTokenStore } = require('passport-ilert/postgres')
     const strategy = new IlertStrategy({ clientID: 'a', clientSecret: 'b' })
     console.log(strategy.name, typeof createSandbox, typeof RedisTokenStore, typeof PostgresTokenStore)`,
  )
  expect(output).toBe('ilert function function function')
})

test('the types serve ES modules and CommonJS', async () => {
  const source = `
    import passport from 'passport'
    import { IlertStrategy, NetworkError } from 'passport-ilert'
    import { RedisTokenStore } from 'passport-ilert/redis'
    import { PostgresTokenStore } from 'passport-ilert/postgres'
    import { createSandbox } from 'passport-ilert/sandbox'
    import type { Request } from 'express'
    passport.use(new IlertStrategy({ scope: 'profile alert:w', verify: async ({ profile }) => profile }))
    export const token = (req: Request): Promise<string> => req.ilert.accessToken()
    export const sandbox = createSandbox({ port: 0 })
    export const store = new RedisTokenStore({ client: {} })
    export const other = new PostgresTokenStore({ pool: {} })
    export const retry = (error: unknown) => (error instanceof NetworkError ? error.retryAfterSeconds : undefined)
    // @ts-expect-error: no such option
    new IlertStrategy({ clientId: 'x' })
  `
  await writeFile(join(project, 'types.mts'), source)
  await writeFile(join(project, 'types.cts'), source)
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--esModuleInterop',
    '--types',
    'node',
  ]
  await run('npx', ['tsc', ...flags, 'types.mts', 'types.cts'], { cwd: project })
}, 60_000)

test('holds the build and what people read, and nothing else', async () => {
  const declarations = (await filesIn('src'))
    .filter((path) => !path.endsWith('.d.ts'))
    .map((path) => `dist/${path.replace(/\.ts$/, '')}.d.ts`)
  const { bin, exports } = JSON.parse(await readFile('package.json', 'utf8'))
  const entries = Object.values<{ import?: object; require?: object }>(exports)
  const targets = entries.flatMap((entry) =>
    [entry.import, entry.require].flatMap((target) => Object.values(target ?? {})),
  )
  const built = new Set([
    ...declarations.filter((path) => packed.includes(path)),
    ...[...targets, ...Object.values<string>(bin)].map((path) => path.slice('./'.length)),
    ...['agents', 'core', 'rolldown-runtime', 'sandbox'].map((name) => `dist/chunks/${name}.js`),
    'dist/package.json',
  ])
  const read = ['LICENSE', 'README.md', 'package.json']
  expect(packed.sort()).toEqual([...built, ...read].sort())
})

test('has the declarations that an app can reach, and none that only this package uses', async () => {
  const has = ['ilert/api/alerts', 'client/api-paths', 'tokens/manager', 'sandbox/messages']
  const hasNot = ['sandbox/api/router', 'tokens/stores/redis-scripts', 'express/bff/judge']
  for (const path of has) expect(packed).toContain(`dist/${path}.d.ts`)
  for (const path of hasNot) expect(packed).not.toContain(`dist/${path}.d.ts`)
})

test('has less than 250 kB', async () => {
  expect((await stat(tarball)).size).toBeLessThan(250_000)
})

test('runs nothing at installation: what is there then is what was packed', async () => {
  const installed = join(project, 'node_modules/passport-ilert')
  expect(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))).not.toHaveProperty('scripts')
  const own = (await filesIn(installed)).filter((path) => !path.startsWith('node_modules/'))
  expect(own.sort()).toEqual(packed.sort())
})

test('its manifest and its README lead to the repository, and not to files that are not there', async () => {
  const installed = join(project, 'node_modules/passport-ilert')
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const field of ['private', 'workspaces', 'devDependencies']) expect(manifest).not.toHaveProperty(field)
  const address = addressOf(manifest)
  expect(manifest).toMatchObject({ bugs: `${address}/issues`, homepage: `${address}#readme` })

  const readme = await readFile(join(installed, 'README.md'), 'utf8')
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  expect(links.some((link) => link.startsWith(`${address}/blob/HEAD/docs/`))).toBe(true)
  expect(links.filter((link) => !/^(?:https:|#)/.test(link) && !packed.includes(link))).toEqual([])
})

test('publint and are-the-types-wrong find nothing', async () => {
  await run('npx', ['publint', '--strict', tarball], { cwd: process.cwd() })
  await run('npx', ['attw', '--profile', 'strict', '--', tarball], {
    cwd: process.cwd(),
  })
}, 180_000)

test('ilert-sandbox starts from the command line, prints what an app needs, and ends when told to', async () => {
  const sandbox = spawn('npx', ['--no-install', 'ilert-sandbox', '--port', '0'], { cwd: project, detached: true })
  try {
    let output = ''
    sandbox.stdout.setEncoding('utf8')
    for await (const chunk of sandbox.stdout) {
      output += chunk
      if (output.includes('ILERT_API_URL')) break
    }
    const url = /ILERT_API_URL=["']?(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
    const answer = await fetch(`${url}/api/users/current`)
    expect(answer.status).toBe(401)
    await answer.arrayBuffer()
  } finally {
    const exit = once(sandbox, 'exit')
    process.kill(-(sandbox.pid as number), 'SIGTERM')
    await exit
  }
}, 60_000)
