/*
 * The sandbox against ilert's own OpenAPI document: every operation that a scope opens is there, takes what the document
 * takes, refuses what it does not, and answers in its form.
 */
import { readFileSync } from 'node:fs'
import { readFilter } from '../../example-app/src/filter.ts'
import { changes, loadAlert, loadDesk, loadLastDay } from '../../example-app/src/ilert.ts'
import { paginate } from '../../src/client/paginate.ts'
import { requiredScope, scopes } from '../../src/ilert/scopes.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type Operation, readDocument, resolve, type Schema } from '../../tools/document/read.js'
import { sandboxTable } from '../../tools/document/sandbox-table.js'
import { describeDocument, ILERT_DOCUMENT } from '../support/needs.ts'
import { type Call, signedIn } from './api-support.ts'
import { type Contract, readContract } from './document.ts'

const ALL = Object.keys(scopes)
  .filter((scope) => scope !== 'offline_access' && scope !== 'wildcard')
  .map((scope) => `${scope}:d`)
  .join(' ')

/** Tunde, who is in the account that the tests look at, and is not the one who asks. */
const TUNDE = 41_057

type Query = Parameters<Parameters<typeof paginate>[0]>[0]

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const entries: T[] = []
  for await (const entry of list) entries.push(entry)
  return entries
}

