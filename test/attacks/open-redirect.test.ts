import fc from 'fast-check'
import { safeReturnTo } from '../../src/express/return-to.ts'
import { closeApps, startApp } from '../support/app.ts'
import { raw, valuesOf } from '../support/raw.ts'
import { careless, staysOnThisSite, target, wayOut } from './open-redirect.ts'

afterEach(closeApps)

it('whatever the path, it leads to this site, or nowhere', () => {
  fc.assert(
    fc.property(fc.oneof(wayOut, fc.string({ unit: 'binary' }), fc.webUrl()), (path) => {
      expect(target(safeReturnTo(path), 'https://app.example').origin).toBe('https://app.example')
      expect(target(safeReturnTo(`/${path}`), 'https://app.example').origin).toBe('https://app.example')
    }),
    { numRuns: 5000 },
  )
})

it.each(['option', 'session'])('nor does the answer to the browser, by %s', (way) => staysOnThisSite(way, 20))

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
