import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, it } from 'node:test'
import { createSandbox } from 'passport-ilert/sandbox'
import { createApp } from './app.js'

// The whole server, with a sandbox in ilert's place whose clock you move. Add the calls of your page.
const server = createServer()
let url
let sandbox

before(async () => {
  await once(server.listen(0, 'localhost'), 'listening')
  url = `http://localhost:${server.address().port}`
  sandbox = await createSandbox({ redirectURI: `${url}/auth/ilert/callback` })
  Object.assign(process.env, sandbox.env)
  server.on('request', createApp({ secret: 'for tests only', clock: sandbox.clock }).app)
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await sandbox.close()
})

/** As the page asks. */
const ask = (path, cookie = '') => fetch(url + path, { headers: { cookie, 'X-Requested-With': 'fetch' } })

it('tells the page that nobody is signed in', async () => {
  assert.equal((await (await ask('/me')).json()).connected, false)
  assert.equal((await ask('/api/ilert/api/alerts')).status, 401)
})

it('shows the alerts after an hour, too', async () => {
  const cookie = await sandbox.signIn(`${url}/auth/ilert`)
  sandbox.clock.advance(3_600_000)
  const answer = await ask('/api/ilert/api/alerts', cookie)
  assert.equal(answer.status, 200)
  assert.ok((await answer.json()).length > 0)
})
