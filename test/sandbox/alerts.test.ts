import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { apiError, type Call, scopeError, signedIn } from './api-support.ts'

const HOUR = 3_600_000
const NOW = 1.7e12

let sandbox: Sandbox
let call: Call
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => NOW } })
  call = await signedIn(sandbox, 'alert:d source')
})
afterEach(() => sandbox.close())

interface Alert {
  id: number
  status: string
  summary: string
  reportTime: string
  resolvedOn?: string
  alertSource: { id: number; name: string }
  escalationPolicy: { id: number; name: string }
  responders: { user: { id: number }; status: string; acceptedAt?: string }[]
}

async function alerts(query = ''): Promise<Alert[]> {
  return (await call('GET', `/api/alerts?max-results=100${query}`)).body
}

describe('at the beginning', () => {
  test('there are alerts in all states, and some are open', async () => {
    const all = await alerts()
    const count = (status: string) => all.filter((alert) => alert.status === status).length
    expect(all.length).toBeGreaterThanOrEqual(25)
    expect(count('PENDING')).toBeGreaterThanOrEqual(3)
    expect(count('ACCEPTED')).toBeGreaterThanOrEqual(2)
    expect(count('RESOLVED')).toBeGreaterThanOrEqual(10)
    for (const { summary, alertSource, escalationPolicy } of all) {
      expect(summary.length).toBeGreaterThan(10)
      expect(alertSource).toMatchObject({ id: expect.any(Number), name: expect.any(String) })
      expect(escalationPolicy).toMatchObject({ id: expect.any(Number), name: expect.any(String) })
    }
  })

  test('they are of the last 24 hours, the newest first, and each hour of the day has its share', async () => {
    const times = (await alerts()).map(({ reportTime }) => Date.parse(reportTime))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect(times.every((time) => time <= NOW && time > NOW - 24 * HOUR)).toBe(true)
    const quarters = new Set(times.map((time) => Math.floor((NOW - time) / (4 * HOUR))))
    expect(quarters.size).toBe(6)
    for (const { status, reportTime, resolvedOn } of await alerts()) {
      if (status !== 'RESOLVED') expect(resolvedOn).toBeUndefined()
      else expect(Date.parse(resolvedOn ?? '')).toBeGreaterThan(Date.parse(reportTime))
      expect(Date.parse(resolvedOn ?? reportTime)).toBeLessThanOrEqual(NOW)
    }
  })
})

test('are filtered by state and by time', async () => {
  const all = await alerts()
  const open = await alerts('&states=PENDING&states=ACCEPTED')
  expect(open).toEqual(all.filter(({ status }) => status !== 'RESOLVED'))
  // As ilert's Go client asks.
  expect(await alerts('&state=PENDING&state=ACCEPTED')).toEqual(open)
  const [first] = all
  if (!first) throw new Error('no alerts')
  const { alertSource, escalationPolicy } = first
  const ofSource = all.filter((alert) => alert.alertSource.id === alertSource.id)
  expect(await alerts(`&sources=${alertSource.id}`)).toEqual(ofSource)
  expect((await call('GET', `/api/alerts/count?sources=${alertSource.id}`)).body).toEqual({ count: ofSource.length })
  expect(await alerts(`&policies=${escalationPolicy.id}&sources=1&sources=${alertSource.id}`)).toEqual(ofSource)
  const mine = await alerts('&responders=41023')
  expect(mine).toEqual(all.filter(({ responders }) => responders.some(({ user }) => user.id === 41_023)))
  expect(mine.length).toBeGreaterThan(0)
  const [from, until] = [new Date(NOW - 12 * HOUR).toISOString(), new Date(NOW - 6 * HOUR).toISOString()]
  const some = await alerts(`&from=${from}&until=${until}`)
  expect(some).toEqual(all.filter(({ reportTime }) => reportTime >= from && reportTime <= until))
  expect(some.length).toBeGreaterThan(0)
  expect((await call('GET', '/api/alerts?states=PENDING&max-results=1&start-index=1')).body).toEqual([
    all.filter(({ status }) => status === 'PENDING')[1],
  ])
  for (const query of [
    'states=OPEN',
    'state=OPEN',
    'state=',
    'sources=x',
    'from=yesterday',
    'from=2025',
    'until=',
    'from=a&from=b',
  ]) {
    expect(await call('GET', `/api/alerts?${query}`)).toMatchObject(apiError(400, 'BAD_REQUEST'))
  }
})

