import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { apiError, type Call, signedIn } from './api-support.ts'
import { CURRENT_USER, TOKEN, tokensFor } from './support.ts'

let sandbox: Sandbox
let call: Call
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 }, requestsPerMinute: 0 })
  call = await signedIn(sandbox, 'profile service:d user:d alert:d incident:d schedule:d team:d')
})
afterEach(() => sandbox.close())

const names = (list: { name: string }[]) => list.map(({ name }) => name)

describe('an entry', () => {
  test('is created, read, updated and deleted', async () => {
    const created = await call('POST', '/api/services', { name: 'Returns', status: 'OPERATIONAL', id: 1 })
    expect(created).toMatchObject({ status: 201, body: { name: 'Returns', status: 'OPERATIONAL' } })
    const { id } = created.body
    expect(id).toBeGreaterThan(1)
    const path = `/api/services/${id}`
    expect((await call('GET', path)).body).toEqual({ id, name: 'Returns', status: 'OPERATIONAL' })
    expect(names((await call('GET', '/api/services')).body)).toContain('Returns')
    // What a PUT leaves out is gone.
    expect(await call('PUT', path, { name: 'Returns and refunds', id: 2 })).toMatchObject({ status: 200 })
    expect((await call('GET', path)).body).toEqual({ id, name: 'Returns and refunds' })
    expect(await call('DELETE', path)).toMatchObject({ status: 204, body: undefined })
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect(await call(method, path, method === 'PUT' ? {} : undefined)).toMatchObject(apiError(404, 'NOT_FOUND'))
    }
    expect(names((await call('GET', '/api/services')).body)).not.toContain('Returns and refunds')
  })

  test('keeps the id to itself: no two are alike, also after one was deleted', async () => {
    const a = await call('POST', '/api/teams', { name: 'A' })
    await call('DELETE', `/api/teams/${a.body.id}`)
    const b = await call('POST', '/api/teams', { name: 'B' })
    expect(b.body.id).not.toBe(a.body.id)
  })

  test('holds what it was given, whatever it is called', async () => {
    const fields = '{"name":"Ünïcode 🚨","__proto__":{"x":1},"constructor":null,"list":[1,{"a":[]}]}'
    const { body } = await call('POST', '/api/services', fields)
    expect(JSON.stringify((await call('GET', `/api/services/${body.id}`)).body)).toBe(
      `${fields.slice(0, -1)},"id":${body.id}}`,
    )
  })
})

