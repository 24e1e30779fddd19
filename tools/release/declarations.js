import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a declaration imports, exports again or names in a type: other files of the package. */
const RELATIVE = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/**
 * The declarations that TypeScript can reach from those of the entry points. The rest is of use to nobody who installs
 * the package.
 *
 * @param {readonly string[]} entries
 * @returns {Set<string>}
 */
export function reachableDeclarations(entries) {
  const reached = new Set(entries)
  for (const path of reached) {
    for (const [, named = ''] of readFileSync(path, 'utf8').matchAll(RELATIVE)) {
      const next = join(dirname(path), named.replace(/\.(?:ts|js)$/, '')).concat('.d.ts')
      if (!existsSync(next)) throw new Error(`${path} names ${named}, which is not there`)
      reached.add(next)
    }
  }
  return reached
}
