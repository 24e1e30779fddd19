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

/** Starts a registry whose newest versions of some packages are packed tarballs. For all else it refers to the registry of npm's settings. */
export async function startRegistry(...tarballs: string[]): Promise<Registry> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd: process.cwd() })
  const upstream = new URL(stdout.trim())
  const packages = new Map<string, Packed>()
  for (const tarball of tarballs) {
    const packed = await packedOf(tarball)
    packages.set(packed.manifest.name, packed)
  }
  const server = createServer((req, res) => {
    const path = (req.url ?? '/').slice(1)
    const file = packages.get(path.replace(/\/tarball\.tgz$/, ''))
    if (!file) return res.writeHead(302, { location: new URL(path, upstream).href }).end()
    if (path.endsWith('.tgz')) return res.end(file.bytes)
    const { manifest, integrity } = file
    const { name, version } = manifest
    const dist = { tarball: `http://${req.headers.host}/${name}/tarball.tgz`, integrity }
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

interface Packed {
  readonly manifest: { name: string; version: string }
  readonly bytes: Buffer
  readonly integrity: string
}

async function packedOf(tarball: string): Promise<Packed> {
  const bytes = await readFile(tarball)
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  return { manifest: await manifestOf(tarball), bytes, integrity }
}

async function manifestOf(tarball: string): Promise<{ name: string; version: string }> {
  const { stdout } = await run('tar', ['-xzOf', tarball, 'package/package.json'], { cwd: process.cwd() })
  return JSON.parse(stdout)
}
