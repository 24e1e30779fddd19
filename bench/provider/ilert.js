// An ilert that costs next to nothing: the sandbox signs every access token, which takes more of a core than the apps that
// are measured. Tokens and codes are looked up, not verified, and none of the clients verifies a signature. It is strict
// where a kinder one would hide a loss: a code and a refresh token are good once.

import { createHash, randomBytes } from 'node:crypto'

/** Refresh tokens of one grant end each other: the strictest of the three ways that ilert leaves open. */
const LIFETIME_SECONDS = 3600
const REFRESH_LIFETIME_SECONDS = 31_536_000
const USER = JSON.stringify({
  id: 4711,
  username: 'mara.lindqvist',
  firstName: 'Mara',
  lastName: 'Lindqvist',
  email: 'mara.lindqvist@nordwind.example',
  timezone: 'Europe/Berlin',
  language: 'en',
  role: 'ADMIN',
})
const ALERTS = JSON.stringify(
  Array.from({ length: 10 }, (_, i) => ({ id: i + 1, summary: `Disk ${i + 1} is full`, status: 'PENDING' })),
)

const segment = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const SIGNATURE = randomBytes(256).toString('base64url')
const random = () => randomBytes(16).toString('base64url')

/** As long, and with the claims, as ilert's are. */
function accessToken(/** @type {string} */ scope) {
  const claims = {
    iss: 'ilert',
    il_t: 'ACCESS',
    il_u: 'mara.lindqvist',
    il_n: 'nordwind',
    il_a: 1001,
    il_s: scope,
    il_v: 1,
    exp: Math.floor(Date.now() / 1000) + LIFETIME_SECONDS,
    jti: random(),
  }
  return `${segment({ alg: 'RS256', typ: 'JWT' })}.${segment(claims)}.${SIGNATURE}`
}

function refreshToken() {
  const claims = { iss: 'ilert', il_t: 'OAUTH', il_v: 1, il_k: randomBytes(24).toString('base64url') }
  return `${segment({ alg: 'HS256', typ: 'JWT' })}.${segment(claims)}.${SIGNATURE.slice(0, 43)}`
}

/** What it was asked for, and what became of it. */
const counts = { connections: 0, exchanges: 0, refreshes: 0, refusedRefreshes: 0 }

/**
 * @param {{ clientID: string, clientSecret: string }} app
 * @returns an HTTP handler for ilert's endpoints, what it has counted, and how long its token endpoint takes
 */
export function createIlert({ clientID, clientSecret }) {
  /** @type {Map<string, { scope: string, challenge: string | null, redirectURI: string | null }>} */
  const codes = new Map()
  /** @type {Map<string, string>} */
  const refreshTokens = new Map()
  /** @type {Set<string>} */
  const accessTokens = new Set()
  const settings = { tokenDelayMs: 0 }

  function issue(/** @type {string} */ scope) {
    const access = accessToken(scope)
    const refresh = refreshToken()
    accessTokens.add(access)
    refreshTokens.set(refresh, scope)
    return {
      token_type: 'Bearer',
      access_token: access,
      expires_in: LIFETIME_SECONDS,
      scope,
      refresh_token: refresh,
      refresh_token_expires_in: REFRESH_LIFETIME_SECONDS,
    }
  }

  function authorize(/** @type {URLSearchParams} */ query) {
    if (query.get('client_id') !== clientID) return refusal('invalid_request', 400)
    const code = random()
    const redirectURI = query.get('redirect_uri')
    codes.set(code, { scope: query.get('scope') ?? '', challenge: query.get('code_challenge'), redirectURI })
    const location = new URL(String(redirectURI))
    location.searchParams.set('code', code)
    const state = query.get('state')
    if (state !== null) location.searchParams.set('state', state)
    return { status: 302, headers: { location: location.href }, body: '' }
  }

  function token(/** @type {URLSearchParams} */ form) {
    if (form.get('client_id') !== clientID || form.get('client_secret') !== clientSecret) {
      return refusal('invalid_request', 400)
    }
    if (form.get('grant_type') === 'refresh_token') {
      counts.refreshes++
      const value = form.get('refresh_token') ?? ''
      const scope = refreshTokens.get(value)
      if (scope === undefined) {
        counts.refusedRefreshes++
        return refusal('invalid_grant', 401)
      }
      refreshTokens.delete(value)
      return ok(JSON.stringify(issue(scope)))
    }
    counts.exchanges++
    const value = form.get('code') ?? ''
    const code = codes.get(value)
    codes.delete(value)
    const verifier = form.get('code_verifier')
    if (!code || code.redirectURI !== form.get('redirect_uri')) return refusal('invalid_grant', 401)
    if (code.challenge !== null && (verifier === null || s256(verifier) !== code.challenge)) {
      return refusal('invalid_grant', 401)
    }
    return ok(JSON.stringify(issue(code.scope)))
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  function handle(request, response) {
    const [path, query = ''] = (request.url ?? '').split('?')
    const bearer = () => accessTokens.has((request.headers.authorization ?? '').slice('Bearer '.length))
    switch (path) {
      case '/api/developers/oauth2/authorize':
        return send(response, authorize(new URLSearchParams(query)))
      case '/api/users/current':
        return send(response, bearer() ? ok(USER) : UNAUTHORIZED)
      case '/api/alerts':
        return send(response, bearer() ? ok(ALERTS) : UNAUTHORIZED)
      case '/api/developers/oauth2/revoke':
      case '/api/developers/oauth2/token':
        return read(request, (form) => {
          const isToken = path.endsWith('token')
          if (!isToken) refreshTokens.delete(form.get('token') ?? '')
          const answer = isToken ? token(form) : ok('{}')
          if (settings.tokenDelayMs > 0) setTimeout(send, settings.tokenDelayMs, response, answer)
          else send(response, answer)
        })
      default:
        return send(response, { status: 404, headers: JSON_HEADERS, body: '{"status":404,"code":"NOT_FOUND"}' })
    }
  }

  return { handle, counts, settings }
}

const JSON_HEADERS = { 'content-type': 'application/json' }
const UNAUTHORIZED = { status: 401, headers: JSON_HEADERS, body: '{"status":401,"code":"UNAUTHORIZED"}' }

const ok = (/** @type {string} */ body) => ({ status: 200, headers: JSON_HEADERS, body })

function refusal(/** @type {string} */ code, /** @type {number} */ status) {
  return { status, headers: JSON_HEADERS, body: JSON.stringify({ code, error: 'Refused' }) }
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {{ status: number, headers: Record<string, string>, body: string }} answer
 */
function send(response, { status, headers, body }) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {(form: URLSearchParams) => void} use
 */
function read(request, use) {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => {
    text += chunk
  })
  request.on('end', () => use(new URLSearchParams(text)))
}

function s256(/** @type {string} */ verifier) {
  return createHash('sha256').update(verifier).digest('base64url')
}
