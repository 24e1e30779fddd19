import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Program = 'redis-server' | 'chromium' | 'postgres' | 'pgbouncer' | 'openssl'

const NAMES: Record<Program, string[]> = {
  'redis-server': ['redis-server'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  postgres: ['postgres'],
  pgbouncer: ['pgbouncer'],
  openssl: ['openssl'],
}

/** Where a program is, if it is installed. */
export function findProgram(program: Program): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  if (program === 'postgres') folders.push(...postgresFolders())
  if (program === 'pgbouncer') folders.push('/usr/sbin') // not in the PATH of every user
  return folders.flatMap((folder) => NAMES[program].map((name) => join(folder, name))).find(isExecutable)
}

/**
 * `describe` for what needs a program. Where the program is missing, its tests are skipped by name; with `CI` set they
 * run, and fail, instead.
 */
export function needs(program: Program): (name: string, tests: () => void) => void {
  if (findProgram(program) || process.env.CI) return describe
  return (name, tests) => describe.skip(`${name} (skipped: ${program} is not installed)`, tests)
}

/** ilert's OpenAPI document, beside this repository and not in it. */
export const ILERT_DOCUMENT: URL = new URL('../../../shared/ilert-openapi.yml', import.meta.url)

/** `describe` for what needs ilert's OpenAPI document; skipped by name where it is missing, required with `CI` set. */
export function describeDocument(name: string, tests: () => void): void {
  if (existsSync(ILERT_DOCUMENT) || process.env.CI) describe(name, tests)
  else describe.skip(`${name} (skipped: ../shared/ilert-openapi.yml is missing)`, tests)
}

/** Debian keeps the server's programs out of the PATH, one folder for each version. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root).map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
