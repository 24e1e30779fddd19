import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from './needs.ts'
import { freePort } from './port.ts'
import { type PostgresServer, serverUser } from './postgres.ts'

/** A real PgBouncer in transaction mode, which lends each transaction one of a few connections of a PostgreSQL. */
export async function startPgBouncer(postgres: PostgresServer): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const user = await serverUser()
  const file = join(dir, 'pgbouncer.ini')
  const settings = `[databases]
postgres = host=127.0.0.1 port=${postgres.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 1000
`
  await writeFile(file, settings)
  if (user) await Promise.all([dir, file].map((path) => chown(path, user.uid, user.gid)))
  const server = spawn(findProgram('pgbouncer') ?? 'pgbouncer', [file], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(server, 'exit')
  for await (const line of createInterface(server.stderr)) if (line.includes('process up')) break
  server.stderr.resume()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      process.removeListener('exit', kill)
      kill()
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}