describeDocument("against ilert's document", () => {
  let contract: Contract
  let sandbox: Sandbox
  let call: Call
  let references: Record<string, unknown>
  beforeAll(() => {
    contract = readContract()
  })
  beforeEach(async () => {
    sandbox = await createSandbox({ requestsPerMinute: 0 })
    call = await signedIn(sandbox, ALL)
    references = await findReferences()
  })
  afterEach(() => sandbox.close())

  const firstID = async (path: string) => (await call('GET', path)).body[0]?.id

  async function findReferences(): Promise<Record<string, unknown>> {
    const reference = async (path: string) => ({ id: await firstID(`/api/${path}`) })
    const [team, schedule, escalationPolicy, alertSource, service, supportHours] = await Promise.all(
      ['teams', 'schedules', 'escalation-policies', 'alert-sources', 'services', 'support-hours'].map(reference),
    )
    const [metric, dataSource, connector, action, template, contact] = await Promise.all(
      ['metrics', 'metric-data-sources', 'connectors', 'alert-actions', 'incident-templates']
        .concat(`users/${TUNDE}/contacts/emails`)
        .map(reference),
    )
    const user = { id: TUNDE }
    return {
      ...{ user, users: user, assignedTo: user, actor: user, creator: user },
      ...{ team, teams: team, schedule, schedules: schedule, escalationPolicy, alertSource, alertSources: alertSource },
      ...{ service, services: service, supportHours, metrics: metric, dataSource, contact },
      ...{ connectorId: connector?.id, alertActionId: action?.id, templateId: template?.id, serviceIds: service?.id },
    }
  }

  /** A path of the document with the ids of entries that are there. */
  async function withIDs(path: string): Promise<string> {
    const segments: string[] = []
    for (const segment of path.split('/')) {
      segments.push(segment.startsWith('{') ? String(await idFor(segments.join('/'), segment)) : segment)
    }
    return segments.join('/')
  }

  async function idFor(list: string, segment: string): Promise<unknown> {
    if (segment === '{user-id}' || segment === '{subscriber-id}' || list.endsWith('/members')) return TUNDE
    if (segment === '{level}') return 0
    if (list === '/api/maintenance-windows') return madeWindow()
    return firstID(list)
  }

  /** The document gives maintenance windows no id: their `Location` has it. */
  async function madeWindow(): Promise<unknown> {
    const { headers } = await call('POST', '/api/maintenance-windows', { summary: 'For a test' })
    return headers.get('location')?.split('/').at(-1)
  }

  /** What has to be there for an operation, or in its query. */
  async function prepared(path: string, url: string): Promise<string> {
    if (path.endsWith('/assign')) return `${url}?user=${TUNDE}`
    if (path === '/api/alerts/{id}/responders/{user-id}') {
      await call('PUT', url.replace(/responders\/.*/, `assign?user=${TUNDE}`))
    }
    if (path.endsWith('/{subscriber-id}')) {
      await call('POST', url.replace(/\/\d+$/, ''), { id: TUNDE, type: 'USER' })
      return `${url}?subscriber-type=USER`
    }
    if (path === '/api/escalation-policies/resolve') return `${url}?routing-key=platform`
    if (path.startsWith('/api/reports')) {
      const [from, until] = [Date.now() - 20 * 86_400_000, Date.now()].map((time) => new Date(time).toISOString())
      return `${url}?from=${from}&until=${until}`
    }
    if (path === '/api/on-calls') return `${url}?expand=user&expand=escalationPolicy&expand=schedule`
    return url
  }

  function find(method: string, path: string): Operation {
    const found = contract.operations.find((one) => one.method === method && one.path === path)
    if (!found) throw new Error(`${method} ${path} is not in the document`)
    return found
  }

  test('the table is the one that is made from it', () => {
    const made = sandboxTable(readDocument(ILERT_DOCUMENT), requiredScope)
    for (const [path, text] of Object.entries(made)) {
      const table = readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')
      expect([path, table === text]).toEqual([path, true]) // npm run document
    }
    expect(Object.keys(made).length).toBe(2)
  })

  test('every GET is there, valid, without unknown fields, and has something to show', async () => {
    const gets = contract.operations.filter(({ method }) => method === 'GET')
    for (const operation of gets) {
      const url = await prepared(operation.path, await withIDs(operation.path))
      const { status, body } = await call('GET', url)
      expect([operation.path, status, contract.problems(operation, body)]).toEqual([operation.path, 200, []])
      if (Array.isArray(body) && !operation.path.includes('private-subscribers')) {
        expect([operation.path, body.length]).not.toEqual([operation.path, 0])
      }
    }
    expect(gets.length).toBe(63)
  })

  test('what include adds is valid, and absent otherwise', async () => {
    for (const operation of contract.operations.filter(({ query }) => query.some(({ name }) => name === 'include'))) {
      const words = operation.query.find(({ name }) => name === 'include')?.schema.items?.enum ?? []
      const url = await withIDs(operation.path)
      const one = ({ body }: { body: object | object[] }) => (Array.isArray(body) ? (body[0] ?? {}) : body)
      const plain = Object.keys(one(await call('GET', url)))
      expect([url, plain.filter((name) => words.includes(name) && name !== 'structure')]).toEqual([url, []])
      const all = await call('GET', `${url}?${words.map((word) => `include=${word}`).join('&')}`)
      expect([url, all.status, contract.problems(operation, all.body)]).toEqual([url, 200, []])
      expect((await call('GET', `${url}?include=nonsense`)).status).toBe(400)
    }
  })

  test('every writing operation is there, and answers with the status and the form that it should', async () => {
    const writes = contract.operations.filter(({ method }) => method !== 'GET')
    for (const operation of writes) {
      const { method, path, status } = operation
      const url = await prepared(path, await withIDs(path))
      const body = bodyFor(operation)
      const answer = await call(method, url, body)
      const problems = contract.problems(operation, answer.body, { overlapping: 'taken' })
      expect([method, path, answer.status, problems, answer.status >= 400 && answer.body]).toEqual([
        method,
        path,
        status,
        [],
        false,
      ])
      expect([path, answer.headers.has('location')]).toEqual([path, operation.location])
      if (method === 'DELETE') call = await fresh()
    }
    expect(writes.length).toBe(84)
  })

  /** After what was deleted, everything is there again. */
  async function fresh(): Promise<Call> {
    await sandbox.close()
    sandbox = await createSandbox({ requestsPerMinute: 0 })
    call = await signedIn(sandbox, ALL)
    references = await findReferences()
    return call
  }

  function bodyFor(operation: Operation): unknown {
    if (operation.body === undefined) return undefined
    const body = contract.sample(operation, references)
    if (operation.path.endsWith('/overrides')) return { ...(body as object), end: '2030-01-07T08:00:00Z' }
    if (!operation.path.includes('private-subscribers')) return body
    const subscriber = { id: TUNDE, type: 'USER' }
    return Array.isArray(body) ? [subscriber] : subscriber
  }

  const creating = () =>
    contract.operations.filter(({ method, path, body }) => method === 'POST' && body && !path.includes('{'))

  test('a body without a field that is required is refused, and the field named', async () => {
    let refused = 0
    for (const operation of creating()) {
      for (const name of schemaOf(operation).required ?? []) {
        const { [name]: _, ...body } = bodyFor(operation) as Record<string, unknown>
        for (const sent of [body, { ...body, [name]: null }]) {
          const answer = await call('POST', operation.path, sent)
          expect([operation.path, name, answer]).toMatchObject([operation.path, name, { status: 400 }])
          expect(answer.body).toMatchObject({ status: 400, code: 'BAD_REQUEST', message: `'${name}' is required` })
        }
        refused += 1
      }
    }
    expect(refused).toBeGreaterThanOrEqual(20)
  })

  test('a field of the wrong type, or with a word that is none of the document, is refused and named', async () => {
    for (const operation of creating()) {
      for (const [name, part] of Object.entries(schemaOf(operation).properties ?? {})) {
        if (part.readOnly) continue
        const body = bodyFor(operation) as Record<string, unknown>
        for (const wrong of wrongFor(part)) {
          const answer = await call('POST', operation.path, { ...body, [name]: wrong })
          expect([operation.path, name, wrong, answer.status, answer.body?.message]).toEqual([
            operation.path,
            name,
            wrong,
            400,
            expect.stringContaining(`'${name}`),
          ])
        }
      }
    }
  })

  function schemaOf({ body = {} }: Operation): Schema {
    return resolve(contract.document, body)
  }

  function wrongFor(schema: Schema): unknown[] {
    const { type, enum: words, items, properties, oneOf } = resolve(contract.document, schema)
    if (items) return ['no list', [[]]]
    if (properties || oneOf) return ['no object', []]
    if (type === 'string') return [4711, {}, ...(words ? ['NONE_OF_THE_WORDS'] : [])]
    if (type === 'boolean') return ['true', 1]
    return type === 'object' ? ['no object'] : ['7', true]
  }

  test("what is ilert's to write is taken from nobody", async () => {
    for (const operation of creating()) {
      const readOnly = Object.entries(schemaOf(operation).properties ?? {}).filter(([, part]) => part.readOnly)
      const forged = Object.fromEntries(readOnly.map(([name]) => [name, 'forged']))
      const answer = await call('POST', operation.path, { ...(bodyFor(operation) as object), ...forged })
      expect([operation.path, answer.status]).toEqual([operation.path, operation.status])
      expect(JSON.stringify(answer.body)).not.toContain('forged')
    }
  })

  test('what a body mentions has to be there, and is filled in', async () => {
    const nothing = { id: 999_999_999 }
    const alert = { summary: 'Disk full', alertSource: references.alertSource }
    for (const [path, body, field] of [
      ['alerts', { ...alert, alertSource: nothing }, 'alertSource.id'],
      ['alerts', { ...alert, escalationPolicy: nothing }, 'escalationPolicy.id'],
      ['alerts', { ...alert, alertSource: {} }, 'alertSource.id'],
      ['alerts', { ...alert, responders: [{ user: nothing }] }, 'responders[0].user.id'],
      ['alert-sources', { name: 'x', integrationType: 'API', escalationPolicy: nothing }, 'escalationPolicy.id'],
      [
        'escalation-policies',
        { name: 'x', escalationRules: [{ escalationTimeout: 5, users: [nothing] }] },
        'escalationRules[0].users[0].id',
      ],
      ['alert-actions', { name: 'x', connectorType: 'webhook', connectorId: 'none' }, 'connectorId'],
      ['incidents', { affectedServices: [{ impact: 'DEGRADED', service: nothing }] }, 'affectedServices[0].service.id'],
      ['services', { name: 'x', teams: [nothing] }, 'teams[0].id'],
    ] as const) {
      const { status, body: error } = await call('POST', `/api/${path}`, body)
      expect([status, error.message]).toEqual([400, expect.stringContaining(`'${field}' `)])
    }
    const { body } = await call('POST', '/api/alerts', alert)
    expect(body).toMatchObject({
      alertSource: { ...(references.alertSource as object), name: expect.any(String) },
      escalationPolicy: { name: expect.any(String), escalationRules: expect.any(Array) },
      responders: [{ user: { firstName: expect.any(String) }, status: 'PENDING' }],
      priority: 'HIGH',
    })
  })

  test("each list has the document's own maximum and default, and refuses more in ilert's words", async () => {
    const lists = contract.operations.filter(
      ({ method, path, query }) =>
        method === 'GET' && !path.includes('{') && query.some((one) => one.name === 'max-results'),
    )
    expect(lists.length).toBe(17)
    for (const { path, query, maxWithInclude } of lists) {
      await fill(path)
      const { maximum = 0, default: otherwise } = query.find(({ name }) => name === 'max-results')?.schema ?? {}
      const found = async (search: string) => (await call('GET', `${path}?${search}`)).body.length
      expect([path, await found('')]).toEqual([path, otherwise])
      expect([path, await found(`max-results=${maximum}`)]).toEqual([path, Math.min(130, maximum)])
      const more = await call('GET', `${path}?max-results=${maximum + 1}`)
      expect([path, more.status, more.body.message]).toEqual([path, 400, `'max-results' must not be above ${maximum}`])
      const read = async (search: Query) => {
        const params = Object.entries(search).map(([name, value]) => `${name}=${String(value)}`)
        const { status, headers, body } = await call('GET', `${path}?${params.join('&')}`)
        return { status, headers, body }
      }
      expect([path, (await all(paginate(read, path, {}))).length]).toEqual([path, 130])
      if (maxWithInclude !== undefined) {
        const include = query.find(({ name }) => name === 'include')?.schema.items?.enum?.[0]
        expect(await found(`include=${include}&max-results=${maxWithInclude}`)).toBe(maxWithInclude)
        const { status, body } = await call('GET', `${path}?include=${include}&max-results=${maxWithInclude + 1}`)
        expect([status, body.message]).toEqual([400, `'max-results' must not be above ${maxWithInclude}`])
      }
    }
  })

  /** Brings a list to 130 entries. Who is on call follows from the escalation policies. */
  async function fill(path: string): Promise<void> {
    const of = path === '/api/on-calls' ? '/api/escalation-policies' : path
    const body = { ...(bodyFor(find('POST', of)) as object), ...(path === '/api/on-calls' && ONE_LEVEL) }
    const missing = 130 - (await lengthOf(path))
    for (let done = 0; done < missing; done += 10) {
      await Promise.all(Array.from({ length: Math.min(10, missing - done) }, () => call('POST', of, body)))
    }
    expect([path, await lengthOf(path)]).toEqual([path, 130])
  }

  async function lengthOf(path: string): Promise<number> {
    for (let start = 0; ; start += 20) {
      const { length } = (await call('GET', `${path}?max-results=20&start-index=${start}`)).body
      if (length < 20) return start + length
    }
  }

  const ONE_LEVEL = { escalationRules: [{ escalationTimeout: 5, users: [{ id: TUNDE }] }] }

  test('nothing is served that the document does not have', async () => {
    const ids = { service: await firstID('/api/services'), page: await firstID('/api/status-pages') }
    const [alert, incident] = [await firstID('/api/alerts'), await firstID('/api/incidents')]
    for (const [path, methods] of [
      ['/api/uptime-monitors', ['GET', 'POST']],
      ['/api/uptime-monitors/1', ['GET', 'PUT', 'DELETE']],
      ['/api/reports', ['GET', 'POST']],
      ['/api/reports/1', ['GET', 'PUT', 'DELETE']],
      [`/api/services/${ids.service}/subscription`, ['GET', 'POST', 'PUT', 'DELETE']],
      [`/api/status-pages/${ids.page}/subscription`, ['GET', 'POST', 'PUT', 'DELETE']],
      [`/api/incidents/${incident}/subscription`, ['GET', 'POST', 'PUT', 'DELETE']],
      [`/api/users/${TUNDE}/contacts`, ['GET', 'POST']],
      [`/api/users/${TUNDE}/contacts/1`, ['GET', 'PUT', 'DELETE']],
      [`/api/users/${TUNDE}/notification-preferences`, ['GET', 'POST']],
      [`/api/users/${TUNDE}/notification-preferences/1`, ['GET', 'PUT', 'DELETE']],
      [`/api/alerts/${alert}`, ['PUT', 'DELETE']],
      [`/api/incidents/${incident}`, ['DELETE']],
    ] as const) {
      for (const method of methods) {
        const { status } = await call(method, path, method === 'GET' || method === 'DELETE' ? undefined : {})
        expect([method, path, status === 404 || status === 405]).toEqual([method, path, true])
      }
    }
  })

  test("the template's desk asks by parameters of the document alone", async () => {
    const asked: [method: string, path: string, query: object][] = []
    const ask =
      (method: string, answer: unknown) =>
      (path: string, init: { query?: object } = {}) => {
        asked.push([method, path, init.query ?? {}])
        return answer
      }
    const ilert = {
      get: ask('GET', Promise.resolve({})),
      put: (path: string, _body: unknown, init?: { query?: object }) => ask('PUT', Promise.resolve({}))(path, init),
      post: ask('POST', Promise.resolve({})),
      paginate: ask('GET', []),
    } as never
    for (const query of [{}, { mine: '1', state: 'PENDING', page: '2' }, { priority: 'HIGH' }]) {
      await loadDesk(ilert, readFilter(query), '7')
    }
    await loadLastDay(ilert, Date.now())
    await loadAlert(ilert, 7)
    await changes.assign(ilert, 7, { user: '7' })
    for (const change of [changes.accept, changes.resolve, changes.join]) await change(ilert, 7)
    expect(asked.length).toBeGreaterThan(15)
    for (const [method, path, query] of asked) {
      const known = find(method, path.replace('/7', '/{id}')).query.map(({ name }) => name)
      expect([path, Object.keys(query).filter((name) => !known.includes(name))]).toEqual([path, []])
    }
  })

  test("ilert's Go client gets the status that it insists on, and ids of the type that it reads", async () => {
    const statuses = { 'escalation-policies': 201, incidents: 200, 'maintenance-windows': 200 }
    for (const operation of creating().filter(({ path }) => !/search-email|publish-info/.test(path))) {
      const name = operation.path.replace('/api/', '') as keyof typeof statuses
      const { status, body } = await call('POST', operation.path, bodyFor(operation))
      expect([name, status]).toEqual([name, statuses[name] ?? 201])
      if (name === ('maintenance-windows' as string)) continue
      const isText = name === ('connectors' as string) || name === ('alert-actions' as string)
      expect([name, typeof body.id]).toEqual([name, isText ? 'string' : 'number'])
    }
  })
})
