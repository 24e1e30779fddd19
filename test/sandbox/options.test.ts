import { createSandbox, type SandboxOptions } from '../../src/sandbox/index.ts'

test.each([
  ['port', { port: -1 }],
  ['port', { port: 65_536 }],
  ['port', { port: 1.5 }],
  ['port', { port: '80' }],
  ['host', { host: '' }],
  ['host', { host: 1 }],
  ['approve', { approve: 'root' }],
  ['approve', { approve: 1 }],
  ['redirectURI', { redirectURI: '/callback' }],
  ['redirectURI', { redirectURI: 'http://localhost/#top' }],
  ['redirectURI', { redirectURI: 'javascript:alert(1)' }],
  ['redirectURI', { redirectURI: 7 }],
  ['refreshTokens', { refreshTokens: 'sometimes' }],
  ['accessTokenSeconds', { accessTokenSeconds: 0 }],
  ['accessTokenSeconds', { accessTokenSeconds: 0.5 }],
  ['refreshLimitSeconds', { refreshLimitSeconds: -1 }],
  ['refreshLimitSeconds', { refreshLimitSeconds: Number.NaN }],
  ['requestsPerMinute', { requestsPerMinute: -1 }],
  ['requestsPerMinute', { requestsPerMinute: 0.5 }],
  ['requestsPerMinute', { requestsPerMinute: Number.POSITIVE_INFINITY }],
  ['clock', { clock: {} }],
  ['clock', { clock: null }],
])('%s is checked: %j', async (name, options) => {
  const creating = createSandbox(options as SandboxOptions)
  await expect(creating).rejects.toThrow(TypeError)
  await expect(creating).rejects.toThrow(new RegExp(`^${name}: `))
})

test('env has what an app needs, and nothing else', async () => {
  const sandbox = await createSandbox({ redirectURI: 'http://localhost:8080/cb' })
  try {
    expect(sandbox.appURL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(sandbox.env).toEqual({
      ILERT_APP_URL: sandbox.appURL,
      ILERT_API_URL: sandbox.appURL,
      ILERT_CLIENT_ID: expect.stringMatching(/^sandbox-[\w-]{8}$/),
      ILERT_CLIENT_SECRET: expect.stringMatching(/^[\w-]{43}$/),
      ILERT_CALLBACK_URL: 'http://localhost:8080/cb',
      ILERT_APP_ID: '1001',
    })
  } finally {
    await sandbox.close()
  }
})

test("on a port of its own choice an app's credentials outlive the sandbox, otherwise no two are alike", async () => {
  const first = await createSandbox()
  const port = Number(new URL(first.appURL).port)
  await first.close()
  const second = await createSandbox({ port })
  await second.close()
  const third = await createSandbox({ port })
  await third.close()
  expect(third.env).toEqual(second.env)
  expect(second.env.ILERT_CLIENT_SECRET).not.toBe(first.env.ILERT_CLIENT_SECRET)
})

test('three users, three roles, two accounts; changing a copy changes nobody', async () => {
  const sandbox = await createSandbox()
  try {
    const { users } = sandbox
    expect(users.map(({ role }) => role).sort()).toEqual(['ADMIN', 'STAKEHOLDER', 'USER'])
    expect(new Set(users.map(({ tenant }) => tenant)).size).toBe(2)
    expect(users.every(({ id }) => Number.isInteger(id))).toBe(true)
    if (users[0]) users[0].username = 'changed'
    expect(() => sandbox.revoke('mara.lindqvist')).not.toThrow()
  } finally {
    await sandbox.close()
  }
})

test('register checks, and gives out ids in a row', async () => {
  const sandbox = await createSandbox()
  try {
    const a = sandbox.register({ redirectURI: 'https://a.example/cb' })
    const b = sandbox.register({ redirectURI: 'https://b.example/cb' })
    expect([a.appID, b.appID]).toEqual([1002, 1003])
    expect(a.clientID).not.toBe(b.clientID)
    expect(a.clientSecret).not.toBe(b.clientSecret)
    expect(() => sandbox.register({ redirectURI: 'a.example' })).toThrow(/^redirectURI: /)
  } finally {
    await sandbox.close()
  }
})

test('the clock moves in both directions, and by numbers only', async () => {
  const sandbox = await createSandbox({ clock: { now: () => 1000 } })
  try {
    sandbox.clock.advance(500)
    expect(sandbox.clock.now()).toBe(1500)
    sandbox.clock.advance(-1000)
    expect(sandbox.clock.now()).toBe(500)
    expect(() => sandbox.clock.advance(Number.NaN)).toThrow(TypeError)
  } finally {
    await sandbox.close()
  }
})

test("a busy port is Node's own error", async () => {
  const sandbox = await createSandbox()
  try {
    const port = Number(new URL(sandbox.appURL).port)
    await expect(createSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  } finally {
    await sandbox.close()
  }
})

test('listening everywhere, it is reached on this machine', async () => {
  const sandbox = await createSandbox({ host: '0.0.0.0', iKnowThisIsPublic: true })
  try {
    expect(new URL(sandbox.appURL).hostname).toBe('127.0.0.1')
  } finally {
    await sandbox.close()
  }
})

test('can be closed twice', async () => {
  const sandbox = await createSandbox()
  await Promise.all([sandbox.close(), sandbox.close()])
  await expect(fetch(sandbox.appURL)).rejects.toThrow()
})
