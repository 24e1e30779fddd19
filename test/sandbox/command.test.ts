import { command } from '../../src/sandbox/command.ts'
import { createSandbox } from '../../src/sandbox/index.ts'

/** Runs the command; `up` is called when it has said that it is. */
async function run(args: string[], up: (text: string) => unknown = () => {}) {
  const ending = new AbortController()
  let out = ''
  let err = ''
  const exitCode = await command(args, {
    out(text) {
      out += text
      if (text.includes('is up')) void Promise.resolve(up(text)).finally(() => ending.abort())
    },
    err: (text) => {
      err += text
    },
    signal: ending.signal,
  })
  return { exitCode, out, err }
}

test('prints what an app needs, serves, and ends when it is told to', async () => {
  let origin = ''
  let status = 0
  const { exitCode, out, err } = await run(['--port', '0'], async (text) => {
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? ''
    status = (await fetch(`${origin}/api/users/current`)).status
  })
  expect({ exitCode, err, status }).toEqual({ exitCode: 0, err: '', status: 401 })
  const variables = [...out.matchAll(/^export (\w+)='([^']+)'$/gm)].map(([, name, value]) => [name, value])
  expect(Object.fromEntries(variables)).toEqual({
    ILERT_APP_URL: origin,
    ILERT_API_URL: origin,
    ILERT_CLIENT_ID: expect.any(String),
    ILERT_CLIENT_SECRET: expect.any(String),
    ILERT_CALLBACK_URL: 'http://localhost:3000/auth/ilert/callback',
    ILERT_APP_ID: '1001',
  })
  expect(out).toContain('mara.lindqvist')
  await expect(fetch(origin)).rejects.toThrow()
})

test.each([
  [['--approve'], 303],
  [['--approve=aoife.obrien'], 303],
  [[], 200],
])('%j', async (args, expected) => {
  const redirectURI = "http://localhost:8080/it's"
  let status = 0
  const { exitCode } = await run(
    ['--port=0', '--refresh-tokens=reuse', '--host', 'localhost', '--redirect-uri', redirectURI, ...args],
    async (text) => {
      expect(text).toContain(String.raw`export ILERT_CALLBACK_URL='http://localhost:8080/it'\''s'`)
      const value = (name: string) => new RegExp(`${name}='(.*)'`).exec(text)?.[1] ?? ''
      const query = new URLSearchParams({
        client_id: value('ILERT_CLIENT_ID'),
        redirect_uri: redirectURI,
        response_type: 'code',
        scope: 'profile',
      })
      const url = `${value('ILERT_APP_URL')}/api/developers/oauth2/authorize?${query.toString()}`
      status = (await fetch(url, { redirect: 'manual' })).status
    },
  )
  expect([exitCode, status]).toEqual([0, expected])
})

test('--help', async () => {
  const { exitCode, out, err } = await run(['--help', '--port', '0'])
  expect([exitCode, err]).toEqual([0, ''])
  for (const flag of [
    '--port',
    '--host',
    '--approve',
    '--refresh-tokens',
    '--redirect-uri',
    '--data',
    '--control-token',
    '--help',
  ]) {
    expect(out).toContain(flag)
  }
})

test.each([
  [['--bogus'], "Unknown option '--bogus'. See ilert-sandbox --help."],
  [['serve'], "Unexpected argument 'serve'. See ilert-sandbox --help."],
  [['--port'], /--port.* See ilert-sandbox --help\./],
  [['--port='], /--port: expected/],
  [['--port', '1e3'], /--port: expected/],
  [['--port', '65536'], /--port: expected/],
  [['--host='], /--host: expected/],
  [['--approve=root'], /--approve: there is no such user/],
  [['--refresh-tokens', 'never'], '--refresh-tokens: expected one of reuse, add, rotate.'],
  [['--redirect-uri', '/callback'], /--redirect-uri: expected/],
  [['--control-token', 'short'], /--control-token: expected 16 characters/],
  [['--host', '0.0.0.0'], /--i-know-this-is-public: needed, since other machines may reach 0\.0\.0\.0/],
  [['--host', '192.0.2.1'], /--i-know-this-is-public: needed/],
  [['--data', 'nowhere.json'], '--data: nowhere.json cannot be read.'],
  [['--data', 'README.md'], '--data: README.md is not JSON.'],
  [['--data', 'package.json'], /data: unknown option 'name'/],
])('%j: one line, exit code 2', async (args, message) => {
  const { exitCode, out, err } = await run(args)
  expect([exitCode, out]).toEqual([2, ''])
  expect(err).toMatch(/^ilert-sandbox: [^\n]+\n$/)
  expect(err).toMatch(message)
})

test('a busy port is named, with the flag that picks another', async () => {
  const sandbox = await createSandbox()
  try {
    const { port } = new URL(sandbox.appURL)
    const { exitCode, out, err } = await run(['--port', port])
    expect([exitCode, out]).toEqual([1, ''])
    expect(err).toBe(
      `ilert-sandbox: port ${port} is taken. Choose another with --port, such as --port ${Number(port) + 1}, or --port 0.\n`,
    )
  } finally {
    await sandbox.close()
  }
})

describe('as production', () => {
  beforeEach(() => {
    process.env.NODE_ENV = 'production'
  })
  afterEach(() => {
    process.env.NODE_ENV = 'test'
  })

  test('it does not start, and says so in one line', async () => {
    const { exitCode, out, err } = await run(['--port', '0'])
    expect([exitCode, out]).toEqual([2, ''])
    expect(err).toMatch(/^ilert-sandbox: --i-know-this-is-public: needed, since NODE_ENV is production\. [^\n]+\n$/)
    await expect(createSandbox()).rejects.toThrow(/^iKnowThisIsPublic: needed/)
  })

  test('it starts with a flag that nobody sets by mistake', async () => {
    expect((await run(['--port', '0', '--i-know-this-is-public'])).exitCode).toBe(0)
  })
})

test.each(['127.0.0.1', 'localhost', '::1', '127.1.2.3'])('%s needs no such flag', async (host) => {
  const { err } = await run(['--port', '0', '--host', host])
  expect(err).not.toContain('public')
})

test("an address that is not this machine's", async () => {
  const { exitCode, err } = await run(['--port', '0', '--host', '192.0.2.1', '--i-know-this-is-public'])
  expect(exitCode).toBe(1)
  expect(err).toContain('Choose one with --host')
})
