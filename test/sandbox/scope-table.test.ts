/*
 * docs/ilert.md, "Scopes": what each scope opens, written down again from its table, so that nothing is held against
 * itself.
 */
import { scopes } from '../../src/ilert/scopes.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { apiError, type Call, signedIn } from './api-support.ts'

/** Tunde, who is in the account that the test looks at. */
const USER = '/api/users/41057'

const TABLE: Record<string, string[]> = {
  profile: ['/api/users/current'],
  offline_access: [],
  policy: ['/api/escalation-policies'],
  schedule: ['/api/schedules', '/api/on-calls'],
  source: ['/api/alert-sources'],
  monitor: ['/api/uptime-monitors'],
  action: ['/api/alert-actions'],
  connector: ['/api/connectors'],
  maintenance: ['/api/maintenance-windows'],
  report: ['/api/reports'],
  template: ['/api/incident-templates'],
  service: ['/api/services'],
  status_page: ['/api/status-pages'],
  team: ['/api/teams'],
  user: ['/api/users', `${USER}/contacts`, `${USER}/notification-preferences`],
  alert: ['/api/alerts'],
  incident: ['/api/incidents'],
  metric: ['/api/metrics'],
  metric_source: ['/api/metric-data-sources'],
  support_hour: ['/api/support-hours'],
}

/** Computed, so there is nothing to write. */
const READ_ONLY = ['/api/on-calls', '/api/users/current']

const SUBSCRIBABLE = ['/api/services', '/api/status-pages', '/api/incidents']

/** What each way to write a scope grants; `undefined` is a grant without it. */
const GRANTS: [string | undefined, string[]][] = [
  [undefined, []],
  ['', ['GET', 'HEAD']],
  [':r', ['GET', 'HEAD']],
  [':w', ['GET', 'HEAD', 'POST', 'PUT']],
  [':d', ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']],
]

/** With which suffix a method is asked for. */
const NEEDED: Record<string, string> = { GET: '', HEAD: '', POST: ':w', PUT: ':w', DELETE: ':d' }

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ requestsPerMinute: 0 })
})
afterAll(() => sandbox.close())

const calls = new Map<string, Promise<Call>>()

/** Mara, who has granted this. One sign-in per scope is enough. */
function granted(scope: string): Promise<Call> {
  const call = calls.get(scope) ?? signedIn(sandbox, scope)
  calls.set(scope, call)
  return call
}

test('the catalogue has the rows of the table', () => {
  const catalogue = Object.entries(scopes).map(([scope, { paths }]) => [scope, paths])
  const table = Object.entries(TABLE).map(([scope, paths]) => [scope, paths.map((path) => path.replace(/\d+/, '{id}'))])
  expect(catalogue).toEqual(table)
})

const rows = Object.entries(TABLE).flatMap(([scope, paths]) =>
  paths.flatMap((path) => GRANTS.map(([suffix, methods]) => ({ scope, path, suffix, methods }))),
)

describe.each(rows)('$scope$suffix at $path', ({ scope, path, suffix, methods }) => {
  let call: Call
  let item: string
  beforeAll(async () => {
    call = await granted(suffix === undefined ? otherThan(scope) : `${scope}${suffix}`)
    if (READ_ONLY.includes(path)) return
    const { body } = await (await granted(`${scope}:w`))('POST', path, {
      name: 'Made for this',
      summary: 'x',
    })
    item = `${path}/${body.id}`
  })

  async function expectStatus(method: string, url: string, status: number, body?: unknown): Promise<void> {
    const answer = await call(method, url, body)
    if (methods.includes(method)) {
      expect([method, url, answer.status]).toEqual([method, url, status])
    } else if (method === 'HEAD') {
      expect(answer.status).toBe(403)
    } else {
      const message = expect.stringMatching(new RegExp(`\\b${scope}${NEEDED[method]}$`))
      expect(answer).toMatchObject(apiError(403, 'FORBIDDEN', message))
    }
  }

  test(`grants ${methods.join(', ') || 'nothing'}`, async () => {
    await expectStatus('GET', path, 200)
    await expectStatus('HEAD', path, 200)
    if (path === '/api/users/current') return
    await expectStatus('PUT', path, 405, {})
    await expectStatus('DELETE', path, 405)
    if (READ_ONLY.includes(path)) {
      await expectStatus('POST', path, 405, {})
      return
    }
    await expectStatus('POST', path, 201, { name: 'New' })
    await expectStatus('GET', item, 200)
    await expectStatus('HEAD', item, 200)
    await expectStatus('PUT', item, 200, { name: 'Changed' })
    if (SUBSCRIBABLE.includes(path)) {
      await expectStatus('GET', `${item}/subscription`, 200)
      await expectStatus('PUT', `${item}/subscription`, 200)
      await expectStatus('POST', `${item}/subscription`, 200)
      await expectStatus('DELETE', `${item}/subscription`, 204)
    }
    if (path === '/api/alerts') {
      await expectStatus('PUT', `${item}/accept`, 200)
      await expectStatus('PUT', `${item}/resolve`, 200)
    }
    await expectStatus('DELETE', item, 204)
    if (methods.includes('DELETE')) await expect(call('GET', item)).resolves.toMatchObject({ status: 404 })
  })
})

test('offline_access and profile open no resource', async () => {
  const call = await signedIn(sandbox, 'offline_access profile')
  for (const [scope, paths] of Object.entries(TABLE)) {
    if (scope === 'profile') continue
    for (const path of paths) expect(await call('GET', path)).toMatchObject(apiError(403, 'FORBIDDEN'))
  }
})

/** Every other resource, with all that can be granted. */
function otherThan(scope: string): string {
  return Object.keys(TABLE)
    .filter((name) => name !== scope && name !== 'offline_access')
    .map((name) => `${name}:d`)
    .join(' ')
}
