import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from '../support/needs.ts'
import { freePort } from '../support/port.ts'

/** A Redis that comes back on its own port, as a restarted one does. */
export interface FragileRedis {
  readonly url: string
  /** Silence: connections stay open, nothing is answered. */
  pause(): void
  /** Answers everything that arrived meanwhile. */
  resume(): void
  /** Ends it at once. */
  kill(): Promise<void>
  /** Brings it back if it is not there. */
  start(): Promise<void>
  /** Ends it for good. */
  close(): Promise<void>
}

/** Comes back empty, or, where it is `durable`, with all that it had acknowledged. */
export async function startFragileRedis({ durable = false } = {}): Promise<FragileRedis> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const settings = [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
    // Written before it is acknowledged, which is enough: the process dies here, never the machine.
    ...['--appendonly', durable ? 'yes' : 'no', '--appendfsync', 'no'],
  ]
  let server: ChildProcess | undefined
  process.once('exit', () => server?.kill('SIGKILL'))

  const redis: FragileRedis = {
    url: `redis://127.0.0.1:${port}`,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async kill() {
      if (!server) return
      const exited = once(server, 'exit')
      server.kill('SIGKILL')
      await exited
      server = undefined
    },
    async start() {
      if (server) return
      const started = spawn(findProgram('redis-server') ?? 'redis-server', settings, {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      server = started
      for await (const line of createInterface(started.stdout)) {
        if (line.includes('Ready to accept connections')) {
          started.stdout.resume()
          return
        }
      }
      throw new Error('redis-server ended before it was ready.')
    },
    async close() {
      await redis.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}
