/* Where the browser is sent back to, by what the request says of its host. */
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
  'APP_1.example',
  'localhost:3000',
  '127.0.0.1:3000',
  '[::1]:3000',
  '[2001:db8::7:ffff]',
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

it("a stranger's word for the host does not count", async () => {
  const app = await startApp({ strategy: relative })
  const headers = { host: 'app.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  expect((await begin(app, headers)).redirectURI).toBe(`http://app.example${CALLBACK}`)
})

it('a callback URL that is whole stays what it is, whatever the host', async () => {
  const app = await startApp()
  expect((await begin(app, { host: 'evil.example' })).redirectURI).toBe(`${app.origin}${CALLBACK}`)
})
