import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { run } from './run.ts'

/** A registry of packages, for `npm_config_registry`. */
export interface Registry {
  readonly url: string
  close(): Promise<void>
}

/** Starts a registry whose newest passport-ilert is a packed tarball. For all else it refers to the registry of npm's settings. */
export async function startRegistry(tarball: string): Promise<Registry> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd: process.cwd() })
  const upstream = new URL(stdout.trim())
  const bytes = await readFile(tarball)
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  const manifest = await manifestOf(tarball)
  const { name, version } = manifest
  const server = createServer((req, res) => {
    const path = (req.url ?? '/').slice(1)
    if (path === 'tarball.tgz') return res.end(bytes)
    if (path !== name) return res.writeHead(302, { location: new URL(path, upstream).href }).end()
    const dist = { tarball: `http://${req.headers.host}/tarball.tgz`, integrity }
    res.setHeader('content-type', 'application/json')
    return res.end(
      JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function manifestOf(tarball: string): Promise<{ name: string; version: string }> {
  const { stdout } = await run('tar', ['-xzOf', tarball, 'package/package.json'], { cwd: process.cwd() })
  return JSON.parse(stdout)
}
