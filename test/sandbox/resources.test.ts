import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { apiError, type Call, signedIn } from './api-support.ts'
import { CURRENT_USER, TOKEN, tokensFor } from './support.ts'

let sandbox: Sandbox
let call: Call
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 }, requestsPerMinute: 0 })
  call = await signedIn(
    sandbox,
    'profile:d service:d user:d alert:d incident:d schedule:d team:d status_page:d connector:d',
  )
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
    expect(created.headers.has('location')).toBe(false) // the document promises none here
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

  test('holds what the document knows, whatever it is called, and nothing else', async () => {
    const fields = '{"name":"Ünïcode 🚨","__proto__":{"x":1},"constructor":null,"list":[1,{"a":[]}],"alias":null}'
    const { body } = await call('POST', '/api/services', fields)
    expect((await call('GET', `/api/services/${body.id}`)).body).toEqual({ id: body.id, name: 'Ünïcode 🚨' })
  })

  test('keeps its teams where the update leaves them out, or loses them, as ilert does', async () => {
    const [{ id: team }] = (await call('GET', '/api/teams')).body
    const { body } = await call('POST', '/api/services', { name: 'Returns', teams: [{ id: team }] })
    const teams = [{ id: team, name: 'Platform' }]
    expect(body.teams).toEqual(teams)
    const path = `/api/services/${body.id}`
    expect((await call('PUT', path, { name: 'Refunds' })).body).toEqual({ id: body.id, name: 'Refunds', teams })
    expect((await call('PUT', path, { name: 'Refunds', teams: [] })).body.teams).toEqual([])
  })

  test('is mentioned with what it is called by now, also when it was deleted', async () => {
    const { body } = await call('POST', '/api/teams', { name: 'Old name' })
    const { body: service } = await call('POST', '/api/services', { name: 'Returns', teams: [{ id: body.id }] })
    await call('PUT', `/api/teams/${body.id}`, { name: 'New name' })
    const teams = async () => (await call('GET', `/api/services/${service.id}`)).body.teams
    expect(await teams()).toEqual([{ id: body.id, name: 'New name' }])
    await call('DELETE', `/api/teams/${body.id}`)
    expect(await teams()).toEqual([{ id: body.id, name: 'New name' }])
  })

  test('has an id that is a text where the document says so', async () => {
    const { body } = await call('POST', '/api/connectors', { name: 'Jira', type: 'jira', params: { url: 'x', no: 1 } })
    expect(body).toMatchObject({ id: expect.stringMatching(/^[\da-f]{8}-/), params: { url: 'x' } })
    expect(body.params).not.toHaveProperty('no')
    expect((await call('GET', `/api/connectors/${body.id}`)).body).toEqual(body)
    expect((await call('DELETE', `/api/connectors/${body.id}`)).status).toBe(204)
  })

  test('of the document with a Location is found there', async () => {
    const user = { firstName: 'New', lastName: 'Colleague', email: 'new@nordwind.example' }
    const { headers, body } = await call('POST', '/api/users', user)
    expect(headers.get('location')).toBe(`/api/users/${body.id}`)
    expect((await call('GET', headers.get('location') ?? '')).body).toEqual(body)
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
    expect((await call('GET', '/api/services')).body).toEqual(all.slice(0, 10))
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
    // Whose pages are larger.
    const { status } = await call('GET', `/api/on-calls?${query.replace('101', '251')}`)
    expect(status).toBe(400)
  })

  test.each([
    ['services?max-results=101', "'max-results' must not be above 100"],
    ['services?max-results=26&include=uptime', "'max-results' must not be above 25"],
    ['services?max-results=0', "'max-results' must not be below 1"],
    ['services?start-index=-1', "'start-index' must not be below 0"],
    ['services?max-results=ten', "'max-results' must be a whole number"],
    ['schedules?max-results=21', "'max-results' must not be above 20"],
    ['alerts?states=OPEN', "'states' must be one of PENDING, ACCEPTED, RESOLVED"],
    ['alerts?from=yesterday', "'from' must be a date and time in ISO 8601 form"],
  ])('%s: %s', async (path, message) => {
    expect(await call('GET', `/api/${path}`)).toMatchObject(apiError(400, 'BAD_REQUEST', message))
  })

  test('other parameters are not looked at', async () => {
    expect((await call('GET', '/api/services?unknown=1&x')).status).toBe(200)
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
    ['/api/services/1/private-subscribers', 'PATCH', 'GET, HEAD, PUT'],
    ['/api/alerts/1', 'DELETE', 'GET, HEAD'],
    ['/api/incidents/1', 'DELETE', 'GET, HEAD, PUT'],
    ['/api/alerts/1/accept', 'GET', 'PUT'],
    ['/api/alerts/1/resolve', 'POST', 'PUT'],
    ['/api/on-calls', 'POST', 'GET, HEAD'],
    [CURRENT_USER, 'DELETE', 'GET, HEAD, PUT'],
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
    '/api/users/1/contacts/emails',
    '/api/users/41057/contacts',
    '/api/users/41057/contacts/emails/1',
    '/api/users/{user-id}',
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

  test('an access token opens nothing once it has expired, nor does a refresh token', async () => {
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
    expect(preflight.headers.get('access-control-allow-headers')).toBe(
      'Authorization, Content-Type, If-Match, Team-Context',
    )
    for (const path of ['/api/services', '/api/services/1', '/api/alerts/1/accept']) {
      expect((await call('GET', path)).headers.get('access-control-allow-origin')).toBe('*')
    }
  })
})

