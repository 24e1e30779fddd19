/* Where the browser is sent back to, by what the request says of its host. */
import { jest } from '@jest/globals'
import { CALLBACK, closeApps, LOGIN, startApp, type TestApp } from '../support/app.ts'
import { raw, valuesOf } from '../support/raw.ts'

afterEach(closeApps)

const relative = { callbackURL: CALLBACK }

/** Begins a sign-in with these headers, as no browser would send some of them. */
async function begin(app: TestApp, headers: Record<string, string>) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const answer = await raw(app.origin, [`GET ${LOGIN} HTTP/1.1`, ...lines])
  const [location] = valuesOf(answer, 'location')
  const redirectURI = location && new URL(location).searchParams.get('redirect_uri')
  return { status: answer.status, redirectURI, body: answer.body }
}

it.each([
  'app.example',
  'app.example:8080',
  'app_1.example',
  'localhost:3000',
  '127.0.0.1:3000',
  '[::1]:3000',
  '[2001:db8::7:ffff]',
  'xn--lert-6pa.example',
  'app.example:0',
  'app.example:65535',
  `${'a'.repeat(63)}.example`,
])('the host %s is where the browser comes back to', async (host) => {
  const app = await startApp({ strategy: relative })
  const { status, redirectURI } = await begin(app, { host })
  expect(status).toBe(302)
  expect(redirectURI).toBe(`http://${host}${CALLBACK}`)
})

it.each([
  '',
  'a b',
  'app.example/path',
  'app.example?x',
  'app.example#x',
  'user@app.example',
  'app.example:123456',
  'app.example:',
  'app.example:80x',
  'x app.example',
  '[::1',
  '::1',
  '[:]',
  '[app.example]',
  'app"example',
  'app.example:65536',
  'app.example:-1',
  'app.example:+80',
  'app.example:80:80',
  'app.example..',
  '.app.example',
  'app..example',
  '.',
  '..',
  '[::1].',
  '[::1%25eth0]',
  '[1.2.3.4]',
  '[::1.2.3.4x]',
  '[::1.2.3.]',
  '[::1.]',
  '192.168.0.257',
  '%3g%78%63%30%2e%30%32%35%30',
  '@@@example',
  'a@b@app.example:800',
  ':12',
  '`{}',
  '[::1]x',
  '1.2.3.4.5',
  '256.256.256.256',
  'xn--\u00e4.example',
  'xn--a.example',
  'm\u00fcnchen.example',
  'user:password@app.example',
  'app.example/../evil.example',
  'http://app.example',
  'app%2eexample',
  'app.example\\evil.example',
  'a'.repeat(256),
])('the host %j is none: 400, and no attempt is begun', async (host) => {
  const app = await startApp({ strategy: relative })
  const { status, redirectURI, body } = await begin(app, { host })
  expect(status).toBe(400)
  expect(redirectURI).toBeUndefined()
  expect(JSON.parse(body)).toEqual({ name: 'IlertError', code: 'invalid_host', message: 'The request names no host.' })
})

it("a proxy's word for the host counts where the app trusts it, the first of several", async () => {
  const app = await startApp({ strategy: relative, before: (web) => web.set('trust proxy', 'loopback') })
  const headers = { host: 'inner.example', 'x-forwarded-host': 'public.example , inner', 'x-forwarded-proto': 'https' }
  expect((await begin(app, headers)).redirectURI).toBe(`https://public.example${CALLBACK}`)
  expect((await begin(app, { host: 'inner.example' })).redirectURI).toBe(`http://inner.example${CALLBACK}`)
  expect((await begin(app, { ...headers, 'x-forwarded-host': 'evil.example/x' })).status).toBe(400)
  expect((await begin(app, { ...headers, 'x-forwarded-proto': 'xhttps' })).status).toBe(400)
})

