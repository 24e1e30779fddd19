/*
 * What the pages of docs/ show compiles and runs, and their links lead somewhere.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createSandbox, type Sandbox, type SandboxOptions } from '../src/sandbox/index.ts'
import { closeBrowsers, visit } from './e2e/browser.ts'
import { cleanUp } from './e2e/clean-up.ts'
import { walk } from './e2e/walk.ts'
import { needs } from './support/needs.ts'
import { APP, answers, output, Pages } from './support/pages.ts'
import { freePort } from './support/port.ts'

/** Something that each block has alone. Each is run by a test below. */
const COOKIE_NAMES = 'const cookies ='
const BEHIND_A_PROXY = "name: '__Host-session'"
const FORM_ACTION = "'form-action': ["
const SAFELY = 'const safely ='
const FAILURES = 'interface Failure'
const NO_BACKGROUND = 'refreshWindowSeconds: 0'
const STOPPING = "process.once('SIGTERM'"
const RUN_BELOW = [COOKIE_NAMES, BEHIND_A_PROXY, FORM_ACTION, SAFELY, FAILURES, NO_BACKGROUND, STOPPING]

let pages: Pages
let paths: string[]
const sandboxes: Sandbox[] = []

beforeAll(async () => {
  paths = (await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name))
  pages = await Pages.open(paths)
  await pages.compile().catch(() => {}) // what is wrong is said by the test below
  await writeFile(join(pages.folder, 'out', 'app.js'), APP)
}, 60_000)

afterEach(async () => {
  pages.stop()
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()))
  await cleanUp()
})

afterAll(async () => {
  await closeBrowsers()
  await pages.remove()
})

async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await createSandbox({ port: 0, approve: true, ...options })
  sandboxes.push(sandbox)
  return sandbox
}

test('every block compiles, in strict mode', async () => {
  expect(pages.blocks.length).toBeGreaterThan(3)
  await pages.compile()
}, 60_000)

test('every block is run by one of these tests', () => {
  for (const text of RUN_BELOW) pages.blockWith(text)
  expect(pages.blocks.filter((block) => !RUN_BELOW.some((text) => block.includes(text)))).toEqual([])
})

test('every link leads to a file and a heading that exist', async () => {
  const broken: string[] = []
  for (const path of ['README.md', ...paths]) {
    const text = (await readFile(path, 'utf8')).replaceAll(/^```.*?^```$/gms, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      const exists = existsSync(target) && (!anchor || (await anchorsOf(target)).includes(anchor))
      if (!exists) broken.push(`${path}: ${link}`)
    }
  }
  expect(broken).toEqual([])
})

