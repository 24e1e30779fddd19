/*
 * What the README shows compiles and runs, word for word.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { IlertClient, TokenManager } from '../src/index.ts'
import { createSandbox, type Sandbox } from '../src/sandbox/index.ts'
import { RedisTokenStore } from '../src/tokens/redis.ts'
import { needs } from './support/needs.ts'
import { freePort } from './support/port.ts'
import { startRedis } from './support/redis.ts'

const run = promisify(execFile)

let folder: string
let blocks: string[]
const running: ChildProcess[] = []
const sandboxes: Sandbox[] = []

beforeAll(async () => {
  const readme = await readFile('README.md', 'utf8')
  blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '')
  folder = await mkdtemp(join(tmpdir(), 'passport-ilert-readme-'))
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  // A block without an import or an export would be a script, where nothing may be awaited.
  await Promise.all(
    blocks.map((block, i) => writeFile(join(folder, `block-${i}.ts`), `${block}\nexport {${namesIn(block)}}\n`)),
  )
})

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What a block declares, for the programs below to use. */
function namesIn(block: string): string {
  return [...block.matchAll(/^const (\w+) =/gm)].map((match) => match[1]).join(', ')
}

/** The number of the one block that has `text`. */
function blockWith(text: string): number {
  const found = blocks.flatMap((block, i) => (block.includes(text) ? [i] : []))
  expect(found).toHaveLength(1)
  return found[0] as number
}

test('every block compiles, in strict mode', async () => {
  expect(blocks.length).toBeGreaterThan(8)
  const flags = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--outDir', 'out']
  const files = blocks.map((_, i) => `block-${i}.ts`)
  await run('node', [resolve('node_modules/typescript/bin/tsc'), ...flags, ...files], { cwd: folder }).catch(
    (error) => {
      throw new Error(error.stdout)
    },
  )
}, 60_000)

/** Starts a block as a program. `until` is what it prints, or answers, when it is ready. */
function start(text: string, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [`out/block-${blockWith(text)}.js`], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  return child
}

