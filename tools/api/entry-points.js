import { readFileSync } from 'node:fs'

/** What the repository's paths are relative to. */
export const root = new URL('../../', import.meta.url)

const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** What the package exports: the name of each entry point, and its types as they are published. */
export const entryPoints = Object.entries(exports)
  .filter(([, target]) => target.require)
  .map(([path, target]) => ({
    name: path === '.' ? 'index' : path.slice('./'.length),
    types: target.require.types.slice('./'.length),
  }))
