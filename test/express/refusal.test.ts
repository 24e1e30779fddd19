/*
 * What a browser is shown when a sign-in is refused: the reason and the way on, unless the app handles that itself.
 */
import type { RequestHandler } from 'express'
import { Strategy } from 'passport-strategy'
import { type AppOptions, type Browser, closeApps, startApp, TOKEN } from '../support/app.ts'

afterEach(closeApps)

const UNKNOWN = `/auth/ilert/callback?code=x&state=${'0'.repeat(23)}`
const NOT_UNDER_WAY =
  'This sign-in was not begun in this browser, has ended, or took too long. Start again from the sign-in page.'

/** Signs in, goes back to ilert's page, and allows again. */
async function allowAgain(browser: Browser): Promise<string> {
  const location = await browser.begin()
  await browser.visit(await browser.consent(location))
  return await browser.consent(location)
}

describe('a refused callback', () => {
  it.each<[string, (browser: Browser) => Promise<string> | string, number, string]>([
    ['whose attempt is unknown', () => UNKNOWN, 403, NOT_UNDER_WAY],
    ['that is malformed', () => `${UNKNOWN}&code=y`, 400, 'The answer has code more than once. Start again'],
    [
      'that the user declined',
      async (browser) => {
        const state = new URL(await browser.begin()).searchParams.get('state')
        return `/auth/ilert/callback?error=access_denied&error_description=%3Cb%3ENo%3C/b%3E&state=${state}`
      },
      403,
      '&lt;b&gt;No&lt;/b&gt;',
    ],
  ])('shows its reason, escaped, and a way on: %s', async (_, callback, status, reason) => {
    const app = await startApp()
    const browser = app.browser()
    const page = await browser.visit(await callback(browser))
    expect(page.status).toBe(status)
    expect(page.text).toContain(`<p>${reason}`)
    expect(page.text).toContain('<a href="/">')
    expect(page.text).not.toMatch(/<b>|<script/)
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
    })
  })

  it('shows what verify says, and something if it says nothing', async () => {
    const reasons = [{ message: 'Not you & me' }, undefined, { message: '' }]
    const shown: string[] = []
    for (const info of reasons) {
      const app = await startApp({
        verify: ((_access: string, _refresh: string, _profile: object, done: (...args: unknown[]) => void) =>
          done(null, false, info)) as never,
      })
      const page = await app.browser().signIn()
      expect(page.status).toBe(401)
      shown.push(/<p>(.*?)<\/p>/.exec(page.text)?.[1] ?? '')
    }
    const generic = 'The sign-in was refused. Start again from the sign-in page.'
    expect(shown).toEqual(['Not you &amp; me', generic, generic])
  })

  it.each([
    [{ successReturnToOrRedirect: '/desk?a=1&b="2"' }, '/desk?a=1&amp;b=&quot;2&quot;'],
    [{ successRedirect: '/desk' }, '/desk'],
    [{ returnTo: '/desk' }, '/desk'],
    [{ returnTo: '//evil.example' }, '/'],
    [{}, '/'],
  ])('leads to where the route leads, and never to what the URL says: %j', async (end, href) => {
    const app = await startApp({ end })
    const page = await app.browser().visit(`${UNKNOWN}&returnTo=/evil&successRedirect=/evil`)
    expect(page.text).toContain(`<a href="${href}">`)
  })

  it("keeps the app's own Content-Security-Policy", async () => {
    const app = await startApp({
      before: (web) => {
        web.use((_req, res, next) => {
          res.set('Content-Security-Policy', "default-src 'self'")
          next()
        })
      },
    })
    expect((await app.browser().visit(UNKNOWN)).headers.get('content-security-policy')).toBe("default-src 'self'")
  })
})

