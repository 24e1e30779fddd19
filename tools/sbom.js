/*
 * Prints the package's software bill of materials (CycloneDX): what an app gets with it, in the versions it is tested with.
 *
 * In the repository itself npm lists what is there for tests too, and without workspaces it fails, since the example app
 * depends on the package that it is a part of. So npm is asked about a project that has the package's dependencies alone.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { name, version, description, license, author, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'sbom-'))
try {
  const cwd = join(folder, name) // npm names the component after its folder
  mkdirSync(cwd)
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ name, version, description, license, author, dependencies }),
  )
  copyFileSync('package-lock.json', join(cwd, 'package-lock.json'))
  // Takes out of the lock file what this project has no need of. All that is left was in it, so nothing is fetched.
  const prune = ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--no-audit', '--silent']
  execFileSync('npm', prune, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  const list = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library', '--package-lock-only']
  execFileSync('npm', list, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
