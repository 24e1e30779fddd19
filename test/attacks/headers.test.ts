import { IlertStrategy } from '../../src/index.ts'
import { closeApis, jwt, startApi } from '../express/bearer-app.ts'
import { type AppOptions, closeApps, startApp, type TestApp, TOKEN } from '../support/app.ts'
import { type RawAnswer, raw, valuesOf } from '../support/raw.ts'

afterEach(async () => {
  await closeApps()
  await closeApis()
})

/** What would end a header and begin another one, if something let it through. */
const SPLITS = [
  '%0d%0aX-Injected: yes',
  '%0D%0AX-Injected:%20yes',
  '%0aX-Injected:%20yes',
  '%0dX-Injected:%20yes',
  '%250d%250aX-Injected:%20yes',
  // Characters whose last byte is CR or LF.
  '%E5%98%8D%E5%98%8AX-Injected:%20yes',
  '%C4%8D%C4%8AX-Injected:%20yes',
  '%E2%80%A8X-Injected:%20yes',
  '%c2%85X-Injected:%20yes',
  '%00%0d%0aX-Injected:%20yes',
  '%0d%0a%0d%0a<script>alert(1)</script>',
].map((text) => text.replaceAll(' ', '%20'))

function expectUnsplit(answer: RawAnswer): void {
  expect(valuesOf(answer, 'x-injected')).toEqual([])
  for (const [name, value] of answer.headers) {
    expect(name).toMatch(/^[a-z-]+$/)
    expect(value).toMatch(/^[\x20-\x7e]*$/)
  }
  // ilert's words and the app's parameters are in messages as they are: a page that shows them has to escape them.
  if (/<script>/.test(answer.body)) expect(valuesOf(answer, 'content-type')[0]).toMatch(/^application\/json/)
}

/** Node itself refuses what would split a header, with an error: nothing may get as far as that. */
function expectNothingForNode({ errors }: TestApp): void {
  expect(errors.map((error) => (error as { code?: string }).code)).not.toContain('ERR_INVALID_CHAR')
}

/** An app that hands on to the strategy whatever a request says, as apps should not, and may all the same. */
const careless: AppOptions = {
  before: (web) => web.set('trust proxy', true),
  strategy: { callbackURL: '/auth/ilert/callback' },
  routes: (web, app) => {
    web.get('/begin', (req, res, next) => {
      app.passport.authenticate('ilert', { ...(req.query as object) })(req, res, next)
    })
    web.get('/guarded/*splat', app.ilert.requireScope('alert'), (_req, res) => res.send('in'))
  },
}

