import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type Call, signedIn } from './api-support.ts'

const HOUR = 3_600_000
/** Half an hour after the handover of Monday, 10 November 2025. */
const NOW = Date.parse('2025-11-10T08:30:00Z')

interface OnCall {
  user: { id: number; firstName: string; lastName: string }
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
  return (await call('GET', '/api/on-calls?expand=user&expand=escalationPolicy&expand=schedule')).body
}

async function onCallFor(call: Call, schedule: string): Promise<OnCall | undefined> {
  return (await onCalls(call)).find((one) => one.schedule?.name === schedule)
}

test('each policy has a user on each level, in a shift that is on', async () => {
  const call = await signedIn(sandbox, 'schedule policy')
  const list = await onCalls(call)
  const policies = (await call('GET', '/api/escalation-policies')).body
  const levels = policies.flatMap(({ name, escalationRules }: { name: string; escalationRules: object[] }) =>
    escalationRules.map((_, i) => [name, i + 1]),
  )
  expect(list.map(({ escalationPolicy, escalationLevel }) => [escalationPolicy.name, escalationLevel])).toEqual(levels)
  for (const { user, start, end, schedule } of list) {
    expect(user).toMatchObject({ firstName: expect.any(String), email: expect.any(String) })
    if (!schedule) continue
    expect(Date.parse(start ?? '')).toBeLessThanOrEqual(NOW)
    expect(Date.parse(end ?? '')).toBeGreaterThan(NOW)
  }
  // Who is named in a policy is on call always.
  expect(list.find(({ schedule }) => !schedule)).toMatchObject({
    user: { firstName: 'Mara' },
    escalationPolicy: { id: expect.any(Number), name: 'Platform' },
    escalationLevel: 3,
  })
})

test('without expand there are ids alone', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const ids = { id: expect.any(Number) }
  for (const duty of (await call('GET', '/api/on-calls')).body) {
    expect([duty.user, duty.escalationPolicy, duty.schedule ?? ids]).toEqual([ids, ids, ids])
  }
  const [duty] = (await call('GET', '/api/on-calls?expand=user')).body
  expect(Object.keys(duty.user).length).toBeGreaterThan(3)
  expect(duty.escalationPolicy).toEqual(ids)
})

test('are chosen by policy, level, schedule and user, and for a time', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const all = (await call('GET', '/api/on-calls')).body
  const of = async (query: string) => (await call('GET', `/api/on-calls?${query}`)).body
  const [{ user, escalationPolicy, schedule }] = all
  const same = (name: string, id: number) => all.filter((duty: Record<string, { id: number }>) => duty[name]?.id === id)
  expect(await of(`policies=${escalationPolicy.id}&policies=1`)).toEqual(same('escalationPolicy', escalationPolicy.id))
  expect(await of(`schedules=${schedule.id}`)).toEqual(same('schedule', schedule.id))
  expect(await of(`users=${user.id}`)).toEqual(same('user', user.id))
  expect(
    await of(`policy-levels=${encodeURIComponent(JSON.stringify({ id: escalationPolicy.id, level: 2 }))}`),
  ).toEqual(same('escalationPolicy', escalationPolicy.id).slice(1, 2))
  const day = await of(`schedules=${schedule.id}&from=2025-11-10T12:00:00Z&until=2025-11-12T07:00:00Z`)
  expect(new Set(day.map(({ start }: OnCall) => start)).size).toBe(2)
  for (const wrong of ['policy-levels=x', 'until=2025-01-01T00:00:00Z', 'until=2026-11-10T00:00:00Z', 'users=x']) {
    expect((await call('GET', `/api/on-calls?${wrong}`)).status).toBe(400)
  }
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
  const seen: (number | undefined)[] = []
  for (let i = 0; i < 4; i++) {
    seen.push((await onCallFor(call, 'Payments around the clock'))?.user.id)
    sandbox.clock.advance(8 * HOUR)
  }
  expect(new Set(seen).size).toBe(3)
  expect(seen[3]).toBe(seen[0])
})

test('a schedule shows the shift that is on, and the next one, if asked to', async () => {
  const call = await signedIn(sandbox, 'schedule')
  const include = '?include=currentShift&include=nextShift'
  const [plain] = (await call('GET', '/api/schedules')).body
  expect(Object.keys(plain)).toEqual(['id', 'name', 'timezone', 'type', 'showGaps'])
  const [schedule] = (await call('GET', `/api/schedules${include}`)).body
  const { user, start, end } = (await onCallFor(call, schedule.name)) ?? {}
  expect(schedule.currentShift).toMatchObject({ user: { id: user?.id }, start, end })
  expect(schedule.nextShift.start).toBe(end)
  sandbox.clock.advance(24 * HOUR)
  expect((await call('GET', `/api/schedules/${schedule.id}${include}`)).body.currentShift).toEqual(schedule.nextShift)
  expect((await call('GET', `/api/schedules/${schedule.id}/user-on-call`)).body).toMatchObject({
    user: { id: schedule.nextShift.user.id, email: expect.any(String) },
    start: end,
  })
})