/** The anchors of a page's headings, as GitHub makes them. */
async function anchorsOf(path: string): Promise<string[]> {
  const headings = (await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('troubleshooting', () => {
  test('403 at the callback: the log has the names of the cookies and not their values', async () => {
    const log = (await pages.runProgram(`
      import { IlertStrategy } from 'passport-ilert'
      import { around, mount } from './app.js'
      const lines = []
      const { log } = console
      console.log = (line) => (String(line).includes('"cookies"') ? lines.push(line) : log(line))
      await around(
        async (parts) => {
          const { app } = await import('BLOCK(${COOKIE_NAMES})')
          parts.app.use(app)
          return mount(parts, new IlertStrategy())
        },
        async () => lines,
      )`)) as string[]
    expect(log.map((line) => JSON.parse(line))).toEqual([
      { path: '/', protocol: 'http', host: expect.stringMatching(/^127/), cookies: [''] },
      {
        path: '/callback',
        protocol: 'http',
        host: expect.stringMatching(/^127/),
        cookies: [expect.stringMatching(/^ilert\.\w+$/)],
      },
    ])
  }, 30_000)

  test('again and again: with these settings the session comes back through a proxy that ends TLS', async () => {
    const origin = 'https://app.example'
    const redirectURI = `${origin}/auth/ilert/callback`
    const sandbox = await startSandbox({ redirectURI })
    const port = await freePort()
    const env = { ...sandbox.env, ILERT_CALLBACK_URL: redirectURI, SESSION_SECRET: 's'.repeat(32) }
    await pages.startProgram(
      `
      import passport from 'passport'
      import { IlertStrategy } from 'passport-ilert'
      import { app } from 'BLOCK(${BEHIND_A_PROXY})'
      const ilert = new IlertStrategy()
      passport.use(ilert)
      passport.serializeUser((user, done) => done(null, user))
      passport.deserializeUser((user, done) => done(null, user))
      app.use(passport.session(), ilert.session())
      app.get('/auth/ilert/callback', passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
      app.get('/auth/ilert', passport.authenticate('ilert'))
      app.get('/', (req, res) => res.send(req.user?.username))
      app.listen(${port}, '127.0.0.1')`,
      env,
    )
    const url = `http://127.0.0.1:${port}`
    await answers(url)
    const { answer } = await walk(`${origin}/auth/ilert`, { [origin]: url })
    expect([answer.status, answer.text]).toEqual([200, sandbox.users[0]?.username])
  }, 30_000)

  needs('chromium')('in Chromium', () => {
    test('form-action: a form that posts to the sign-in route signs in', async () => {
      const port = await freePort()
      const origin = `http://localhost:${port}`
      const sandbox = await startSandbox({ redirectURI: `${origin}/auth/ilert/callback` })
      await pages.startProgram(
        `
        import session from 'express-session'
        import passport from 'passport'
        import { IlertStrategy } from 'passport-ilert'
        const ilert = new IlertStrategy()
        passport.use(ilert)
        passport.serializeUser((user, done) => done(null, user))
        passport.deserializeUser((user, done) => done(null, user))
        const { default: express } = await import('express')
        const site = express()
        site.use(session({ secret: 'test', resave: false, saveUninitialized: false }), passport.session(), ilert.session())
        const { app } = await import('BLOCK(${FORM_ACTION})')
        site.use(app)
        site.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/' }))
        site.get('/', (req, res) =>
          res.send('<form method="post" action="/sign-in"><button>Sign in</button></form>' + (req.user?.username ?? '')))
        site.listen(${port})`,
        sandbox.env as Record<string, string>,
      )
      await answers(origin)
      const { page } = await visit({ tolerate: /404/ })
      await page.goto(origin)
      await page.click('button')
      await page.waitForURL(`${origin}/`)
      await expect(page.textContent('body')).resolves.toContain(sandbox.users[0]?.username)
    }, 60_000)
  })

  test('Express 4: wrapped handlers pass on what ilert answers, and the process goes on', async () => {
    const folder = await pages.withPackage('express', 'express4')
    const statuses = await pages.runProgram(
      `
      import { around, mount } from './app.js'
      await around(
        async (parts) => {
          const { ilert, routes } = await import('BLOCK(${SAFELY})')
          const close = mount(parts, ilert)
          parts.app.use(routes)
          parts.app.use((error, req, res, next) => res.status(error.status).end())
          return close
        },
        async ({ origin, sandbox, headers }) => {
          const status = async () => (await fetch(origin + '/schedules', { headers })).status
          const first = await status()
          sandbox.fault({ path: '/api/schedules', kind: 500 })
          return [first, await status()]
        },
      )`,
      { ILERT_SCOPE: 'profile schedule' },
      folder,
    )
    expect(statuses).toEqual([200, 500])
  }, 30_000)
})

describe('operations', () => {
  test('what to watch: a line for each failure, with its code and without a secret', async () => {
    const lines = (await pages.runProgram(`
      import { IlertStrategy } from 'passport-ilert'
      import { around, mount } from './app.js'
      const lines = []
      console.error = (line) => lines.push(line)
      await import('BLOCK(${FAILURES})')
      await around(
        async (parts) => {
          const close = mount(parts, new IlertStrategy({ clock: parts.sandbox.clock }))
          parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
          parts.app.use((error, req, res, next) => res.status(error.status).end())
          return close
        },
        async ({ origin, sandbox, headers }) => {
          sandbox.fault({ path: '/api/developers/oauth2/token', kind: 503 })
          sandbox.clock.advance(3_600_000)
          const { status } = await fetch(origin + '/token', { headers })
          return [status, ...lines.map((line) => JSON.parse(line))]
        },
      )`)) as unknown[]
    expect(lines).toEqual([503, { ilert: 'refresh', failed: true, code: 'server_error', status: 503 }])
  }, 30_000)

  test('platforms that stop the process: a refresh happens within a request that needs it, and not before', async () => {
    const refreshes = await pages.runProgram(`
      import { around, mount } from './app.js'
      await around(
        async (parts) => {
          const { ilert } = await import('BLOCK(${NO_BACKGROUND})')
          const close = mount(parts, ilert)
          parts.app.get('/late', (req, res, next) => req.ilert.accessToken().then((token) => res.send(token)).catch(next))
          return close
        },
        async ({ origin, sandbox, headers }) => {
          const refreshes = () => sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length
          const now = Date.now
          let later = 0
          Date.now = () => now() + later
          const at = async (ms) => {
            sandbox.clock.advance(ms - later)
            later = ms
            await (await fetch(origin + '/late', { headers })).text()
            return refreshes()
          }
          return [await at(3_300_000), await at(3_500_000), await at(3_600_000)]
        },
      )`)
    expect(refreshes).toEqual([0, 0, 1])
  }, 30_000)

  test('stopping a process: SIGTERM ends it, once everything under way has ended', async () => {
    const port = await freePort()
    const sandbox = await startSandbox({ redirectURI: `http://localhost:${port}/auth/ilert/callback` })
    const child = pages.start(STOPPING, { ...sandbox.env, PORT: String(port) })
    const ended = output(child)
    await answers(`http://localhost:${port}`)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ stderr: '', code: 0 })
  }, 30_000)
})
