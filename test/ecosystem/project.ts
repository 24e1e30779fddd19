/*
 * Apps of other people: a folder outside the repository, with the packed tarball and what they install beside it.
 */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../support/run.ts'

/** Fewer surprises than a test runner's own environment. */
const ENV = { NODE_ENV: '', NODE_OPTIONS: '', CI: '', JEST_WORKER_ID: '', npm_config_prefer_offline: 'true' }

/** What every app has. */
export const PEERS = ['express', 'express-session', 'passport']

export class Project {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(manifest: object = {}): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'passport-ilert-app-')))
    await project.write('package.json', JSON.stringify({ name: 'app', private: true, ...manifest }))
    return project
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true })
    await writeFile(join(this.folder, path), text)
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8')
  }

  async npm(...packages: string[]): Promise<void> {
    await this.run('npm', ['install', '--no-audit', '--no-fund', ...packages])
  }

  /** Resolves to all that is printed, and rejects with it where the command fails. */
  async run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { stdout, stderr } = await run(command, [...args], { cwd: this.folder, env: { ...ENV, ...env } })
    return stdout + stderr
  }

  /** The bytes of all that is installed. */
  size(): Promise<number> {
    return bytesIn(join(this.folder, 'node_modules'))
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}
