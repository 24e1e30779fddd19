import { cp, symlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { run } from './run.ts'

/** What is in no clone of the repository. */
const MADE = ['.git', 'node_modules', 'dist', 'build', 'coverage']

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
