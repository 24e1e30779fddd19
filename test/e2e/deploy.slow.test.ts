/*
 * example-app/docs/deploy.md: what it says to write and to run suits the desk. Without Docker, and without nginx and Caddy,
 * with which the page was followed by hand.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { parse } from 'yaml'
import { type Config, readConfig } from '../../example-app/src/config.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/port.ts'
import { startRedis } from '../support/redis.ts'
import { run } from '../support/run.ts'
import { copyApp, EXAMPLE_APP, ROOT, removeBuiltApp } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { get } from './http.ts'
import { walk } from './walk.ts'

afterEach(cleanUp)
afterAll(removeBuiltApp)

interface Service {
  readonly image?: string
  readonly build?: string
  readonly profiles?: string[]
  readonly command?: string
  readonly env_file?: string
  readonly environment?: Record<string, string>
  readonly ports?: string[]
  readonly volumes?: string[]
}

let compose: { services: Record<string, Service>; volumes: Record<string, null> }
let page: string
let caddyfile: string
let nginx: string

beforeAll(async () => {
  const text = (path: string) => readFile(join(EXAMPLE_APP, path), 'utf8')
  compose = parse(await text('compose.yaml'))
  page = await readFile(join(ROOT, 'example-app/docs/deploy.md'), 'utf8')
  caddyfile = await text('deploy/Caddyfile')
  nginx = await text('deploy/nginx.conf')
})

const service = (name: string) => compose.services[name] ?? {}

/** The variables of the page's `.env`: of its first block, with those of the second in place of the last two. */
function dotenv(store: 'redis' | 'postgres'): Record<string, string> {
  const [first = '', second = ''] = [...page.matchAll(/^```ini\n(.*?)^```$/gms)].map(([, block]) => block)
  const read = (block: string) =>
    block
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2))
  const lines = store === 'redis' ? read(first) : [...read(first).slice(0, -2), ...read(second)]
  const env: Record<string, string> = {}
  for (const [name = '', value = ''] of lines) env[name] = interpolate(value, env) || 'a-value-of-32-characters-or-more'
  return env
}

/** As Docker Compose does it: `${NAME}`, `${NAME:?why}` and `${NAME:-}`. */
function interpolate(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+)(?::([?-])[^}]*)?\}/g, (_all, name: string, rule: string | undefined) => {
    const value = env[name]
    if (value === undefined && rule !== '-') throw new Error(`${name} is not in .env.`)
    return value ?? ''
  })
}

/** What the container of the desk is told, and what the desk makes of it. */
function configOf(store: 'redis' | 'postgres'): { env: Record<string, string>; config: Config } {
  const { env_file, environment = {} } = service('desk')
  expect(env_file).toBe('.env')
  const file = dotenv(store)
  const own = Object.entries(environment).map(([name, value]) => [name, interpolate(value, file)] as const)
  const env = { ...file, ...Object.fromEntries(own), NODE_ENV: 'production' } // which the Dockerfile sets
  return { env, config: readConfig(env) }
}

