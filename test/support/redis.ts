import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from './needs.ts'
import { freePort } from './port.ts'

export interface RedisServer {
  readonly port: number
  /** As clients take it. */
  readonly url: string
  /** Silence: connections stay open, nothing is answered. */
  pause(): void
  /** Answers everything that arrived meanwhile. */
  resume(): void
  stop(): Promise<void>
}

/** A real Redis of one's own, empty, on a free port of this machine. `more` are settings as on its command line. */
export async function startRedis(...more: string[]): Promise<RedisServer> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const settings = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
    ...more,
  ]
  const server = spawn(findProgram('redis-server') ?? 'redis-server', settings, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)

  const exited = once(server, 'exit')
  const ready = (async () => {
    for await (const line of createInterface(server.stdout)) if (line.includes('Ready to accept connections')) return
    throw new Error('redis-server ended before it was ready.')
  })()
  await Promise.race([ready, exited.then(() => ready)])
  server.stdout.resume()

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async stop() {
      process.removeListener('exit', kill)
      kill() // there is nothing to save, and a paused process hears no other signal
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}
