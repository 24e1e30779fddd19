/* Whose tokens an API takes: those of the tenants that its owner lists, as token_info names them. */
import { IlertBearerStrategy } from '../../src/index.ts'
import { closeServers, json, serve } from '../support/server.ts'
import { closeApis, jwt, SECOND, startApi } from './bearer-app.ts'

const VARIABLE = 'ILERT_ALLOWED_TENANTS'
const HERE = 'mara.lindqvist' // of nordwind
const ELSEWHERE = 'aoife.obrien' // of bluepeak
const refusal = (text: string) => `Bearer realm="ilert", error="invalid_token", error_description="${text}"`

afterEach(async () => {
  delete process.env[VARIABLE]
  await closeApis()
  await closeServers()
})

/** The statuses that tokens of both tenants of the sandbox get. */
async function statuses(strategy: object): Promise<{ nordwind: number; bluepeak: number }> {
  const api = await startApi({ strategy })
  const [nordwind, bluepeak] = [await api.token('profile', HERE), await api.token('profile', ELSEWHERE)]
  return { nordwind: (await api.get(nordwind)).status, bluepeak: (await api.get(bluepeak)).status }
}

it('without a list, tokens of every tenant are taken', async () => {
  expect(await statuses({})).toEqual({ nordwind: 200, bluepeak: 200 })
})

it('with the option, tokens of other tenants are refused', async () => {
  expect(await statuses({ allowedTenants: ['nordwind'] })).toEqual({ nordwind: 200, bluepeak: 401 })
})

it('with the variable alone, tokens of other tenants are refused', async () => {
  process.env[VARIABLE] = 'nordwind'
  expect(await statuses({})).toEqual({ nordwind: 200, bluepeak: 401 })
})

it('the option wins over the variable', async () => {
  process.env[VARIABLE] = 'nordwind'
  expect(await statuses({ allowedTenants: ['bluepeak'] })).toEqual({ nordwind: 401, bluepeak: 200 })
})

it('the variable takes several, with spaces around the commas', async () => {
  process.env[VARIABLE] = ' bluepeak , nordwind\n'
  expect(await statuses({})).toEqual({ nordwind: 200, bluepeak: 200 })
  process.env[VARIABLE] = 'acme, bluepeak'
  expect(await statuses({})).toEqual({ nordwind: 401, bluepeak: 200 })
})

it.each(['Nordwind', 'nord', 'nordwind2', 'nordwind.ilert.com', '*'])(
  '%s is another tenant than nordwind',
  async (one) => {
    expect(await statuses({ allowedTenants: [one] })).toEqual({ nordwind: 401, bluepeak: 401 })
  },
)

it('the refusal is 401 invalid_token and says that the tenant may not use this API', async () => {
  const api = await startApi({ strategy: { allowedTenants: ['nordwind'] } })
  const reply = await api.get(await api.token('profile', ELSEWHERE))
  expect(reply.status).toBe(401)
  expect(reply.challenges).toEqual([refusal("Users of the ilert tenant 'bluepeak' may not use this API.")])
})

it('a tenant that is not allowed is refused before the scope is looked at and before verify is called', async () => {
  let called = 0
  const verify = () => {
    called++
    return {}
  }
  const api = await startApi({ strategy: { allowedTenants: ['nordwind'], scope: 'alert:w', verify } })
  expect((await api.get(await api.token('profile', ELSEWHERE))).status).toBe(401)
  expect(called).toBe(0)
})

describe('the claims of the token and token_info differ', () => {
  const allowedTenants = ['nordwind']

  it.each([
    ['nordwind', 'bluepeak', 401],
    ['bluepeak', 'nordwind', 200],
    ['nordwind', undefined, 401],
    ['nordwind', null, 401],
    ['nordwind', '', 401],
    ['nordwind', ['nordwind'], 401],
    ['nordwind', 250, 401],
  ])('il_n is %j and tenant_id is %j: %d', async (il_n, tenant_id, status) => {
    const answer = { active: true, tenant_id, username: 'mara', scope: 'profile', app_id: 250 }
    const ilert = await serve((response) => json(response, 200, answer))
    const api = await startApi({ strategy: { apiURL: ilert.origin, appID: 250, allowedTenants } })
    const reply = await api.get(jwt({ il_u: 'mara', il_a: 250, il_n }))
    expect(reply.status).toBe(status)
    if (typeof tenant_id !== 'string') expect(reply.challenges[0]).toContain('does not say to which tenant')
  })
})

describe('an answer that is remembered', () => {
  it('is compared each time', async () => {
    const api = await startApi({ strategy: { allowedTenants: ['nordwind'] } })
    const token = await api.token('profile', ELSEWHERE)
    for (let i = 0; i < 3; i++) {
      expect((await api.get(token)).status).toBe(401)
      api.sandbox.clock.advance(5 * SECOND)
    }
    expect(api.asked).toBe(1)
  })

  it('by one process lets nobody in at the next, whose list is shorter', async () => {
    const before = await startApi()
    const token = await before.token('profile', ELSEWHERE)
    expect((await before.get(token)).status).toBe(200)
    const { apiURL, clock, env } = before.sandbox
    const strategy = { apiURL, clock, appID: Number(env.ILERT_APP_ID), allowedTenants: ['nordwind'] }
    const after = await startApi({ strategy })
    expect((await after.get(token)).status).toBe(401)
  })
})

it('a list that changes later changes nothing', async () => {
  const allowedTenants = ['nordwind']
  const api = await startApi({ strategy: { allowedTenants } })
  allowedTenants.push('bluepeak')
  expect((await api.get(await api.token('profile', ELSEWHERE))).status).toBe(401)
})

it.each([[[]], ['nordwind'], [['nordwind', '']], [[7]], [['nordwind ']], [null], [{}]])(
  '%j is no list of tenants',
  (allowedTenants) => {
    const make = () => new IlertBearerStrategy({ appID: 250, allowedTenants: allowedTenants as never })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/^allowedTenants \(ILERT_ALLOWED_TENANTS\): /)
  },
)

it.each([',', 'nordwind,', ',,nordwind'])('the variable %j is no list of tenants', (value) => {
  process.env[VARIABLE] = value
  expect(() => new IlertBearerStrategy({ appID: 250 })).toThrow(/^allowedTenants \(ILERT_ALLOWED_TENANTS\): /)
})