test('a new one is pending, from now, on top, and told to who is on call', async () => {
  await alerts()
  sandbox.clock.advance(1000)
  const [{ id: source }] = (await call('GET', '/api/alert-sources')).body
  const { status, body } = await call('POST', '/api/alerts', {
    summary: 'Disk full',
    alertSource: { id: source },
    status: 'RESOLVED',
    reportTime: 'x',
  })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    id: expect.any(Number),
    summary: 'Disk full',
    status: 'PENDING',
    priority: 'HIGH',
    reportTime: new Date(NOW + 1000).toISOString(),
    nextEscalation: new Date(NOW + 1000 + HOUR / 4).toISOString(),
    alertSource: { id: source, integrationType: 'PROMETHEUS' },
    escalationPolicy: { name: 'Platform' },
    responders: [{ user: { id: expect.any(Number), lastName: expect.any(String) }, status: 'PENDING' }],
  })
  expect((await alerts())[0]).toEqual(body)
  const [{ user }] = body.responders
  expect(await history(body.id, 'notifications')).toMatchObject([
    { alertId: body.id, status: 'SUCCESS', user: { id: user.id, lastname: user.lastName } },
  ])
  expect((await history(body.id, 'log-entries')).map(({ logEntryType }) => logEntryType)).toEqual([
    'NotificationLogEntry',
    'AlertCreatedByUserLogEntry',
  ])
})

async function history(id: number | undefined, name: string): Promise<{ logEntryType: string; text: string }[]> {
  return (await call('GET', `/api/alerts/${id}/${name}`)).body
}

test('are accepted, and then resolved, by the user who does it', async () => {
  const [alert] = await alerts('&states=PENDING')
  const mara = { id: 41_023, firstName: 'Mara', lastName: 'Lindqvist' }
  const accepted = await call('PUT', `/api/alerts/${alert?.id}/accept`)
  expect(accepted).toMatchObject({ status: 200, body: { status: 'ACCEPTED', assignedTo: { id: mara.id } } })
  expect(accepted.body.responders[0]).toEqual({
    user: mara,
    status: 'ACCEPTED',
    acceptedAt: new Date(NOW).toISOString(),
  })
  expect(accepted.body.nextEscalation).toBeUndefined()
  expect((await call('GET', `/api/alerts/${alert?.id}`)).body).toEqual(accepted.body)

  const tunde = await signedIn(sandbox, 'alert:w', 'tunde.okafor')
  sandbox.clock.advance(60_000)
  const resolved = await tunde('PUT', `/api/alerts/${alert?.id}/resolve`)
  expect(resolved).toMatchObject({
    status: 200,
    body: {
      status: 'RESOLVED',
      resolvedOn: new Date(NOW + 60_000).toISOString(),
      assignedTo: { id: mara.id },
    },
  })
  expect((await alerts('&states=PENDING')).map(({ id }) => id)).not.toContain(alert?.id)
  const log = await history(alert?.id, 'log-entries')
  expect(log.slice(0, 2).map(({ text }) => text)).toEqual([
    'Tunde Okafor resolved the alert',
    'Mara Lindqvist accepted the alert',
  ])
})

test('accepting again hands over; resolving again changes nothing; what is resolved stays so', async () => {
  const [alert] = await alerts('&states=PENDING')
  const path = `/api/alerts/${alert?.id}`
  const tunde = await signedIn(sandbox, 'alert:w', 'tunde.okafor')
  await call('PUT', `${path}/accept`)
  expect((await tunde('PUT', `${path}/accept`)).body.assignedTo).toEqual({ id: 41_057 })
  const { body } = await call('PUT', `${path}/resolve`)
  sandbox.clock.advance(5000)
  expect(await tunde('PUT', `${path}/resolve`)).toMatchObject({ status: 200, body })
  expect(await call('PUT', `${path}/accept`)).toMatchObject(apiError(409, 'CONFLICT'))
  expect(await call('PUT', `${path}/assign?user=41057`)).toMatchObject(apiError(409, 'CONFLICT'))
})

