/*
 * docs/ilert.md, "Scopes": what each scope opens, written down again from its table, so that nothing is held against
 * itself.
 */
import { scopes } from '../../src/ilert/scopes.ts'
import { OPERATIONS } from '../../src/sandbox/api/table/operations.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type Call, scopeError, signedIn } from './api-support.ts'

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
  user: ['/api/users', '/api/users/{id}/contacts', '/api/users/{id}/notification-preferences'],
  alert: ['/api/alerts'],
  incident: ['/api/incidents'],
  metric: ['/api/metrics'],
  metric_source: ['/api/metric-data-sources'],
  support_hour: ['/api/support-hours'],
}

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
  expect(Object.entries(scopes).map(([scope, { paths }]) => [scope, paths])).toEqual(Object.entries(TABLE))
})

/** The operations that a scope opens, each at a path that leads to nothing. */
function operationsOf(scope: string): { method: string; path: string }[] {
  const isBelow = (path: string, parent: string) => path === parent || path.startsWith(`${parent}/`)
  return Object.keys(OPERATIONS).flatMap((key) => {
    const [method = '', path = ''] = key.split(' ')
    const owner = path === '/api/users/current' ? 'profile' : scope
    const opens = owner === scope && TABLE[scope]?.some((parent) => isBelow(path, parent))
    return opens
      ? [{ method, path: atNothing(path) }, ...(method === 'GET' ? [{ method: 'HEAD', path: atNothing(path) }] : [])]
      : []
  })
}

/** A path of an operation with ids of nothing. */
function atNothing(path: string): string {
  return path.replace('{level}', '0').replaceAll(/\{[^}]+\}/g, '999999')
}

test('every operation is opened by one scope', () => {
  const opened = Object.keys(TABLE).flatMap(operationsOf)
  expect(opened.filter(({ method }) => method !== 'HEAD').length).toBe(Object.keys(OPERATIONS).length)
})

const rows = Object.keys(TABLE)
  .filter((scope) => scope !== 'offline_access')
  .flatMap((scope) => GRANTS.map(([suffix, methods]) => ({ scope, suffix, methods })))

test.each(rows)('$scope$suffix grants $methods', async ({ scope, suffix, methods }) => {
  const call = await granted(suffix === undefined ? otherThan(scope) : `${scope}${suffix}`)
  for (const { method, path } of operationsOf(scope)) {
    const answer = await call(method, path, method === 'POST' || method === 'PUT' ? {} : undefined)
    if (methods.includes(method)) expect([method, path, answer.status]).not.toEqual([method, path, 403])
    else if (method === 'HEAD') expect(answer.status).toBe(403)
    else expect(answer).toMatchObject(scopeError(`${scope}${NEEDED[method]}`))
  }
})

test.each([
  ['wildcard', ['GET']],
  ['wildcard:w', ['GET', 'POST', 'PUT']],
  ['wildcard:d', ['GET', 'POST', 'PUT', 'DELETE']],
])('%s grants %j everywhere', async (scope, methods) => {
  const call = await granted(scope)
  for (const key of Object.keys(OPERATIONS)) {
    const [method = '', path = ''] = key.split(' ')
    const { status } = await call(method, atNothing(path), method === 'POST' || method === 'PUT' ? {} : undefined)
    expect([key, status === 403]).toEqual([key, !methods.includes(method)])
  }
})

test('offline_access and profile open no resource', async () => {
  const call = await signedIn(sandbox, 'offline_access profile')
  for (const scope of Object.keys(TABLE)) {
    if (scope === 'profile') continue
    for (const { method, path } of operationsOf(scope)) expect((await call(method, path)).status).toBe(403)
  }
})

/** Every other resource, with all that can be granted. */
function otherThan(scope: string): string {
  return Object.keys(TABLE)
    .filter((name) => name !== scope && name !== 'offline_access')
    .map((name) => `${name}:d`)
    .join(' ')
}
