import { readFile } from 'node:fs/promises'

interface Entry {
  resolved?: string
  integrity?: string
  link?: true
  os?: string[]
  cpu?: string[]
  optionalDependencies?: Record<string, string>
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

/** Where npm would look for a package that another one asks for: beside it, and further and further out. */
function find(packages: Record<string, Entry>, from: string, name: string): Entry | undefined {
  const places = from.split('/node_modules/').map((_, n, parts) => parts.slice(0, n + 1).join('/node_modules/'))
  const paths = [...places.reverse().map((place) => `${place}/node_modules/${name}`), `node_modules/${name}`]
  return paths.map((path) => packages[path]).find((entry) => entry !== undefined)
}

/*
 * `npm install` beside a `node_modules` leaves out the native packages of other platforms, and then `npm ci` refuses to
 * install anything, everywhere. Written in a folder with nothing but the package.json files they are all there:
 * `npm install --package-lock-only`.
 */
it.each([
  'package-lock.json',
  'bench/package-lock.json',
  'tools/api/package-lock.json',
  'tools/mutation/package-lock.json',
])('%s has the native packages of every platform', async (path) => {
  const { packages } = (await read(path)) as { packages: Record<string, Entry> }
  const asked = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ from, name })),
  )
  expect(asked.filter(({ from, name }) => !find(packages, from, name))).toEqual([])
})

it.each([
  ['darwin', 'arm64'],
  ['linux', 'x64'],
  ['win32', 'x64'],
])('what builds, checks and tests this project can be installed on %s, %s', async (os, cpu) => {
  const { packages } = (await read('package-lock.json')) as { packages: Record<string, Entry> }
  const here = Object.entries(packages).filter(([, entry]) => entry.os?.includes(os) && entry.cpu?.includes(cpu))
  const names = here.map(([name]) => name)
  for (const tool of ['@biomejs/', '@oxlint/', '@oxlint-tsgolint/', '@swc/core', '@typescript/']) {
    expect(names).toContainEqual(expect.stringContaining(`node_modules/${tool}`))
  }
})
