import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient as createClient5, createClientPool, createCluster, createSentinel } from 'redis'
import { createClient as createClient6 } from 'redis6'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'
import { needs } from '../support/needs.ts'
import { startNode } from '../support/node.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const record = (version: number) => ({ version, data: `v${version}` })
const unavailable = { name: 'NetworkError', code: 'store_unavailable', status: 503 }

const CLIENTS = {
  'redis 5': redis('redis', (url) => createClient5({ url })),
  'redis 6': redis('redis6', (url) => createClient6({ url })),
  'ioredis 5': ioredis('ioredis5', (url) => new Redis5(url)),
  'ioredis 6': ioredis('ioredis', (url) => new Redis(url)),
}

/** How an app makes a client, as code too, since some of it runs in processes of its own. */
interface Client {
  connect(url: string): Promise<{ client: object; close: () => void }>
  code: string
}

function redis(module: string, create: (url: string) => { connect(): Promise<unknown>; destroy(): void }): Client {
  return {
    connect: async (url) => {
      const client = create(url)
      await client.connect()
      return { client, close: () => client.destroy() }
    },
    code: `import { createClient } from '${module}'
      const client = createClient({ url: process.env.REDIS_URL })
      client.on('error', () => {})
      await client.connect()`,
  }
}

function ioredis(module: string, create: (url: string) => { disconnect(): void }): Client {
  return {
    connect: async (url) => {
      const client = create(url)
      return { client, close: () => client.disconnect() }
    },
    code: `import { Redis } from '${module}'
      const client = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null })
      client.on('error', () => {})`,
  }
}