describe('Docker Compose', () => {
  it.each(['redis', 'postgres'] as const)('tells the desk all that it needs, with %s', (store) => {
    const { env, config } = configOf(store)
    expect(config).toMatchObject({ production: true, secure: true, sandbox: false, trustProxy: 1 })
    expect(env.ILERT_CALLBACK_URL).toBe('https://desk.example.com/auth/ilert/callback')
    expect([config.redisURL, config.databaseURL].filter((url) => url !== undefined)).toHaveLength(1)

    const url = new URL(config.redisURL ?? config.databaseURL ?? '')
    expect(service(url.hostname).profiles).toEqual([env.COMPOSE_PROFILES])
    expect(url.port).toBe(store === 'redis' ? '6379' : '5432')
    if (store === 'postgres') {
      const own = Object.entries(service('postgres').environment ?? {})
      const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = Object.fromEntries(
        own.map(([name, value]) => [name, interpolate(value, env)]),
      )
      expect([url.username, url.password, url.pathname]).toEqual([POSTGRES_USER, POSTGRES_PASSWORD, `/${POSTGRES_DB}`])
    }
  })

  it('names no variable that nobody reads', async () => {
    const config = await readFile(join(EXAMPLE_APP, 'src/config.ts'), 'utf8')
    const ofCompose = /^(COMPOSE_PROFILES|DESK_HOST|POSTGRES_PASSWORD)$/
    const names = ['redis', 'postgres'].flatMap((store) => Object.keys(configOf(store as 'redis').env))
    expect(names.filter((name) => !config.includes(name) && !ofCompose.test(name))).toEqual([])
  })

  it('publishes nothing but its proxy, and keeps what must outlive it', () => {
    const published = Object.keys(compose.services).filter((name) => service(name).ports)
    expect(published).toEqual(['caddy'])
    for (const name of ['redis', 'postgres', 'caddy']) {
      const [volume = ''] = service(name).volumes?.at(-1)?.split(':') ?? []
      expect(Object.keys(compose.volumes)).toContain(volume)
    }
  })

  it('tells Caddy all that its file asks for, and where the desk is', () => {
    const { environment = {}, volumes = [] } = service('caddy')
    const asked = [...caddyfile.matchAll(/\{\$(\w+)/g)].map((match) => match[1])
    expect(Object.keys(environment).sort()).toEqual(asked.sort())
    expect(environment.DESK_UPSTREAM).toBe(`desk:${service('desk').environment?.PORT}`)
    const [file = ''] = volumes[0]?.split(':') ?? []
    expect(existsSync(join(EXAMPLE_APP, file))).toBe(true)
  })

  needs('redis-server')('its Redis', () => {
    it('keeps what it is given', async () => {
      const [program, ...more] = service('redis').command?.split(' ') ?? []
      expect(program).toBe('redis-server')
      const redis = await startRedis({ more })
      atEnd(() => redis.stop())
      const client = await createClient({ url: redis.url }).connect()
      atEnd(async () => client.destroy())
      expect(await client.configGet(['appendonly', 'maxmemory-policy'])).toMatchObject({
        appendonly: 'yes',
        'maxmemory-policy': 'noeviction',
      })
    })
  })
})

describe('proxies', () => {
  it('forget an unused connection before the desk closes it', async () => {
    const app = await startApp()
    const seconds = Number(/timeout=(\d+)/.exec((await get(app.url)).headers.get('keep-alive') ?? '')?.[1])
    expect(page).toContain(`less than ${seconds} seconds`)
    expect(Number(/keepalive (\d+)s/.exec(caddyfile)?.[1])).toBeLessThan(seconds)
    expect(nginx).not.toContain('keepalive')
  })

  it('say what browsers use, and believe no browser: nginx, which does neither by itself', () => {
    const headers = Object.fromEntries(
      [...nginx.matchAll(/proxy_set_header (\S+) (\S+);/g)].map(([, name = '', value = '']) => [name, value]),
    )
    expect(headers).toEqual({
      Connection: "''",
      Host: '$host',
      'X-Forwarded-For': '$remote_addr',
      'X-Forwarded-Proto': '$scheme',
      'X-Forwarded-Host': '$host',
      'X-Forwarded-Prefix': "''",
    })
  })
})

describe('metrics', () => {
  it('are given to Prometheus on a port of their own, and the process ends as without them', async () => {
    const away = await mkdtemp(join(tmpdir(), 'metrics-'))
    atEnd(() => rm(away, { recursive: true, force: true }))
    const cwd = join(away, 'desk')
    await copyApp(cwd)
    await symlink(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
    await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', away, 'prom-client@15'], {
      cwd: away,
    })
    await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd })
    const METRICS_PORT = String(await freePort())
    const command = [process.execPath, '--import', './deploy/metrics.js', 'dist/server.js']
    const app = await startApp({ METRICS_PORT }, { command, cwd })
    await walk(`${app.url}/auth/ilert`)
    const { text } = await get(`http://localhost:${METRICS_PORT}/metrics`)
    expect(text).toMatch(/^ilert_seconds_count\{what="login".*outcome="success"\} 1$/m)
    expect(text).toMatch(/^ilert_seconds_count\{what="api".*outcome="success"\} [1-9]/m)
    expect((await get(`${app.url}/metrics`)).status).toBe(404)
    app.signal('SIGTERM')
    expect(await app.ended).toBe(0)
  }, 120_000)

  it('are those of the operations page', async () => {
    const operations = await readFile(join(ROOT, 'docs/operations.md'), 'utf8')
    const [, after = ''] = operations.split('with `prom-client`:\n\n```js\n')
    const recipe = after.slice(after.indexOf('\n\n'), after.indexOf('```\n')) // without its imports
    expect(recipe).toContain('ilert_grants_total')
    expect(await readFile(join(EXAMPLE_APP, 'deploy/metrics.js'), 'utf8')).toContain(recipe)
  })
})
