import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from './needs.ts'
import { freePort } from './port.ts'

/** A store of tokens that comes back on its own port, as a restarted one does. */
export interface FragileStore {
  /** As clients take it. */
  readonly url: string
  /** Silence: connections stay open, nothing is answered. */
  pause(): unknown
  /** Answers everything that arrived meanwhile. */
  resume(): unknown
  /** Ends it at once. */
  kill(): Promise<void>
  /** Brings it back on its port if it is not there: empty, or, if it is durable, with all that it had acknowledged. */
  start(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

export interface RedisServer extends FragileStore {
  readonly port: number
}

/** A real Redis for one test alone, empty, on a free port of this machine. `more`: settings as on its command line. */
export async function startRedis(o: { durable?: boolean; more?: string[] } = {}): Promise<RedisServer> {
  const { durable = false, more = [] } = o
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'redis-'))
  const settings = [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
    // Written before it is acknowledged, which is enough: the process dies here, never the machine.
    ...['--appendonly', durable ? 'yes' : 'no', '--appendfsync', 'no'],
    ...more,
  ]
  let server: ChildProcess | undefined
  const killAtExit = () => void server?.kill('SIGKILL')
  process.once('exit', killAtExit)

  const redis: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async kill() {
      if (server?.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit')
        server.kill('SIGKILL') // there is nothing to save, and a paused process hears no other signal
        await exited
      }
      server = undefined
    },
    async start() {
      server ??= await run(settings)
    },
    async stop() {
      process.removeListener('exit', killAtExit)
      await redis.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

/** Resolves once the server takes connections. */
async function run(settings: string[]): Promise<ChildProcess> {
  const program = findProgram('redis-server') ?? 'redis-server'
  const server = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes('Ready to accept connections')) continue
    server.stdout.resume()
    return server
  }
  throw new Error('redis-server ended before it was ready.')
}