describe('what belongs to a user', () => {
  const BELOW = '/api/users/41057'

  test.each([
    ['contacts/emails', { target: 'tunde@example' }, { target: 'other@example' }, { status: 'OK' }],
    ['contacts/phone-numbers', { regionCode: 'DE', target: '030' }, { target: '040' }, { status: 'OK' }],
    ['notification-preferences/alerts', { method: 'SMS', delayMin: 5 }, { method: 'EMAIL' }, {}],
    ['notification-preferences/duties', { method: 'SMS', beforeMin: 15 }, { method: 'EMAIL' }, {}],
    ['notification-preferences/updates', { method: 'SMS', type: 'ALERT_RESOLVED' }, { method: 'EMAIL' }, {}],
    ['notification-preferences/subscriptions', { method: 'SMS' }, { method: 'EMAIL' }, {}],
  ])('%s: listed, created, read, updated, deleted, and nobody else has it', async (name, first, second, own) => {
    const path = `${BELOW}/${name}`
    const before = (await call('GET', path)).body
    expect(before.length).toBeGreaterThan(0)
    const { status, body } = await call('POST', path, first)
    expect(status).toBe(201)
    expect((await call('GET', path)).body).toEqual([...before, { id: body.id, ...first, ...own }])
    const item = `${path}/${body.id}`
    expect((await call('PUT', item, second)).body).toEqual({ id: body.id, ...second, ...own })
    expect((await call('GET', item)).body).toEqual({ id: body.id, ...second, ...own })
    const elsewhere = item.replace('41057', '41023')
    expect((await call('GET', elsewhere)).status).toBe(404)
    expect((await call('PUT', elsewhere, {})).status).toBe(404)
    expect((await call('DELETE', elsewhere)).status).toBe(404)
    expect((await call('DELETE', item)).status).toBe(204)
    expect((await call('GET', path)).body).toEqual(before)
  })

  test('a preference names a contact of the same user', async () => {
    const path = `${BELOW}/notification-preferences/alerts`
    const [contact] = (await call('GET', `${BELOW}/contacts/phone-numbers`)).body
    const { body } = await call('POST', path, { method: 'VOICE', contact: { id: contact.id } })
    expect(body.contact).toEqual(contact)
    const [other] = (await call('GET', '/api/users/41023/contacts/phone-numbers')).body
    for (const wrong of [{ id: other.id }, { id: 1 }, {}, 7]) {
      expect((await call('POST', path, { method: 'VOICE', contact: wrong })).status).toBe(400)
    }
  })

  test('goes with the user', async () => {
    const fields = { firstName: 'New', lastName: 'Colleague', email: 'new@nordwind.example' }
    const { body: user } = await call('POST', '/api/users', fields)
    const contacts = `/api/users/${user.id}/contacts/emails`
    const { body: contact } = await call('POST', contacts, { target: 'new@example' })
    await call('DELETE', `/api/users/${user.id}`)
    expect((await call('GET', contacts)).status).toBe(404)
    expect((await call('POST', contacts, {})).status).toBe(404)
    expect((await call('GET', `${contacts}/${contact.id}`)).status).toBe(404)
  })

  test('the signed-in user is one of the users, and can change all but the role', async () => {
    const { body: me } = await call('GET', CURRENT_USER)
    expect((await call('GET', `/api/users/${me.id}`)).body).toEqual(me)
    await call('PUT', `/api/users/${me.id}`, { ...me, position: 'CTO' })
    expect((await call('GET', CURRENT_USER)).body).toEqual({ ...me, position: 'CTO' })
    const changed = await call('PUT', CURRENT_USER, { ...me, timezone: 'Asia/Tokyo', role: 'GUEST' })
    expect(changed).toMatchObject({ status: 200, body: { timezone: 'Asia/Tokyo', role: 'ADMIN' } })
    expect((await call('GET', CURRENT_USER)).body).toEqual(changed.body)
    expect((await call('PUT', CURRENT_USER, { ...me, timezone: 'Mars/Olympus' })).status).toBe(400)
    await call('DELETE', `/api/users/${me.id}`)
    expect((await call('GET', CURRENT_USER)).body.id).toEqual(me.id)
  })

  test('is found by e-mail address, without regard to its case', async () => {
    const found = await call('POST', '/api/users/search-email', { email: 'Tunde.Okafor@nordwind.example' })
    expect(found).toMatchObject({ status: 200, body: { id: 41_057 } })
    expect((await call('POST', '/api/users/search-email', { email: 'nobody@nordwind.example' })).status).toBe(404)
  })
})

