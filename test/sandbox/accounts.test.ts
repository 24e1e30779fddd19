import { scopes } from '../../src/ilert/scopes.ts'
import { seedAccount } from '../../src/sandbox/data/seed.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import type { Answer } from '../../src/sandbox/messages.ts'
import { RateLimit } from '../../src/sandbox/rate-limit.ts'
import { answerRequest } from '../../src/sandbox/routes.ts'
import { State } from '../../src/sandbox/state.ts'
import { sandboxUsers } from '../../src/sandbox/users.ts'
import { type Call, signedIn } from './api-support.ts'

const open: Sandbox[] = []
async function start(): Promise<Sandbox> {
  const sandbox = await createSandbox({ requestsPerMinute: 0 })
  open.push(sandbox)
  return sandbox
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()))
})

const ALL = Object.keys(scopes)
  .filter((scope) => scope !== 'offline_access')
  .map((scope) => `${scope}:d`)
  .join(' ')

/** Each path that is a list of entries. */
const LISTS = Object.values(scopes)
  .flatMap(({ paths }) => paths)
  .filter((path) => !/\{id\}|current|on-calls|uptime-monitors|reports/.test(path))

/** What an entry that is new needs, of all kinds. */
async function draft(call: Call): Promise<object> {
  const [policy] = (await call('GET', '/api/escalation-policies')).body
  const [source] = (await call('GET', '/api/alert-sources')).body
  return {
    ...{ name: 'Only here', summary: 'Only here', firstName: 'Only', lastName: 'Here', email: 'only@here.example' },
    ...{ escalationPolicy: { id: policy.id }, alertSource: { id: source.id }, integrationType: 'API' },
    ...{
      timezone: 'Europe/Berlin',
      supportDays: {},
      escalationRules: [],
      aggregationType: 'AVG',
      displayType: 'GRAPH',
    },
  }
}

/** Words that mean something else in each kind. */
function words(path: string): object {
  if (path.endsWith('connectors') || path.endsWith('alert-actions')) return { type: 'jira', connectorType: 'jira' }
  if (path.endsWith('metric-data-sources')) return { type: 'PROMETHEUS', metadata: { url: 'x', authType: 'NONE' } }
  return {}
}

async function ids(call: Call, path: string): Promise<(string | number)[]> {
  return (await call('GET', path)).body.map(({ id }: { id: string | number }) => id)
}

test('each account has something everywhere, and a user is on call', async () => {
  const sandbox = await start()
  for (const user of ['mara.lindqvist', 'aoife.obrien']) {
    const call = await signedIn(sandbox, ALL, user)
    for (const path of [...LISTS, '/api/on-calls']) {
      expect([path, (await call('GET', path)).body.length]).toEqual([path, expect.any(Number)])
      expect((await call('GET', path)).body.length).toBeGreaterThan(0)
    }
  }
})

test('no account sees, changes or deletes what is in another', async () => {
  const sandbox = await start()
  const [mara, aoife] = [await signedIn(sandbox, ALL), await signedIn(sandbox, ALL, 'aoife.obrien')]
  for (const path of LISTS) {
    // The document gives maintenance windows no id.
    if (path === '/api/maintenance-windows') continue
    const [theirs, ours] = [await ids(mara, path), await ids(aoife, path)]
    expect(ours.filter((id) => theirs.includes(id))).toEqual([])
    const before = (await mara('GET', path)).body
    for (const suffix of ['', '/accept', '/resolve', '/private-subscribers', '/contacts/emails']) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await aoife(method, `${path}/${theirs[0]}${suffix}`, method === 'PUT' ? {} : undefined)
        expect([404, 405]).toContain(answer.status)
      }
    }
    const { status, body } = await aoife('POST', path, { ...(await draft(aoife)), ...words(path) })
    expect([path, status < 300]).toEqual([path, true])
    expect((await mara('GET', `${path}/${body.id}`)).status).toBe(404)
    expect((await mara('GET', path)).body).toEqual(before)
  }
  const onCall = async (call: Call) =>
    (await call('GET', '/api/on-calls')).body.map(({ user }: { user: { id: number } }) => user.id)
  const shared = (await onCall(mara)).filter((id: number) => id > 58_000)
  expect(shared).toEqual([])
})