async function output(child: ChildProcess): Promise<{ stdout: string; stderr: string; code: number }> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => (stdout += chunk))
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { stdout, stderr, code }
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (tries === 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test('the app of the first screen signs in, is asked for one more scope, shows alerts and signs out', async () => {
  const port = await freePort()
  const app = `http://localhost:${port}`
  const sandbox = await createSandbox({ port: 0, approve: true, redirectURI: `${app}/auth/ilert/callback` })
  sandboxes.push(sandbox)
  start('app.listen(', { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'not one for production' })
  await answers(app)

  const signedIn = { cookie: await sandbox.signIn(`${app}/auth/ilert`) }
  expect(await (await fetch(app, { headers: signedIn })).json()).toMatchObject({
    connected: true,
    user: { provider: 'ilert', username: sandbox.users[0]?.username },
  })

  const refused = await fetch(`${app}/alerts`, { headers: signedIn })
  expect([refused.status, await refused.json()]).toEqual([403, { error: 'insufficient_scope', scope: 'alert' }])
  const withAlerts = { cookie: await sandbox.signIn(`${app}/alerts`) }
  const alerts = (await (await fetch(`${app}/alerts`, { headers: withAlerts })).json()) as unknown[]
  expect(alerts.length).toBeGreaterThan(0)

  await fetch(`${app}/logout`, { method: 'POST', headers: withAlerts, redirect: 'manual' })
  expect(await (await fetch(app, { headers: withAlerts })).json()).toEqual({ user: null, connected: false })
}, 60_000)

test('the sandbox chapter runs', async () => {
  const { stdout, stderr, code } = await output(start("kind: 'hang'", {}))
  expect({ stdout, stderr, code }).toEqual({ stdout: '0\n', stderr: '', code: 0 })
})

test('the contract suite runs in another test runner', async () => {
  const { stdout, code } = await output(start('tokenStoreContract(', {}))
  expect(code).toBe(0)
  // Node's test runner writes TAP into a pipe until version 22, and for people from 24 on.
  expect(stdout).toMatch(/^[#ℹ] pass [1-9]\d+$/m)
}, 60_000)

/** Runs a program that uses blocks: `BLOCK(text)` in it is the import path of the block with that text. */
async function runProgram(source: string, env: Record<string, string> = {}): Promise<unknown> {
  const program = source.replaceAll(/BLOCK\((.*?)\)/g, (_, text) => `./block-${blockWith(text)}.js`)
  await writeFile(join(folder, 'out', 'program.js'), program)
  const child = spawn(process.execPath, ['out/program.js'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: '', ...env },
  })
  running.push(child)
  const { stdout, stderr, code } = await output(child)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

test('the scopes chapter says what comes out', async () => {
  const block = blocks[blockWith('covers(')] as string
  const lines = [...block.matchAll(/^(\w+\(.*\)) \/\/ (.*)$/gm)]
  expect(lines).toHaveLength(4)
  const pairs = lines.map(([, call, value]) => `[${call}, ${value}]`)
  const results = (await runProgram(
    `import { covers, formatScope, parseScope, requiredScope } from 'passport-ilert'
     console.log(JSON.stringify([${pairs.join(', ')}]))`,
  )) as [unknown, unknown][]
  for (const [result, promised] of results) expect(result).toEqual(promised)
})

/** An app of one sign-in with scopes, around the blocks of a chapter. */
const APP = `
  import { once } from 'node:events'
  import express from 'express'
  import session from 'express-session'
  import passport from 'passport'
  import { createSandbox } from 'passport-ilert/sandbox'

  export async function around(load, use) {
    const app = express()
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = 'http://127.0.0.1:' + server.address().port
    const sandbox = await createSandbox({ port: 0, approve: true, redirectURI: origin + '/auth/ilert/callback' })
    Object.assign(process.env, sandbox.env)
    passport.serializeUser((user, done) => done(null, user))
    passport.deserializeUser((user, done) => done(null, user))
    const close = await load({ app, express, passport, sandbox, session, origin })
    const cookie = await sandbox.signIn(origin + '/auth/ilert')
    console.log(JSON.stringify(await use({ origin, sandbox, headers: { cookie } })))
    await close()
    server.closeAllConnections()
    server.close()
    await sandbox.close()
  }
  export const mount = ({ app, passport, session }, ilert) => {
    passport.use(ilert)
    app.use(session({ secret: 'test', resave: false, saveUninitialized: false }), passport.session(), ilert.session())
    app.get('/auth/ilert', passport.authenticate('ilert'))
    app.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/' }))
    app.get('/', (req, res) => res.json(req.user))
    return async () => {
      await ilert.tokens.close()
      await ilert.client.close()
    }
  }
`

describe('the chapters of an app', () => {
  beforeAll(() => writeFile(join(folder, 'out', 'app.js'), APP))

  test("your own users: keyed on ilert's id", async () => {
    const user = await runProgram(`
      import { around, mount } from './app.js'
      await around(
        async (parts) => mount(parts, (await import('BLOCK(const users = new Map)')).ilert),
        async ({ origin, headers }) => (await fetch(origin, { headers })).json(),
      )`)
    expect(user).toEqual({ id: expect.stringMatching(/^\d+$/), name: expect.any(String), email: expect.any(String) })
  }, 30_000)

  test('calling the API: reads, reads all pages, and writes', async () => {
    const results = await runProgram(`
      import { around, mount } from './app.js'
      await around(
        async (parts) => {
          const { ilert, routes } = await import('BLOCK(const routes = express.Router)')
          const close = mount(parts, ilert)
          parts.app.use(routes)
          return close
        },
        async ({ origin, headers }) => {
          const open = await (await fetch(origin + '/open', { headers })).json()
          const all = await (await fetch(origin + '/all', { headers })).json()
          const post = (id) => fetch(origin + '/accept/' + id, { method: 'POST', headers, redirect: 'manual' })
          return [open.length, all.length, (await post(open[0].id)).status, (await post(1)).status]
        },
      )`)
    expect(results).toEqual([expect.any(Number), expect.any(Number), 303, 404])
    const [open, all] = results as [number, number]
    expect(open).toBeGreaterThan(0)
    expect(all).toBeGreaterThan(open)
  }, 30_000)

  test('protecting an API, showing errors and watching', async () => {
    const [whoami, nobody, log] = (await runProgram(`
      import { IlertStrategy } from 'passport-ilert'
      import { around, mount } from './app.js'
      const lines = []
      const { log } = console
      console.log = (line) => (String(line).startsWith('{"ilert"') ? lines.push(JSON.parse(line)) : log(line))
      await import('BLOCK(tracingChannel)')
      await around(
        async (parts) => {
          const { IlertBearerStrategy } = await import('passport-ilert')
          const { api } = await import('BLOCK(new IlertBearerStrategy)')
          const { showErrors } = await import('BLOCK(ErrorRequestHandler)')
          parts.passport.use(new IlertBearerStrategy({ appID: Number(process.env.ILERT_APP_ID) }))
          const ilert = new IlertStrategy()
          const close = mount(parts, ilert)
          parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
          parts.app.use(api)
          parts.app.use(showErrors)
          return close
        },
        async ({ origin, headers }) => {
          const authorization = 'Bearer ' + (await (await fetch(origin + '/token', { headers })).text())
          const whoami = await (await fetch(origin + '/whoami', { headers: { authorization } })).json()
          const refused = await fetch(origin + '/token')
          return [whoami, [refused.status, await refused.text()], lines]
        },
      )`)) as [object, [number, string], { ilert: string; ms: number }[]]
    expect(whoami).toEqual({
      tenant: expect.any(String),
      username: expect.any(String),
      scope: ['profile'],
      appID: expect.any(Number),
    })
    expect(nobody).toEqual([401, expect.stringContaining('sign')])
    expect(log).toContainEqual({ ilert: 'login', ms: expect.any(Number), outcome: 'success' })
  }, 30_000)
})

needs('redis-server')('with Redis', () => {
  test('the job works while the user is away', async () => {
    const redis = await startRedis()
    const client = createClient({ url: redis.url })
    try {
      const redirectURI = 'http://localhost/callback'
      const sandbox = await createSandbox({ port: 0, approve: true, redirectURI })
      sandboxes.push(sandbox)
      const { ILERT_CLIENT_ID: clientID, ILERT_CLIENT_SECRET: clientSecret } = sandbox.env as Record<string, string>
      const { appURL, apiURL } = sandbox
      const ilert = new IlertClient({
        clientID: clientID as string,
        clientSecret: clientSecret as string,
        appURL,
        apiURL,
      })
      const codeVerifier = 'v'.repeat(43)
      const codeChallenge = Buffer.from(
        await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier)),
      ).toString('base64url')
      const url = ilert.authorizationURL({ redirectURI, scope: 'profile schedule', state: 'state', codeChallenge })
      const answer = await fetch(url, { redirect: 'manual' })
      const code = new URL(answer.headers.get('location') as string).searchParams.get('code') as string

      await client.connect()
      const tokenStore = new RedisTokenStore({ client })
      const options = { clientID: clientID as string, clientSecret: clientSecret as string, appURL, apiURL, tokenStore }
      const tokens = new TokenManager(options)
      await tokens.save('user:7', await ilert.exchangeCode({ code, redirectURI, codeVerifier }))
      await Promise.all([tokens.close(), ilert.close()])

      const job = start('tokens.api(', { ...sandbox.env, REDIS_URL: redis.url, ILERT_USER_ID: '7' })
      const { stdout, stderr, code: exit } = await output(job)
      expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 })
      expect(stdout).toContain('name')
    } finally {
      await client.close()
      await redis.stop()
    }
  }, 60_000)
})
