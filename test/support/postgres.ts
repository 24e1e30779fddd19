import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findProgram } from './needs.ts'
import { freePort } from './port.ts'

const run = promisify(execFile)

export interface PostgresServer {
  /** As clients take it. */
  readonly url: string
  stop(): Promise<void>
}

/** A real PostgreSQL of one's own, empty, on a free port of this machine. */
export async function startPostgres(): Promise<PostgresServer> {
  const program = findProgram('postgres')
  if (!program) throw new Error('postgres is not installed.')
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'postgres-'))
  const user = await serverUser()
  if (user) await chown(dir, user.uid, user.gid)
  const options = { ...user, cwd: dir }

  const data = join(dir, 'data')
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(dirname(program), 'initdb'), initdb, options)
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: dir, fsync: 'off', jit: 'off' }
  const server = spawn(
    program,
    ['-D', data, '-p', `${port}`, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const kill = () => server.kill('SIGQUIT')
  process.once('exit', kill)

  const exited = once(server, 'exit')
  const ready = (async () => {
    const log: string[] = []
    for await (const line of createInterface(server.stderr)) {
      log.push(line)
      if (line.includes('ready to accept connections')) return
    }
    throw new Error(`postgres ended before it was ready:\n${log.join('\n')}`)
  })()
  await Promise.race([ready, exited.then(() => ready)])
  server.stderr.resume()

  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      process.removeListener('exit', kill)
      kill() // at once: there is nothing to save
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root: then the user that its package made. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout))
  return { uid: Number(uid), gid: Number(gid) }
}