/** Each list is one place, written in the ways that browsers, proxies and people have. */
const WAYS: [string, [protocol: string, host: string][]][] = [
  [
    'https://app.example',
    [
      ['https', 'app.example'],
      ['https', 'app.example:443'],
      ['https', 'app.example:0443'],
      ['https', 'APP.Example:443'],
      ['https', 'APP.example.:443'],
      ['https', 'app.example.'],
      ['HTTPS', 'app.example:443'],
      ['Https', 'App.Example.'],
      ['https , http', 'app.example:443 , inner.example:8080'],
      ['HTTPS,http', 'APP.EXAMPLE., app.example'],
    ],
  ],
  ['https://app.example:80', [['https', 'app.example:80']]],
  ['http://app.example:443', [['http', 'APP.example.:443']]],
  [
    'http://app.example',
    [
      ['http', 'app.example:80'],
      ['HTTP', 'App.example.:080'],
    ],
  ],
  ['https://app.example:8443', [['https', 'APP.example.:08443']]],
  [
    'https://[2001:db8::1]',
    [
      ['https', '[2001:DB8:0:0:0:0:0:1]:443'],
      ['https', '[2001:0db8::0001]'],
    ],
  ],
  ['https://[::ffff:7f00:1]', [['https', '[::FFFF:127.0.0.1]:443']]],
  ['https://xn--mnchen-3ya.example', [['https', 'XN--MNCHEN-3YA.Example.:443']]],
  ['https://127.0.0.1', [['https', '127.0.0.1.:443']]],
]

it.each(WAYS)('%s is written in one way, whatever the proxy writes', async (origin, ways) => {
  const app = await startApp({ strategy: relative, before: (web) => web.set('trust proxy', 'loopback') })
  for (const [protocol, host] of ways) {
    const proto = { 'x-forwarded-proto': protocol }
    const seen = [
      (await begin(app, { host: 'inner.example', ...proto, 'x-forwarded-host': host })).redirectURI,
      !host.includes(',') && (await begin(app, { host, ...proto })).redirectURI,
    ]
    expect(seen.filter(Boolean)).toEqual(Array(host.includes(',') ? 1 : 2).fill(`${origin}${CALLBACK}`))
  }
})

it('a sign-in ends though the proxy writes the host in another way by then', async () => {
  const app = await startApp({ strategy: relative, before: (web) => web.set('trust proxy', 'loopback') })
  const forwarded = (host: string) => ({ 'x-forwarded-host': host, 'x-forwarded-proto': 'http' })
  const { host } = new URL(app.origin)
  const browser = app.browser()
  const begun = await browser.visit(LOGIN, { headers: forwarded(host) })
  const callback = await browser.consent(begun.location)
  expect((await browser.visit(callback, { headers: forwarded(host.replace(':', '.:')) })).location).toBe('/')
})

it("a stranger's word for the host does not count", async () => {
  const app = await startApp({ strategy: relative })
  const headers = { host: 'app.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  expect((await begin(app, headers)).redirectURI).toBe(`http://app.example${CALLBACK}`)
})

it('a callback URL that is whole stays what it is, whatever the host', async () => {
  const app = await startApp()
  expect((await begin(app, { host: 'evil.example' })).redirectURI).toBe(`${app.origin}${CALLBACK}`)
})

describe('a sign-in that begins at another host than the one that it comes back to', () => {
  async function warned(app: TestApp, ...hosts: string[]): Promise<string[]> {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    for (const host of hosts) await begin(app, { host })
    const given = emit.mock.calls as unknown as [string, { code?: string }?][]
    emit.mockRestore()
    return given.filter(([, options]) => options?.code === 'ILERT_OTHER_HOST').map(([message]) => message)
  }

  it('is warned of once, with both names and what to do', async () => {
    const app = await startApp({ strategy: { callbackURL: 'https://www.app.example/auth/ilert/callback' } })
    const messages = await warned(app, 'app.example', 'APP.example.:8080', 'www.app.example', 'WWW.app.example.:443')
    expect(messages).toEqual([
      expect.stringMatching(/began at app\.example, .* leads back to www\.app\.example, .*403/),
    ])
    expect(messages[0]).toMatch(/Begin sign-ins at www\.app\.example, .*trust proxy/)
  })

  it('is not warned of for another port, for a path, or for what is no host', async () => {
    const app = await startApp({ strategy: { callbackURL: 'http://localhost:3000/back' } })
    expect(await warned(app, 'localhost', 'LOCALHOST:8080', 'evil.example/path', '"')).toEqual([])
    const anywhere = await startApp({ strategy: relative })
    expect(await warned(anywhere, 'one.example', 'two.example')).toEqual([])
  })

  it('is not warned of for ever: any client can send any host', async () => {
    const app = await startApp({ strategy: { callbackURL: 'https://one.example/back' } })
    const hosts = Array.from({ length: 50 }, (_, i) => `n${i}.example`)
    expect((await warned(app, ...hosts)).length).toBeLessThanOrEqual(10)
    expect(await warned(app, 'late.example')).toEqual([])
  })
})
