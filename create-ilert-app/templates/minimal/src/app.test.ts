import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, it } from 'node:test'
import { createSandbox, type Sandbox } from 'passport-ilert/sandbox'
import { createApp } from './app.ts'

// The whole app, with a sandbox in ilert's place whose clock you move. Add the routes of yours.
const server = createServer()
let url: string
let sandbox: Sandbox

before(async () => {
  await once(server.listen(0, 'localhost'), 'listening')
  url = `http://localhost:${(server.address() as AddressInfo).port}`
  sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback` })
  Object.assign(process.env, sandbox.env)
  server.on('request', createApp('for tests only', sandbox.clock))
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await sandbox.close()
})

it('shows alerts to users who have signed in alone', async () => {
  assert.equal((await fetch(`${url}/alerts`)).status, 401)
})

it('keeps the user signed in for more than an hour', async () => {
  const cookie = await sandbox.signIn(`${url}/auth/ilert`)
  sandbox.clock.advance(3_600_000)
  assert.match(await (await fetch(url, { headers: { cookie } })).text(), /Signed in as Mara Lindqvist/)
})
