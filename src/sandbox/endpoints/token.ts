import { createHash } from 'node:crypto'
import { REFRESH_TOKEN_SECONDS } from '../../ilert/limits.ts'
import { type Answer, type Ilert, json, oauthForm, refuse, required, type SandboxRequest } from '../messages.ts'
import { same } from '../same.ts'
import type { App, Grant, RefreshToken } from '../state.ts'
import { signAccessToken, signRefreshToken } from '../tokens.ts'

/** RFC 7636, section 4.1. */
const CODE_VERIFIER = /^[\w\-.~]{43,128}$/

/** POST token: a code or a refresh token for an access token. docs/ilert.md, "Wire formats". */
export async function token(request: SandboxRequest, ilert: Ilert): Promise<Answer> {
  const form = oauthForm(request)
  if (request.headers.authorization !== undefined) {
    refuse('invalid_request', 'Credentials travel in the body, not in an Authorization header')
  }
  const client = identify(form, ilert)
  switch (required(form, 'grant_type')) {
    case 'authorization_code':
      return exchange(form, client, ilert)
    case 'refresh_token':
      return refresh(form, client, ilert)
    default:
      return refuse('unsupported_grant_type', 'The grant type must be authorization_code or refresh_token')
  }
}

/** Who asks. With PKCE any app may leave its secret out, in each request anew. docs/ilert.md, "Wire formats". */
interface Client {
  readonly app: App
  /** Whether the request has brought the app's secret. */
  readonly authenticated: boolean
}

function identify(form: URLSearchParams, { state }: Ilert): Client {
  const app = state.app(required(form, 'client_id'))
  const secret = form.get('client_secret') ?? ''
  if (!app || (secret !== '' && !same(secret, app.clientSecret))) wrongClient()
  return { app, authenticated: secret !== '' }
}

/** The app of a request that has brought all the credentials that the app has. */
export function authenticate(form: URLSearchParams, ilert: Ilert): App {
  const { app, authenticated } = identify(form, ilert)
  return authenticated || app.clientSecret === '' ? app : wrongClient()
}

/** Which code ilert has for a wrong secret is not stated; it must not be `invalid_grant`, which would end a sign-in. */
function wrongClient(): never {
  return refuse('invalid_request', 'Provided client id or client secret is wrong')
}

async function exchange(form: URLSearchParams, { app, authenticated }: Client, ilert: Ilert): Promise<Answer> {
  const value = required(form, 'code')
  // A client that gets anything else wrong has used the code up, so that nobody can try verifiers.
  const code = ilert.state.takeCode(value, app)
  if (!code) refuse('invalid_grant', 'Provided code is unknown')
  const redirectURI = form.get('redirect_uri')
  if (redirectURI !== null && redirectURI !== app.redirectURI) {
    refuse('invalid_grant', 'Provided redirect_uri is not the one of the authorize request')
  }
  const verifier = form.get('code_verifier')
  if (code.codeChallenge === undefined) {
    if (!authenticated) wrongClient()
    if (verifier !== null) refuse('invalid_grant', 'The authorize request had no code_challenge')
  } else if (verifier === null || !CODE_VERIFIER.test(verifier) || !same(s256(verifier), code.codeChallenge)) {
    refuse('invalid_grant', 'Provided code_verifier does not match')
  }

  const grant = ilert.state.startGrant(code)
  if (ilert.state.isOver(grant)) refuse('invalid_grant', 'The user has taken the consent back')
  const now = ilert.clock.now()
  const refreshable = authenticated || code.scope.includes('offline_access')
  return answer(grant, refreshable ? issueRefreshToken(grant, now, ilert) : undefined, now, ilert)
}

async function refresh(form: URLSearchParams, { app, authenticated }: Client, ilert: Ilert): Promise<Answer> {
  const { state, clock, settings } = ilert
  const value = required(form, 'refresh_token')
  const held = state.refreshTokens.get(value)
  if (!held || held.replaced || state.isOver(held.grant) || held.grant.app !== app) {
    refuse('invalid_grant', 'Provided refresh token is unknown')
  }
  const { grant } = held
  // Without the secret, what brings a refresh token is `offline_access`, here as in the exchange.
  if (!authenticated && !(grant.pkce && grant.scope.includes('offline_access'))) wrongClient()
  const now = clock.now()
  const since = grant.refreshedAt === undefined ? Number.POSITIVE_INFINITY : now - grant.refreshedAt
  // A clock that was moved back means "long ago", never "wait until then".
  const waitMs = since < 0 ? 0 : settings.refreshLimitSeconds * 1000 - since
  if (waitMs > 0) {
    refuse('too_many_requests', `A token is not refreshed more than once in ${settings.refreshLimitSeconds} seconds`, {
      headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
    })
  }

  // Before anything is waited for: of two requests with one token that arrive together, one gets an answer.
  grant.refreshedAt = now
  if (settings.refreshTokens === 'rotate') held.replaced = true
  const next = settings.refreshTokens === 'reuse' ? { value, held } : issueRefreshToken(grant, now, ilert)
  return answer(grant, next, now, ilert)
}

interface IssuedRefreshToken {
  readonly value: string
  readonly held: RefreshToken
}

function issueRefreshToken(grant: Grant, now: number, { state }: Ilert): IssuedRefreshToken {
  const expiresAt = now + REFRESH_TOKEN_SECONDS * 1000
  const value = signRefreshToken(expiresAt)
  const held = { grant, expiresAt, replaced: false }
  state.addRefreshToken(value, held)
  return { value, held }
}

async function answer(
  grant: Grant,
  refreshToken: IssuedRefreshToken | undefined,
  now: number,
  { state, settings }: Ilert,
): Promise<Answer> {
  const expiresAt = now + settings.accessTokenSeconds * 1000
  const accessToken = await signAccessToken(grant, now, expiresAt)
  state.accessTokens.set(accessToken, grant, expiresAt)
  return json(200, {
    token_type: 'Bearer',
    access_token: accessToken,
    expires_in: settings.accessTokenSeconds,
    scope: grant.scope.join(' '),
    ...(refreshToken && {
      refresh_token: refreshToken.value,
      refresh_token_expires_in: Math.floor((refreshToken.held.expiresAt - now) / 1000),
    }),
  })
}

function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
