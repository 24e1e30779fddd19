/* Where a browser is sent that finds the app below a path of its site. */
import { request } from 'node:http'
import { jest } from '@jest/globals'
import express, { type Express } from 'express'
import session from 'express-session'
// @ts-expect-error: its types are those of version 5
import express4 from 'express4'
import fc from 'fast-check'
import { Site } from '../../src/express/site.ts'
import { IlertStrategy, type IlertStrategyOptions } from '../../src/index.ts'
import { type AppOptions, CALLBACK, closeApps, LOGIN, startApp, type TestApp } from '../support/app.ts'
import { serve, type TestServer } from '../support/server.ts'

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

const proxies: TestServer[] = []
afterEach(async () => {
  await closeApps()
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
})

interface Proxied {
  /** The site that browsers see, with the app below `/portal` and nothing else. */
  readonly origin: string
  readonly app: TestApp
}

interface ProxyOptions extends AppOptions {
  /** What the proxy removes. Default `/portal`. */
  strips?: string
  /** What it adds to a request. */
  adds?: Record<string, string>
}

/** An app behind a proxy. */
async function proxied({ strips = '/portal', adds = {}, ...options }: ProxyOptions): Promise<Proxied> {
  let port = 0
  const proxy = await serve((res, { method, path: url, headers }) => {
    if (!/^\/portal(?:[/?]|$)/.test(url)) {
      res.writeHead(404).end('another app')
      return
    }
    const path = url.slice(strips.length).replace(/^(?!\/)/, '/')
    const forwarded = { ...headers, 'x-forwarded-host': headers.host, ...adds }
    const passed = request({ port, host: '127.0.0.1', method, path, headers: forwarded }, (answer) => {
      res.writeHead(answer.statusCode as number, answer.headers)
      answer.pipe(res)
    })
    passed.end()
  })
  const { origin } = proxy
  proxies.push(proxy)
  const app = await startApp({
    sandbox: { redirectURI: `${origin}/portal${CALLBACK}`, ...options.sandbox },
    ...options,
    strategy: { callbackURL: undefined as never, ...options.strategy },
    before: (web, testApp) => {
      web.set('trust proxy', 'loopback')
      options.before?.(web, testApp)
    },
    routes: (web, testApp) => {
      web.get('/alerts', testApp.ilert.requireScope('alert'), (_req, res) => res.send('the alerts'))
      options.routes?.(web, testApp)
    },
  })
  port = Number(new URL(app.origin).port)
  return { origin, app }
}

/** Asks for a page that needs a scope, and agrees at ilert. Resolves to where the browser comes to rest. */
async function visitAlerts({ origin, app }: Proxied, path = '/portal/alerts?state=open') {
  const browser = app.browser()
  const asked = await browser.send(`${origin}${path}`, PAGE)
  const redirectURI = new URL(asked.location, origin).searchParams.get('redirect_uri')
  const finished = await browser.visit(await browser.consent(asked.location))
  const page = await browser.send(new URL(finished.location, origin), PAGE)
  return { redirectURI, location: finished.location, text: page.text }
}

/** Ways to say below which path browsers find an app that does not see it. */
const WAYS: [string, ProxyOptions][] = [
  ['basePath', { strategy: { basePath: '/portal' } }],
  ['basePath with a slash at its end', { strategy: { basePath: '/portal/' } }],
  ['X-Forwarded-Prefix of a trusted proxy', { adds: { 'x-forwarded-prefix': '/portal' } }],
  ['X-Forwarded-Prefix with a slash at its end', { adds: { 'x-forwarded-prefix': '/portal/' } }],
  ['basePath, whatever the proxy says', { strategy: { basePath: '/portal' }, adds: { 'x-forwarded-prefix': '/x' } }],
]

