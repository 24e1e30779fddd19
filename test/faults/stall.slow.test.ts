/*
 * Processes that stand still while an answer is on its way: stopped (a frozen container, a laptop that sleeps) or busy.
 * When they go on, Node runs the timers that have expired before it reads what has arrived.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { PATHS } from '../../src/ilert/endpoints.ts'
import { needs } from '../support/needs.ts'
import { startNode } from '../support/node.ts'
import { startPostgres } from '../support/postgres.ts'
import { startRedis } from '../support/redis.ts'
import { closeServers, json, serve } from '../support/server.ts'

const TIMEOUT_MS = 400
/** Longer than anybody here waits, and shorter than anything that was renewed. */
const STALL_MS = 900

const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = { iss: 'ilert', il_t: 'ACCESS', il_u: 'ada', il_n: 'acme', il_a: 7, il_s: 'profile', exp: 9e9 }
const TOKEN = `${b64({ alg: 'RS256' })}.${b64(claims)}.c2ln`

const TOKENS = { access_token: 'new', expires_in: 3600, refresh_token: 'next', scope: 'profile' }
const INFO = { active: true, tenant_id: 'acme', username: 'ada', scope: 'profile', app_id: 7 }
const ANSWERS: Record<string, unknown> = {
  [PATHS.token]: TOKENS,
  [PATHS.tokenInfo]: INFO,
  [PATHS.currentUser]: { id: 7, username: 'x'.repeat(900_000) },
}

interface Order {
  what: string
  url: string
  timeoutMs?: number
  /** The process is busy for so long. Absent: it is stopped by us. */
  blockMs?: number
}

const children = new Set<ChildProcess>()
const gates = new Set<net.Server>()
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  for (const gate of gates) gate.close()
  gates.clear()
  await closeServers()
})

async function start(order: Order): Promise<ChildProcess> {
  const file = new URL('stalled.mjs', import.meta.url).href
  const child = startNode(`await import('${file}')`, {
    STALLED: JSON.stringify({ timeoutMs: TIMEOUT_MS, token: TOKEN, ...order }),
  })
  children.add(child)
  await messageOf(child)
  return child
}

/** What the process says next. One that ends instead fails the test, and nobody waits for it. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const given = new AbortController()
  const { signal } = given
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The process ended with ${code}.`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    given.abort()
  }
}

/** What the process has come to, once it was told to begin. */
async function outcome(child: ChildProcess): Promise<{ result?: unknown; error?: string }> {
  child.send('begin')
  return (await messageOf(child)) as { result?: unknown; error?: string }
}

/** Lies between a process and what it talks to, and notices each question before that is passed on. */
async function gateTo(port: number) {
  let notice: (() => unknown) | undefined
  const gate = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1')
    near.on('data', (data) => {
      const noticed = notice
      notice = undefined
      void (async () => {
        await noticed?.()
        far.write(data)
      })()
    })
    far.pipe(near)
    for (const socket of [near, far]) socket.on('error', () => {}).on('close', () => [near.destroy(), far.destroy()])
  })
  gates.add(gate)
  await once(gate.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (gate.address() as net.AddressInfo).port,
    /** Does something at the next question, and passes it on afterwards. */
    atNext(then: () => unknown) {
      notice = then
    },
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks, stands still while the answer arrives and for longer than it would have waited, and goes on. */
async function stalled(
  how: string,
  order: Omit<Order, 'url'>,
  port: number,
  url: (port: number) => string,
  ms = STALL_MS,
) {
  const gate = await gateTo(port)
  const child = await start({ ...order, url: url(gate.port), ...(how === 'busy' && { blockMs: ms }) })
  gate.atNext(() => {
    if (how === 'stopped') {
      child.kill('SIGSTOP')
      setTimeout(() => child.kill('SIGCONT'), ms)
    }
    return pause(100) // it stands still by then
  })
  return await outcome(child)
}

const ilert = () => serve((response, { path }) => json(response, 200, ANSWERS[path]))
const http = (port: number) => `http://127.0.0.1:${port}`
const redisURL = (port: number) => `redis://127.0.0.1:${port}`

describe.each(['stopped', 'busy'])('a process that was %s while an answer arrived takes it', (how) => {
  it.each([
    ['refresh', { result: expect.objectContaining({ accessToken: 'new', refreshToken: 'next' }) }],
    ['long answer', { result: { id: 7 } }],
    ['bearer look-up', { result: expect.objectContaining({ username: 'ada' }) }],
  ])('of ilert: %s', async (what, expected) => {
    expect(await stalled(how, { what }, (await ilert()).port, http)).toEqual(expected)
  })

  needs('redis-server')('of Redis', () => {
    it.each([
      ['connect-redis', { result: { version: 1, data: 'sealed' } }],
      ['redis', { result: { version: 1, data: 'sealed' } }],
      ['ioredis', { result: { version: 1, data: 'sealed' } }],
      ['lease wait', { result: 'alone' }],
    ])('%s', async (what, expected) => {
      const redis = await startRedis()
      try {
        expect(await stalled(how, { what }, redis.port, redisURL)).toEqual(expected)
      } finally {
        await redis.stop()
      }
    })
  })

  needs('postgres')('of PostgreSQL', () => {
    it('connect-pg-simple', async () => {
      const postgres = await startPostgres()
      try {
        const url = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`
        const { port } = new URL(postgres.url)
        const expected = { result: { version: 1, data: 'sealed' } }
        expect(await stalled(how, { what: 'connect-pg-simple' }, Number(port), url)).toEqual(expected)
      } finally {
        await postgres.stop()
      }
    })
  })
})

needs('redis-server')('a lease', () => {
  const leaseMs = 3000

  it.each([
    // Renewed after a second: the renewal has until the fourth one.
    ['whose renewal was answered during a stall is not lost', 2100, { lost: false }],
    ['that ended during a stall is lost', 3500, { lost: true }],
  ])('%s', async (_, ms, result) => {
    const redis = await startRedis()
    try {
      const order = { what: 'lease renewal', timeoutMs: leaseMs }
      expect(await stalled('stopped', order, redis.port, redisURL, ms)).toEqual({ result })
    } finally {
      await redis.stop()
    }
  })
})

describe('a peer that is silent', () => {
  it.each(['stopped', 'busy'])('is given up soon after a stall, too: %s', async (how) => {
    const server = await serve((response, { body }) => body.includes('warm') && json(response, 200, {}))
    const began = performance.now()
    expect(await stalled(how, { what: 'refresh' }, server.port, http)).toEqual({
      error: `NetworkError timeout: ilert did not answer within ${TIMEOUT_MS} ms. Try again.`,
    })
    expect(performance.now() - began).toBeLessThan(STALL_MS + 3000)
  })
})

it('a connection that ilert has closed during a stall is not used again', async () => {
  let closed = 0
  const server = await serve((response) => {
    json(response, 200, TOKENS)
    const { socket } = response
    response.on('finish', () => setTimeout(() => socket?.end(() => closed++), 300))
  })
  const child = await start({ what: 'idle connection', url: server.origin, blockMs: 1500 })
  expect(await outcome(child)).toEqual({ result: expect.objectContaining({ accessToken: 'new' }) })
  expect(closed).toBe(1)
  expect(server.requests).toHaveLength(2)
})
