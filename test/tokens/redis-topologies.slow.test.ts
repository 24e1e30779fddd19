/*
 * RedisTokenStore over Redis Cluster and Redis Sentinel, with each client that has them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import { tokenStoreContract } from '../../src/testing/index.ts'
import { RedisTokenStore } from '../../src/tokens/stores/redis.ts'
import { findProgram, needs } from '../support/needs.ts'
import { freePort } from '../support/port.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Checks that wait for the end of something, which Redis itself counts: a single server has them in another file. */
const WAITS = /ends|time|later|sooner|lasts/

interface Connected {
  readonly client: object
  close(): void
}

needs('redis-server')('RedisTokenStore', () => {
  let made = 0
  const promises = (connected: () => Connected) => {
    const store = async () => ({ store: new RedisTokenStore({ client: connected().client, prefix: `{${made++}}:` }) })
    for (const { name, run } of tokenStoreContract(store)) if (!WAITS.test(name)) it(name, run)
  }

  describe('over Redis Cluster', () => {
    let server: RedisServer
    beforeAll(async () => {
      // Its own choice for the bus, 10 000 higher, may be a port that the system has given to an outgoing connection.
      const bus = ['--cluster-port', String(await freePort())]
      server = await startRedis({ more: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', ...bus] })
      const client = await createClient({ url: server.url }).connect()
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
      await until(async () => (await client.clusterInfo()).includes('cluster_state:ok'))
      client.destroy()
    })
    afterAll(() => server.stop())

    /** Without a hash tag the records of one prefix are on all nodes. */
    const withoutHashTag = (connected: () => Connected) =>
      it('keeps records without an index if the prefix has no hash tag, and says so when it is to list them', async () => {
        for (const first of ['set', 'touch', 'delete', 'list'] as const) {
          const store = new RedisTokenStore({ client: connected().client, prefix: `${made++}:` })
          if (first === 'touch') await store.touch('a', 600_000, { owner: 'ann' })
          if (first === 'delete') await store.delete('a')
          if (first === 'list') await expect(store.list().next()).rejects.toThrow(/^prefix: .* '\{ilert\}:'/)
          expect(await store.set('a', { version: 1, data: 'one', owner: 'ann' }, 600_000)).toBe(true)
          expect(await store.set('a', { version: 1, data: 'two', owner: 'ann' }, 600_000)).toBe(false)
          await store.touch('a', 600_000, { owner: 'ann' })
          expect(await store.get('a')).toEqual({ version: 1, data: 'one' })
          for (const o of [{}, { owner: 'ann' }]) await expect(store.list(o).next()).rejects.toThrow(TypeError)
          await store.delete('a', { tombstoneMs: 600_000 })
          expect(await store.get('a')).toBeUndefined()
        }
      })

    describe('with redis', () => {
      let connected: Connected
      beforeAll(async () => {
        const client = createCluster({ rootNodes: [{ url: server.url }] })
        await client.connect()
        connected = { client, close: () => client.destroy() }
      })
      afterAll(() => connected.close())
      promises(() => connected)
      withoutHashTag(() => connected)
    })

    describe('with ioredis', () => {
      let connected: Connected
      beforeAll(() => {
        const client = new Cluster([{ host: '127.0.0.1', port: server.port }])
        connected = { client, close: () => client.disconnect() }
      })
      afterAll(() => connected.close())
      promises(() => connected)
      withoutHashTag(() => connected)
    })
  })

  describe('over Redis Sentinel', () => {
    let server: RedisServer
    let sentinel: ChildProcess
    let folder: string
    let port: number
    beforeAll(async () => {
      server = await startRedis()
      folder = await mkdtemp(join(tmpdir(), 'sentinel-'))
      port = await freePort()
      const file = join(folder, 'sentinel.conf')
      await writeFile(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor desk 127.0.0.1 ${server.port} 1\n`)
      sentinel = spawn(findProgram('redis-server') ?? 'redis-server', [file, '--sentinel'], { stdio: 'ignore' })
    })
    afterAll(async () => {
      sentinel.kill('SIGKILL')
      await once(sentinel, 'exit')
      await server.stop()
      await rm(folder, { recursive: true })
    })

    describe('with redis', () => {
      let connected: Connected
      beforeAll(async () => {
        const client = createSentinel({ name: 'desk', sentinelRootNodes: [{ host: '127.0.0.1', port }] })
        client.on('error', () => {}) // the sentinel may still be starting
        await client.connect()
        connected = { client, close: () => void client.destroy() }
      })
      afterAll(() => connected.close())
      promises(() => connected)
    })

    describe('with ioredis', () => {
      let connected: Connected
      beforeAll(() => {
        const client = new Redis({ name: 'desk', sentinels: [{ host: '127.0.0.1', port }] })
        client.on('error', () => {})
        connected = { client, close: () => client.disconnect() }
      })
      afterAll(() => connected.close())
      promises(() => connected)
    })
  })
})
