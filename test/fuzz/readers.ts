/*
 * Everything that reads text from outside, with the longest text that can reach it. How long it may take, whatever that
 * text is, is what test/attacks/cost.slow.test.ts and `npm run fuzz` ask of each.
 */
import type { Response } from 'express'
import session from 'express-session'
import { judgeAPI, judgeRevocation, judgeTokenInfo, judgeTokens, judgeUser } from '../../src/client/answers.ts'
import { apiPath } from '../../src/client/api-path.ts'
import { decoded } from '../../src/client/encoding.ts'
import type { HttpAnswer } from '../../src/client/exchange.ts'
import { paginate } from '../../src/client/paginate.ts'
import { Attempts } from '../../src/express/attempts.ts'
import { challengeOf } from '../../src/express/bearer/challenge.ts'
import { claimsOf, readAuthorization, whyNot } from '../../src/express/bearer/token.ts'
import { toldHeaders } from '../../src/express/bff/headers.ts'
import { judge } from '../../src/express/bff/judge.ts'
import { proxySettings } from '../../src/express/bff/options.ts'
import { readCallback } from '../../src/express/callback.ts'
import { toProfile } from '../../src/express/profile.ts'
import { absoluteURL, warnOfOtherHost } from '../../src/express/redirect-uri.ts'
import { failWithReason, refusedByIlert } from '../../src/express/refusal.ts'
import { safeReturnTo } from '../../src/express/return-to.ts'
import { readSignInQuery } from '../../src/express/sign-in-query.ts'
import { Site } from '../../src/express/site.ts'
import { isState } from '../../src/express/state.ts'
import { readClaims } from '../../src/ilert/claims.ts'
import { OAuthError } from '../../src/ilert/errors.ts'
import { redact } from '../../src/ilert/redact.ts'
import { covers, formatScope, likelyScope, parseScope, requiredScope, toList } from '../../src/ilert/scopes.ts'
import { IlertStrategy } from '../../src/index.ts'
import { Sealer } from '../../src/tokens/sealing/seal.ts'
import { openGrant } from '../../src/tokens/sealing/sealed-grant.ts'
import { MemoryTokenStore } from '../../src/tokens/stores/memory-store.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis-store.ts'
import { SessionTokenStore } from '../../src/tokens/stores/session-store.ts'
import { requestOf } from './request.ts'

export interface Reader {
  readonly name: string
  /** Characters. */
  readonly longest: number
  /** What a sender makes of such a text before it is read, which costs the sender. */
  readonly written: (text: string) => string
  /** May throw, or reject: that is an answer as well. */
  readonly read: (text: string) => unknown
}

const KIB = 1024
const MIB = 1024 * KIB

/** Node takes headers of 16 KB, and an app may have told it to take more. */
const HEADERS = 64 * KIB

const CALLBACK = '/auth/ilert/callback'
const REDIRECT_URI = `https://app.example${CALLBACK}`
const STATE = `0${'A'.repeat(22)}`
const SECRET = 'CANARY-0123456789'.repeat(3)
const NOW = 1_800_000_000_000

const sealer = new Sealer(['a key of thirty-two characters, or of a few more', 'another one'], 'tokens')
const attempts = new Attempts(sealer, { now: () => NOW })
const ilert = new IlertStrategy({
  clientID: 'app',
  clientSecret: SECRET,
  appURL: 'https://app.ilert.example',
  tokenStore: new MemoryTokenStore(),
  dispatcher: { dispatch() {} } as never,
})
const [withIlert, guard] = [ilert.session(), ilert.requireScope('alert:w')]

const site = new Site({ basePath: undefined, callbackURL: REDIRECT_URI })

const rules = proxySettings({ allow: ['GET /api/alerts', 'POST /api/alerts', 'GET /api/alerts/{id}'] })
const judgePage = (url: string, headers: Record<string, string>) =>
  ['GET', 'POST'].map((method) =>
    judge({ method, url, headers: { 'sec-fetch-site': 'same-origin', ...headers } }, rules),
  )

