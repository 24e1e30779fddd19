/*
 * Anybody can make up tokens that look right, and each has to be asked about. However many come, and however slow ilert is
 * to answer about them, tokens that were good a minute ago are answered.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IlertBearerStrategy } from '../../src/index.ts'
import { jwt, MINUTE } from '../express/bearer-app.ts'

const ACCEPTED = { active: true, username: 'mara', app_id: 250, scope: 'profile', tenant_id: 'nordwind' }

/** A token_info on a socket of its own, which counts what it is asked. */
async function startIlert(isGood: (token: string) => boolean) {
  const asked = { good: 0, forged: 0 }
  let hangs = false
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      const good = isGood(new URLSearchParams(body).get('token') ?? '')
      asked[good ? 'good' : 'forged'] += 1
      if (hangs && !good) return
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(good ? ACCEPTED : { active: false }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    hang: () => {
      hangs = true
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What the strategy makes of a request with a token: a status, or the code of an error. */
function statusOf(strategy: IlertBearerStrategy, token: string): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` }
    const own = Object.assign(Object.create(strategy), {
      success: () => resolve(200),
      fail: (_challenge: string, status: number) => resolve(status),
      error: (error: { code: string }) => resolve(error.code),
    })
    own.authenticate({ headers, rawHeaders: ['authorization', headers.authorization] })
  })
}

it.each<[number, string, (i: number) => string]>([
  // More than are remembered.
  [10_500, 'another user', (i) => jwt({ il_a: 250, il_u: `forged ${i}` })],
  [300, 'nothing but another time', (i) => jwt({ il_a: 250, il_u: 'mara', exp: 4_000_000_000 + i })],
  [300, 'nothing but another signature', (i) => jwt({ il_a: 250, il_u: 'mara' }, undefined, `forged${i}`)],
])('%i forged tokens with %s, then 400 that hang: good ones are answered', async (count, _, forge) => {
  const good = Array.from({ length: 20 }, (_, i) => jwt({ il_a: 250, il_u: 'mara' }, undefined, `good${i}`))
  const ilert = await startIlert((token) => good.includes(token))
  let now = 1_800_000_000_000
  const strategy = new IlertBearerStrategy({ appID: 250, apiURL: ilert.origin, clock: { now: () => now } })
  const all = (tokens: string[]) => Promise.all(tokens.map((token) => statusOf(strategy, token)))
  const allGood = good.map(() => 200)
  try {
    expect(await all(good)).toEqual(allGood)
    for (let i = 0; i < count; i += 100) {
      const refused = await all(Array.from({ length: 100 }, (_, j) => forge(i + j)))
      expect(new Set(refused)).toEqual(new Set([401]))
    }
    expect(await all(good)).toEqual(allGood)
    expect(ilert.asked).toEqual({ good: 20, forged: count })

    now += MINUTE
    ilert.hang()
    const hanging = Array.from({ length: 400 }, (_, i) => statusOf(strategy, forge(count + i)))
    // Turned away at once: 100 places are for tokens that were never good.
    expect(await Promise.all(hanging.slice(100))).toEqual(Array.from({ length: 300 }, () => 'backing_off'))
    expect(await all(good)).toEqual(allGood)
    expect(ilert.asked.good).toBe(40)

    ilert.close()
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['backing_off', 'connection_lost']))
  } finally {
    ilert.close()
    await strategy.client.close()
  }
})

it('a token that was never good is waited for 3 s, and its place is free after that', async () => {
  const ilert = await startIlert((token) => token.endsWith('good'))
  const strategy = new IlertBearerStrategy({ appID: 250, apiURL: ilert.origin })
  const good = (name: string) => jwt({ il_a: 250, il_u: name }, undefined, 'good')
  try {
    ilert.hang()
    const before = performance.now()
    const hanging = Array.from({ length: 100 }, (_, i) => statusOf(strategy, jwt({ il_a: 250, il_u: `forged ${i}` })))
    expect(await statusOf(strategy, good('new'))).toBe('backing_off')
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['timeout']))
    const tookMs = performance.now() - before
    expect(tookMs).toBeGreaterThan(2900)
    expect(tookMs).toBeLessThan(9000)
    expect(await statusOf(strategy, good('new'))).toBe(200)
  } finally {
    ilert.close()
    await strategy.client.close()
  }
})