test('users of one account see the same, also what the other one has just changed', async () => {
  const sandbox = await start()
  const [mara, tunde] = [await signedIn(sandbox, ALL), await signedIn(sandbox, ALL, 'tunde.okafor')]
  const { body } = await mara('POST', '/api/teams', { name: 'New' })
  expect((await tunde('GET', `/api/teams/${body.id}`)).body).toEqual(body)
})

test('no sandbox shares data with another', async () => {
  const [one, two] = [await signedIn(await start(), ALL), await signedIn(await start(), ALL)]
  for (const path of LISTS) {
    const { status } = await one('POST', path, { ...(await draft(one)), ...words(path) })
    expect([path, status < 300]).toEqual([path, true])
    expect(JSON.stringify((await two('GET', path)).body)).not.toMatch(/Only here|only@here/)
    if (path === '/api/maintenance-windows') continue
    const [first] = await ids(two, path)
    await one('DELETE', `${path}/${first}`)
    expect((await two('GET', `${path}/${first}`)).status).toBe(200)
  }
})

describe('without sockets', () => {
  const clock = { now: () => 1.7e12 }
  const users = sandboxUsers()
  let state: State
  let call: (method: string, path: string) => Promise<Answer>
  beforeEach(() => {
    state = new State(clock, users)
    const app = state.register({ clientID: 'app', clientSecret: '', redirectURI: 'http://localhost/' })
    const [user] = users
    if (!user) throw new Error('no user')
    const scope = ['team:d', 'user:d']
    const grant = { app, user, scope, pkce: true, generation: 0, revoked: false, refreshedAt: undefined }
    state.accessTokens.set('token', grant, Number.POSITIVE_INFINITY)
    const settings = {
      accessTokenSeconds: 1,
      refreshLimitSeconds: 0,
      refreshTokens: 'reuse',
      approve: undefined,
    } as const
    const ilert = { state, clock, settings, rateLimit: new RateLimit(clock, 0) }
    const headers = { authorization: 'Bearer token', 'content-type': 'application/json' }
    call = (method, path) =>
      answerRequest({ method, path, headers, query: new URLSearchParams(), body: '{}', address: '' }, ilert)
  })

  test('a collection takes 10 000 entries, and more when some are gone', async () => {
    const teams = state.account('nordwind').collection('teams')
    const [first] = teams.list()
    for (let i = teams.list().length; i < 9999; i++) await call('POST', '/api/teams')
    expect((await call('POST', '/api/teams')).status).toBe(201)
    expect(await call('POST', '/api/teams')).toMatchObject({ status: 409, note: 'CONFLICT' })
    expect((await call('PUT', `/api/teams/${first?.id}`)).status).toBe(200)
    expect((await call('DELETE', `/api/teams/${first?.id}`)).status).toBe(204)
    expect((await call('POST', '/api/teams')).status).toBe(201)
    expect((await call('POST', '/api/teams')).status).toBe(409)
  })

  test('of a deleted user nothing is left', async () => {
    const contacts = state.account('nordwind').collection('users/{user-id}/contacts/emails')
    expect(contacts.list('41057')).not.toEqual([])
    expect((await call('DELETE', '/api/users/41057')).status).toBe(204)
    expect(contacts.list('41057')).toEqual([])
    expect(contacts.list('41023')).not.toEqual([])
  })

  test('a path as the table writes it leads nowhere', async () => {
    for (const path of ['/api/users/{user-id}/contacts/emails', '/api/users/{user-id}', '/api/teams/{id}']) {
      expect((await call('GET', path)).status).toBe(404)
    }
  })
})

test('an account that has no data of its own has its users', () => {
  const [user] = sandboxUsers()
  const account = seedAccount('elsewhere', user ? [{ ...user, tenant: 'elsewhere' }] : [], 0)
  expect(account.collection('users').list()).toEqual([expect.not.objectContaining({ tenant: 'elsewhere' })])
  expect(account.collection('alerts').list()).toEqual([])
})