const asItIs = (text: string) => text
const reader = (name: string, longest: number, read: Reader['read'], written = asItIs): Reader => {
  return { name, longest, written, read }
}

const header = (name: string, value: string) => requestOf('/', { [name]: value })

/** Fields of a JSON answer which share the length that the answer may have altogether. */
const fields = (names: readonly string[], more: object = {}) => {
  return (text: string) => {
    const share = Math.floor(MIB / names.length / 6) // a control character takes six
    const value = JSON.stringify(text).length < MIB / names.length ? text : text.slice(0, share)
    return JSON.stringify({ ...more, ...Object.fromEntries(names.map((name) => [name, value])) })
  }
}

const answer = (text: string, status = 200, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers,
  text,
})
const tokens = (text: string, status?: number) => judgeTokens(answer(text, status), NOW, [SECRET, SECRET], ['profile'])

const fromBrowsers: Reader[] = [
  reader('the URL of a callback', MIB, (text) => readCallback(requestOf(`${CALLBACK}?state=${STATE}&${text}`, {}))),
  ...['state', 'code', 'error', 'error_description'].map((name) =>
    reader(`a callback's ${name}`, HEADERS, (text) => {
      const query = readCallback(requestOf(`${CALLBACK}?${name}=${text.replaceAll('&', '%26')}`, {}))
      return OAuthError.from(query?.error ?? 'odd', 400, query?.errorDescription, [query?.code ?? '', SECRET])
    }),
  ),
  reader('the page about a refused callback', HEADERS, (text) => {
    const res = requestOf('/', {}).res as Response
    const refused = () => res.status(403).end('Forbidden')
    return failWithReason(res, refused, refusedByIlert('access_denied', text, [SECRET]), safeReturnTo(`/${text}`))
  }),
  reader('the URL of any request', HEADERS, (text) => site.isCallback(requestOf(`/${text}`, {}))),
  reader('a state', HEADERS, isState),
  reader('Cookie, at the end of an attempt', HEADERS, (cookie) =>
    attempts.take(header('cookie', cookie), STATE, REDIRECT_URI),
  ),
  reader('Cookie, at the beginning of one', HEADERS, (cookie) =>
    attempts.begin(header('cookie', cookie), { redirectURI: REDIRECT_URI }),
  ),
  reader('Cookie, with one attempt again and again', HEADERS, async (text) => {
    const pair = `__Host-Http-ilert.0=${text.slice(0, 100)}; ilert.0=${text.slice(0, 40)}.A.A; `
    const cookie = pair.repeat(Math.floor(HEADERS / pair.length))
    await attempts.begin(header('cookie', cookie), { redirectURI: REDIRECT_URI })
    return await attempts.take(header('cookie', cookie), STATE, REDIRECT_URI)
  }),
  reader('Host', HEADERS, (host) => {
    const { emitWarning } = process
    process.emitWarning = () => {}
    warnOfOtherHost(header('host', host), REDIRECT_URI)
    process.emitWarning = emitWarning
    return absoluteURL(header('host', host), CALLBACK)
  }),
  reader('X-Forwarded-Host', HEADERS, (host) => {
    const req = header('x-forwarded-host', host)
    Object.defineProperty(req, 'app', { value: { get: () => () => true } })
    return absoluteURL(req, CALLBACK)
  }),
  reader('X-Forwarded-Prefix', HEADERS, (prefix) => {
    const req = header('x-forwarded-prefix', prefix)
    Object.defineProperty(req, 'app', { value: { get: () => () => true, path: () => '' } })
    return site.pathOf(req)
  }),
  ...['accept', 'sec-fetch-mode', 'sec-purpose'].map((name) =>
    reader(`${name} of a page`, HEADERS, async (text) => {
      const req = Object.assign(header(name, text), { session: { cookie: {} }, sessionStore: {} })
      const res = req.res as Response
      await new Promise((resolve) => {
        Object.assign(res, { json: resolve, redirect: resolve })
        withIlert(req, res, () => guard(req, res, resolve))
      })
    }),
  ),
  reader('returnTo', MIB, (path) => safeReturnTo(path)),
  reader('the URL with which a page begins a sign-in', HEADERS, (text) =>
    readSignInQuery(requestOf(`/auth/ilert?returnTo=${text}&scope=${text}`, {}), new Set(['alert'])),
  ),
  reader('the path of a request that is passed on', HEADERS, (text) => judgePage(`/${text}`, {})),
  ...['connection', 'if-match', 'content-type', 'sec-fetch-site'].map((name) =>
    reader(`${name} of a request that is passed on`, HEADERS, (text) => {
      judgePage('/api/alerts', { 'content-length': '2', [name]: text })
      return judgePage('/api/alerts', { [name]: text })
    }),
  ),
]

