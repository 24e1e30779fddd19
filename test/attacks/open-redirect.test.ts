import fc from 'fast-check'
import { safeReturnTo } from '../../src/express/return-to.ts'
import { type AppOptions, closeApps, startApp } from '../support/app.ts'
import { raw, valuesOf } from '../support/raw.ts'

afterEach(closeApps)

/** Pieces of which ways out are made: what browsers drop, take for a slash, or decode. */
const PIECES = ['/', '\\', '.', '..', '//', ':', '@', '?', '#', ' ', '\t', '\n', '\r', '\0', '\v', '\f', '\x7f', '\x85']
const ENCODED = ['%2f', '%5c', '%09', '%0a', '%00', '%2e', '%252f', '%40', '%u002f', '%c0%af', '%e3%80%82']
const LOOKALIKES = ['\u3002', '\uff0f', '\uff3c', '\u2044', '\u2215', '\u00a0', '\u2028', '\ufeff', '\u202e', '\ud800']
const NAMES = ['evil.example', 'https:', 'javascript:alert(1)', 'data:text/html,x', 'a', 'app.example', ';', '=', '&']
const wayOut = fc
  .array(fc.constantFrom(...PIECES, ...ENCODED, ...LOOKALIKES, ...NAMES), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.join(''))

/** Where a browser goes that is on a page of `origin`. */
const target = (location: string, origin: string) => new URL(location, `${origin}/auth/ilert/callback?code=x`)

it('whatever the path, it leads to this site, or nowhere', () => {
  fc.assert(
    fc.property(fc.oneof(wayOut, fc.string({ unit: 'binary' }), fc.webUrl()), (path) => {
      expect(target(safeReturnTo(path), 'https://app.example').origin).toBe('https://app.example')
      expect(target(safeReturnTo(`/${path}`), 'https://app.example').origin).toBe('https://app.example')
    }),
    { numRuns: 5000 },
  )
})

/** An app that believes its users, which apps should not. */
const careless: AppOptions = {
  routes: (web, app) => {
    web.get('/by/option', (req, res, next) => {
      app.passport.authenticate('ilert', { returnTo: req.query.to } as object)(req, res, next)
    })
    web.get(
      '/by/session',
      (req, _res, next) => {
        Object.assign(req.session, { returnTo: req.query.to })
        next()
      },
      app.passport.authenticate('ilert'),
    )
    web.get('/guarded/*splat', app.ilert.requireScope('alert'), (_req, res) => res.send('in'))
  },
}

it.each(['option', 'session'])(
  'nor does the answer to the browser, by %s',
  async (way) => {
    const app = await startApp(careless)
    await fc.assert(
      fc.asyncProperty(wayOut, async (path) => {
        for (const to of [path, `/${path}`]) {
          // Half of a surrogate pair has no form in a URL: it cannot come from there.
          if (/\p{Surrogate}/u.test(to)) continue
          const browser = app.browser()
          const { location } = await browser.signIn(`/by/${way}?to=${encodeURIComponent(to)}`)
          expect(location).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/)
          expect(target(location, app.origin).origin).toBe(app.origin)
        }
      }),
      { numRuns: 60 },
    )
  },
  120_000,
)

it('what is no text at all leads nowhere: lists and objects from a query', async () => {
  const app = await startApp({ ...careless, before: (web) => web.set('query parser', 'extended') })
  for (const query of [
    'to=//evil.example&to=/x',
    'to[]=//evil.example',
    'to[toString]=//evil.example',
    'to[length]=1',
  ]) {
    for (const way of ['option', 'session']) {
      expect((await app.browser().signIn(`/by/${way}?${query}`)).location).toBe('/')
    }
  }
})

it('a page that was asked for in absolute form is not where the user comes back to', async () => {
  const app = await startApp(careless)
  const lines = ['GET http://evil.example/guarded/x HTTP/1.1', 'Host: evil.example', 'Sec-Fetch-Mode: navigate']
  const begun = await raw(app.origin, lines)
  const browser = app.browser()
  browser.jar.keep(new URL(app.origin), valuesOf(begun, 'set-cookie'))
  expect((await browser.visit(await browser.consent(valuesOf(begun, 'location')[0] ?? ''))).location).toBe('/')
})

it('nothing in a request decides to which host a sign-in goes', async () => {
  const app = await startApp()
  for (const name of [
    'appURL',
    'authorizationURL',
    'redirect_uri',
    'tenant',
    'iss',
    'returnTo',
    'callbackURL',
    'host',
  ]) {
    const url = new URL(await app.browser().begin(`/auth/ilert?${name}=https://evil.example/`))
    expect(url.origin).toBe(app.sandbox.appURL)
    expect(url.searchParams.get('redirect_uri')).toBe(`${app.origin}/auth/ilert/callback`)
  }
})