describe.each(WAYS)('behind a proxy that removes a prefix, by %s', (_, options) => {
  it('requireScope comes back to where the browser was, and the default callback is below the prefix', async () => {
    const site = await proxied(options)
    const seen = await visitAlerts(site)
    expect(seen).toEqual({
      redirectURI: `${site.origin}/portal${CALLBACK}`,
      location: '/portal/alerts?state=open',
      text: 'the alerts',
    })
  })

  it.each(['/auth/back', '/portal/auth/back'])('a callback URL that is a path is below it, too: %s', async (path) => {
    const site = await proxied({ ...options, strategy: { ...options.strategy, callbackURL: path } })
    const begun = await site.app.browser().visit(`${site.origin}/portal${LOGIN}`)
    expect(new URL(begun.location).searchParams.get('redirect_uri')).toBe(`${site.origin}/portal/auth/back`)
  })

  it('a callback URL that is whole stays what it is, and a POST to it is no sign-in', async () => {
    const callbackURL = `https://www.app.example/portal${CALLBACK}`
    const site = await proxied({ ...options, strategy: { ...options.strategy, callbackURL } })
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const begun = await site.app.browser().visit(`${site.origin}/portal${LOGIN}`)
    jest.restoreAllMocks()
    expect(new URL(begun.location).searchParams.get('redirect_uri')).toBe(callbackURL)
    const posted = await site.app.browser().send(`${site.origin}/portal${CALLBACK}`, PAGE, 'POST')
    expect(posted.status).toBe(405)
  })

  it('a page that is too long to come back to leads to the home page of the app, not of the site', async () => {
    const site = await proxied(options)
    const { location } = await visitAlerts(site, `/portal/alerts?${'x'.repeat(600)}`)
    expect(location).toBe('/portal/')
  })

  it('the page about a refused sign-in leads to the home page of the app', async () => {
    const site = await proxied({ ...options, end: {} })
    const page = await site.app.browser().send(`${site.origin}/portal${CALLBACK}?state=0${'A'.repeat(22)}`, PAGE)
    expect(page.status).toBe(403)
    expect(page.text).toContain('href="/portal/"')
  })
})

it('a proxy in front of another one adds its prefix at the end', async () => {
  const site = await proxied({ strips: '/portal/ops', adds: { 'x-forwarded-prefix': '/portal, /ops' } })
  const begun = await site.app.browser().visit(`${site.origin}/portal/ops${LOGIN}`)
  expect(new URL(begun.location).searchParams.get('redirect_uri')).toBe(`${site.origin}/portal/ops${CALLBACK}`)
})

it('an app that restores the prefix itself is not given it twice', async () => {
  for (const options of [{}, { strategy: { basePath: '/portal' } }, { adds: { 'x-forwarded-prefix': '/portal' } }]) {
    const site = await proxied({
      ...options,
      before: (web) => {
        web.use((req, _res, next) => {
          req.originalUrl = `/portal${req.originalUrl}`
          next()
        })
      },
      strategy: { callbackURL: `/portal${CALLBACK}`, ...options.strategy },
    })
    expect((await visitAlerts(site)).location).toBe('/portal/alerts?state=open')
  }
})

it("a stranger's word for the prefix does not count", async () => {
  const app = await startApp({
    strategy: { callbackURL: CALLBACK },
    routes: (web, { ilert }) => web.get('/alerts', ilert.requireScope('alert'), (_req, res) => res.send('in')),
  })
  const browser = app.browser()
  const asked = await browser.send('/alerts', { ...PAGE, 'x-forwarded-prefix': '/portal' })
  expect(new URL(asked.location).searchParams.get('redirect_uri')).toBe(`${app.origin}${CALLBACK}`)
  expect((await browser.visit(await browser.consent(asked.location))).location).toBe('/alerts')
})

/** What leads away from the site, or to another place on it than it says. */
const HOSTILE = [
  'https://evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\evil.example',
  '/..',
  '/a/../..',
  '/a/./b',
  '/%2e%2e',
  '/a%2fb',
  '/a b',
  '/a?b=/c',
  '/a#b',
  '/a;b',
  '/@evil.example',
  '/a//b',
  'portal',
  'evil.example',
  'javascript:alert(1)',
  '/ä',
  '/a, https://evil.example',
  '/a, ..',
  `/${'a'.repeat(300)}`,
  Array(40).fill('/aaaaaaaaa').join(', '),
]

it('a prefix that is no plain path is refused, and no attempt is begun', async () => {
  const adds = { 'x-forwarded-prefix': '' }
  const site = await proxied({ adds })
  for (const prefix of HOSTILE) {
    adds['x-forwarded-prefix'] = Buffer.from(prefix).toString('latin1')
    for (const path of ['/portal/alerts', `/portal${LOGIN}`]) {
      const page = await site.app.browser().send(`${site.origin}${path}`, PAGE)
      expect([prefix, page.status, page.cookies]).toEqual([prefix, 400, []])
      expect(page.json).toMatchObject({ code: 'invalid_prefix', message: expect.stringContaining('basePath') })
      expect(page.text).not.toContain('evil')
    }
  }
})