test('a schedule that is changed or deleted changes who is on call', async () => {
  const call = await signedIn(sandbox, 'schedule:d')
  const schedules = (await call('GET', '/api/schedules')).body
  const { id, name } = schedules.find((one: { name: string }) => one.name === 'Data')
  const layer = (rest: object) => ({
    name,
    scheduleLayers: [{ startsOn: '2025-01-01T00:00:00Z', rotation: 'P1D', ...rest }],
  })
  const mara = [{ id: 41_023 }]
  await call('PUT', `/api/schedules/${id}`, layer({ users: mara }))
  expect((await onCallFor(call, 'Data'))?.user).toMatchObject({ id: 41_023, firstName: 'Mara' })
  for (const useless of [
    {},
    { name, scheduleLayers: [] },
    layer({ users: [] }),
    layer({ users: mara, rotation: 'sometimes' }),
    layer({ users: mara, rotation: 'P0D' }),
    layer({ users: mara, startsOn: '2030-01-01T00:00:00Z' }),
    layer({ users: mara, endsOn: '2025-02-01T00:00:00Z' }),
  ]) {
    expect((await call('PUT', `/api/schedules/${id}`, useless)).status).toBe(200)
    expect(await onCallFor(call, 'Data')).toBeUndefined()
    expect((await call('GET', `/api/schedules/${id}/user-on-call`)).status).toBe(204)
  }
  for (const wrong of [
    { name, scheduleLayers: 'none' },
    { name, scheduleLayers: [null, 7] },
    layer({}),
    layer({ users: mara, startsOn: 'soon' }),
    layer({ users: [{ id: 1 }] }),
  ]) {
    expect((await call('PUT', `/api/schedules/${id}`, wrong)).status).toBe(400)
  }
  await call('DELETE', `/api/schedules/${id}`)
  expect(await onCallFor(call, 'Data')).toBeUndefined()
  expect((await onCalls(call)).length).toBeGreaterThan(0)
})

describe('an override', () => {
  const TUNDE = { id: 41_057 }
  const time = (hour: number) => new Date(Date.parse('2025-11-10T00:00:00Z') + hour * HOUR).toISOString()

  async function primary(call: Call): Promise<{ id: number; path: string }> {
    const { id } = (await call('GET', '/api/schedules')).body.find((one: { name: string }) => /primary/.test(one.name))
    return { id, path: `/api/schedules/${id}` }
  }

  test('takes the place of the shifts that it covers', async () => {
    const call = await signedIn(sandbox, 'schedule:w')
    const { id, path } = await primary(call)
    const before = (await call('GET', `${path}/shifts?from=${time(8)}&until=${time(31)}`)).body
    expect(before.length).toBe(1)
    const answer = await call('PUT', `${path}/overrides`, { user: TUNDE, start: time(8.25), end: time(12) })
    expect(answer).toMatchObject({ status: 200, body: { id, name: 'Platform primary', type: 'RECURRING' } })
    expect((await onCallFor(call, 'Platform primary'))?.user.id).toBe(TUNDE.id)
    const shifts = (await call('GET', `${path}/shifts?from=${time(8)}&until=${time(31)}`)).body
    const [shift] = before
    expect(shifts).toMatchObject([
      { user: shift.user, start: shift.start, end: time(8.25) },
      { user: TUNDE, start: time(8.25), end: time(12) },
      { user: shift.user, start: time(12), end: shift.end },
    ])
    const own = await call('GET', `${path}/shifts?from=${time(8)}&until=${time(31)}&exclude-overrides=true`)
    expect(own.body).toEqual(before)
    expect((await call('GET', `${path}/overrides`)).body.length).toBe(2)
  })

  test('has a user, and a time that has not passed', async () => {
    const call = await signedIn(sandbox, 'schedule:w')
    const { path } = await primary(call)
    const good = { user: TUNDE, start: time(10), end: time(12) }
    for (const [wrong, field] of [
      [{ ...good, user: undefined }, 'user'],
      [{ ...good, user: { id: 1 } }, 'user.id'],
      [{ ...good, start: undefined }, 'start'],
      [{ ...good, end: time(9) }, 'end'],
      [{ ...good, start: time(1), end: time(2) }, 'end'],
      [{ ...good, end: 'later' }, 'end'],
    ] as const) {
      const { status, body } = await call('PUT', `${path}/overrides`, wrong)
      expect([status, body.message]).toEqual([400, expect.stringContaining(`'${field}' `)])
    }
  })
})