needs('redis-server')('RedisTokenStore', () => {
  let server: RedisServer
  let outsider: ReturnType<typeof createClient5>
  let made = 0

  beforeAll(async () => {
    server = await startRedis()
    outsider = createClient5({ url: server.url })
    outsider.on('error', () => {})
    await outsider.connect()
  })
  afterAll(async () => {
    outsider?.destroy()
    await server?.stop()
  })

  const nextPrefix = () => {
    made += 1
    return `case${made}:`
  }

  describe.each(Object.entries(CLIENTS))('with %s', (_, { connect, code }) => {
    let connection: { client: object; close(): void }

    beforeAll(async () => {
      connection = await connect(server.url)
    })
    afterAll(() => connection?.close())

    const make = async () => ({
      store: new RedisTokenStore({ client: connection.client, prefix: nextPrefix(), leaseMs: 600 }),
      leaseMs: 600,
    })
    for (const { name, run } of tokenStoreContract(make)) test(name, run)

    test('leaves nothing in Redis but what has an end', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix })
      await store.set('a', record(1), 5000)
      await store.delete('b', { tombstoneMs: 5000 })
      await store.withLease('c', async () => {
        const keys = await outsider.keys(`${prefix}*`)
        expect(keys.length).toBe(4) // the record, the tombstone, the lease, and the index of records
        for (const key of keys) expect(await outsider.pTTL(key)).toBeGreaterThan(0)
      })
      expect((await outsider.keys(`${prefix}*`)).length).toBe(3)
    })

    test('takes what is no record for nothing', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix })
      await store.set('a', record(1), 5000)
      const [key = ''] = await outsider.keys(`${prefix}tokens:*`)
      for (const garbage of ['', 'x', ':', '-1:a', '1.5:a', '12345678901234567890:a', '{"version":1}', '7']) {
        await outsider.set(key, garbage)
        expect(await store.get('a')).toBeUndefined()
      }
      expect(await store.set('a', record(1), 5000)).toBe(true)
    })

    test('a Redis that refuses gives a NetworkError that shows nothing of the record', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix })
      await store.set('a', record(1), 5000)
      const [key = ''] = await outsider.keys(`${prefix}tokens:*`)
      await outsider.del(key)
      await outsider.lPush(key, 'a list')
      const data = 'sealed-and-still-nobodys-business'
      const error = await store.set('a', { version: 2, data }, 5000).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ ...unavailable, message: expect.stringContaining('WRONGTYPE') })
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(data)
    })

    test('a lease that another process took is lost, and stays theirs', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix, leaseMs: 300 })
      await store.withLease('a', async ({ signal }) => {
        const [key = ''] = await outsider.keys(`${prefix}*`)
        await outsider.del(key)
        await outsider.set(key, 'stolen', { expiration: { type: 'PX', value: 60_000 } })
        await once(signal, 'abort', { signal: AbortSignal.timeout(2000) })
        expect(signal.reason).toMatchObject(unavailable)
      })
      expect(await outsider.keys(`${prefix}*`)).toHaveLength(1)
    })

    test('a lease that is gone is lost', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix, leaseMs: 300 })
      await store.withLease('a', async ({ signal }) => {
        await outsider.del(await outsider.keys(`${prefix}*`))
        await once(signal, 'abort', { signal: AbortSignal.timeout(2000) })
      })
    })

    test('a waiter that gave up while its command was on its way leaves no lease', async () => {
      const prefix = nextPrefix()
      const store = new RedisTokenStore({ client: connection.client, prefix, leaseMs: 15_000 })
      server.pause()
      try {
        const waiting = store.withLease('a', async () => 'never', { signal: AbortSignal.timeout(50) })
        await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
      } finally {
        server.resume()
      }
      await store.get('a') // behind everything before it
      expect(await outsider.keys(`${prefix}*`)).toEqual([])
    })

    test('a lease whose holder was killed is free after leaseMs', async () => {
      const prefix = nextPrefix()
      const leaseMs = 1000
      const holder = child(
        `${code}
        const store = new RedisTokenStore({ client, prefix: '${prefix}', leaseMs: ${leaseMs} })
        await store.withLease('a', async () => {
          process.send('held')
          await new Promise((resolve) => setTimeout(resolve, 60_000))
        })`,
        server.url,
      )
      await once(holder, 'message')
      await sleep(leaseMs / 2) // at least one renewal later
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      const before = performance.now()
      const store = new RedisTokenStore({ client: connection.client, prefix, leaseMs })
      await store.withLease('a', async () => {})
      expect(performance.now() - before).toBeLessThan(leaseMs + 500)
    })

    test('a Redis that is silent or unavailable: every call ends in time, the lease counts as lost, nothing is left open', async () => {
      const own = await startRedis()
      const app = child(
        `${code}
        const store = new RedisTokenStore({ client, leaseMs: 600, timeoutMs: 200 })
        const record = (version) => ({ version, data: 'v' + version })
        await store.set('a', record(1), 60_000)

        const ends = async (call) => {
          const before = performance.now()
          const reason = await call.then(() => 'landed', (error) => error.code)
          return { reason, ms: performance.now() - before }
        }
        const lost = await store.withLease('a', async (lease) => {
          await ask('pause')
          const before = performance.now()
          await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
          return performance.now() - before
        })
        const signal = AbortSignal.timeout(100)
        const waiter = await store.withLease('b', async () => {}, { signal }).catch((error) => error.name)
        const calls = await Promise.all([
          store.get('a'), store.set('a', record(2), 60_000), store.touch('a', 60_000), store.delete('b'),
          store.delete('b', { tombstoneMs: 60_000 }), store.withLease('c', async () => {}),
        ].map(ends))
        process.send({ lost, waiter, calls })

        await ask('resume')
        // What was on its way has been answered by now; no lease is left of a waiter that gave up.
        const back = await ends(store.withLease('c', () => store.set('a', record(3), 60_000)))
        process.send({ back, data: (await store.get('a')).data })

        await ask('stop')
        process.send({ calls: await Promise.all([store.get('a'), store.set('a', record(4), 1000)].map(ends)) })
        await new Promise((resolve) => setTimeout(resolve, 400)) // time for a late rejection
        process.exit(0)`,
        own.url,
      )
      const answers: { lost?: number; waiter?: string; calls?: { ms: number }[]; back?: object; data?: string }[] = []
      app.on('message', (message: string | (typeof answers)[number]) => {
        if (typeof message === 'object') return void answers.push(message)
        if (message === 'pause') own.pause()
        if (message === 'resume') own.resume()
        void (message === 'stop' ? own.stop() : Promise.resolve()).then(() => app.send('done'))
      })
      const [exitCode] = await once(app, 'exit')
      await own.stop()
      expect(exitCode).toBe(0) // an unhandled rejection makes it 1

      const call = { reason: 'store_unavailable', ms: expect.any(Number) }
      const [silent, back, away] = answers
      expect(silent).toEqual({ lost: expect.any(Number), waiter: 'TimeoutError', calls: Array(6).fill(call) })
      expect(silent?.lost).toBeLessThan(1000)
      for (const { ms } of silent?.calls ?? []) expect(ms).toBeLessThan(1000)
      expect(back).toEqual({ back: { reason: 'landed', ms: expect.any(Number) }, data: 'v3' })
      expect(away).toEqual({ calls: [call, call] })
      for (const { ms } of away?.calls ?? []) expect(ms).toBeLessThan(1000)
    }, 20_000)
  })

  test('a waiter gets its lease also when the client sends the command twice, as after a reconnect', async () => {
    type Options = { keys: string[]; arguments: string[] }
    const twice = {
      pExpire() {},
      eval: async (script: string, o: Options) => {
        await outsider.eval(script, o)
        return outsider.eval(script, o)
      },
    }
    const store = new RedisTokenStore({ client: twice, prefix: nextPrefix() })
    expect(await store.withLease('a', async () => 'held', { signal: AbortSignal.timeout(1000) })).toBe('held')
  })

  test('processes share records and leases, whatever client each of them has', async () => {
    const connections = await Promise.all(Object.values(CLIENTS).map(({ connect }) => connect(server.url)))
    const prefix = nextPrefix()
    const stores = connections.map(({ client }) => new RedisTokenStore({ client, prefix }))
    let holders = 0
    const turns: number[] = []
    await Promise.all(
      [...stores, ...stores].map((store) =>
        store.withLease('a', async () => {
          holders += 1
          expect(holders).toBe(1)
          const version = ((await store.get('a'))?.version ?? 0) + 1
          expect(await store.set('a', record(version), 5000)).toBe(true)
          turns.push(version)
          holders -= 1
        }),
      ),
    )
    expect(turns).toEqual(Array.from({ length: 2 * stores.length }, (_, i) => i + 1))
    for (const { close } of connections) close()
  })
})

