import semver from 'semver'

/** Node's release lines, each in its newest version. */
const LINES = ['20', '22', '24', '26']

/** What is most likely to differ between Nodes: apps, Redis clients, and the package as it is installed. */
const QUICK = ['test/express/versions', 'test/tokens/redis-store', 'test/package/package']

/**
 * @typedef Cell
 * @property {string} node which Node the tests run on: a version, or the newest of a line
 * @property {Record<string, string>} libraries what takes the place of what is installed
 * @property {string[]} tests which; none: all
 */

/**
 * What is to be run. The oldest versions are those that the package says it works with. A quick run leaves out the line
 * that it runs on itself, where the ordinary tests run.
 *
 * @param {{ engines: { node: string }, peerDependencies: Record<string, string> }} manifest
 * @param {{ quick: boolean, running: string }} options
 * @returns {Cell[]}
 */
export function cellsOf({ engines, peerDependencies }, { quick, running }) {
  const oldest = oldestIn(engines.node)
  const lines = quick ? LINES.filter((line) => semver.major(running) !== Number(line)) : LINES
  const libraries = Object.fromEntries(Object.entries(peerDependencies).map(([name, range]) => [name, oldestIn(range)]))
  return [
    ...[oldest, ...lines].map((node) => ({ node, libraries: {}, tests: quick ? QUICK : [] })),
    { node: oldest, libraries, tests: quick ? ['test/express/versions'] : ['test/express'] },
  ]
}

/** @param {string} range */
function oldestIn(range) {
  const version = semver.minVersion(range)
  if (!version) throw new TypeError(`${range} is no range of versions.`)
  return version.version
}