describe('members of a team', () => {
  test('are added, given another role, and removed', async () => {
    const [{ id }] = (await call('GET', '/api/teams')).body
    const path = `/api/teams/${id}/members`
    const roles = async () =>
      (await call('GET', `/api/teams/${id}`)).body.members.map((one: { user: { id: number }; role: string }) => [
        one.user.id,
        one.role,
      ])
    const { body: user } = await call('POST', '/api/users', { firstName: 'New', lastName: 'One', email: 'n@example' })
    for (const role of ['RESPONDER', 'ADMIN']) {
      const added = await call('POST', path, { user: { id: user.id }, role })
      expect(added).toMatchObject({ status: 200, body: { user: { email: 'n@example' }, role } })
      expect(await roles()).toContainEqual([user.id, role])
    }
    expect((await call('GET', `/api/teams?members=${user.id}`)).body.map((team: { id: number }) => team.id)).toEqual([
      id,
    ])
    expect((await call('DELETE', `${path}/${user.id}`)).status).toBe(204)
    expect((await call('DELETE', `${path}/${user.id}`)).status).toBe(404)
    expect((await call('POST', path, { role: 'ADMIN' })).body.message).toBe("'user' is required")
  })
})

describe('private subscribers', () => {
  test.each(['services', 'incidents', 'status-pages'])('to %s belong to one entry', async (name) => {
    const [a] = (await call('GET', `/api/${name}`)).body
    const path = `/api/${name}/${a.id}/private-subscribers`
    const me = { id: 41_023, type: 'USER', name: 'Mara Lindqvist' }
    const body = name === 'status-pages' ? me : [me]
    const method = name === 'services' ? 'PUT' : 'POST'
    expect(await call(method, path, body)).toMatchObject({ status: 204, body: undefined })
    expect((await call('GET', path)).body).toContainEqual(me)
    const { subscribed } = (await call('GET', `/api/${name}/${a.id}?include=subscribed`)).body
    expect(subscribed).toBe(true)
    for (const wrong of [{ id: 1, type: 'USER' }, { id: 41_023, type: 'TEAM' }, { id: 41_023 }, { type: 'USER' }]) {
      expect((await call(method, path, name === 'status-pages' ? wrong : [wrong])).status).toBe(400)
    }
    if (name !== 'status-pages') return
    expect((await call('PUT', path, [me])).status).toBe(204)
    expect((await call('DELETE', `${path}/41023`)).status).toBe(400)
    expect((await call('DELETE', `${path}/41023?subscriber-type=TEAM`)).status).toBe(404)
    expect((await call('DELETE', `${path}/41023?subscriber-type=USER`)).status).toBe(204)
    expect((await call('GET', path)).body).toEqual([])
  })
})

