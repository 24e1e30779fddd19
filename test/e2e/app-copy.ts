import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { run } from '../support/run.ts'

export const ROOT: string = resolve(import.meta.dirname, '../..')
export const EXAMPLE_APP: string = join(ROOT, 'example-app')

/** What nobody takes along, as .gitignore and .dockerignore say. */
const LEFT_BEHIND = /^(dist|node_modules|\.env|\.git|.*\.log)$/

/** Copies the example app as it is kept in the repository. */
export async function copyApp(folder: string): Promise<void> {
  await cp(EXAMPLE_APP, folder, { recursive: true, filter: (path) => !LEFT_BEHIND.test(basename(path)) })
}

let folder: string | undefined
let built: Promise<string> | undefined

/** The example app, built: in a copy of this test file's own, since others build it at the same time. */
export function builtApp(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'on-call-desk-'))
  await copyApp(folder)
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: folder })
  return folder
}

/** For `afterAll`. */
export async function removeBuiltApp(): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}
