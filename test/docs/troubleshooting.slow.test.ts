/*
 * docs/troubleshooting.md: what it tells to do helps.
 */
import { closeBrowsers, visit } from '../e2e/browser.ts'
import { cleanUp } from '../e2e/clean-up.ts'
import { walk } from '../e2e/walk.ts'
import { needs } from '../support/needs.ts'
import { answers, pageUnderTest } from '../support/pages.ts'
import { freePort } from '../support/port.ts'

const COOKIE_NAMES = 'const cookies ='
const BEHIND_A_PROXY = "name: '__Host-session'"
const FORM_ACTION = "'form-action': ["

const code = pageUnderTest('docs/troubleshooting.md', [COOKIE_NAMES, BEHIND_A_PROXY, FORM_ACTION])

afterEach(cleanUp)

afterAll(closeBrowsers)

test('403 at the callback: the log has the names of the cookies and not their values', async () => {
  const log = (await code().runProgram(`
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
  const sandbox = await code().startSandbox(origin)
  const port = await freePort()
  const env = { ...sandbox.env, SESSION_SECRET: 's'.repeat(32) }
  await code().startProgram(
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
    const sandbox = await code().startSandbox(origin)
    await code().startProgram(
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
