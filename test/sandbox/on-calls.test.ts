import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type Call, signedIn } from './api-support.ts'

const HOUR = 3_600_000
/** Half an hour after the handover of Monday, 10 November 2025. */
const NOW = Date.parse('2025-11-10T08:30:00Z')

interface OnCall {
  user: { id: number; username: string; firstName: string; lastName: string }
  escalationPolicy: { name: string }
  escalationLevel: number
  schedule?: { id: number; name: string }
  start?: string
  end?: string
}

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => NOW }, accessTokenSeconds: 1e7 })
})
afterEach(() => sandbox.close())

async function onCalls(call: Call): Promise<OnCall[]> {
  return (await call('GET', '/api/on-calls')).body
}

async function onCallFor(call: Call, schedule: string): Promise<OnCall | undefined> {
  return (await onCalls(call)).find((one) => one.schedule?.name === schedule)
}

test('each policy has somebody on each level, in a shift that is on', async () => {
  const call = await signedIn(sandbox, 'schedule policy')
  const list = await onCalls(call)
  const policies = (await call('GET', '/api/escalation-policies')).body
  const levels = policies.flatMap(({ name, escalationRules }: { name: string; escalationRules: object[] }) =>
    escalationRules.map((_, i) => [name, i + 1]),
  )
  expect(list.map(({ escalationPolicy, escalationLevel }) => [escalationPolicy.name, escalationLevel])).toEqual(levels)
  for (const { user, start, end, schedule } of list) {
    expect(Object.keys(user)).toEqual(['id', 'username', 'firstName', 'lastName'])
    if (!schedule) continue
    expect(Date.parse(start ?? '')).toBeLessThanOrEqual(NOW)
    expect(Date.parse(end ?? '')).toBeGreaterThan(NOW)
  }
  // Who is named in a policy is on call always.
  expect(list.find(({ schedule }) => !schedule)).toEqual({
    user: expect.objectContaining({ username: 'mara.lindqvist' }),
    escalationPolicy: { id: expect.any(Number), name: 'Platform' },
    escalationLevel: 3,
  })
})

test('they change when a shift ends, to the millisecond', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const monday = await onCallFor(call, 'Platform primary')
  expect(monday).toMatchObject({ start: '2025-11-10T08:00:00.000Z', end: '2025-11-11T08:00:00.000Z' })
  const backup = await onCallFor(call, 'Platform backup')
  sandbox.clock.advance(23.5 * HOUR - 1)
  expect(await onCallFor(call, 'Platform primary')).toEqual(monday)
  sandbox.clock.advance(1)
  const tuesday = await onCallFor(call, 'Platform primary')
  expect(tuesday?.start).toBe(monday?.end)
  expect(tuesday?.user).not.toEqual(monday?.user)
  expect(await onCallFor(call, 'Platform backup')).toEqual(backup)
})

test('a rotation comes round', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const seen: (string | undefined)[] = []
  for (let i = 0; i < 4; i++) {
    seen.push((await onCallFor(call, 'Payments around the clock'))?.user.username)
    sandbox.clock.advance(8 * HOUR)
  }
  expect(new Set(seen).size).toBe(3)
  expect(seen[3]).toBe(seen[0])
})

test('a schedule shows the shift that is on, and the next one', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const [schedule] = (await call('GET', '/api/schedules')).body
  const { user, start, end } = (await onCallFor(call, schedule.name)) ?? {}
  expect(schedule.currentShift).toEqual({ user, start, end })
  expect(schedule.nextShift.start).toBe(end)
  sandbox.clock.advance(24 * HOUR)
  expect((await call('GET', `/api/schedules/${schedule.id}`)).body.currentShift).toEqual(schedule.nextShift)
})

test('a schedule that is changed or deleted changes who is on call', async () => {
  const call = await signedIn(sandbox, 'schedule:d')
  const schedules = (await call('GET', '/api/schedules')).body
  const { id, name } = schedules.find((one: { name: string }) => one.name === 'Data')
  const layer = (rest: object) => ({
    name,
    scheduleLayers: [{ startsOn: '2025-01-01T00:00:00Z', rotation: 'P1D', ...rest }],
  })
  await call('PUT', `/api/schedules/${id}`, layer({ users: [{ id: 1, firstName: 'New' }] }))
  expect((await onCallFor(call, 'Data'))?.user).toEqual({ id: 1, firstName: 'New' })
  for (const useless of [
    {},
    { name, scheduleLayers: 'none' },
    { name, scheduleLayers: [null, 7] },
    layer({ users: [] }),
    layer({ users: [{ id: 1 }], rotation: 'sometimes' }),
    layer({ users: [{ id: 1 }], rotation: 'P0D' }),
    layer({ users: [{ id: 1 }], startsOn: '2030-01-01T00:00:00Z' }),
    layer({ users: [{ id: 1 }], startsOn: 'soon' }),
  ]) {
    expect((await call('PUT', `/api/schedules/${id}`, useless)).status).toBe(200)
    expect(await onCallFor(call, 'Data')).toBeUndefined()
  }
  await call('DELETE', `/api/schedules/${id}`)
  expect(await onCallFor(call, 'Data')).toBeUndefined()
  expect((await onCalls(call)).length).toBeGreaterThan(0)
})
