/*
 * Compares docs/api/, which is committed, with what TypeDoc has just written into the folder that is named.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './entry-points.js'

const committed = fileURLToPath(new URL('docs/api', root))
const written = process.argv[2]

const pagesOf = (folder) => readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.md'))
const textOf = (folder, name) => {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}

const names = new Set([...pagesOf(committed), ...pagesOf(written)])
const stale = [...names].filter((name) => textOf(committed, name) !== textOf(written, name))
if (stale.length > 0) {
  console.error(`docs/api/ is not what the docstrings say (${stale.join(', ')}). Run npm run api:docs, and commit it.`)
  process.exitCode = 1
}