describe('no answer can be split', () => {
  it.each(['returnTo', 'scope', 'tenant', 'state', 'code', 'error', 'error_description', 'iss', 'prompt'])(
    'by the parameter %s where a sign-in begins, on whatever route',
    async (name) => {
      const app = await startApp(careless)
      for (const split of SPLITS) {
        for (const path of ['/begin', '/auth/ilert', '/auth/ilert/callback']) {
          const target = `${path}?${name}=${name === 'returnTo' ? '/' : ''}x${split}`
          const answer = await raw(app.origin, [`GET ${target} HTTP/1.1`, 'Host: app.example'])
          expectUnsplit(answer)
        }
      }
      expectNothingForNode(app)
    },
  )

  it.each(['code', 'error', 'error_description', 'iss'])('by the parameter %s of an answer', async (name) => {
    const app = await startApp()
    for (const split of SPLITS) {
      const browser = app.browser()
      const state = new URL(await browser.begin()).searchParams.get('state')
      const error = name === 'error_description' ? '&error=access_denied' : ''
      const target = `/auth/ilert/callback?state=${state}&${name}=x${split}${error}`
      const { host } = new URL(app.origin)
      expectUnsplit(await raw(app.origin, [`GET ${target} HTTP/1.1`, `Host: ${host}`, `Cookie: ${browser.cookies}`]))
    }
    expectNothingForNode(app)
  })

  it('by the page to which a user comes back', async () => {
    const app = await startApp(careless)
    for (const split of SPLITS) {
      const lines = [`GET /guarded/x${split}?y=${split} HTTP/1.1`, `Host: ${new URL(app.origin).host}`]
      const begun = await raw(app.origin, [...lines, 'Sec-Fetch-Mode: navigate'])
      expectUnsplit(begun)
      const browser = app.browser()
      browser.jar.keep(new URL(app.origin), valuesOf(begun, 'set-cookie'))
      const { pathname, search, host } = new URL(await browser.consent(valuesOf(begun, 'location')[0] ?? ''))
      const callback = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Cookie: ${browser.cookies}`]
      const back = await raw(app.origin, callback)
      expectUnsplit(back)
      expect(valuesOf(back, 'location')).toEqual([expect.stringMatching(/^\/(?!\/)/)])
    }
    expectNothingForNode(app)
  })

  it('by a bearer token, or by what it says of itself', async () => {
    const api = await startApi({ strategy: { appID: 250 } })
    for (const injected of ['\r\nX-Injected: yes', '"\r\nX-Injected: yes', '", error="x', '嘍嘊X-Injected: yes']) {
      const token = jwt({ il_a: 251, il_u: injected, il_n: injected, il_t: injected })
      const { challenges, rawHeaders, status } = await api.get(token)
      expect(status).toBe(401)
      expect(challenges).toEqual([expect.stringMatching(/^Bearer realm="ilert", error="invalid_token", [\x20-\x7e]+$/)])
      expect(rawHeaders.map((text) => text.toLowerCase())).not.toContain('x-injected')
    }
  })
})

describe('a host that is none', () => {
  it.each<[string, string?]>([
    ['longer than DNS allows', 'a'.repeat(256)],
    ['enormous', `${'a'.repeat(9000)}.example`],
    ['empty', ''],
    ['app.example/evil'],
    ['app.example?evil'],
    ['user@evil.example'],
    ['user:password@evil.example'],
    ['app.example#'],
    ['app.example:port'],
    ['app.example:123456'],
    ['app .example'],
    ['app.example\\evil'],
    ['[evil]'],
    ['[::1'],
    ['"app.example"'],
    ['ïlert.example'],
    ['%61pp.example'],
  ])('is refused before a sign-in begins: %s', async (name, host = name) => {
    const app = await startApp(careless)
    for (const lines of [
      [`Host: ${host}`],
      ['Host: app.example', `X-Forwarded-Host: ${host}`],
      ['Host: app.example', `X-Forwarded-Host: ${host}, app.example`],
    ]) {
      // Express takes an empty forwarded host for none.
      if (host === '' && lines.length > 1) continue
      const answer = await raw(app.origin, ['GET /auth/ilert HTTP/1.1', ...lines])
      expect(answer.status).toBe(400)
      expect(valuesOf(answer, 'set-cookie')).toEqual([])
    }
  })

  it.each(['javascript', 'https://evil.example/?', 'ftp', '//evil.example'])(
    'and so is a scheme that is none, from a proxy: %s',
    async (scheme) => {
      const app = await startApp(careless)
      const lines = ['GET /auth/ilert HTTP/1.1', 'Host: app.example', `X-Forwarded-Proto: ${scheme}`]
      expect((await raw(app.origin, lines)).status).toBe(400)
    },
  )

  it.each(['app.example', 'APP.example:8080', '127.0.0.1:3000', '[::1]:3000', 'xn--lert-6pa.example', 'a_b.example'])(
    'is not one like %s',
    async (host) => {
      const app = await startApp(careless)
      const answer = await raw(app.origin, ['GET /auth/ilert HTTP/1.1', `Host: ${host}`])
      const redirectURI = new URL(valuesOf(answer, 'location')[0] ?? '').searchParams.get('redirect_uri')
      expect(redirectURI).toBe(`http://${host.toLowerCase()}/auth/ilert/callback`)
    },
  )

  it('matters to nobody where the callback URL is configured', async () => {
    const app = await startApp()
    const answer = await raw(app.origin, ['GET /auth/ilert HTTP/1.1', 'Host: evil.example'])
    const redirectURI = new URL(valuesOf(answer, 'location')[0] ?? '').searchParams.get('redirect_uri')
    expect(redirectURI).toBe(`${app.origin}/auth/ilert/callback`)
  })

  it('is no reason for a cookie of more than 960 bytes', async () => {
    const app = await startApp({ strategy: { callbackURL: '/auth/ilert/callback' } })
    const answer = await raw(app.origin, ['GET /auth/ilert HTTP/1.1', `Host: ${'a'.repeat(255)}:65535`])
    expect(valuesOf(answer, 'set-cookie')).toHaveLength(1)
    expect(valuesOf(answer, 'set-cookie')[0]?.split(';')[0]?.replace('=', '').length).toBeLessThanOrEqual(960)
  })
})

describe("an attempt's cookie is Secure", () => {
  it.each<[string, AppOptions, string[]]>([
    ['in the configuration', { strategy: { callbackURL: 'HTTPS://app.example/auth/ilert/callback' } }, []],
    ['in the word of a trusted proxy', careless, ['X-Forwarded-Proto: HTTPS']],
  ])('also where https is in capitals, %s', async (_, options, lines) => {
    const app = await startApp(options)
    const answer = await raw(app.origin, ['GET /auth/ilert HTTP/1.1', 'Host: app.example', ...lines])
    expect(valuesOf(answer, 'set-cookie')).toEqual([expect.stringMatching(/^__Host-Http-ilert\..*; Secure/)])
  })
})

describe('no cache may keep', () => {
  it('the beginning of a sign-in: a user who got it from there would share its attempt', async () => {
    const app = await startApp(careless)
    for (const [path, ...lines] of [['/auth/ilert'], ['/begin'], ['/guarded/x', 'Sec-Fetch-Mode: navigate']]) {
      const answer = await raw(app.origin, [`GET ${path} HTTP/1.1`, 'Host: app.example', ...lines])
      expect([answer.status, valuesOf(answer, 'cache-control')]).toEqual([302, ['no-store']])
    }
  })

  it('the end of a sign-in, well or badly', async () => {
    const app = await startApp()
    const browser = app.browser()
    for (const page of [
      await browser.signIn(),
      await browser.visit((await browser.callback()).replace('code=', 'code=x')),
      await browser.visit((await browser.callback()).replace('code=', 'error=access_denied&x=')),
    ]) {
      expect(page.headers.get('cache-control')).toBe('no-store')
    }
    expect(app.count(TOKEN)).toBe(2)
  })
})

describe('a host in Unicode', () => {
  it.each([
    'a\u3002evil', // an ideographic full stop, which IDNA takes for a dot
    'a\uff0eevil',
    'a\u2024evil',
    'a\uff0fevil',
    '\u0131lert', // a dotless i, whose capital is an I
    '\u212aelvin', // the sign for kelvin, whose small letter is a k
    'a\u00ad',
    '\u200dx',
    'ilert\u0000',
  ])('is no account: %j', async (tenant) => {
    const app = await startApp({ ...careless, around: async () => ({ tenant: 'nordwind' }) })
    const page = await app.browser().visit(`/begin?tenant=${encodeURIComponent(tenant)}`)
    expect([page.status, page.json.name, page.location]).toEqual([500, 'TypeError', ''])
    expect(page.json.message).toMatch(/^tenant/)
  })

  it('is the one to which a browser would go', async () => {
    const hosts = ['https://ILERT.example', 'https://\u0456lert.example', 'https://app\u3002ilert.com'].map(
      (appURL) => {
        const { client } = new IlertStrategy({ clientID: 'c', clientSecret: 's', appURL })
        const url = { redirectURI: 'https://app.example/cb', scope: 'profile', state: 's', codeChallenge: 'c' }
        return client.authorizationURL(url).host
      },
    )
    // A Cyrillic i is another host, and is shown as such.
    expect(hosts).toEqual(['ilert.example', 'xn--lert-k9d.example', 'app.ilert.com'])
  })
})
