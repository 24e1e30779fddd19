import { createSandbox, type Sandbox, type SandboxData } from '../../src/sandbox/index.ts'
import { signedIn } from './api-support.ts'
import { authorizeParams, defaultApp, getAuthorize } from './support.ts'

const open: Sandbox[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function start(data: SandboxData): Promise<Sandbox> {
  const sandbox = await createSandbox({ data })
  open.push(sandbox)
  return sandbox
}

const alert = (more: object = {}) => ({
  summary: 'Disk full',
  alertSource: '@alert-sources/Prometheus production',
  ...more,
})
const alerts = (...list: object[]): SandboxData => ({
  accounts: { nordwind: { alerts: list as Record<string, unknown>[] } },
})

test('people sign in, and what is left out is made up', async () => {
  const sandbox = await start({ users: [{ username: 'kim.lee' }, { username: 'x', firstName: 'Xu', role: 'ADMIN' }] })
  expect(sandbox.users.slice(-2)).toMatchObject([
    {
      username: 'kim.lee',
      firstName: 'Kim',
      lastName: 'Lee',
      role: 'USER',
      tenant: 'nordwind',
      email: 'kim.lee@sandbox.example',
    },
    { username: 'x', firstName: 'Xu', role: 'ADMIN' },
  ])
  const call = await signedIn(sandbox, 'profile user', 'kim.lee')
  expect((await call('GET', '/api/users/current')).body).toMatchObject({ firstName: 'Kim', lastName: 'Lee' })
})

test('alerts are there, with what ilert would write, and with what is given instead', async () => {
  const sandbox = await start(alerts(alert(), alert({ summary: 'Old', status: 'RESOLVED', reportTime: 'now-90m' })))
  const call = await signedIn(sandbox, 'alert source')
  const { body } = await call('GET', '/api/alerts?max-results=100')
  const found = (summary: string) => body.find((one: { summary: string }) => one.summary === summary)
  expect(found('Disk full')).toMatchObject({
    status: 'PENDING',
    priority: 'HIGH',
    alertSource: { name: 'Prometheus production' },
  })
  expect(found('Old')).toMatchObject({ status: 'RESOLVED' })
  expect(Math.abs(Date.parse(found('Old').reportTime) - (Date.now() - 90 * 60_000))).toBeLessThan(60_000)
})

test('an account of one’s own begins empty, and entries may mention those before them', async () => {
  const sandbox = await start({
    users: [{ username: 'kim.lee', tenant: 'acme' }],
    accounts: {
      acme: {
        'escalation-policies': [
          { name: 'On call', escalationRules: [{ escalationTimeout: 15, users: ['@users/kim.lee'], schedules: [] }] },
        ],
        'alert-sources': [{ name: 'Own', integrationType: 'API', escalationPolicy: '@escalation-policies/On call' }],
        alerts: [{ summary: 'First', alertSource: '@alert-sources/Own' }],
      },
    },
  })
  const call = await signedIn(sandbox, 'alert', 'kim.lee')
  const { body } = await call('GET', '/api/alerts')
  expect(body).toMatchObject([
    { summary: 'First', alertSource: { name: 'Own' }, escalationPolicy: { name: 'On call' } },
  ])
})

test('people of the data can be those who say yes by themselves', async () => {
  const sandbox = await createSandbox({ approve: 'kim.lee', data: { users: [{ username: 'kim.lee' }] } })
  open.push(sandbox)
  sandbox.reset()
  const answer = await getAuthorize(sandbox, authorizeParams(defaultApp(sandbox)))
  expect(answer.status).toBe(303)
})

test('reset counts times anew, and keeps what the sandbox was started with', async () => {
  const sandbox = await start(alerts(alert({ reportTime: 'now-90m' })))
  sandbox.clock.advance(86_400_000)
  sandbox.reset()
  const call = await signedIn(sandbox, 'alert')
  const { body } = await call('GET', '/api/alerts?max-results=100')
  const { reportTime } = body.find((one: { summary: string }) => one.summary === 'Disk full')
  expect(Math.abs(Date.parse(reportTime) - (Date.now() - 90 * 60_000))).toBeLessThan(60_000)
})

test('more can be added later', async () => {
  const sandbox = await start({})
  const call = await signedIn(sandbox, 'alert user')
  await call('GET', '/api/alerts')
  sandbox.load({ users: [{ username: 'kim.lee' }], ...alerts(alert({ assignedTo: '@users/kim.lee' })) })
  const { body } = await call('GET', '/api/alerts')
  expect(body[0]).toMatchObject({ summary: 'Disk full', assignedTo: { id: 90_001 } })
})

test.each<[string, unknown, RegExp]>([
  ['no object', [], /^data: expected a plain object/],
  ['a misspelt part', { user: [] }, /^data: unknown option 'user'. Did you mean 'users'\?/],
  ['no list of users', { users: {} }, /^data.users: expected a list/],
  ['a user without a name', { users: [{}] }, /^data.users\[0\].username: expected/],
  ['an id, which is the sandbox’s to give', { users: [{ username: 'a', id: 7 }] }, /unknown option 'id'/],
  ['a user of that name', { users: [{ username: 'mara.lindqvist' }] }, /is taken/],
  ['two users of one name', { users: [{ username: 'a' }, { username: 'a' }] }, /^data.users\[1\].*is taken/],
  ['a misspelt field of a user', { users: [{ username: 'a', tennant: 'b' }] }, /Did you mean 'tenant'/],
  ['a field of another type', { users: [{ username: 'a', email: 1 }] }, /^data.users\[0\].email: expected a string/],
  ['no object of accounts', { accounts: 1 }, /^data.accounts: expected an object/],
  ['an account without people', { accounts: { acme: { alerts: [alert()] } } }, /nobody of this account can sign in/],
  [
    'a collection that ilert does not have',
    { accounts: { nordwind: { alarms: [] } } },
    /there is no 'alarms'. Did you mean/,
  ],
  ['no list of entries', { accounts: { nordwind: { alerts: {} } } }, /^data.accounts.nordwind.alerts: expected a list/],
  ['an entry without what it needs', alerts({ summary: 'x' }), /alerts\[0\]: 'alertSource' is required/],
  [
    'an unknown field',
    alerts(alert(), alert({ prioritty: 'LOW' })),
    /alerts\[1\]: unknown option 'prioritty'. Did you mean 'priority'/,
  ],
  ['a word that ilert does not know', alerts(alert({ priority: 'MEDIUM' })), /'priority' must be one of HIGH, LOW/],
  [
    'a field of ilert’s own that is not as it has it',
    alerts(alert({ status: 'OPEN' })),
    /'status' must be one of PENDING/,
  ],
  [
    'nothing by that name',
    alerts(alert({ alertSource: '@alert-sources/Nagios' })),
    /there is no @alert-sources\/Nagios/,
  ],
])('%s is refused', async (_name, data, message) => {
  await expect(start(data as SandboxData)).rejects.toThrow(message)
})