describe('a list', () => {
  async function fill(count: number): Promise<number> {
    const { length } = (await call('GET', '/api/services')).body
    for (let i = 0; i < count; i++) await call('POST', '/api/services', { name: `Service ${i}` })
    return length + count
  }

  test('comes in pages that follow one another', async () => {
    const total = await fill(120)
    const all: { id: number }[] = []
    for (const [start, expected] of [
      [0, 100],
      [100, total - 100],
      [200, 0],
    ] as const) {
      const { status, body } = await call('GET', `/api/services?start-index=${start}&max-results=100`)
      expect([status, body.length]).toEqual([200, expected])
      all.push(...body)
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(total)
    expect((await call('GET', '/api/services')).body).toEqual(all.slice(0, 50))
    expect((await call('GET', '/api/services?max-results=7&start-index=3')).body).toEqual(all.slice(3, 10))
    expect((await call('GET', `/api/services?start-index=${total - 1}`)).body).toEqual(all.slice(-1))
  })

  test.each([
    'start-index=-1',
    'start-index=',
    'start-index=x',
    'start-index=1.5',
    'start-index=1e3',
    'start-index=%201',
    'start-index=9999999999',
    'start-index=0&start-index=1',
    'max-results=0',
    'max-results=101',
    'max-results=-5',
    'max-results=',
    'max-results=ten',
    'max-results=10&max-results=10',
  ])('%s: 400', async (query) => {
    const name = query.split('=', 1)[0]
    expect(await call('GET', `/api/services?${query}`)).toMatchObject(
      apiError(400, 'BAD_REQUEST', expect.stringContaining(`${name}`)),
    )
    expect((await call('GET', `/api/on-calls?${query}`)).status).toBe(400)
  })

  test('other parameters are not looked at', async () => {
    expect((await call('GET', '/api/services?include=subscribed&x')).status).toBe(200)
  })
})

describe('a body', () => {
  test.each(['', '{', 'null', '[]', '"text"', '7', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`])(
    '%s: 400',
    async (body) => {
      expect(await call('POST', '/api/services', body)).toMatchObject(apiError(400, 'BAD_REQUEST'))
      const [first] = (await call('GET', '/api/services')).body
      expect(await call('PUT', `/api/services/${first.id}`, body)).toMatchObject(apiError(400, 'BAD_REQUEST'))
      expect((await call('GET', `/api/services/${first.id}`)).body).toEqual(first)
    },
  )

  test('has to say that it is JSON', async () => {
    const { access_token } = await tokensFor(sandbox, 'mara.lindqvist', 'service:w')
    const post = (headers: Record<string, string>) =>
      fetch(`${sandbox.apiURL}/api/services`, {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, ...headers },
        body: '{"name":"x"}',
      })
    expect((await post({ 'content-type': 'application/json; charset=utf-8' })).status).toBe(201)
    const refused = await post({ 'content-type': 'text/plain' })
    expect({ status: refused.status, body: await refused.json() }).toMatchObject(
      apiError(415, 'UNSUPPORTED_MEDIA_TYPE'),
    )
    expect((await post({})).status).toBe(415)
  })

  test('may be 64 KB long', async () => {
    expect((await call('POST', '/api/services', { name: 'x'.repeat(65_000) })).status).toBe(201)
    expect(await call('POST', '/api/services', { name: 'x'.repeat(65_536) })).toMatchObject(
      apiError(413, 'PAYLOAD_TOO_LARGE'),
    )
  })
})

describe('methods and paths', () => {
  test('HEAD is GET without a body', async () => {
    expect(await call('HEAD', '/api/services')).toMatchObject({ status: 200, body: undefined })
    expect(await call('HEAD', CURRENT_USER)).toMatchObject({ status: 200, body: undefined })
    expect((await call('HEAD', '/api/services/1')).status).toBe(404)
    expect((await call('HEAD', TOKEN)).status).toBe(405)
  })

  test.each([
    ['/api/services', 'PUT', 'GET, HEAD, POST'],
    ['/api/services', 'PATCH', 'GET, HEAD, POST'],
    ['/api/services', 'DELETE', 'GET, HEAD, POST'],
    ['/api/services/1', 'POST', 'GET, HEAD, PUT, DELETE'],
    ['/api/services/1/subscription', 'PATCH', 'GET, HEAD, POST, PUT, DELETE'],
    ['/api/alerts/1/accept', 'GET', 'PUT'],
    ['/api/alerts/1/resolve', 'POST', 'PUT'],
    ['/api/on-calls', 'POST', 'GET, HEAD'],
    [CURRENT_USER, 'DELETE', 'GET, HEAD'],
  ])('%s takes no %s', async (path, method, allow) => {
    const answer = await call(method, path)
    expect(answer).toMatchObject(apiError(405, 'METHOD_NOT_ALLOWED', `The method must be ${allow}`))
    expect(answer.headers.get('allow')).toBe(allow)
  })

  test.each([
    '/api/services/1',
    '/api/services/0',
    '/api/services/007',
    '/api/users/041057',
    '/api/users/41057.0',
    '/api/services/-1',
    '/api/services/1e3',
    '/api/services/9999999999999999999999',
    '/api/services/constructor',
    '/api/services/',
    '/api/services/1/',
    '/api/services//1',
    '/api/services/1/subscriptions',
    '/api/teams/1/subscription',
    '/api/services/1/accept',
    '/api/users/1/contacts',
    '/api/users/41057/contacts/1',
    '/api/users/41057/nothing',
    '/api/on-calls/1',
    '/api/nothing',
    '/api',
    '/api/',
    '/api/7',
  ])('%s: 404', async (path) => {
    expect(await call('GET', path)).toMatchObject(apiError(404, 'NOT_FOUND'))
  })

  test.each(['/api/services', '/api/services/1', '/api/alerts/1/accept', '/api/on-calls'])(
    '%s without a good token: 401',
    async (path) => {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        for (const headers of [{}, { authorization: 'Bearer nonsense' }, { authorization: 'Basic eDp5' }]) {
          const response = await fetch(`${sandbox.apiURL}${path}`, { method, headers })
          expect(response.headers.get('www-authenticate')).toBe('Bearer')
          expect({ status: response.status, body: await response.json() }).toMatchObject(apiError(401, 'UNAUTHORIZED'))
        }
      }
    },
  )

  test('an access token opens nothing once it is over, nor does a refresh token', async () => {
    const { access_token, refresh_token } = await tokensFor(sandbox, 'mara.lindqvist', 'alert')
    const status = async (token: string) =>
      (await fetch(`${sandbox.apiURL}/api/alerts`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await status(refresh_token)).toBe(401)
    sandbox.clock.advance(3_599_999)
    expect(await status(access_token)).toBe(200)
    sandbox.clock.advance(1)
    expect(await status(access_token)).toBe(401)
  })

  test('pages of other origins may call and read', async () => {
    const preflight = await fetch(`${sandbox.apiURL}/api/services/1`, { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, PUT, DELETE')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type')
    for (const path of ['/api/services', '/api/services/1', '/api/alerts/1/accept']) {
      expect((await call('GET', path)).headers.get('access-control-allow-origin')).toBe('*')
    }
  })
})

describe('what belongs to a user', () => {
  const PATHS = ['/api/users/41057/contacts', '/api/users/41057/notification-preferences']

  test.each(PATHS)('%s: listed, created, read, updated, deleted, and nobody else has it', async (path) => {
    const before = (await call('GET', path)).body
    expect(before.length).toBeGreaterThan(0)
    const { status, body } = await call('POST', path, { method: 'SMS' })
    expect(status).toBe(201)
    expect((await call('GET', path)).body).toEqual([...before, { id: body.id, method: 'SMS' }])
    const item = `${path}/${body.id}`
    expect((await call('PUT', item, { method: 'EMAIL' })).body).toEqual({ id: body.id, method: 'EMAIL' })
    expect((await call('GET', item)).body).toEqual({ id: body.id, method: 'EMAIL' })
    const elsewhere = item.replace('41057', '41023')
    expect((await call('GET', elsewhere)).status).toBe(404)
    expect((await call('PUT', elsewhere, {})).status).toBe(404)
    expect((await call('DELETE', elsewhere)).status).toBe(404)
    expect((await call('DELETE', item)).status).toBe(204)
    expect((await call('GET', path)).body).toEqual(before)
  })

  test('goes with the user', async () => {
    const { body: user } = await call('POST', '/api/users', { username: 'new' })
    const contacts = `/api/users/${user.id}/contacts`
    const { body: contact } = await call('POST', contacts, { method: 'EMAIL' })
    await call('DELETE', `/api/users/${user.id}`)
    expect((await call('GET', contacts)).status).toBe(404)
    expect((await call('POST', contacts, {})).status).toBe(404)
    expect((await call('GET', `${contacts}/${contact.id}`)).status).toBe(404)
  })

  test('the signed-in user is one of the users; the username stays', async () => {
    const { body: me } = await call('GET', CURRENT_USER)
    expect((await call('GET', `/api/users/${me.id}`)).body).toEqual(me)
    await call('PUT', `/api/users/${me.id}`, { ...me, firstName: 'Mara', username: 'root' })
    expect((await call('GET', CURRENT_USER)).body).toEqual({ ...me, firstName: 'Mara' })
    await call('DELETE', `/api/users/${me.id}`)
    expect((await call('GET', CURRENT_USER)).body).toEqual(me)
  })
})

describe('subscriptions', () => {
  test.each(['services', 'incidents'])('to %s belong to one user and one entry', async (name) => {
    const [a, b] = (await call('GET', `/api/${name}`)).body
    const other = await signedIn(sandbox, 'service:d incident:d', 'tunde.okafor')
    const of = async (who: Call, { id }: { id: number }) => (await who('GET', `/api/${name}/${id}/subscription`)).body
    expect(await of(call, a)).toEqual({ subscribed: false })
    for (const method of ['PUT', 'POST']) {
      expect(await call(method, `/api/${name}/${a.id}/subscription`)).toMatchObject({
        status: 200,
        body: { subscribed: true },
      })
    }
    await call('PUT', `/api/${name}/${a.id}`, { name: 'A new version of it' })
    expect(await of(call, a)).toEqual({ subscribed: true })
    expect(await of(call, b)).toEqual({ subscribed: false })
    expect(await of(other, a)).toEqual({ subscribed: false })
    expect((await call('DELETE', `/api/${name}/${a.id}/subscription`)).status).toBe(204)
    expect(await of(call, a)).toEqual({ subscribed: false })
    expect((await call('PUT', `/api/${name}/1/subscription`)).status).toBe(404)
  })
})

test('the log has it, without the query', async () => {
  await call('GET', '/api/services?start-index=0')
  await call('GET', '/api/services/1')
  await call('GET', '/api/metrics')
  expect(sandbox.requests.slice(-3)).toEqual([
    { at: 1.7e12, method: 'GET', path: '/api/services', status: 200 },
    { at: 1.7e12, method: 'GET', path: '/api/services/1', status: 404, note: 'NOT_FOUND' },
    { at: 1.7e12, method: 'GET', path: '/api/metrics', status: 403, note: 'FORBIDDEN' },
  ])
})
