import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type LoggedRequest, record } from '../../src/sandbox/log.ts'
import {
  AUTHORIZE,
  authorizeParams,
  CURRENT_USER,
  currentUser,
  defaultApp,
  exchange,
  getAuthorize,
  getCode,
  post,
  refresh,
  TOKEN,
  tokensFor,
  verifier,
} from './support.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await createSandbox({ clock: { now: () => 1.7e12 } })
})
afterEach(() => sandbox.close())

test('each request is there once it is answered', async () => {
  const { access_token, refresh_token } = await tokensFor(sandbox)
  sandbox.clock.advance(5)
  await refresh(sandbox, refresh_token)
  await refresh(sandbox, refresh_token)
  await currentUser(sandbox, access_token)
  expect(sandbox.requests).toEqual([
    { at: 1.7e12, method: 'POST', path: '/consent', status: 303, note: 'allowed' },
    { at: 1.7e12, method: 'POST', path: TOKEN, status: 200, grantType: 'authorization_code' },
    { at: 1.7e12 + 5, method: 'POST', path: TOKEN, status: 200, grantType: 'refresh_token' },
    { at: 1.7e12 + 5, method: 'POST', path: TOKEN, status: 401, grantType: 'refresh_token', note: 'invalid_grant' },
    { at: 1.7e12 + 5, method: 'GET', path: CURRENT_USER, status: 200 },
  ])
})

test('nothing in it is secret', async () => {
  const app = defaultApp(sandbox)
  await getAuthorize(sandbox, authorizeParams(app, { state: 'canary-state' }))
  const code = await getCode(sandbox)
  const { body: tokens } = await exchange(sandbox, code)
  await exchange(sandbox, code, { grant_type: 'canary-grant' })
  await exchange(sandbox, code, { client_secret: 'canary-guess' })
  await post(sandbox, `${TOKEN}?client_secret=${app.clientSecret}`, new URLSearchParams({ code }))
  await fetch(`${sandbox.apiURL}/api/${tokens.access_token}`)
  await fetch(`${sandbox.apiURL}${AUTHORIZE}?code=${code}`)
  const log = JSON.stringify(sandbox.requests)
  for (const secret of [
    app.clientSecret,
    code,
    verifier,
    tokens.access_token,
    tokens.access_token.slice(-40),
    tokens.refresh_token,
    'canary',
    '?',
  ]) {
    expect(log).not.toContain(secret)
  }
})

test('keeps the newest 10 000', () => {
  const log: LoggedRequest[] = []
  for (let at = 0; at < 10_005; at++) record(log, { at, method: 'GET', path: '/', status: 200 })
  expect(log).toHaveLength(10_000)
  expect([log[0]?.at, log.at(-1)?.at]).toEqual([5, 10_004])
})
