import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

interface Entry {
  resolved?: string
  integrity?: string
  link?: true
}

const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

it.each([
  ['package-lock.json', ['', 'example-app']],
  ['bench/package-lock.json', ['']],
  ['tools/api/package-lock.json', ['']],
])('%s names no registry, and has a hash for whatever is fetched', async (path, own) => {
  const packages = Object.entries<Entry>((await read(path)).packages)
  expect(packages.length).toBeGreaterThan(10)
  const fetched = packages.filter(([name, { link }]) => !link && !own.includes(name))
  expect(fetched.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
  // npm config set omit-lockfile-registry-resolved true, then npm install --package-lock-only
  expect(fetched.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
})

it.each([
  ['package-lock.json', 'package.json', ''],
  ['package-lock.json', 'example-app/package.json', 'example-app'],
  ['bench/package-lock.json', 'bench/package.json', ''],
  ['tools/api/package-lock.json', 'tools/api/package.json', ''],
])('%s has what %s asks for', async (lock, path, name) => {
  const [{ packages }, manifest] = await Promise.all([read(lock), read(path)])
  for (const kind of ['version', 'dependencies', 'devDependencies', 'peerDependencies', 'engines']) {
    expect([kind, packages[name][kind]]).toEqual([kind, manifest[kind]])
  }
})

it.each(['.', 'bench', 'tools/api'])('npm misses nothing in the lock file of %s', async (cwd) => {
  await promisify(execFile)('npm', ['ls', '--all', '--package-lock-only'], { cwd, maxBuffer: 2 ** 24 })
})
