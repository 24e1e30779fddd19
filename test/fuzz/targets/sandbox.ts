/* The sandbox: whatever an app sends to it, the answer is one of ilert's, and never a failure of the sandbox itself. */
import { hash } from 'node:crypto'
import { validateHeaderValue } from 'node:http'
import fc from 'fast-check'
import { PATHS } from '../../../src/ilert/endpoints.ts'
import { checkOptions } from '../../../src/sandbox/options.ts'
import { RateLimit } from '../../../src/sandbox/rate-limit.ts'
import { answerRequest } from '../../../src/sandbox/routes.ts'
import { State } from '../../../src/sandbox/state.ts'
import { sandboxUsers } from '../../../src/sandbox/users.ts'
import { SECRETS } from '../canary.ts'
import { mutated } from '../generators/text.ts'
import { expectThat, type Target, target } from '../target.ts'

type Ilert = Parameters<typeof answerRequest>[1]

interface Sent {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly type: string
  readonly authorization: string
  readonly body: string
}

const clock = { now: () => 1_800_000_000_000 }
const redirectURI = 'https://app.example/cb'
const codeVerifier = SECRETS.codeVerifier.padEnd(43, '-')
const users = sandboxUsers()
const authorizeQuery = new URLSearchParams({
  client_id: 'app',
  response_type: 'code',
  redirect_uri: redirectURI,
  scope: 'profile alert:d schedule incident:w',
  state: 'xyz',
  code_challenge: hash('sha256', codeVerifier, 'base64url'),
  code_challenge_method: 'S256',
}).toString()

/** A sandbox without its sockets, in which somebody is signed in. */
async function signedIn(): Promise<{ ilert: Ilert; accessToken: string; refreshToken: string }> {
  const { settings } = checkOptions({ approve: true }, users)
  const state = new State(clock, users)
  state.register({ clientID: 'app', clientSecret: SECRETS.clientSecret, redirectURI })
  const ilert = { state, rateLimit: new RateLimit(clock, 0), clock, settings }
  const { headers } = await answerRequest(
    requestOf({ method: 'GET', path: PATHS.authorize, query: authorizeQuery, type: '', authorization: '', body: '' }),
    ilert,
  )
  const code = new URL(headers.location ?? '').searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectURI, code_verifier: codeVerifier }
  const { body } = await answerRequest(requestOf(post(PATHS.token, { ...CLIENT, ...form })), ilert)
  const { access_token, refresh_token } = JSON.parse(body)
  expectThat(access_token && refresh_token, `nobody is signed in: ${body}`)
  return { ilert, accessToken: access_token, refreshToken: refresh_token }
}

const FORM = 'application/x-www-form-urlencoded'
const CLIENT = { client_id: 'app', client_secret: SECRETS.clientSecret }

function post(path: string, form: Record<string, string>): Sent {
  return { method: 'POST', path, query: '', type: FORM, authorization: '', body: new URLSearchParams(form).toString() }
}

function withTokens(sent: Sent): Sent {
  const { accessToken, refreshToken } = desk
  const fill = (text: string) => text.replace(ACCESS, accessToken).replace(REFRESH, refreshToken)
  return { ...sent, authorization: fill(sent.authorization), body: fill(sent.body) }
}

function requestOf({ method, path, query, type, authorization, body }: Sent): Parameters<typeof answerRequest>[0] {
  const headers = { ...(type && { 'content-type': type }), ...(authorization && { authorization }) }
  return { method, path, query: new URLSearchParams(query), headers, body, address: '127.0.0.1' }
}

let desk = await signedIn()
let answered = 0

/** In the place of the tokens of the desk that a request will be for. */
const [ACCESS, REFRESH] = ['the-access-token', 'the-refresh-token']
const api = { query: '', type: 'application/json', authorization: `Bearer ${ACCESS}` }
const idOf = async (path: string): Promise<number> => {
  const { body } = await answerRequest(requestOf(withTokens({ ...api, method: 'GET', path, body: '' })), desk.ilert)
  return JSON.parse(body)[0].id
}
const [alert, incident] = [await idOf('/api/alerts'), await idOf('/api/incidents')]
const good: readonly Sent[] = [
  { method: 'GET', path: PATHS.authorize, query: authorizeQuery, type: '', authorization: '', body: '' },
  post('/consent', {
    ...Object.fromEntries(new URLSearchParams(authorizeQuery)),
    user: users[1]?.username ?? '',
    decision: 'allow',
  }),
  post(PATHS.token, { ...CLIENT, grant_type: 'authorization_code', code: 'c', redirect_uri: redirectURI }),
  post(PATHS.token, { ...CLIENT, grant_type: 'refresh_token', refresh_token: REFRESH }),
  post(PATHS.tokenInfo, { token: ACCESS }),
  post(PATHS.revoke, { token: 'somebody-elses' }),
  { ...api, method: 'GET', path: PATHS.currentUser, body: '' },
  { ...api, method: 'GET', path: '/api/alerts', query: 'max-results=10&start-index=0&states=PENDING', body: '' },
  { ...api, method: 'GET', path: '/api/on-calls', query: 'expand=user', body: '' },
  { ...api, method: 'POST', path: '/api/alerts', body: '{"summary":"Disk full","alertSource":{"id":1}}' },
  {
    ...api,
    method: 'PUT',
    path: `/api/incidents/${incident}`,
    body: '{"id":1,"status":"RESOLVED","comment":{"a":[1,null]}}',
  },
  { ...api, method: 'PUT', path: `/api/alerts/${alert}/resolve`, body: '{}' },
  { ...api, method: 'POST', path: `/api/incidents/${incident}/private-subscribers`, body: '[]' },
  { ...api, method: 'DELETE', path: `/api/alerts/${alert}/responders/41057`, body: '' },
]

/** One part of a good request is wrong, or none. */
const requests = fc.constantFrom(...good).chain((sent) =>
  fc.constantFrom<(keyof Sent)[]>('path', 'query', 'type', 'authorization', 'body').chain((part) =>
    fc
      .record({
        method: fc.oneof(
          { weight: 9, arbitrary: fc.constant(sent.method) },
          {
            weight: 1,
            arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'),
          },
        ),
        changed: mutated(fc.constant(sent[part])),
      })
      .map(({ method, changed }): Sent => ({ ...sent, method, [part]: changed })),
  ),
)

const endpoints = target(
  'a request to the sandbox',
  requests,
  async (sent) => {
    // What is posted stays: a new one now and then, so that what grows is a leak.
    if (++answered % 1000 === 0) desk = await signedIn()
    const { status, headers, body, note } = await answerRequest(requestOf(withTokens(sent)), desk.ilert)
    expectThat(status >= 200 && status < 500, `answers ${status}: ${body.slice(0, 200)}`)
    for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value)
    if (headers['content-type'] === 'application/json') JSON.parse(body)
    if (headers.location)
      expectThat(new URL(headers.location).origin === new URL(redirectURI).origin, 'sends elsewhere')
    expectThat(note === undefined || /^[\w :,-]{1,60}$/.test(note), `logs ${note}`)
    return status < 400 ? 'accepted' : 'rejected'
  },
  0.3,
)

export const sandboxTargets: readonly Target[] = [endpoints]
