/*
 * docs/migrating-from-passport-oauth2.md: the app before and the app after both run, and what the page says of them holds.
 */
import { readFile } from 'node:fs/promises'
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { offerPackage, Reader, type Source, stepsOf } from '../support/follow.ts'
import { freePort } from '../support/port.ts'

let source: Source
let reader: Reader
let sandbox: Sandbox
let port: number

beforeAll(async () => {
  source = await offerPackage()
  port = await freePort()
  sandbox = await createSandbox({ approve: true, redirectURI: `http://localhost:${port}/auth/ilert/callback` })
  reader = await Reader.open(source, { ...sandbox.env, PORT: String(port), SESSION_SECRET: 'for tests only' })
  await reader.follow([
    { run: 'npm init --yes; npm pkg set type=module' },
    { run: 'npm install express express-session passport passport-oauth2 passport-oauth2-refresh' },
  ])
}, 300_000)

afterAll(async () => {
  await reader?.close()
  await source?.close()
  await sandbox?.close()
})

/** Signs in, lets the access token expire, and loads the page twice at once. Resolves to the statuses. */
async function statusesAtExpiry(program: string): Promise<number[]> {
  const app = await reader.start({ run: `exec node ${program}` })
  const cookie = await sandbox.signIn(`${app.address}/auth/ilert`)
  const load = async () => (await fetch(`${app.address}/alerts`, { headers: { cookie } })).status
  expect(await load()).toBe(200)
  sandbox.clock.advance(3_600_000)
  const statuses = await Promise.all([load(), load()])
  expect(app.exited()).toBe(false)
  await app.stop()
  return statuses.sort()
}

test('before: two requests at expiry both refresh, and one fails; after the steps of the page neither does', async () => {
  const steps = stepsOf(await readFile('docs/migrating-from-passport-oauth2.md', 'utf8'))
  await reader.follow(steps.filter((step) => 'save' in step))
  expect(await statusesAtExpiry('before.js')).toEqual([200, 401])

  await reader.follow(steps.filter((step) => 'run' in step))
  expect(JSON.parse(await reader.read('package.json')).dependencies).not.toHaveProperty('passport-oauth2')
  expect(await statusesAtExpiry('after.js')).toEqual([200, 200])
}, 180_000)
