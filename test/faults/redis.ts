import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { findProgram } from '../support/needs.ts'
import { freePort } from '../support/redis.ts'

/** A Redis that comes back on its own port, as a restarted one does. */
export interface FragileRedis {
  readonly url: string
  /** Silence: connections stay open, nothing is answered. */
  pause(): void
  /** Answers everything that arrived meanwhile. */
  resume(): void
  /** Ends it at once, with all that it holds. */
  kill(): Promise<void>
  /** Brings it back, empty. */
  start(): Promise<void>
}

export async function startFragileRedis(): Promise<FragileRedis> {
  const port = await freePort()
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
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
  }
  await redis.start()
  return redis
}
