import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { findProgram } from './needs.ts'
import { freePort } from './port.ts'

const run = promisify(execFile)

export interface PostgresServer {
  readonly port: number
  /** As clients take it. */
  readonly url: string
  /** Silence: connections stay open, nothing is answered. */
  pause(): Promise<void>
  /** Answers everything that arrived meanwhile. */
  resume(): void
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** Brings it back on the same port, with all that it had acknowledged, if it is not there. */
  start(): Promise<void>
  /** Ends it for good. */
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
  await run('cp', ['-a', await emptyCluster(program, user), data])
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: dir, fsync: 'off', jit: 'off' }
  const arguments_ = ['-D', data, '-p', `${port}`]
  for (const [name, value] of Object.entries(settings)) arguments_.push('-c', `${name}=${value}`)
  let server: ChildProcess | undefined
  let goOn: (() => void) | undefined
  const atExit = () => server?.kill('SIGQUIT')
  process.once('exit', atExit)

  const postgres: PostgresServer = {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async pause() {
      goOn ??= server && (await silence(server))
    },
    resume() {
      goOn?.()
      goOn = undefined
    },
    async kill() {
      if (!server) return
      postgres.resume() // or it would not hear the other signal
      const exited = once(server, 'exit')
      server.kill('SIGQUIT')
      await exited
      server = undefined
    },
    async start() {
      if (server) return
      server = spawn(program, arguments_, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
      await untilReady(server)
    },
    async stop() {
      process.removeListener('exit', atExit)
      await postgres.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
  await postgres.start()
  return postgres
}

async function untilReady(server: ChildProcess): Promise<void> {
  const { stderr } = server as ChildProcessByStdio<null, null, Readable>
  const log: string[] = []
  for await (const line of createInterface(stderr)) {
    log.push(line)
    if (!line.includes('ready to accept connections')) continue
    stderr.resume()
    return
  }
  throw new Error(`postgres ended before it was ready:\n${log.join('\n')}`)
}

/** Stops a server and the processes of its connections. Resolves to what goes on with all of them. */
async function silence(server: ChildProcess): Promise<() => void> {
  server.kill('SIGSTOP') // first: it would start more of them
  const stopped = new Set<number>()
  // A list that is read while one of them ends may be short of others.
  for (let before = -1; before < stopped.size; ) {
    before = stopped.size
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
    for (const pid of children.split(' ').filter(Boolean).map(Number)) if (signal(pid, 'SIGSTOP')) stopped.add(pid)
  }
  return () => {
    for (const pid of stopped) signal(pid, 'SIGCONT')
    server.kill('SIGCONT')
  }
}

/** Whether the process was still there. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/**
 * A folder of data as `initdb` makes it, which takes a second or two: made once for all tests, and copied by each. It stays
 * in the folder for temporary files.
 */
async function emptyCluster(program: string, user: ServerUser | undefined): Promise<string> {
  const [version] = /\d+(?:\.\d+)*/.exec((await run(program, ['--version'])).stdout) ?? []
  const folder = join(tmpdir(), `passport-ilert-postgres-${version}-${user?.uid ?? process.getuid?.()}`)
  if (existsSync(folder)) return folder
  const made = await mkdtemp(join(tmpdir(), 'initdb-'))
  if (user) await chown(made, user.uid, user.gid)
  const initdb = ['-D', made, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(dirname(program), 'initdb'), initdb, { ...user, cwd: tmpdir() })
  try {
    await rename(made, folder)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // else another test was faster
  }
  return folder
}

interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root: then the user that its package made. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout))
  return { uid: Number(uid), gid: Number(gid) }
}