/** What apps do about failures themselves, and what they answer then. */
const HANDLED: [string, AppOptions, [number, string]][] = [
  ['failureRedirect', { end: { failureRedirect: '/sorry' } }, [302, 'Found. Redirecting to /sorry']],
  ['failWithError', { end: { failWithError: true } }, [403, '"name":"AuthenticationError"']],
  [
    'a callback',
    {
      callback: (app) => (req, res, next) => {
        app.passport.authenticate('ilert', (_error: unknown, _user: unknown, info: { message: string }) => {
          res.status(403).send(`mine: ${info.message}`)
        })(req, res, next)
      },
    },
    [403, `mine: ${NOT_UNDER_WAY}`],
  ],
  [
    'a callback that answers with the status alone',
    {
      callback: (app) => (req, res, next) => {
        app.passport.authenticate('ilert', () => res.sendStatus(403))(req, res, next)
      },
    },
    [403, 'Forbidden'],
  ],
  [
    'a callback that answers later',
    {
      callback: (app) => (req, res, next) => {
        app.passport.authenticate('ilert', () => setImmediate(() => res.status(403).end('Forbidden')))(req, res, next)
      },
    },
    [403, 'Forbidden'],
  ],
  [
    'another strategy that lets the request in',
    {
      callback: (app) => {
        app.passport.use('anybody', anybody())
        return app.passport.authenticate(['ilert', 'anybody'], { successRedirect: '/in' }) as RequestHandler
      },
    },
    [302, 'Found. Redirecting to /in'],
  ],
]

function anybody(): Strategy {
  const strategy = new Strategy()
  strategy.authenticate = function (this: { success(user: object): void }) {
    this.success({ id: 'anybody' })
  }
  return strategy
}

describe.each([false, true])('an app that handles failures itself, for a user who is signed in: %s', (signedIn) => {
  it.each(HANDLED)('does so: %s', async (_, options, [status, text]) => {
    let handles = false
    const app = await startApp({
      ...options,
      end: { successReturnToOrRedirect: '/', ...options.end },
      ...(options.callback && {
        callback: (app) => {
          const [own, plain] = [options.callback?.(app) as RequestHandler, app.passport.authenticate('ilert')]
          return (req, res, next) => (handles ? own : (plain as RequestHandler))(req, res, next)
        },
      }),
    })
    const browser = app.browser()
    if (signedIn) await browser.signIn()
    handles = true
    const page = await browser.visit(UNKNOWN)
    expect(page.status).toBe(status)
    expect(page.text).toContain(text)
  })
})

it('a list of strategies that all fail shows the reason as well', async () => {
  const app = await startApp({
    callback: (app) => {
      const strategy = new Strategy()
      strategy.authenticate = function (this: { fail(): void }) {
        this.fail()
      }
      app.passport.use('nobody', strategy)
      return app.passport.authenticate(['nobody', 'ilert']) as RequestHandler
    },
  })
  expect((await app.browser().visit(UNKNOWN)).text).toContain(NOT_UNDER_WAY)
})

describe('a user who is signed in with ilert, has pressed Back and allowed again', () => {
  it.each<[string, AppOptions, string]>([
    ['successReturnToOrRedirect', {}, '/'],
    ['successRedirect', { end: { successRedirect: '/desk' } }, '/desk'],
    ['returnTo', { end: { returnTo: '/desk' } }, '/desk'],
    ['no such option', { end: {} }, '/'],
  ])('is led on, stays who they are, and nothing is exchanged: %s', async (_, options, location) => {
    const app = await startApp(options)
    const browser = app.browser()
    const callback = await allowAgain(browser)
    const [before, cookies, calls] = [await browser.home(), browser.cookies, app.count(TOKEN)]
    const page = await browser.visit(`${callback}&returnTo=/evil`)
    expect([page.status, page.location]).toEqual([302, location])
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect([await browser.home(), browser.cookies, app.count(TOKEN)]).toEqual([before, cookies, calls])
  })

  it('is led on also after the ten minutes of an attempt, and in another process', async () => {
    const app = await startApp()
    const browser = app.browser()
    await browser.signIn()
    app.sandbox.clock.advance(3_000_000)
    expect((await browser.visit(UNKNOWN)).location).toBe('/')
  })

  it('and has signed out in between, or was disconnected, is told the reason', async () => {
    const app = await startApp({
      routes: (web, app) => {
        web.post('/logout', app.ilert.logout())
        web.post('/disconnect', async (req, res) => {
          await req.ilert.disconnect()
          res.end()
        })
      },
    })
    for (const path of ['/logout', '/disconnect']) {
      const browser = app.browser()
      const callback = await allowAgain(browser)
      await browser.visit(path, { method: 'POST' })
      const page = await browser.visit(callback)
      expect([page.status, page.text.includes(NOT_UNDER_WAY)]).toEqual([403, true])
    }
  })
})