it('whatever a trusted proxy says, the browser stays on the site', () => {
  const site = new Site({ basePath: undefined, callbackURL: CALLBACK })
  const piece = fc.oneof(
    fc.constantFrom('/', '\\', '..', '.', '%2e', ',', ' ', 'evil.example', 'a', '@', ':'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.array(piece), (prefix, path) => {
      const headers = { host: 'app.example', 'x-forwarded-prefix': prefix.join('') } as Record<string, string>
      const trusting = { get: () => () => true, path: () => '' }
      const [originalUrl, socket] = [`/${path.join('')}`, {}]
      const req = {
        app: trusting,
        originalUrl,
        socket,
        protocol: 'https',
        get: (name: string) => headers[name],
      } as never
      let found: string[]
      try {
        found = [site.homeOf(req), site.callbackURL(req)]
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_prefix', status: 400 })
        return
      }
      for (const each of found) expect(new URL(each, 'https://app.example').origin).toBe('https://app.example')
      expect(new URL(found[1] as string).pathname).toMatch(/\/auth\/ilert\/callback$/)
      const base = found[0] as string
      expect(new URL(base, 'https://app.example').pathname).toBe(base)
    }),
    { numRuns: 1000 },
  )
})

const construct = (options: IlertStrategyOptions) =>
  new IlertStrategy({ clientID: 'client-1', clientSecret: 'secret-of-client-1-0123456789abcdef', ...options })

it.each([...HOSTILE.slice(0, 22), `/${'a'.repeat(300)}`, 'portal/'])(
  'the option basePath is refused if it is no plain path: %s',
  (basePath) => {
    expect(() => construct({ basePath })).toThrow(/^basePath \(ILERT_BASE_PATH\): expected a path such as \/portal/)
  },
)

it('the option may be the root, and its variable stands in for it', async () => {
  expect(construct({ basePath: '/' }).name).toBe('ilert')
  process.env.ILERT_BASE_PATH = '/portal'
  try {
    expect((await visitAlerts(await proxied({}))).location).toBe('/portal/alerts?state=open')
  } finally {
    delete process.env.ILERT_BASE_PATH
  }
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as [string, () => Express][])('an app that is mounted in another one, %s', (_, make) => {
  /** The whole app is below `/portal` of another one, which is below no prefix. */
  async function mounted(options: AppOptions = {}) {
    return await proxied({
      strips: '',
      express: make,
      session: false,
      callback: () => (_req, _res, next) => next(),
      ...options,
      before: (web, { ilert, passport, store }) => {
        web.set('trust proxy', 'loopback')
        const inner = make()
        const admin = make()
        inner.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, store }))
        inner.use(passport.session(), ilert.session())
        inner.get(CALLBACK, passport.authenticate('ilert', { successReturnToOrRedirect: '/' }))
        inner.get('/alerts', ilert.requireScope('alert'), (_req, res) => res.send('the alerts'))
        admin.get('/users', ilert.requireScope('user'), (_req, res) => res.send('the users'))
        inner.use('/admin', admin)
        web.use('/portal', inner)
      },
    })
  }

  it('has its default callback below where it is mounted', async () => {
    const site = await mounted()
    expect(await visitAlerts(site)).toEqual({
      redirectURI: `${site.origin}/portal${CALLBACK}`,
      location: '/portal/alerts?state=open',
      text: 'the alerts',
    })
  })

  it('has it there too for a page of an app that is mounted in it', async () => {
    const site = await mounted()
    const { redirectURI, location } = await visitAlerts(site, '/portal/admin/users')
    expect({ redirectURI, location }).toEqual({
      redirectURI: `${site.origin}/portal${CALLBACK}`,
      location: '/portal/admin/users',
    })
  })

  it('is not put below its place twice by basePath', async () => {
    const site = await mounted({ strategy: { basePath: '/portal' } })
    expect((await visitAlerts(site)).redirectURI).toBe(`${site.origin}/portal${CALLBACK}`)
  })
})
