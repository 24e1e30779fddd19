/*
 * What whoever runs the app sees of it: settings, health, the end.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/port.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { closeServers, serve } from '../support/server.ts'
import { removeBuiltApp } from './app-copy.ts'
import { NPM_START, startApp, startInVain } from './app-process.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { type Desk, refreshesOf, startDesk, startReadyApp } from './desk.ts'
import { cookieOf, deskOwner, get } from './http.ts'
import { eventually, sleep } from './wait.ts'
import { walk } from './walk.ts'

afterEach(cleanUp)
afterEach(closeServers)
afterAll(removeBuiltApp)

const CLIENT = { ILERT_CLIENT_ID: 'some-id', ILERT_CLIENT_SECRET: 's3cret' }

describe('wrong settings', () => {
  // Every kind of them: settings.test.ts.
  it.each<[string, Record<string, string>, string[]]>([
    ['of the app', { NODE_ENV: 'production' }, ['SESSION_SECRET: missing. Set it', 'ILERT_CLIENT_ID: missing.']],
    ['of the package: a host', { ...CLIENT, ILERT_API_URL: 'http://a.b' }, ['ILERT_API_URL']],
    ['of the package: a scope', { ...CLIENT, ILERT_SCOPE: 'alert:x:y' }, ['ILERT_SCOPE']],
    [
      'of the package: a public callback URL without TLS',
      {
        ...CLIENT,
        NODE_ENV: 'production',
        SESSION_SECRET: 's'.repeat(32),
        ILERT_CALLBACK_URL: 'http://desk.example/auth/ilert/callback',
        LOG_LEVEL: 'error',
      },
      ['Use https:'],
    ],
    [
      'several at once',
      { PORT: '0', LOG_LEVEL: 'loud', SESSION_SECRET: 'short' },
      ['PORT: expected 1 to 65535.', 'LOG_LEVEL: expected', 'SESSION_SECRET: too short'],
    ],
  ])('are named, with what to do: %s', async (_name, env, messages) => {
    const app = await startInVain(env)
    expect(await app.ended).toBe(1)
    for (const message of messages) expect(app.stderr).toContain(message)
    expect(app.stderr).not.toMatch(/^\s+at |s3cret|\bshort\b(?!\.)/m)
    expect(app.stdout).toBe('')
  })

  it('are none where a variable is set to nothing, or to spaces', async () => {
    const app = await startApp({
      NODE_ENV: ' ',
      REDIS_URL: '',
      SESSION_SECRET: ' ',
      TRUST_PROXY: '',
      LOG_LEVEL: '',
      ILERT_CLIENT_ID: '',
    })
    expect((await get(app.url)).status).toBe(200)
  })

  it.each(['production', ' production\t'])(
    'are none in production, with a warning that memory is no store: %j',
    async (NODE_ENV) => {
      const { port, sandbox } = await production(NODE_ENV)
      expect((await get(`http://localhost:${port}`)).text).not.toContain('Sandbox')
      expect(sandbox.requests).toEqual([])
    },
  )

  it('a port that is taken is named, and the command that takes another', async () => {
    const other = await serve((response) => response.end('somebody else'))
    const app = await startInVain({ PORT: String(other.port) })
    expect(await app.ended).toBe(1)
    expect(app.stderr).toContain(`Port ${other.port} is taken`)
    expect(app.stderr).toContain(`PORT=${other.port + 1} npm start`)
    expect(app.stderr).not.toMatch(/^\s+at /m)
  })
})

describe('what is not set up', () => {
  it('is a variable that nobody reads: it is named, with the one that may be meant', async () => {
    const app = await startApp({ ...CLIENT, ILERT_SCOPES: 'profile', ILERT_CLIENT_SECERT: 'some-s3cret' })
    await eventually(async () => expect(app.stderr).toContain('ILERT_SCOPES'))
    expect(app.stderr).toMatch(/ILERT_SCOPES.*ILERT_SCOPE\b(?!S)/)
    expect(app.stderr).toMatch(/ILERT_CLIENT_SECERT.*ILERT_CLIENT_SECRET/)
    expect(app.stderr).not.toContain('s3cret')
  })

  it('is a proxy that does not say that browsers use https: it is named, in place of sign-ins without end', async () => {
    const callback = 'https://desk.example/auth/ilert/callback'
    const app = await startApp({ ...CLIENT, ILERT_CALLBACK_URL: callback, TRUST_PROXY: '1', LOG_LEVEL: 'error' })
    for (const path of ['/', '/auth/ilert']) {
      const { status, text } = await get(app.url + path)
      expect([status, text]).toEqual([502, expect.stringContaining('X-Forwarded-Proto: https')])
      expect((await get(app.url + path, { 'x-forwarded-proto': 'https' })).status).toBeLessThan(400)
    }
    expect((await get(`${app.url}/healthz`)).status).toBe(200)
    await eventually(async () => expect(app.stdout).toContain('does not say that browsers use https'))
  })

  it('is a client secret that ilert does not know: the log says so', async () => {
    const desk = await startDesk({ env: { ILERT_CLIENT_SECRET: 'not-the-secret-of-this-app', LOG_LEVEL: 'error' } })
    const { answer } = await walk(`${desk.url}/auth/ilert`)
    expect(answer.text).toContain('ilert refused the sign-in')
    await eventually(async () => expect(desk.apps[0].stdout).toContain('look at ILERT_CLIENT_ID, ILERT_CLIENT_SECRET'))
    expect(desk.apps[0].stdout).not.toContain('not-the-secret-of-this-app')
  })

  it('is a Redis that does not answer: the log says so', async () => {
    const app = await startApp({ ...CLIENT, REDIS_URL: `redis://localhost:${await freePort()}`, LOG_LEVEL: 'error' })
    await eventually(async () => expect(app.stdout).toMatch(/"msg":"Redis: [^"]*ECONNREFUSED/))
  })
})

/** In production the log is all there is: lines of JSON, with a warning. */
async function production(NODE_ENV = 'production') {
  const desk = await startDesk({ env: { NODE_ENV, SESSION_SECRET: 's'.repeat(32) } })
  const [app] = desk.apps
  const lines = app.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; msg: string })
  expect(lines).toMatchObject([
    { level: 40, msg: expect.stringContaining('No REDIS_URL or DATABASE_URL is set') },
    { level: 30, msg: expect.stringContaining(`is up at http://localhost:${app.port}`) },
  ])
  return { port: app.port, sandbox: desk.sandbox }
}