test('are assigned to a user, a policy or a schedule', async () => {
  const [alert] = await alerts('&states=PENDING')
  const path = `/api/alerts/${alert?.id}/assign`
  const reader = await signedIn(sandbox, 'policy schedule')
  const policies = (await reader('GET', '/api/escalation-policies')).body
  const payments = policies.find(({ name }: { name: string }) => name === 'Payments')
  const [schedule] = (await reader('GET', '/api/schedules')).body
  expect((await call('PUT', `${path}?user=41057`)).body).toMatchObject({
    assignedTo: { id: 41_057 },
    responders: [{ user: { firstName: 'Tunde' }, status: 'PENDING' }],
  })
  expect((await call('PUT', `${path}?policy=${payments.id}`)).body.escalationPolicy.name).toBe('Payments')
  expect((await call('PUT', `${path}?schedule=${schedule.id}`)).body.responders.length).toBe(1)
  for (const query of ['', '?user=1', '?user=x', `?user=41057&policy=${payments.id}`, '?policy=41057']) {
    expect(await call('PUT', `${path}${query}`)).toMatchObject(apiError(400, 'BAD_REQUEST'))
  }
})

test('have responders, who come once and go', async () => {
  const [alert] = await alerts('&states=PENDING')
  const path = `/api/alerts/${alert?.id}/responders`
  await call('PUT', `/api/alerts/${alert?.id}/assign?user=41057`)
  expect(await call('POST', path)).toMatchObject({ status: 201, body: { user: { id: 41_023 }, status: 'PENDING' } })
  const again = await call('POST', path)
  expect(again).toMatchObject(apiError(405, 'METHOD_NOT_ALLOWED'))
  expect(again.headers.get('allow')).toBe('POST')
  expect((await call('DELETE', `${path}/41057`)).status).toBe(204)
  expect((await call('DELETE', `${path}/41057`)).status).toBe(404)
  expect((await call('GET', `/api/alerts/${alert?.id}`)).body.responders.length).toBe(1)
})

test('show more when they are asked to', async () => {
  const [alert] = await alerts('&states=PENDING')
  const path = `/api/alerts/${alert?.id}`
  const { body } = await call('GET', path)
  expect(body).not.toHaveProperty('escalationRules')
  expect(body).not.toHaveProperty('customDetails')
  const { body: more } = await call(
    'GET',
    `${path}?include=escalationRules&include=customDetails&include=nextEscalationUser`,
  )
  expect(more).toMatchObject({
    ...body,
    customDetails: { source: alert?.alertSource.name },
    nextEscalationUser: { email: expect.any(String) },
  })
  expect(more.escalationRules.length).toBeGreaterThan(0)
})

test('trigger an alert action, which is remembered', async () => {
  const [{ id: action }] = (await (await signedIn(sandbox, 'action'))('GET', '/api/alert-actions')).body
  const [alert] = await alerts('&states=PENDING')
  const path = `/api/alerts/${alert?.id}/actions`
  const { status, body } = await call('POST', path, { alertActionId: action })
  expect([status, body]).toMatchObject([
    201,
    { alertActionId: action, alertId: alert?.id, success: true, actor: { id: 41_023 } },
  ])
  for (const wrong of [{}, { alertActionId: 'none' }, { alertActionId: 7 }]) {
    expect((await call('POST', path, wrong)).status).toBe(400)
  }
  expect((await call('GET', path)).body).toMatchObject({ name: expect.any(String), alertActionId: expect.any(String) })
})

test('accept and resolve need alert:w, and an alert', async () => {
  const reader = await signedIn(sandbox, 'alert')
  const [alert] = await alerts('&states=PENDING')
  for (const action of ['accept', 'resolve']) {
    expect(await reader('PUT', `/api/alerts/${alert?.id}/${action}`)).toMatchObject(scopeError('alert:w'))
    expect(await call('PUT', `/api/alerts/1/${action}`)).toMatchObject(apiError(404, 'NOT_FOUND'))
  }
  expect((await call('GET', `/api/alerts/${alert?.id}`)).body).toEqual(alert)
})
