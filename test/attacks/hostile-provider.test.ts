import { createSandbox } from '../../src/sandbox/index.ts'
import { closeApis, jwt, startApi } from '../express/bearer-app.ts'
import { signedIn } from '../sandbox/api-support.ts'
import { type AppOptions, CURRENT_USER, closeApps, startApp, type TestApp, TOKEN } from '../support/app.ts'
import { raw } from '../support/raw.ts'
import { closeServers, json, type Received, serve, type TestServer } from '../support/server.ts'

afterEach(async () => {
  await closeApps()
  await closeApis()
  await closeServers()
})

// What an app could be made to believe of everything, if any of it got into a prototype.
const HOSTILE = '"__proto__": {"polluted": "yes", "admin": true}, "constructor": {"prototype": {"polluted": "yes"}}'
const hostile = (fields: object) => JSON.stringify(fields).replace('{', `{${HOSTILE}, `)

/** What all objects inherit. */
const ROOTS = [Object, Array, Function, String, Error, Map, Promise].flatMap((each) => [each, each.prototype])
const inherited = () => ROOTS.map((root) => Reflect.ownKeys(root).map(String))
const before = inherited()
function expectClean(...values: unknown[]): void {
  expect(inherited()).toEqual(before)
  for (const value of values) {
    expect((value as Record<string, unknown>).polluted).toBeUndefined()
    expect((value as Record<string, unknown>).admin).toBeUndefined()
  }
}

const accessToken = `${jwt({}).split('.')[0]}.${Buffer.from(hostile({ il_n: 'nordwind', il_a: 250, exp: 4e9 })).toString('base64url')}.c2ln`
const TOKENS = { access_token: accessToken, refresh_token: 'refresh', expires_in: 3600, scope: 'profile alert' }
const USER = { id: 7, username: 'mara', firstName: 'Mara', email: 'mara@example.com' }

/** An app at a provider of the test's own. */
async function at(
  answer: (path: string, received: Received) => [number, string] | undefined,
  options: AppOptions = {},
) {
  const provider = await serve((response, received) => {
    const path = received.path.split('?')[0] ?? ''
    const fallback = path === TOKEN ? TOKENS : path === CURRENT_USER ? USER : []
    const [status, body] = answer(path, received) ?? [200, JSON.stringify(fallback)]
    json(response, status, body)
  })
  const app = await startApp({
    ...options,
    strategy: { apiURL: provider.origin, timeoutMs: 3000, ...options.strategy },
  })
  return { app, provider }
}

