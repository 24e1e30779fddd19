import { IlertStrategy } from '../../src/index.ts'
import { closeApps, optionsOf, startApp, type TestApp } from '../support/app.ts'

afterEach(closeApps)

/** The strategy again, under another name and with other options. */
function useAlso(app: TestApp, name: string, options: object): void {
  app.passport.use(new IlertStrategy({ ...optionsOf(app.sandbox), name, ...options }))
}

describe('the redirect to ilert', () => {
  it('always carries state and a PKCE challenge, new ones for each attempt', async () => {
    const app = await startApp({ strategy: { scope: 'alert:w' } })
    const urls = [new URL(await app.browser().begin()), new URL(await app.browser().begin())]
    for (const url of urls) {
      expect(url.origin + url.pathname).toBe(`${app.sandbox.appURL}/api/developers/oauth2/authorize`)
      expect(Object.fromEntries(url.searchParams)).toEqual({
        client_id: app.sandbox.env.ILERT_CLIENT_ID,
        response_type: 'code',
        redirect_uri: `${app.origin}/auth/ilert/callback`,
        scope: 'profile alert:w',
        state: expect.stringMatching(/^[\w-]{22,}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      })
    }
    for (const name of ['state', 'code_challenge']) {
      expect(urls[0]?.searchParams.get(name)).not.toBe(urls[1]?.searchParams.get(name))
    }
  })

  it.each([
    ['alert', 'profile alert'],
    ['alert profile', 'profile alert'],
    [['alert', 'alert:d'], 'profile alert:d'],
    [['profile:w'], 'profile:w'],
    ['', 'profile'],
  ])('always asks for profile: %j', async (scope, asked) => {
    const app = await startApp({ strategy: { scope } })
    expect(new URL(await app.browser().begin()).searchParams.get('scope')).toBe(asked)
  })

  it('asks for offline_access exactly where there is no secret, also when the attempt has scopes of its own', async () => {
    const app = await startApp({
      strategy: { scope: 'team' },
      routes: (web, app) => {
        const publicApp = app.sandbox.register({ redirectURI: `${app.origin}/auth/ilert/callback`, pkceOnly: true })
        const options = { clientID: publicApp.clientID, encryptionKey: 'k'.repeat(32), scope: 'team' }
        useAlso(app, 'public', { ...options, clientSecret: undefined })
        web.get('/public', app.passport.authenticate('public'))
        web.get('/public/alert', app.passport.authenticate('public', { scope: 'alert' } as object))
        web.get('/alert', app.passport.authenticate('ilert', { scope: ['alert'] } as object))
      },
    })
    const scopeOf = async (path: string) => new URL(await app.browser().begin(path)).searchParams.get('scope')
    expect(await scopeOf('/auth/ilert')).toBe('profile team')
    expect(await scopeOf('/alert')).toBe('profile alert')
    expect(await scopeOf('/public')).toBe('profile team offline_access')
    expect(await scopeOf('/public/alert')).toBe('profile alert offline_access')
  })

  it("goes to the attempt's account, or the strategy's, unless appURL is set", async () => {
    const app = await startApp({
      routes: (web, app) => {
        useAlso(app, 'plain', { appURL: undefined })
        useAlso(app, 'acme', { appURL: undefined, tenant: 'Acme' })
        useAlso(app, 'own', { tenant: 'acme' })
        for (const name of ['plain', 'acme', 'own']) {
          web.get(`/${name}`, app.passport.authenticate(name))
          web.get(`/${name}/globex`, app.passport.authenticate(name, { tenant: 'globex' } as object))
        }
        web.get('/evil', app.passport.authenticate('plain', { tenant: 'evil.example/' } as object))
      },
    })
    const originOf = async (path: string) => new URL(await app.browser().begin(path)).origin
    expect(await originOf('/plain')).toBe('https://app.ilert.com')
    expect(await originOf('/plain/globex')).toBe('https://globex.ilert.com')
    expect(await originOf('/acme')).toBe('https://acme.ilert.com')
    expect(await originOf('/acme/globex')).toBe('https://globex.ilert.com')
    expect(await originOf('/own')).toBe(app.sandbox.appURL)
    expect(await originOf('/own/globex')).toBe(app.sandbox.appURL)
    expect((await app.browser().visit('/evil')).json).toMatchObject({ message: expect.stringContaining('tenant') })
  })

  it('resolves a callback path against the host and port that the browser asked for', async () => {
    const app = await startApp({ strategy: { callbackURL: '/auth/ilert/callback' } })
    const url = new URL(await app.browser().begin())
    expect(url.searchParams.get('redirect_uri')).toBe(`${app.origin}/auth/ilert/callback`)
  })

  it('believes a proxy about the host only where the app trusts it', async () => {
    const headers = { 'x-forwarded-host': 'app.example:8443', 'x-forwarded-proto': 'https' }
    for (const trusts of [true, false]) {
      const app = await startApp({
        strategy: { callbackURL: '/auth/ilert/callback' },
        before: (web) => web.set('trust proxy', trusts),
      })
      const page = await app.browser().visit('/auth/ilert', { headers })
      const origin = trusts ? 'https://app.example:8443' : app.origin
      expect(new URL(page.location).searchParams.get('redirect_uri')).toBe(`${origin}/auth/ilert/callback`)
    }
  })
})

describe('where the user goes afterwards', () => {
  const begin = async (returnTo: unknown) => {
    const app = await startApp({
      strategy: {},
      routes: (web, app) => {
        web.get('/option', (req, res, next) => {
          app.passport.authenticate('ilert', { returnTo } as object)(req, res, next)
        })
        web.get('/session', (req, res, next) => {
          Object.assign(req.session, { returnTo })
          app.passport.authenticate('ilert')(req, res, next)
        })
      },
    })
    const landings: string[] = []
    for (const path of ['/option', '/session']) landings.push((await app.browser().signIn(path)).location)
    return landings
  }

  it.each(['/alerts?status=open&x=%2F#top', '/', '/a/../b', `/${'x'.repeat(511)}`, '/ü?q=ä b'])(
    'is the path that was asked for, by option or by session: %s',
    async (path) => {
      const shown = encodeURI(decodeURI(path)).replaceAll('%252F', '%2F')
      expect((await begin(path)).map((location) => encodeURI(decodeURI(location)).replaceAll('%252F', '%2F'))).toEqual([
        shown,
        shown,
      ])
    },
  )

  it.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/a\r\nset-cookie: x=1',
    '/a\u0000',
    '/a\u007f',
    '/a\\..\\b',
    `/${'x'.repeat(512)}`,
    7,
    { toString: () => '//evil.example' },
    ['//evil.example'],
  ])('is the home page where the path leads elsewhere or is too long: %j', async (path) => {
    expect(await begin(path)).toEqual(['/', '/'])
  })

  it("comes back as the new session's returnTo", async () => {
    const app = await startApp({ begin: { returnTo: '/alerts' }, end: {} })
    const browser = app.browser()
    const page = await browser.signIn()
    expect(page.json.returnTo).toBe('/alerts')
    expect((await browser.home()).returnTo).toBe('/alerts')
  })

  it('is left to the app where the attempt knows nothing', async () => {
    const app = await startApp({ end: { successReturnToOrRedirect: '/welcome' } })
    expect((await app.browser().signIn()).location).toBe('/welcome')
  })

  it('belongs to its attempt, however many are under way', async () => {
    const app = await startApp({
      routes: (web, app) => {
        for (const n of [1, 2, 3])
          web.get(`/go${n}`, app.passport.authenticate('ilert', { returnTo: `/${n}` } as object))
      },
    })
    const browser = app.browser()
    const callbacks = await Promise.all(['/go1', '/go2', '/go3'].map((path) => browser.callback(path)))
    const landings = []
    for (const callback of callbacks.reverse()) landings.push((await browser.visit(callback)).location)
    expect(landings).toEqual(['/3', '/2', '/1'])
  })
})