describe('the options of RedisTokenStore', () => {
  const client = { eval() {}, pExpire() {} }

  test.each([undefined, null, {}, { get() {}, set() {} }, { eval() {} }, 'redis://localhost'])(
    'a client like %p is refused by name',
    (other) => {
      expect(() => new RedisTokenStore({ client: other as object })).toThrow(TypeError)
      expect(() => new RedisTokenStore({ client: other as object })).toThrow(/^client must be/)
    },
  )

  test.each<[string, object]>([
    ["what redis 5's legacy() returns", createClient5().legacy()],
    ["what redis 6's legacy() returns", createClient6().legacy()],
    ['a client of redis 4 in legacyMode', { ...client, connect() {}, sendCommand() {}, v4: {} }],
    ['a multi of redis', createClient5().multi()],
    ['a pipeline of ioredis', new Redis({ lazyConnect: true }).pipeline()],
    ['a multi of ioredis', new Redis({ lazyConnect: true }).multi()],
  ])('%s is refused, with what to do', (_, other) => {
    expect(() => new RedisTokenStore({ client: other })).toThrow(/^client must be a client itself\. .* pass the client/)
  })

  test.each<[string, object]>([
    ['a client', createClient5()],
    ['a pool', createClientPool()],
    ['a cluster', createCluster({ rootNodes: [{}] })],
    ['a sentinel', createSentinel({ name: 'a', sentinelRootNodes: [{ host: 'localhost', port: 1 }] })],
    ['a client of ioredis', new Redis({ lazyConnect: true })],
    ['a cluster of ioredis', new Cluster([], { lazyConnect: true })],
  ])('%s is taken', (_, good) => {
    expect(new RedisTokenStore({ client: good })).toBeInstanceOf(RedisTokenStore)
  })

  test.each([15_001, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])('leaseMs %p is refused', (leaseMs) => {
    expect(() => new RedisTokenStore({ client, leaseMs })).toThrow(/^leaseMs must be/)
  })

  test('15 seconds are the longest lease', () => {
    expect(new RedisTokenStore({ client, leaseMs: 15_000 })).toBeInstanceOf(RedisTokenStore)
    for (const leaseMs of ['10000', [10_000], true]) {
      expect(() => new RedisTokenStore({ client, leaseMs: leaseMs as never })).toThrow(/^leaseMs must be a number/)
    }
  })

  test.each([0, Number.NaN, Number.POSITIVE_INFINITY])('a time of %p is refused', async (ms) => {
    expect(() => new RedisTokenStore({ client, timeoutMs: ms })).toThrow(/^timeoutMs must be/)
    const store = new RedisTokenStore({ client })
    await expect(store.set('a', record(1), ms)).rejects.toThrow(/^ttlMs must be/)
    await expect(store.touch('a', ms)).rejects.toThrow(/^ttlMs must be/)
    if (ms !== 0) await expect(store.delete('a', { tombstoneMs: ms })).rejects.toThrow(/^tombstoneMs must be/)
  })
})

