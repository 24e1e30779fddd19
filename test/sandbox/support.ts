import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sandbox } from '../../src/sandbox/index.ts'

export const AUTHORIZE = '/api/developers/oauth2/authorize'
export const TOKEN = '/api/developers/oauth2/token'
export const TOKEN_INFO = '/api/developers/oauth2/token_info'
export const REVOKE = '/api/developers/oauth2/revoke'
export const CURRENT_USER = '/api/users/current'

export interface Credentials {
  clientID: string
  clientSecret: string
  redirectURI: string
}

/** The app that `sandbox.env` describes. */
export function defaultApp({ env }: Sandbox): Credentials {
  return {
    clientID: env.ILERT_CLIENT_ID ?? '',
    clientSecret: env.ILERT_CLIENT_SECRET ?? '',
    redirectURI: env.ILERT_CALLBACK_URL ?? '',
  }
}

export const verifier: string = randomBytes(32).toString('base64url')
export const challenge: string = createHash('sha256').update(verifier).digest('base64url')

/** Pairs of names and values, so that a test can give one twice; `undefined` leaves one out. */
export type Overrides = Record<string, string | string[] | undefined>

function merge(base: Record<string, string>, overrides: Overrides): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries<string | string[] | undefined>({ ...base, ...overrides })) {
    for (const one of value === undefined ? [] : [value].flat()) params.append(name, one)
  }
  return params
}

export function authorizeParams(app: Credentials, overrides: Overrides = {}): URLSearchParams {
  const base = {
    client_id: app.clientID,
    response_type: 'code',
    redirect_uri: app.redirectURI,
    scope: 'profile',
    state: 'some-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  return merge(base, overrides)
}

export function getAuthorize(sandbox: Sandbox, params: URLSearchParams): Promise<Response> {
  return fetch(`${sandbox.appURL}${AUTHORIZE}?${params.toString()}`, { redirect: 'manual' })
}

/** What the user's answer on the consent page leads to. */
export function postConsent(
  sandbox: Sandbox,
  params: URLSearchParams,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${sandbox.appURL}/consent`, { method: 'POST', body: params, redirect: 'manual', headers })
}

export function locationOf(response: Response): URL {
  return new URL(response.headers.get('location') ?? 'missing:')
}

/** A code, as the first user would bring it back to the app. */
export async function getCode(sandbox: Sandbox, app = defaultApp(sandbox), overrides: Overrides = {}): Promise<string> {
  const params = authorizeParams(app, { user: 'mara.lindqvist', decision: 'allow', ...overrides })
  const code = locationOf(await postConsent(sandbox, params)).searchParams.get('code')
  if (!code) throw new Error('no code')
  return code
}

export interface TokenAnswer {
  token_type: string
  access_token: string
  expires_in: number
  scope: string
  refresh_token: string
  refresh_token_expires_in: number
  code: string
  error: string
}

export async function post(
  sandbox: Sandbox,
  path: string,
  form: URLSearchParams,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${sandbox.apiURL}${path}`, { method: 'POST', body: form, headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as TokenAnswer }
}

export function exchange(sandbox: Sandbox, code: string, overrides: Overrides = {}, app = defaultApp(sandbox)) {
  const base = {
    grant_type: 'authorization_code',
    client_id: app.clientID,
    client_secret: app.clientSecret,
    redirect_uri: app.redirectURI,
    code,
    code_verifier: verifier,
  }
  return post(sandbox, TOKEN, merge(base, overrides))
}

export function refresh(sandbox: Sandbox, token: string, overrides: Overrides = {}, app = defaultApp(sandbox)) {
  const { clientID, clientSecret } = app
  const base = {
    grant_type: 'refresh_token',
    client_id: clientID,
    client_secret: clientSecret,
    refresh_token: token,
  }
  return post(sandbox, TOKEN, merge(base, overrides))
}

/** A token answer for `user`, without a detour over an app. */
export async function tokensFor(sandbox: Sandbox, user = 'mara.lindqvist', scope = 'profile'): Promise<TokenAnswer> {
  const { body } = await exchange(sandbox, await getCode(sandbox, defaultApp(sandbox), { user, scope }))
  return body
}

export async function currentUser(sandbox: Sandbox, accessToken: string) {
  const response = await fetch(`${sandbox.apiURL}${CURRENT_USER}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown

/** An app on a free port: it does for each path what the test says. */
export async function listen(handlers: Record<string, Handler>): Promise<{ origin: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://app')
    const handler = handlers[url.pathname]
    if (handler) handler(request, response, url)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
