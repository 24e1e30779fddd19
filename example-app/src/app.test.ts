import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createSandbox, type Sandbox } from 'passport-ilert/sandbox'
import { createApp } from './app.ts'
import { CALLBACK_PATH, readConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { createStores } from './stores.ts'

// The whole app, with an ilert of its own whose clock you move. Add the routes of yours.
describe('the desk', () => {
  const server = createServer()
  let url: string
  let sandbox: Sandbox
  let close: () => Promise<void>
  let cookie: string

  before(async () => {
    await once(server.listen(0, 'localhost'), 'listening')
    url = `http://localhost:${(server.address() as AddressInfo).port}`
    sandbox = await createSandbox({ redirectURI: url + CALLBACK_PATH })
    Object.assign(process.env, sandbox.env)
    const config = readConfig({ ...sandbox.env, LOG_LEVEL: 'silent' })
    const logger = createLogger(config.logLevel)
    const stores = createStores(config, logger)
    const { app, ilert } = createApp({
      config,
      stores,
      logger,
      stopping: new AbortController().signal,
      clock: sandbox.clock,
    })
    server.on('request', app)
    close = async () => {
      await ilert.tokens.close()
      await stores.close()
    }
  })
  after(async () => {
    server.close()
    await close()
    await sandbox.close()
  })
  beforeEach(async () => {
    cookie = await sandbox.signIn(`${url}/auth/ilert`)
  })

  const get = async (path: string) => await (await fetch(url + path, { headers: { cookie } })).text()
  const post = (path: string) =>
    fetch(url + path, { method: 'POST', redirect: 'manual', headers: { cookie, origin: url } })

  it('asks who is not signed in to do so', async () => {
    cookie = ''
    assert.match(await get('/'), /Sign in with ilert/)
    assert.equal((await post('/alerts/1/accept')).status, 401)
  })

  it('shows who is signed in, and the open alerts', async () => {
    const page = await get('/')
    assert.match(page, /Mara Lindqvist/)
    assert.match(page, /portal\.nordwind\.example is down/)
  })

  it('goes on when the access token ends', async () => {
    sandbox.clock.advance(3_600_000 + 1)
    const page = await get('/')
    assert.match(page, /portal\.nordwind\.example is down/)
    assert.match(await get('/session'), /Renewed 1 time /)
  })

  it('signs out', async () => {
    assert.equal((await post('/logout')).status, 303)
    assert.doesNotMatch(await get('/'), /Mara Lindqvist/)
  })
})