describe('a lease on a client of which nothing comes back', () => {
  const silent = { eval: () => new Promise(() => {}), pExpire() {} }

  test('ends with the time of one command when nobody gives a signal', async () => {
    const store = new RedisTokenStore({ client: silent, timeoutMs: 50 })
    await expect(store.withLease('a', async () => 'never')).rejects.toMatchObject(unavailable)
  })

  test('takes its command out of the queue of a client that can do so, and ignores its late answer', async () => {
    const queue: { signal: AbortSignal; reject: (error: Error) => void }[] = []
    const client = {
      pExpire() {},
      eval() {},
      withAbortSignal: (signal: AbortSignal) => ({
        eval: () => new Promise((_, reject) => queue.push({ signal, reject })),
      }),
    }
    const store = new RedisTokenStore({ client, timeoutMs: 20 })
    const reading = store.get('a')
    expect(queue.map(({ signal }) => signal.aborted)).toEqual([false])
    await expect(reading).rejects.toMatchObject(unavailable)
    expect(queue.map(({ signal }) => signal.aborted)).toEqual([true])
    for (const { reject } of queue) reject(new Error('The command was aborted'))
    await sleep(5) // Jest fails a test that leaves a rejection to nobody
  })

  test('does not collect commands without end', async () => {
    const store = new RedisTokenStore({ client: silent, timeoutMs: 50 })
    const outcome = () => store.get('a').then(String, (error: Error) => error.message)
    const messages = await Promise.all(Array.from({ length: 10_001 }, outcome))
    expect(messages.filter((message) => message.includes('too many commands'))).toHaveLength(1)
  })

  test('an answer that comes when the lease has ended again is no lease', async () => {
    let answers = 0
    const late = {
      eval: async () => {
        answers += 1
        if (answers === 1) await sleep(120)
        return 1
      },
      pExpire() {},
    }
    const store = new RedisTokenStore({ client: late, leaseMs: 100 })
    expect(await store.withLease('a', async () => answers)).toBe(2)
  })

  test('a stall of the whole process is noticed when the lease is asked', async () => {
    const store = new RedisTokenStore({ client: { eval: async () => 1, pExpire() {} }, leaseMs: 50 })
    await store.withLease('a', async (lease) => {
      const until = performance.now() + 80
      while (performance.now() < until);
      expect(lease.signal.aborted).toBe(true)
    })
  })
})

/** Code with `RedisTokenStore` in a process of its own. */
function child(code: string, url: string): ChildProcess {
  const { href } = new URL('../../src/tokens/stores/redis.ts', import.meta.url)
  const ask =
    "const ask = async (what) => { process.send(what); await (await import('node:events')).once(process, 'message') }"
  return startNode(`const { RedisTokenStore } = await import('${href}')\n${ask}\n${code}`, { REDIS_URL: url })
}