describe('prototypes stay as they are', () => {
  it('whatever is in the answers to a sign-in and to calls', async () => {
    let seen: unknown[] = []
    const { app } = await at(
      (path) => [
        200,
        path === TOKEN ? hostile(TOKENS) : path === CURRENT_USER ? hostile(USER) : `[${hostile({ id: 1 })}]`,
      ],
      {
        verify: ((
          accessToken: string,
          _refresh: string,
          params: object,
          profile: object,
          done: (...args: unknown[]) => void,
        ) => {
          // What apps do with what they are given.
          const user = { ...profile, ...params, accessToken: accessToken.length }
          seen = [params, profile, user, Object.assign({}, profile), (profile as { _json: object })._json]
          done(null, profile)
        }) as never,
        routes: (web) => {
          web.get('/alerts', async (req, res) => {
            const [alert] = await req.ilert.get<[object]>('/api/alerts')
            seen.push(alert, { ...alert }, req.user, req.session)
            res.json(alert)
          })
        },
      },
    )
    const browser = app.browser()
    expect((await browser.signIn()).location).toBe('/')
    expect((await browser.visit('/alerts')).status).toBe(200)
    expect(seen).toHaveLength(9)
    expectClean({}, ...seen, await browser.home())
    expect((await browser.home()).user).toEqual({
      provider: 'ilert',
      id: '7',
      username: 'mara',
      displayName: 'Mara',
      name: { givenName: 'Mara' },
      emails: [{ value: 'mara@example.com', verified: false }],
      tenant: 'nordwind',
    })
  })

  it('whatever is in refusals', async () => {
    for (const status of [400, 401, 403, 429, 500]) {
      const { app } = await at(() => [status, hostile({ code: '__proto__', error: 'constructor', message: 'no' })])
      expect((await app.browser().signIn()).status).toBeGreaterThanOrEqual(400)
      expectClean({}, ...app.errors)
    }
  })

  it('whatever is said of a bearer token, and by it', async () => {
    const provider = await serve((response) => {
      json(
        response,
        200,
        hostile({ active: true, app_id: 250, username: 'mara', scope: 'alert __proto__ constructor' }),
      )
    })
    const api = await startApi({ strategy: { appID: 250, apiURL: provider.origin } })
    const reply = await api.get(accessToken)
    expect(reply.json).toEqual({
      user: { username: 'mara', scope: ['alert', '__proto__', 'constructor'], appID: 250 },
      authInfo: { scope: ['alert', '__proto__', 'constructor'] },
    })
    expectClean({}, reply.json.user)
  })

  it('whatever browsers send', async () => {
    const app = await startApp({ before: (web) => web.set('query parser', 'extended') })
    const { host } = new URL(app.origin)
    const names = [
      '__proto__',
      '__proto__.polluted',
      'constructor.prototype',
      '__proto__[polluted]',
      'constructor[prototype][polluted]',
    ]
    for (const name of names) {
      for (const target of [
        `/auth/ilert?${name}=yes`,
        `/auth/ilert/callback?code=x&state=${name}&${name}=yes`,
        `/?${name}=yes`,
      ]) {
        const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, `Cookie: ${name}=yes; ilert.${name}=yes`]
        expect((await raw(app.origin, lines)).status).toBeLessThan(500)
      }
    }
    expectClean({})
    expect(app.errors).toEqual([])
  })

  it('whatever the sandbox is sent', async () => {
    const sandbox = await createSandbox()
    const call = await signedIn(sandbox, 'team:d')
    const { body, status } = await call('POST', '/api/teams', hostile({ name: 'x' }))
    expect(status).toBe(201)
    expect((await call('PUT', `/api/teams/${body.id}`, hostile({ name: 'y' }))).status).toBe(200)
    for (const path of [
      '/api/__proto__',
      '/api/constructor',
      `/api/teams/${body.id}/constructor`,
      '/api/teams/__proto__',
    ]) {
      expect((await call('GET', path)).status).toBe(404)
    }
    expectClean({}, (await call('GET', `/api/teams/${body.id}`)).body)
    await sandbox.close()
  })
})

describe('an answer that means two things', () => {
  it('is read once, and so means one: of a name that is there twice the last counts', async () => {
    const { app } = await at((path) =>
      path === CURRENT_USER ? [200, '{"id": 1, "username": "root", "id": 7, "username": "mara"}'] : undefined,
    )
    const browser = app.browser()
    await browser.signIn()
    expect((await browser.home()).user).toMatchObject({ id: '7', username: 'mara' })
    expect((await browser.home()).session['passport-ilert']).toMatchObject({ ilertID: '7' })
  })

  it.each([
    '{"id": 7}{"id": 8}',
    '{"id": 7}\0',
    '\ufeff{"id": 7}',
    '[{"id": 7}]',
    '{"id": "7"}',
    '{"id": 07}',
    '{"id": 7.0e0}x',
  ])('is none: %j', async (body) => {
    const { app } = await at((path) => (path === CURRENT_USER ? [200, body] : undefined))
    const browser = app.browser()
    expect((await browser.signIn()).status).toBe(503)
    expect((await browser.home()).user).toBeNull()
  })

  it('and one that is nested without end harms nobody', async () => {
    const deep = `{"id": 7, "x": ${'['.repeat(400_000)}${']'.repeat(400_000)}}`
    const { app } = await at((path) => (path === CURRENT_USER ? [200, deep] : undefined))
    // Refused for what it would cost to read, as an answer that cannot be used.
    expect((await app.browser().signIn()).status).toBe(503)
    expect((await app.browser().visit('/')).status).toBe(200)
  })
})

describe('a redirect', () => {
  const elsewhere = async (at: string, status: number): Promise<[TestServer, TestApp]> => {
    const target = await serve((response) => json(response, 200, { ...TOKENS, ...USER, active: true }))
    const provider = await serve((response, { path }) => {
      if (path === at) json(response, status, {}, { location: `${target.origin}${path}` })
      else json(response, 200, path === TOKEN ? TOKENS : USER)
    })
    return [target, await startApp({ strategy: { apiURL: provider.origin } })]
  }

  it.each([TOKEN, CURRENT_USER])('of %s takes neither code, verifier, secret nor token anywhere', async (path) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const [target, app] = await elsewhere(path, status)
      const page = await app.browser().signIn()
      expect([page.status, page.json.code]).toEqual([503, 'redirect_refused'])
      expect([target.connections, target.requests]).toEqual([0, []])
    }
  })
})
