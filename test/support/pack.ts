import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { run } from './run.ts'

/** What is in no clone of the repository. */
const MADE = ['.git', 'node_modules', 'dist', 'build', 'coverage']

/** What the tarball is made of. */
const SOURCES = [
  ...['src', 'tools/build.js', 'tools/release', 'package.json', 'tsconfig.json', 'tsconfig.build.json'],
  ...['README.md', 'LICENSE'],
]

const PACKED = join('build', 'packed')

/**
 * Packs what is published into `folder`: out of a copy of the repository, since that builds anew, and other tests are using
 * the build. Resolves to where the tarball is, the files in it, and the copy.
 */
export async function pack(folder: string): Promise<{ tarball: string; files: string[]; copy: string }> {
  const copy = join(folder, 'copy')
  await cp(process.cwd(), copy, { recursive: true, filter: (path) => !MADE.includes(basename(path)) })
  await symlink(resolve('node_modules'), join(copy, 'node_modules'))
  await run('npm', ['run', '--silent', 'stage'], { cwd: copy })
  const options = ['--json', '--silent', '--pack-destination', folder]
  const { stdout } = await run('npm', ['pack', ...options, './build/package'], { cwd: copy })
  const [packed] = JSON.parse(stdout)
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }: { path: string }) => path), copy }
}

/** The tarball of the sources as they are. It is packed once for all tests that install it, which must leave it alone. */
export async function packedTarball(): Promise<string> {
  const kept = resolve(PACKED, `passport-ilert-${await hashOfSources()}.tgz`)
  if (await stat(kept).catch(() => undefined)) return kept
  const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-packed-'))
  try {
    const { tarball } = await pack(folder)
    await mkdir(PACKED, { recursive: true })
    const former = (await readdir(PACKED)).filter((name) => !name.startsWith(basename(kept)))
    for (const name of former) await rm(join(PACKED, name), { force: true })
    await cp(tarball, `${kept}.${process.pid}`)
    await rename(`${kept}.${process.pid}`, kept) // in one step: another worker may have packed, and be reading
    return kept
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const path of await filesIn(source)) hash.update(`${path}\n`).update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
