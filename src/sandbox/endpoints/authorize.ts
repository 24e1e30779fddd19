import { parseCookie } from 'cookie'
import { PATHS } from '../../ilert/endpoints.ts'
import { parseScope, scopes } from '../../ilert/scopes.ts'
import { consentPage, errorPage } from '../consent-page.ts'
import {
  type Answer,
  type Ilert,
  type OAuthCode,
  Refused,
  readForm,
  redirect,
  repeated,
  type SandboxRequest,
} from '../messages.ts'
import type { App } from '../state.ts'
import type { SandboxUser } from '../users.ts'

/** The parameters that ilert reads. docs/ilert.md, "Wire formats". */
const PARAMETERS = [
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
] as const

/** What base64url makes of a SHA-256 (RFC 7636, section 4.2). */
const CODE_CHALLENGE = /^[\w-]{43}$/

/** With this header the consent page is shown even where `approve` would answer it. The sign-in driver sends it. */
export const ASK_HEADER = 'sandbox-ask'

/** An authorize request that is as it should be. */
interface Consent {
  readonly app: App
  readonly scope: readonly string[]
  readonly codeChallenge: string | undefined
  readonly parameters: URLSearchParams
}

/** GET authorize: asks the user, or answers at once where `approve` is on. docs/ilert.md, "Wire formats". */
export function authorize({ query, headers }: SandboxRequest, ilert: Ilert): Answer {
  const consent = read(query, ilert)
  const { approve } = ilert.settings
  if (approve && headers[ASK_HEADER] === undefined) return allow(consent, approve, ilert)
  const { state } = ilert
  return consentPage({ ...consent, users: state.users, selected: approve ?? state.user(lastUser(headers) ?? '') })
}

/** The browser keeps who signed in last, as it keeps a session at ilert: it is who is chosen the next time. */
const LAST_USER_COOKIE = 'sandbox-user'
const LAST_USER_SECONDS = 30 * 86_400

function lastUser({ cookie = '' }: SandboxRequest['headers']): string | undefined {
  return parseCookie(cookie)[LAST_USER_COOKIE]
}

/** For browsers alone: what signs in by itself says whom it signs in. */
function rememberUser({ headers }: SandboxRequest, { username }: SandboxUser): Record<string, string> {
  if (headers['sec-fetch-site'] === undefined) return {}
  const value = encodeURIComponent(username)
  const limits = `Path=${PATHS.authorize}; Max-Age=${LAST_USER_SECONDS}; HttpOnly; SameSite=Lax`
  return { 'set-cookie': `${LAST_USER_COOKIE}=${value}; ${limits}` }
}

/**
 * POST consent: what the user answered. The authorize request comes back in the form's hidden fields and is checked
 * again, as any client could have written them.
 */
export function consent(request: SandboxRequest, ilert: Ilert): Answer {
  const form = readForm(request)
  if (!form) return errorPage(400, 'The content type must be application/x-www-form-urlencoded.')
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') {
    return errorPage(403, "The answer has to come from the sandbox's own page.")
  }
  const asked = read(form, ilert)
  const user = ilert.state.user(form.get('user') ?? '')
  if (!user) return errorPage(400, 'There is no such user. Go back and choose one.')
  switch (form.get('decision')) {
    case 'allow': {
      const answer = allow(asked, user, ilert)
      return { ...answer, headers: { ...answer.headers, ...rememberUser(request, user) } }
    }
    case 'deny':
      return refusal(asked.parameters, asked.app, 'access_denied', 'The user denied the request')
    default:
      return errorPage(400, 'Go back and choose Allow or Deny.')
  }
}

function allow({ app, scope, codeChallenge, parameters }: Consent, user: SandboxUser, { state }: Ilert): Answer {
  const code = state.issueCode({ app, user, scope, codeChallenge })
  return redirect(answerURL(parameters, app, { code }), 'allowed')
}

/** Reads an authorize request, and refuses one that is not as it should be. */
function read(given: URLSearchParams, { state }: Ilert): Consent {
  // Without a known app and its very redirect URI there is nobody to whom an answer could be sent.
  const clientIDs = given.getAll('client_id')
  const app = clientIDs.length === 1 ? state.app(clientIDs[0] ?? '') : undefined
  if (!app)
    throw new Refused(errorPage(400, 'The client_id is missing or unknown. Use one which the sandbox gave out.'))
  const redirectURIs = given.getAll('redirect_uri')
  if (redirectURIs.length !== 1 || redirectURIs[0] !== app.redirectURI) {
    const remedy = 'The redirect_uri must equal the registered one, which is'
    throw new Refused(
      errorPage(400, `${remedy} ${app.redirectURI}. Register another with redirectURI or --redirect-uri.`),
    )
  }

  const parameters = new URLSearchParams()
  const reject = (code: OAuthCode, description: string): never => {
    throw new Refused(refusal(given, app, code, description))
  }
  const twice = repeated(given)
  if (twice !== undefined) reject('invalid_request', 'A parameter is there more than once')
  for (const name of PARAMETERS) {
    const value = given.get(name)
    if (value !== null) parameters.set(name, value)
  }
  if (given.get('response_type') !== 'code') reject('invalid_request', 'The response_type must be code')

  const challenge = given.get('code_challenge')
  const method = given.get('code_challenge_method')
  if (challenge === null) {
    if (method !== null) reject('invalid_request', 'There is a code_challenge_method, but no code_challenge')
    if (app.clientSecret === '') reject('invalid_request', 'An app without a secret needs a code_challenge')
  } else {
    if (method !== 'S256') reject('invalid_request', 'The code_challenge_method must be S256')
    if (!CODE_CHALLENGE.test(challenge)) reject('invalid_request', 'The code_challenge is not a SHA-256 in base64url')
  }

  const scope = readScope(given.get('scope'))
  if (!scope) return reject('invalid_scope', 'The scope is missing, malformed or unknown')
  return { app, scope, codeChallenge: challenge ?? undefined, parameters }
}

/** Scopes as they were asked for, each once; undefined where one of them is not ilert's. */
function readScope(value: string | null): string[] | undefined {
  const list = (value ?? '').split(' ')
  try {
    return list.every((scope) => isKnown(parseScope(scope).resource)) ? [...new Set(list)] : undefined
  } catch {
    return undefined // malformed
  }
}

/** The table's, and `wildcard`, which ilert's own command line client asks for. */
function isKnown(resource: string): boolean {
  return resource in scopes || resource === 'wildcard'
}

function refusal(given: URLSearchParams, app: App, code: OAuthCode, description: string): Answer {
  return redirect(answerURL(given, app, { error: code, error_description: description }), code)
}

/** The app's redirect URI with an answer, and with the `state` of the request where it had one. */
function answerURL(given: URLSearchParams, app: App, answer: Record<string, string>): string {
  const url = new URL(app.redirectURI)
  for (const [name, value] of Object.entries(answer)) url.searchParams.append(name, value)
  const states = given.getAll('state')
  if (states.length === 1) url.searchParams.append('state', states[0] ?? '')
  return url.href
}