describe('an incident', () => {
  const find = async () => {
    const [{ id }] = (await call('GET', '/api/incidents')).body
    const { headers, body } = await call('GET', `/api/incidents/${id}`)
    return { path: `/api/incidents/${id}`, etag: headers.get('etag') ?? '', body }
  }
  const update = async (path: string, etag: string | undefined, body: unknown) => {
    const { access_token } = await tokensFor(sandbox, 'mara.lindqvist', 'incident:w')
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' }
    const withTag = { ...headers, ...(etag !== undefined && { 'if-match': etag }) }
    return fetch(sandbox.apiURL + path, { method: 'PUT', headers: withTag, body: JSON.stringify(body) })
  }

  test('is replaced if nobody was faster, and the history says by whom', async () => {
    const { path, etag, body } = await find()
    expect(etag).toMatch(/^"[\w-]+"$/)
    sandbox.clock.advance(1000)
    const next = { ...body, message: 'Fixed.', status: 'RESOLVED' }
    expect((await update(path, etag, next)).status).toBe(200)
    const refused = await update(path, etag, next)
    expect({ status: refused.status, body: await refused.json() }).toMatchObject(apiError(412, 'PRECONDITION_FAILED'))
    for (const before of [undefined, '*, ', '', '"x", ']) {
      const tag = before === undefined ? undefined : before + (await find()).etag
      expect((await update(path, tag, next)).status).toBe(200)
    }
    const { body: resolved } = await call('GET', `${path}?include=history`)
    expect(resolved).toMatchObject({ createdAt: body.createdAt, resolvedOn: new Date(1.7e12 + 1000).toISOString() })
    expect(resolved.history[0]).toMatchObject({ content: 'Fixed.', creator: { firstName: 'Mara' } })
  })

  test('has another ETag when a service of it has changed', async () => {
    const { etag, body } = await find()
    const [{ service }] = body.affectedServices
    await call('PUT', `/api/services/${service.id}`, { ...service, name: 'Another name' })
    expect((await find()).etag).not.toBe(etag)
  })

  test('says whom it would reach', async () => {
    const { body } = await find()
    const forecast = await call('POST', '/api/incidents/publish-info', body)
    expect(forecast).toMatchObject({ status: 200, body: { publicStatusPages: 1, privateSubscribers: 1 } })
    const nobody = await call('POST', '/api/incidents/publish-info', {})
    expect(nobody.body).toMatchObject({ publicStatusPages: 0, privateStatusPages: 0 })
  })
})

test('the log has it, without the query', async () => {
  await call('GET', '/api/services?start-index=0')
  await call('GET', '/api/services/1')
  await call('GET', '/api/metrics')
  expect(sandbox.requests.slice(-3)).toEqual([
    { at: 1.7e12, method: 'GET', path: '/api/services', status: 200 },
    { at: 1.7e12, method: 'GET', path: '/api/services/1', status: 404, note: 'NOT_FOUND' },
    { at: 1.7e12, method: 'GET', path: '/api/metrics', status: 403, note: 'OAUTH2_SCOPE_ERROR' },
  ])
})
