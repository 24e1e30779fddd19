/*
 * The example app is meant to be copied: in a folder of its own, with the packed library, it does what its README says,
 * and so does its Dockerfile.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createSandbox } from '../../src/sandbox/index.ts'
import { pack } from '../support/pack.ts'
import { freePort } from '../support/port.ts'
import { run } from '../support/run.ts'
import { copyApp, EXAMPLE_APP, ROOT } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { buildImage } from './dockerfile.ts'
import { deskOwner, get } from './http.ts'
import { walk } from './walk.ts'

/** What has been fetched before is not asked for again. */
const NPM = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' }

/** Files with secrets, as people have them beside their sources. */
const SECRET_FILES = ['.env', '.env.local', '.npmrc', 'src/.env.production', 'src/.npmrc']

/** Runs a command line. Fails with what it printed. */
async function shell(
  command: string,
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<string> {
  return (await run('sh', ['-c', command], { cwd, env: { ...NPM, ...env } })).stdout
}

let away: string
let home: string
let tarball: string

beforeAll(async () => {
  away = await mkdtemp(join(tmpdir(), 'leaving-home-'))
  home = join(away, 'desk')
  await copyApp(home)
  const manifest = join(home, 'package.json')
  const text = await readFile(manifest, 'utf8')
  expect(text).toContain('"file:.."')
  tarball = (await pack(away)).tarball
  await writeFile(manifest, text.replace('"file:.."', JSON.stringify(tarball)))
}, 120_000)
afterAll(() => rm(away, { recursive: true, force: true }))
afterEach(cleanUp)

describe('a copy of the example app', () => {
  it('is installed, passes its own tests, starts with one command, and people sign in', async () => {
    await shell('npm install', { cwd: home })
    expect(await shell('npm test', { cwd: home })).toMatch(/^[#ℹ] pass [1-9]\d*$/m) // from Node 23 on the sign is another
    const app = await startApp({}, { command: ['npm', 'start'], cwd: home })
    expect(app.stdout).toContain('Sandbox: no ilert account is used')
    const { answer } = await walk(`${app.url}/auth/ilert`)
    expect(deskOwner(answer)).toBe('Mara Lindqvist')
    expect(answer.text).toContain('portal.nordwind.example')
  }, 180_000)

  // Without Docker: its steps, one by one, in folders of this machine.
  it('becomes an image by its Dockerfile, with a tarball beside it, which runs in production, without root', async () => {
    const context = join(away, 'context')
    await mkdir(context)
    for (const name of await readdir(home)) {
      if (!/^(node_modules|dist|package-lock\.json)$/.test(name)) {
        await cp(join(home, name), join(context, name), { recursive: true })
      }
    }
    for (const name of SECRET_FILES) await writeFile(join(context, name), 'PORT=wrong')
    await cp(tarball, join(context, basename(tarball)))
    const manifest = await readFile(join(context, 'package.json'), 'utf8')
    await writeFile(join(context, 'package.json'), manifest.replace(tarball, `file:${basename(tarball)}`))
    const image = await buildImage(context, away, async (command, options) => void (await shell(command, options)))
    expect(image.user).toBe('node')
    expect(image.env).toEqual({ NODE_ENV: 'production' })
    const files = await readdir(image.folder)
    expect(files).toEqual(expect.arrayContaining(['dist', 'node_modules', 'package.json', 'public', 'views']))
    for (const name of SECRET_FILES) expect(existsSync(join(image.folder, name))).toBe(false)
    expect(existsSync(join(image.folder, 'node_modules', 'typescript'))).toBe(false)

    const PORT = String(await freePort())
    const redirectURI = `http://localhost:${PORT}/auth/ilert/callback`
    const sandbox = await createSandbox({ redirectURI })
    atEnd(() => sandbox.close())
    const env = { ...image.env, ...sandbox.env, PORT, SESSION_SECRET: 'not one that another user should use' }
    const healthcheck = () => shell(image.healthcheck, { cwd: image.folder, env })
    await expect(healthcheck()).rejects.toThrow('failed')
    const app = await startApp(env, { command: image.command, cwd: image.folder })
    await healthcheck()
    const { answer } = await walk(`${app.url}/auth/ilert`)
    expect(deskOwner(answer)).toBe('Mara Lindqvist')
    expect((await get(`${app.url}/desk.js`)).status).toBe(200)
    app.signal('SIGTERM')
    expect(await app.ended).toBe(0)
    await expect(healthcheck()).rejects.toThrow('failed')
  }, 180_000)
})

describe('what the example app says of itself', () => {
  it('leads to files that are there', async () => {
    const readme = await readFile(join(EXAMPLE_APP, 'README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '')
    const relative = links.filter((link) => !/^(https?:|#)/.test(link))
    expect(relative.length).toBeGreaterThan(10)
    const named = [
      ...readme.replaceAll(/\[[^\]]*\]\([^)]*\)/g, '').matchAll(/\b(?:src|views|public|docs)\/[\w./-]*\w/g),
    ]
    const paths = [...relative, ...named.map(([path]) => path)]
    expect(paths.filter((path) => !existsSync(join(home, path)))).toEqual([])
    const sources = (await readdir(join(EXAMPLE_APP, 'src'), { recursive: true })).filter((name) =>
      name.endsWith('.ts'),
    )
    expect(sources.filter((name) => !relative.includes(`src/${name}`))).toEqual([])
  })

  it('names every variable in .env.example, and none that nobody reads', async () => {
    const [config, example, ...options] = await Promise.all([
      readFile(join(EXAMPLE_APP, 'src/config.ts'), 'utf8'),
      readFile(join(EXAMPLE_APP, '.env.example'), 'utf8'),
      readFile(join(ROOT, 'src/client/options.ts'), 'utf8'),
      readFile(join(ROOT, 'src/express/options.ts'), 'utf8'),
    ])
    const known = names(config.slice(config.indexOf('z.object(')), /^ {2}([A-Z][A-Z_]+):/gm)
    expect(known.length).toBeGreaterThan(8)
    const written = names(example, /^# ?([A-Z][A-Z_]+)=/gm)
    // Which environment it is says whoever runs the app, not a file.
    expect(known.filter((name) => name !== 'NODE_ENV' && !written.includes(name))).toEqual([])
    const library = names(options.join(), /(ILERT_[A-Z_]+)/g)
    expect(written.filter((name) => !known.includes(name) && !library.includes(name))).toEqual([])
  })
})

function names(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))]
}
