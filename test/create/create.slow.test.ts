/*
 * `npm create ilert-app@latest`: a fresh folder, nothing but npm and the packed tarballs.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../e2e/app-process.ts'
import { closeBrowsers, visit } from '../e2e/browser.ts'
import { cleanUp } from '../e2e/clean-up.ts'
import { pack } from '../support/pack.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { run } from '../support/run.ts'

const NOT_OF_TESTS = { NODE_ENV: '', NODE_OPTIONS: '', CI: '', JEST_WORKER_ID: '' }

let away: string
let registry: Registry
let env: Record<string, string>

beforeAll(async () => {
  away = await mkdtemp(join(tmpdir(), 'create-ilert-app-'))
  const { tarball, copy } = await pack(away)
  await run(process.execPath, ['create-ilert-app/stage.js'], { cwd: copy })
  const options = ['--json', '--silent', '--pack-destination', away]
  const { stdout } = await run('npm', ['pack', ...options, './build/create-ilert-app'], { cwd: copy })
  registry = await startRegistry(tarball, join(away, JSON.parse(stdout)[0].filename))
  env = {
    ...NOT_OF_TESTS,
    npm_config_registry: registry.url,
    npm_config_cache: join(away, 'cache'),
    npm_config_prefer_offline: 'true',
    npm_config_yes: 'true',
  }
}, 180_000)
afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(async () => {
  await registry?.close()
  await rm(away, { recursive: true, force: true })
})

const create = (...args: string[]) => run('npm', ['create', 'ilert-app@latest', ...args], { cwd: away, env })

it.each<[name: string, options: string[]]>([
  ['my-desk', []],
  ['My App 1', ['--template', 'minimal']],
  ['plain', ['--template', 'minimal', '--javascript']],
  ['my-page', ['--template', 'spa']],
])(
  '%s %j: one command, npm start, signed in after two clicks, and its tests pass',
  async (name, options) => {
    const { stdout } = await create(name, '--', ...options)
    expect(stdout).toMatch(/1\. cd .*\n {2}2\. npm start .*\n {2}3\. npm test /)
    const folder = join(away, name)
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    expect(manifest.name).toBe(name.toLowerCase().replaceAll(' ', '-'))
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([])
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toContain('node_modules')

    const tested = await run('npm', ['test'], { cwd: folder, env })
    expect(tested.stdout).toMatch(/^[#ℹ] pass [1-9]\d*$/m)
    expect(tested.stdout).toMatch(/^[#ℹ] fail 0$/m)
    const app = await startApp(env, { command: ['npm', 'start'], cwd: folder })
    const { page } = await visit({ tolerate: /404 \(/ }) // a project that small has no icon
    await page.goto(app.url)
    // A link, or the button of a page that signs in by its script.
    await page.locator('a, button').filter({ hasText: 'Sign in with ilert' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Mara Lindqvist').first().waitFor()
    expect(new URL(page.url()).origin).toBe(new URL(app.url).origin)
  },
  300_000,
)

it('writes into no folder that is not empty', async () => {
  await mkdir(join(away, 'full'))
  await writeFile(join(away, 'full', 'note.txt'), 'mine')
  await expect(create('full')).rejects.toThrow('full is not empty. Choose another folder.')
  expect(existsSync(join(away, 'full', 'package.json'))).toBe(false)
}, 60_000)

it('writes every file of the desk into one that is empty, and leaves npm install alone where that is wished', async () => {
  await mkdir(join(away, 'empty'))
  const { stdout } = await create('empty', '--', '--no-install')
  expect(stdout).toContain('npm install && npm start')
  const kept = (await run('git', ['ls-files', 'example-app'], { cwd: process.cwd() })).stdout.trim().split('\n')
  const missing = kept.filter((path) => !existsSync(join(away, 'empty', path.replace('example-app/', ''))))
  expect(missing).toEqual([])
  expect(existsSync(join(away, 'empty', 'node_modules'))).toBe(false)
}, 60_000)