const fromCallers: Reader[] = [
  reader('Authorization', HEADERS, (text) => readAuthorization(header('authorization', text))),
  reader('a bearer token', HEADERS, (text) => {
    const credentials = readAuthorization(header('authorization', `Bearer ${text}`))
    return credentials.kind === 'token' && whyNot(claimsOf(credentials.token), 250, NOW)
  }),
  reader('a bearer token as it is', HEADERS, (text) => whyNot(claimsOf(text), 250, NOW)),
  reader('the payload of a bearer token', 6 * KIB, (text) => whyNot(claimsOf(text), 250, NOW), jwt),
  reader('a challenge', HEADERS, (text) => challengeOf({ status: 403, description: text, scope: text })),
]

function jwt(payload: string): string {
  return `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(payload).toString('base64url')}.c2ln`
}

const shared = (count: number) => Math.floor(MIB / count) - KIB

const fromIlert: Reader[] = [
  reader('the headers of an answer that is passed on', HEADERS, (text) =>
    toldHeaders({ connection: text, etag: text, 'next-cursor': text }, SECRET),
  ),
  reader('an answer of the API', MIB, (text) => judgeAPI(answer(text), [SECRET])),
  reader('an error of the API', MIB, (text) => judgeAPI(answer(text, 400), [SECRET])),
  reader(
    'the words of an error of the API',
    shared(4),
    (text) => judgeAPI(answer(text, 403), [SECRET]),
    fields(['code', 'message', 'detailedCode', 'details']),
  ),
  reader(
    'the scope of an error of the API',
    shared(1),
    (text) => judgeAPI(answer(text, 403), [SECRET]),
    fields(['scope'], { code: 'OAUTH2_SCOPE_ERROR' }),
  ),
  reader(
    'the details of an error of the API',
    shared(1),
    (text) => judgeAPI(answer(text, 400), [SECRET.repeat(300)]),
    (text) => `{"details":${text}}`,
  ),
  reader('a token answer', MIB, (text) => tokens(text)),
  ...['access_token', 'refresh_token', 'scope'].map((name) =>
    reader(`${name} of a token answer`, shared(1), (text) => tokens(text), fields([name], { access_token: 'opaque' })),
  ),
  reader(
    'the lifetimes of a token answer',
    shared(1),
    (text) => tokens(text),
    (text) => fields(['refresh_token_expires_in'], { access_token: 'a', refresh_token: 'b', expires_in: '3600' })(text),
  ),
  ...[
    ['code', 'error'],
    ['error', 'error_description'],
  ].map((names) =>
    reader(`${names.join(' and ')} of a token answer`, shared(2), (text) => tokens(text, 400), fields(names)),
  ),
  reader(
    'an answer of token_info',
    shared(3),
    (text) => judgeTokenInfo(answer(text)),
    fields(['scope', 'username', 'tenant_id'], { active: true }),
  ),
  reader(
    'a refusal of revoke',
    shared(2),
    (text) => judgeRevocation(answer(text, 400), [SECRET]),
    fields(['code', 'error']),
  ),
  reader('the current user', shared(4), profileOf, fields(['username', 'firstName', 'lastName', 'email'], { id: 7 })),
  reader('the access token of a profile', MIB, (text) =>
    toProfile({ id: 7 }, { accessToken: text, scope: [], expiresAt: NOW }),
  ),
  ...['retry-after', 'date'].map((name) =>
    reader(name, 16 * KIB, (text) =>
      judgeAPI(answer('{}', 429, { 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT', [name]: text }), []),
    ),
  ),
  reader(
    'what ilert says of a page of a list',
    shared(1),
    async (text) => {
      for await (const _ of paginate(async () => judgeAPI(answer(text, 400), []) as never, '/api/alerts', {})) return
    },
    fields(['message']),
  ),
  reader('content-encoding', 16 * KIB, (text) => decoded(Buffer.from('{}'), text, MIB)),
  reader('a compressed answer', 256 * KIB, (text) => {
    for (const encoding of ['gzip', 'deflate']) decoded(Buffer.from(text, 'latin1'), encoding, MIB)
  }),
  reader('the claims of an access token', MIB, readClaims),
  reader('the payload of an access token', 16 * KIB, readClaims, jwt),
]

function profileOf(text: string): unknown {
  return toProfile(judgeUser(answer(text), [SECRET]), { accessToken: 'opaque', scope: [], expiresAt: NOW })
}

const scopesAndPaths: Reader[] = [
  reader('a scope', HEADERS, parseScope),
  reader('a misspelt scope', HEADERS, likelyScope),
  reader('a misspelt scope of the longest kind', 128, likelyScope),
  reader('scopes to write', HEADERS, (text) => formatScope(toList(text))),
  reader('granted scopes', HEADERS, (text) => covers(text, 'alert:w source profile')),
  reader('wanted scopes', HEADERS, (text) => covers('alert:w source profile', text)),
  reader('granted and wanted scopes', HEADERS, (text) => covers(text, text)),
  reader('the scope of a path', MIB, (text) => requiredScope('GET', `/api/${text}`)),
  reader('a path of the API', MIB, (text) => apiPath(`/${text}`)),
  reader('a query in a path of the API', MIB, (text) => apiPath(`/api/alerts?${text}`)),
  reader('a query of the API', HEADERS, (text) => apiPath('/api/alerts', { [text]: text })),
  reader('a text to redact', MIB, (text) => redact(text, [SECRET], 300)),
  reader('a secret', MIB, (text) => redact(`${SECRET} and more`, [text], 300)),
  reader('a text and its secrets', MIB, (text) => redact(text, [text, text.slice(1), SECRET], 300)),
]

const KEY = 'session:a'
const grantOf = (data: string) => openGrant({ version: 7, data }, KEY, sealer)

const fromStores: Reader[] = [
  reader('a sealed text', MIB, (text) => sealer.open(text, 'context')),
  reader('a stored record', MIB, grantOf),
  reader('a stored record with its end', MIB, (text) => grantOf(`1.${text}`)),
  reader('what Redis answers', MIB, (text) => redis(async () => text).get(KEY)),
  reader('the data of what Redis answers', MIB, (text) => redis(async () => `7:${text}`).get(KEY)),
  reader(
    'what Redis lists',
    MIB,
    async (written) => {
      const answers = written.split('\n')
      return await redis(async () => answers.shift() ?? '')
        .list()
        .next()
    },
    (text) => [['0', text, '1'], [`7:${text}`]].map((answer) => JSON.stringify(answer)).join('\n'),
  ),
  reader('an error of Redis', MIB, (text) =>
    redis(async () => {
      throw new Error(text)
    }).set(KEY, { version: 1, data: text }, 1000),
  ),
  reader('a record in a session store', MIB, async (text) => {
    const memory = new session.MemoryStore() as session.MemoryStore & { sessions: Record<string, string> }
    const ilert = { id: 'ilert:a', version: 1, data: text, endsAt: NOW * 2 }
    memory.get = (_id, done) => done(null, { cookie: {}, ilert } as never)
    return await grantOf((await new SessionTokenStore(memory).get('a'))?.data ?? text)
  }),
]

function redis(answered: () => Promise<string>): RedisTokenStore {
  return new RedisTokenStore({ client: { eval: answered, defineCommand() {} } })
}

export const READERS: readonly Reader[] = [
  ...fromBrowsers,
  ...fromCallers,
  ...fromIlert,
  ...scopesAndPaths,
  ...fromStores,
]
