// What a run stands on: the package as its users install it, and a Redis.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const bench = fileURLToPath(new URL('..', import.meta.url))
const root = join(bench, '..')

/** Packs this project and installs the tarball beside its peers, so that all of them share one Passport and one Express. */
export function installPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'passport-ilert-bench-'))
  const npm = (/** @type {string} */ cwd, /** @type {string[]} */ ...args) =>
    execFileSync('npm', [...args, '--loglevel=error'], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    npm(bench, 'install', '--no-audit', '--no-fund')
    npm(root, 'run', 'stage')
    npm(root, 'pack', './build/package', '--pack-destination', folder)
    const [tarball = ''] = readdirSync(folder)
    npm(bench, 'install', '--no-save', '--no-audit', '--no-fund', join(folder, tarball))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** Starts a Redis that keeps nothing on disk. */
export async function startRedis() {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bench-redis-'))
  const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, 'enable-debug-command': 'no' }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const redis = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = () => redis.kill('SIGKILL')
  process.once('exit', kill)
  for await (const chunk of redis.stdout) if (String(chunk).includes('Ready to accept connections')) break
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', kill)
      redis.kill('SIGKILL')
      if (redis.exitCode === null && redis.signalCode === null) await once(redis, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
