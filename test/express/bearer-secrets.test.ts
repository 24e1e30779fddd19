import { inspect } from 'node:util'
import { TOKEN_INFO } from '../sandbox/support.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { closeApis, jwt, startApi, type TestApi } from './bearer-app.ts'

afterEach(async () => {
  await closeApis()
  await closeServers()
})

const deep = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null } as const

/** Each part of a token that would give it away, and the token itself. */
const piecesOf = (token: string) => [token, ...token.split(/[.\s,]+/).filter((part) => part.length > 12)]

function expectNone(texts: readonly string[], token: string): void {
  for (const piece of piecesOf(token)) for (const text of texts) expect(text).not.toContain(piece)
}

async function visible(api: TestApi, token: string): Promise<string[]> {
  const reply = await api.get(token)
  return [
    reply.text,
    ...reply.rawHeaders,
    inspect(api.strategy, deep),
    ...api.errors.flatMap((error) => [inspect(error, deep), String(error.stack), JSON.stringify(error)]),
  ]
}

const claims = { il_u: 'CANARY-user-0123456789', il_a: 250, il_n: 'CANARY-tenant-0123456789' }
const signature = 'CANARY-signature-0123456789'

it.each([
  ['garbage', 'CANARY-garbage-0123456789'],
  ['malformed', 'CANARY-malformed-0123456789 CANARY-behind-0123456789'],
  ['expired', jwt({ ...claims, exp: 1 }, undefined, signature)],
  ["another app's", jwt({ ...claims, il_a: 251 }, undefined, signature)],
  ['too long', jwt(claims, undefined, signature.repeat(400))],
])('a token that is %s is nowhere to be seen', async (_, token) => {
  const api = await startApi({ strategy: { appID: 250 } })
  expectNone(await visible(api, token), token)
  expect(api.errors).toEqual([])
})

/** What ilert may answer, with the token in it. */
const ECHOES: [string, number, (token: string) => unknown][] = [
  ['a yes', 200, (token) => ({ active: true, app_id: 250, username: 'mara', scope: 'alert', echo: token })],
  ['a no', 200, (token) => ({ active: false, username: token })],
  ['a refusal', 400, (token) => ({ code: token, error: token })],
  ['an API error', 404, (token) => ({ status: 404, code: token, message: token })],
  ['a 500', 500, (token) => ({ code: token, error: token })],
  ['a 429', 429, (token) => ({ code: token, error: token })],
  ['HTML', 200, (token) => `<html>${token}</html>`],
  ['a redirect', 302, (token) => ({ location: token })],
  ['a wrong type', 200, (token) => ({ active: token })],
]

it.each(ECHOES)('a token that ilert repeats in %s is nowhere to be seen', async (_, status, body) => {
  const ilert = await serve((response, { body: form }) => {
    const token = new URLSearchParams(form).get('token') ?? ''
    json(response, status, body(token), { 'x-echo': token, ...(status === 302 && { location: `/?token=${token}` }) })
  })
  const api = await startApi({ strategy: { appID: 250, apiURL: ilert.origin, timeoutMs: 2000 } })
  const token = jwt(claims, undefined, signature)
  expectNone(await visible(api, token), token)
  expectNone(await visible(api, token), token) // now remembered
  expect(ilert.requests.length).toBeGreaterThan(0)
})

it.each(['reset', 'hang', 'trickle', 429, 503] as const)('a token is nowhere to be seen after %s', async (kind) => {
  const api = await startApi({ strategy: { appID: 250, timeoutMs: 500 } })
  api.sandbox.fault({ path: TOKEN_INFO, kind })
  const token = jwt(claims, undefined, signature)
  expectNone(await visible(api, token), token)
  expect(api.errors).toHaveLength(1)
})

it('a token is nowhere to be seen while ilert is being asked', async () => {
  const api = await startApi({ strategy: { appID: 250 } })
  const fault = api.sandbox.fault({ path: TOKEN_INFO, kind: 'hang' })
  const token = jwt(claims, undefined, signature)
  const waiting = api.get(token)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expectNone([inspect(api.strategy, { depth: 8 })], token)
  fault.clear()
  await waiting
})
