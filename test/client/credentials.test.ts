/*
 * token_info and revoke send the client's credentials, if there are any, in the way of the token endpoint: RFC 7662 and RFC
 * 7009, section 2.1.
 */
import { inspect } from 'node:util'
import { IlertBearerStrategy, IlertClient, OAuthError } from '../../src/index.ts'
import { closeServers, json, serve } from '../support/server.ts'

const ID = 'client-1'
const SECRET = 'CANARY-client-secret-0123456789'

const clients: IlertClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await closeServers()
})

function clientOf(apiURL: string, credentials: object): IlertClient {
  const client = new IlertClient({ apiURL, ...credentials })
  clients.push(client)
  return client
}

const CALLS: [string, (client: IlertClient) => Promise<unknown>][] = [
  ['token_info', (client) => client.tokenInfo('the-token')],
  ['revoke', (client) => client.revoke('the-token')],
]

describe.each(CALLS)('%s', (_, call) => {
  it.each<[string, object, object]>([
    ['an app with a secret', { clientID: ID, clientSecret: SECRET }, { client_id: ID, client_secret: SECRET }],
    ['an app without a secret', { clientID: ID }, { client_id: ID }],
    ['no app', {}, {}],
    ['a secret without an app', { clientSecret: SECRET }, {}],
  ])('is sent with the credentials of %s, in the form', async (_, credentials, expected) => {
    const server = await serve((response) => json(response, 200, { active: true }))
    await call(clientOf(server.origin, credentials))
    const [request] = server.requests
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({ ...expected, token: 'the-token' })
    expect(request?.headers.authorization).toBeUndefined()
    expect(request?.path).not.toContain('?')
  })

  it('is refused without them by a server that wants them, and answered with them', async () => {
    const server = await serve((response, { body }) => {
      const form = new URLSearchParams(body)
      if (form.get('client_id') === ID && form.get('client_secret') === SECRET) json(response, 200, { active: false })
      else json(response, 401, { error: 'invalid_client' })
    })
    await call(clientOf(server.origin, { clientID: ID, clientSecret: SECRET }))
    await expect(call(clientOf(server.origin, { clientID: ID }))).rejects.toMatchObject({ code: 'invalid_client' })
  })

  it.each([400, 401, 403])('has no secret in its error, whatever a %d repeats', async (status) => {
    for (const write of [
      (text: string) => text,
      encodeURIComponent,
      (text: string) => `Basic ${btoa(`${ID}:${text}`)}`,
    ]) {
      const server = await serve((response, { body }) => {
        const error_description = `${write(SECRET)} ${body}`
        json(response, status, { error: 'invalid_client', error_description, client_secret: SECRET })
      })
      const error: unknown = await call(clientOf(server.origin, { clientID: ID, clientSecret: SECRET })).catch((e) => e)
      expect(error).toBeInstanceOf(OAuthError)
      const seen = inspect(error, { depth: 9, showHidden: true })
      expect(seen).not.toContain('CANARY')
      expect(seen).not.toContain('the-token')
    }
  })
})

describe('what token_info answers about the client', () => {
  it.each([
    { error: 'invalid_client' },
    { code: 'invalid_client', error: 'Unknown client' },
    { error: 'unauthorized_client' },
  ])('%j says nothing about the token', async (body) => {
    const server = await serve((response) => json(response, 401, body))
    await expect(clientOf(server.origin, { clientID: ID }).tokenInfo('t')).rejects.toBeInstanceOf(OAuthError)
  })

  it.each([{ error: 'invalid_token' }, { code: 'invalid_request', error: 'Unknown token' }, {}, []])(
    '%j says that the token is not good',
    async (body) => {
      const server = await serve((response) => json(response, 401, body))
      expect(await clientOf(server.origin, { clientID: ID }).tokenInfo('t')).toEqual({ active: false, scope: [] })
    },
  )

  it('is an error of the API that asks, and no refusal of its callers', async () => {
    const server = await serve((response) => json(response, 401, { error: 'invalid_client' }))
    const strategy = new IlertBearerStrategy({ appID: 250, apiURL: server.origin, clientID: ID, clientSecret: SECRET })
    clients.push(strategy.client)
    const token = [{ alg: 'RS256' }, { il_a: 250 }].map((part) => btoa(JSON.stringify(part)).replaceAll('=', ''))
    const error = await new Promise<Error>((resolve, reject) => {
      const own = Object.assign(Object.create(strategy), { error: resolve, fail: reject, success: reject })
      own.authenticate({ headers: { authorization: `Bearer ${token.join('.')}.c2ln` }, rawHeaders: [] })
    })
    expect(error).toMatchObject({ code: 'invalid_client', status: 500 })
    expect(error.message).toMatch(/ILERT_CLIENT_ID.*ILERT_CLIENT_SECRET/)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('CANARY')
  })
})