describe('health', () => {
  it('is told without a session, and without a line in the log', async () => {
    const desk = await startDesk({ env: { LOG_LEVEL: 'trace' } })
    for (const path of ['/healthz', '/readyz']) {
      const { status, headers, text } = await get(desk.url + path)
      expect([status, JSON.parse(text)]).toEqual([200, { status: 'ok' }])
      expect(headers.getSetCookie()).toEqual([])
    }
    expect(desk.apps[0].stdout).not.toContain('healthz')
  })

  /** It lives, and is ready if what it keeps its sessions in is. */
  async function expectReadyAsItsStore(
    store: { url: string; pause(): unknown; resume(): unknown; stop(): Promise<void> },
    variable: string,
  ): Promise<void> {
    atEnd(() => store.stop())
    const desk = await startDesk({ env: { [variable]: store.url } })
    const isReady = async () => (await get(`${desk.url}/readyz`)).status
    const isAlive = async () => (await get(`${desk.url}/healthz`)).status
    await eventually(async () => expect(await isReady()).toBe(200))

    await store.pause()
    const began = performance.now()
    expect(await isReady()).toBe(503)
    expect(performance.now() - began).toBeLessThan(3000)
    expect(await isAlive()).toBe(200)
    await store.resume()
    await eventually(async () => expect(await isReady()).toBe(200))

    await store.stop()
    await eventually(async () => expect(await isReady()).toBe(503))
    expect(await isAlive()).toBe(200)

    const nowhere = store.url.replace(/:\d+/, `:${await freePort()}`)
    const early = await startApp({ ...CLIENT, [variable]: nowhere })
    expect((await get(`${early.url}/readyz`)).status).toBe(503)
    expect((await get(`${early.url}/healthz`)).status).toBe(200)
  }

  const NAME = 'is that it lives but is not ready while its store is silent, unavailable, or not there yet'

  needs('redis-server')('of an app with Redis', () => {
    it(NAME, async () => expectReadyAsItsStore(await startRedis(), 'REDIS_URL'))
  })

  needs('postgres')('of an app with PostgreSQL', () => {
    it(NAME, async () => expectReadyAsItsStore(await startPostgres(), 'DATABASE_URL'))
  })
})

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('comes at once where nothing is under way (%s)', async (signal) => {
    const desk = await startDesk()
    const open = await fetch(desk.url) // its connection stays open, as a browser's does
    expect(open.status).toBe(200)
    const began = performance.now()
    desk.apps[0].signal(signal)
    expect(await desk.apps[0].ended).toBe(0)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(desk.apps[0].stderr).toBe('')
  })

  it('waits for a request that is under way, and is ready for no other meanwhile', async () => {
    const desk = await startDesk()
    const cookie = await cookieOf(desk)
    const probe = await openConnection(desk)
    const { answer } = await slowPage(desk, cookie, 4000)
    desk.apps[0].signal('SIGTERM')
    await sleep(300)
    const closesUnused = Number(process.versions.node.split('.')[0]) >= 26
    // Node 26 closes a connection that has not had a request yet, as all do with those that wait for their next one.
    expect(await probe.ask('/readyz')).toMatch(closesUnused ? /^closed$/ : /^HTTP\/1\.1 503 /)

    const page = await answer
    expect([page.status, deskOwner(page)]).toEqual([200, 'Mara Lindqvist'])
    expect(page.text).toContain('portal.nordwind.example')
    expect(await desk.apps[0].ended).toBe(0)
    expect(desk.apps[0].stderr).toBe('')
  })

  it('waits for a request that is under way after Ctrl+C in the terminal of npm start, too', async () => {
    const port = String(await freePort())
    const desk = await startDesk({ env: { PORT: port } })
    await desk.apps[0].stop()
    const app = await startApp({ ...desk.sandbox.env, PORT: port }, NPM_START)
    const cookie = await cookieOf(desk)
    const { answer } = await slowPage(desk, cookie, 2000)
    app.signal('SIGINT')
    expect(deskOwner(await answer)).toBe('Mara Lindqvist')
  })

  it('waits 10 s for a request that makes no progress, and no longer', async () => {
    const desk = await startDesk()
    const { hostname, port } = new URL(desk.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    atEnd(() => socket.destroy())
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\n') // and nothing more
    await sleep(200)
    const began = performance.now()
    desk.apps[0].signal('SIGTERM')
    expect(await desk.apps[0].ended).toBe(0)
    const took = performance.now() - began
    expect(took).toBeGreaterThan(9000)
    expect(took).toBeLessThan(14_000)
  })

  needs('redis-server')('in the middle of a refresh', () => {
    it('comes when the new tokens are kept: the next process goes on with them', async () => {
      const redis = await startRedis()
      atEnd(() => redis.stop())
      const env = { REDIS_URL: redis.url, SESSION_SECRET: 'a-secret-for-the-cookies-of-this-test' }
      const desk = await startDesk({ env, sandbox: { accessTokenSeconds: 8, refreshTokens: 'rotate' } })
      const cookie = await cookieOf(desk)
      const begun = () => desk.sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length
      const { clear } = desk.sandbox.fault({ path: '/api/developers/oauth2/token', kind: 'hang', processed: true })
      await eventually(async () => {
        await get(desk.url, { cookie })
        expect(begun()).toBe(1)
      })
      desk.apps[0].signal('SIGTERM')
      await sleep(500)
      clear()
      expect(await desk.apps[0].ended).toBe(0)
      expect(refreshesOf(desk)).toBe(1)

      await startReadyApp({ ...desk.sandbox.env, ...env, PORT: String(desk.apps[0].port) })
      await sleep(3000) // until the tokens from before are over
      const page = await get(desk.url, { cookie })
      expect(deskOwner(page)).toBe('Mara Lindqvist')
      expect(page.text).toContain('portal.nordwind.example')
      expect((await get(`${desk.url}/session`, { cookie })).text).toMatch(/Renewed [1-9]/)
    })
  })
})

/** Asks for the page, of which ilert withholds a part. Resolves once the app is waiting for it. */
async function slowPage(desk: Desk, cookie: string, ms: number) {
  const asked = () => desk.sandbox.requests.filter(({ path }) => path === '/api/alerts').length
  const before = asked()
  desk.sandbox.fault({ path: '/api/on-calls', kind: 'delay', ms, times: 1 })
  const answer = get(desk.url, { cookie })
  await eventually(async () => expect(asked()).toBe(before + 1))
  return { answer }
}

/** A connection that is open before the app is told to end: it takes no new ones then. */
async function openConnection({ url }: Desk) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  atEnd(() => socket.destroy())
  await once(socket, 'connect')
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve('closed'))
  })
  return {
    /** What the answer begins with, or `closed`. */
    async ask(path: string): Promise<string> {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
      return await Promise.race([read(socket).catch(() => closed), closed])
    },
  }
}

async function read(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}
