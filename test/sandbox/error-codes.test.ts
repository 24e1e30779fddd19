/*
 * docs/ilert.md, "Error codes": each has its status, and the OAuth endpoints' form. What goes wrong before there is a
 * code is told to the app by a redirect.
 */
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { type OAuthCode, oauthError } from '../../src/sandbox/messages.ts'
import {
  authorizeParams,
  defaultApp,
  exchange,
  getAuthorize,
  getCode,
  locationOf,
  postConsent,
  REVOKE,
  refresh,
  TOKEN,
  TOKEN_INFO,
} from './support.ts'

const STATUS: [OAuthCode, number][] = [
  ['invalid_request', 400],
  ['invalid_scope', 400],
  ['access_denied', 400],
  ['unsupported_grant_type', 400],
  ['invalid_grant', 401],
  ['server_error', 500],
]

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox()
})
afterAll(() => sandbox.close())

test.each(STATUS)('%s: %d', (code, status) => {
  const answer = oauthError(code, 'What is wrong')
  expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { code, error: 'What is wrong' }])
})

const told: [string, number, () => ReturnType<typeof refresh>][] = [
  ['invalid_request', 400, () => refresh(sandbox, '')],
  ['unsupported_grant_type', 400, () => refresh(sandbox, 'x', { grant_type: 'implicit' })],
  ['invalid_grant', 401, () => refresh(sandbox, 'x')],
  ['invalid_grant', 401, () => exchange(sandbox, 'x')],
]
test.each(told)('%s: %d, from the token endpoint', async (code, status, send) => {
  const answer = await send()
  expect(answer).toMatchObject({ status, body: { code, error: expect.stringMatching(/./) } })
  expect(Object.keys(answer.body)).toEqual(['code', 'error'])
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each([TOKEN, TOKEN_INFO, REVOKE])('server_error: 500, from %s', async (path) => {
  sandbox.fault({ path, kind: 500, times: 1 })
  const response = await fetch(`${sandbox.apiURL}${path}`, { method: 'POST' })
  expect([response.status, await response.json()]).toEqual([500, { code: 'server_error', error: expect.any(String) }])
})

test('invalid_scope, access_denied and invalid_request come back to the app', async () => {
  const app = defaultApp(sandbox)
  const errorOf = (response: Response) => locationOf(response).searchParams.get('error')
  expect(errorOf(await getAuthorize(sandbox, authorizeParams(app, { scope: 'root' })))).toBe('invalid_scope')
  expect(errorOf(await getAuthorize(sandbox, authorizeParams(app, { response_type: 'token' })))).toBe('invalid_request')
  const no = authorizeParams(app, { user: 'mara.lindqvist', decision: 'deny' })
  expect(errorOf(await postConsent(sandbox, no))).toBe('access_denied')
  expect(await getCode(sandbox)).toMatch(/./)
})
