/*
 * docs/sandbox.md, "From another process": the sandbox, the desk and whoever steers are three processes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ConnectedSandbox, connectSandbox } from '../../src/sandbox/index.ts'
import { removeBuiltApp } from '../e2e/app-copy.ts'
import { startApp } from '../e2e/app-process.ts'
import { closeBrowsers, visit } from '../e2e/browser.ts'
import { atEnd, cleanUp } from '../e2e/clean-up.ts'
import { alertRow, PORTAL, signIn } from '../e2e/steps.ts'
import { stepsOf } from '../support/follow.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/port.ts'
import { run } from '../support/run.ts'

const page = () => readFile('docs/sandbox.md', 'utf8')

let folder: string
let sandbox: ConnectedSandbox
let redirectURI: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steering-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(resolve('.'), join(folder, 'node_modules', 'passport-ilert'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  redirectURI = `http://localhost:${await freePort()}/auth/ilert/callback`
  sandbox = await connectSandbox(await startCommand('--port', '0', '--redirect-uri', redirectURI))
})
afterEach(cleanUp)
afterAll(closeBrowsers)
afterAll(removeBuiltApp)

/** The command, in a process of its own. Resolves to where it is. */
async function startCommand(...args: string[]): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, ['dist/sandbox/cli.js', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  atEnd(async () => {
    const exit = once(child, 'exit')
    if (child.kill('SIGTERM')) await exit
  })
  let printed = ''
  for await (const chunk of child.stdout ?? []) {
    printed += chunk
    const [, url] = /(http:\S+)\/_sandbox\/\n/.exec(printed) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`It has ended: ${printed}`)
}

const startDesk = () => startApp({ ...sandbox.env, PORT: new URL(redirectURI).port })

/** A file of the page, below a heading of the third level. */
async function fileOf(name: string): Promise<string> {
  const steps = stepsOf(await page())
  const step = steps.find((one) => 'save' in one && one.save === name)
  if (!step || !('save' in step)) throw new Error(`The page has no ${name}.`)
  await writeFile(join(folder, name), step.text)
  return join(folder, name)
}

needs('chromium')('in Chromium', () => {
  it('the desk goes on when the clock is moved by an hour over HTTP', async () => {
    const desk = await startDesk()
    const { page } = await visit()
    await signIn(page, desk.url)
    await sandbox.clock.advance(3_600_000)
    await page.reload()
    await alertRow(page, PORTAL).waitFor()
    const requests = await sandbox.requests
    expect(requests.filter(({ status }) => status === 401)).not.toEqual([])
    expect(requests.filter(({ grantType, status }) => grantType === 'refresh_token' && status === 200)).toHaveLength(1)
  })

  it('Playwright runs the test of the page, word for word', async () => {
    const desk = await startDesk()
    const spec = await fileOf('desk.spec.js')
    await writeFile(
      join(folder, 'playwright.config.js'),
      `export default { use: { launchOptions: { executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] } } }\n`,
    )
    const { stdout } = await run(
      'sh',
      [
        '-ec',
        'npm install --no-audit --no-fund --no-save --prefer-offline @playwright/test && ln -sfn "$PACKAGE" node_modules/passport-ilert && npx playwright test',
      ],
      {
        cwd: folder,
        env: {
          PACKAGE: resolve('.'),
          CHROMIUM: '/usr/bin/chromium',
          APP_URL: desk.url,
          SANDBOX_URL: sandbox.appURL,
          NODE_OPTIONS: '',
          JEST_WORKER_ID: '',
        },
      },
    )
    expect(spec).toContain('desk.spec.js')
    expect(stdout).toMatch(/1 passed/)
  }, 240_000)
})

it('curl does what the page says', async () => {
  const text = await page()
  const [, commands = ''] = /### curl\n+```sh\n(.*?)```/s.exec(text) ?? []
  expect(commands.match(/^curl /gm)).toHaveLength(4)
  const { stdout } = await run(
    'sh',
    ['-ec', commands.replaceAll('http://127.0.0.1:4598', sandbox.appURL).split('\n').slice(0, 3).join('\n')],
    { cwd: folder },
  )
  expect(stdout).toMatch(/"now":\d+.*"id":1/s)
  expect((await sandbox.clock.now()) - Date.now()).toBeGreaterThan(3_500_000)
  expect((await fetch(`${sandbox.apiURL}/api/alerts`)).status).toBe(503)
  await run('sh', ['-ec', commands.replaceAll('http://127.0.0.1:4598', sandbox.appURL).split('\n')[3] ?? ''], {
    cwd: folder,
  })
  expect(await sandbox.requests).toEqual([])
})

it('the tasks for Cypress steer the sandbox', async () => {
  const config = pathToFileURL(await fileOf('cypress.config.js')).href
  const program = `
    const { default: config } = await import(${JSON.stringify(config)})
    config.e2e.setupNodeEvents(async (event, tasks) => {
      if (event !== 'task') throw new Error(event)
      const answers = [await tasks.reset(), await tasks.advance(3_600_000), await tasks.fault({ path: '*', kind: 503 })]
      console.log(JSON.stringify(answers))
    })`
  await writeFile(join(folder, 'run.js'), program)
  const { stdout } = await run(process.execPath, ['run.js'], { cwd: folder, env: { SANDBOX_URL: sandbox.appURL } })
  expect(JSON.parse(stdout)).toEqual([null, null, null])
  expect((await sandbox.clock.now()) - Date.now()).toBeGreaterThan(3_500_000)
  expect((await fetch(`${sandbox.apiURL}/api/alerts`)).status).toBe(503)
})

it('the data of the page are taken', async () => {
  const [, json = ''] = /```json\n(.*?)```/s.exec(await page()) ?? []
  await writeFile(join(folder, 'data.json'), json)
  const other = await connectSandbox(await startCommand('--port', '0', '--data', join(folder, 'data.json')))
  expect(other.users.map(({ username }) => username)).toContain('kim.lee')
  expect(await sandbox.load(JSON.parse(json))).toBeUndefined()
})
