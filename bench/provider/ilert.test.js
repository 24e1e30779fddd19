import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { createIlert } from './ilert.js'

const APP = { client_id: 'app', client_secret: 'secret' }
const CALLBACK = 'http://127.0.0.1:1/callback'
const VERIFIER = 'v'.repeat(43)

const { handle, counts } = createIlert({ clientID: 'app', clientSecret: 'secret' })
const server = createServer(handle)
let origin = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  origin = `http://127.0.0.1:${port}`
})
after(() => server.close())

async function code() {
  const url = new URL('/api/developers/oauth2/authorize', origin)
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url')
  const query = { client_id: 'app', redirect_uri: CALLBACK, scope: 'profile', state: 's', code_challenge: challenge }
  url.search = String(new URLSearchParams(query))
  const { status, headers } = await fetch(url, { redirect: 'manual' })
  assert.equal(status, 302)
  const location = new URL(headers.get('location') ?? '')
  assert.equal(location.searchParams.get('state'), 's')
  return location.searchParams.get('code')
}

async function token(form) {
  const body = new URLSearchParams({ ...APP, ...form })
  const answer = await fetch(`${origin}/api/developers/oauth2/token`, { method: 'POST', body })
  const json = /** @type {any} */ (await answer.json())
  return { ...json, status: answer.status }
}

const exchange = (code, more = {}) =>
  token({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER, ...more })
const refresh = (refresh_token) => token({ grant_type: 'refresh_token', refresh_token })

test('a code is good once, with its verifier and its redirect URI', async () => {
  const good = await code()
  assert.equal((await exchange(good)).status, 200)
  assert.equal((await exchange(good)).code, 'invalid_grant')
  assert.equal((await exchange(await code(), { code_verifier: 'other' })).status, 401)
  assert.equal((await exchange(await code(), { redirect_uri: 'http://127.0.0.1:2/callback' })).status, 401)
  assert.equal((await exchange(await code(), { client_secret: 'other' })).status, 400)
})

test('a refresh token is good once, and each use is counted', async () => {
  const first = await exchange(await code())
  const { refreshes, refusedRefreshes } = counts
  const second = await refresh(first.refresh_token)
  assert.equal(second.status, 200)
  assert.notEqual(second.access_token, first.access_token)
  assert.equal((await refresh(first.refresh_token)).code, 'invalid_grant')
  assert.equal((await refresh(second.refresh_token)).status, 200)
  assert.deepEqual([counts.refreshes - refreshes, counts.refusedRefreshes - refusedRefreshes], [3, 1])
})

test('the API takes the tokens that were issued, and no others', async () => {
  const { access_token } = await exchange(await code())
  for (const path of ['/api/users/current', '/api/alerts']) {
    const get = async (token) =>
      (await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } })).status
    assert.equal(await get(access_token), 200)
    assert.equal(await get(`${access_token}x`), 401)
  }
})
