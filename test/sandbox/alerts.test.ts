import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { apiError, type Call, signedIn } from './api-support.ts'

const HOUR = 3_600_000
const NOW = 1.7e12

let sandbox: Sandbox
let call: Call
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => NOW } })
  call = await signedIn(sandbox, 'alert:d')
})
afterEach(() => sandbox.close())

interface Alert {
  id: number
  status: string
  summary: string
  reportTime: string
  resolvedOn?: string
  alertSource: { name: string }
  escalationPolicy: { name: string }
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
      expect(alertSource).toEqual({ id: expect.any(Number), name: expect.any(String) })
      expect(escalationPolicy).toEqual({ id: expect.any(Number), name: expect.any(String) })
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
  const open = await alerts('&state=PENDING&state=ACCEPTED')
  expect(open).toEqual(all.filter(({ status }) => status !== 'RESOLVED'))
  const [from, until] = [new Date(NOW - 12 * HOUR).toISOString(), new Date(NOW - 6 * HOUR).toISOString()]
  const some = await alerts(`&from=${from}&until=${until}`)
  expect(some).toEqual(all.filter(({ reportTime }) => reportTime >= from && reportTime <= until))
  expect(some.length).toBeGreaterThan(0)
  expect((await call('GET', '/api/alerts?state=PENDING&max-results=1&start-index=1')).body).toEqual([
    all.filter(({ status }) => status === 'PENDING')[1],
  ])
  for (const query of ['state=OPEN', 'state=', 'from=yesterday', 'from=2025', 'until=', 'from=a&from=b']) {
    expect(await call('GET', `/api/alerts?${query}`)).toMatchObject(apiError(400, 'BAD_REQUEST'))
  }
})

test('a new one is pending, from now, and on top', async () => {
  await alerts()
  sandbox.clock.advance(1000)
  const { status, body } = await call('POST', '/api/alerts', {
    summary: 'Disk full',
    status: 'RESOLVED',
    reportTime: 'x',
  })
  expect(status).toBe(201)
  expect(body).toEqual({
    id: expect.any(Number),
    summary: 'Disk full',
    status: 'PENDING',
    reportTime: new Date(NOW + 1000).toISOString(),
    responders: [],
  })
  expect((await alerts())[0]).toEqual(body)
})

test('are accepted, and then resolved, by the user who does it', async () => {
  const [alert] = await alerts('&state=PENDING')
  const mara = { id: 41_023, username: 'mara.lindqvist', firstName: 'Mara', lastName: 'Lindqvist' }
  const accepted = await call('PUT', `/api/alerts/${alert?.id}/accept`)
  expect(accepted).toMatchObject({
    status: 200,
    body: {
      ...alert,
      status: 'ACCEPTED',
      assignedTo: mara,
      acknowledgedBy: mara,
      responders: [{ user: mara, status: 'ACCEPTED' }],
    },
  })
  expect((await call('GET', `/api/alerts/${alert?.id}`)).body).toEqual(accepted.body)

  const tunde = await signedIn(sandbox, 'alert:w', 'tunde.okafor')
  sandbox.clock.advance(60_000)
  const resolved = await tunde('PUT', `/api/alerts/${alert?.id}/resolve`)
  expect(resolved).toMatchObject({
    status: 200,
    body: {
      status: 'RESOLVED',
      resolvedOn: new Date(NOW + 60_000).toISOString(),
      resolvedBy: { username: 'tunde.okafor' },
      assignedTo: mara,
    },
  })
  expect((await alerts('&state=PENDING')).map(({ id }) => id)).not.toContain(alert?.id)
})

test('accepting again hands over; resolving again changes nothing; what is resolved stays so', async () => {
  const [alert] = await alerts('&state=PENDING')
  const path = `/api/alerts/${alert?.id}`
  const tunde = await signedIn(sandbox, 'alert:w', 'tunde.okafor')
  await call('PUT', `${path}/accept`)
  expect((await tunde('PUT', `${path}/accept`)).body.assignedTo.username).toBe('tunde.okafor')
  const { body } = await call('PUT', `${path}/resolve`)
  sandbox.clock.advance(5000)
  expect(await tunde('PUT', `${path}/resolve`)).toMatchObject({ status: 200, body })
  expect(await call('PUT', `${path}/accept`)).toMatchObject(apiError(409, 'CONFLICT'))
  await call('PUT', path, { summary: 'Another summary', status: 'PENDING', resolvedOn: null })
  expect((await call('GET', path)).body).toMatchObject({
    summary: 'Another summary',
    status: 'RESOLVED',
    resolvedOn: body.resolvedOn,
    reportTime: alert?.reportTime,
  })
})

test('accept and resolve need alert:w, and an alert', async () => {
  const reader = await signedIn(sandbox, 'alert')
  const [alert] = await alerts('&state=PENDING')
  for (const action of ['accept', 'resolve']) {
    expect(await reader('PUT', `/api/alerts/${alert?.id}/${action}`)).toMatchObject(
      apiError(403, 'FORBIDDEN', expect.stringMatching(/ alert:w$/)),
    )
    expect(await call('PUT', `/api/alerts/1/${action}`)).toMatchObject(apiError(404, 'NOT_FOUND'))
  }
  expect((await call('GET', `/api/alerts/${alert?.id}`)).body).toEqual(alert)
})
