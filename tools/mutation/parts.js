/**
 * @typedef Part
 * @property {string} folder whose code is changed
 * @property {string[]} except its files that are left alone
 * @property {string[]} tests those that must notice, as Jest's globs
 * @property {boolean} statics whether what runs once, when a file is loaded, is changed too: each such mutant takes all
 *   tests, which is cheap only where they are
 */

/**
 * The code that is tested by mutation. A folder's own tests must notice what is changed in it, but for those that start
 * processes, which Stryker would leave behind, measure memory, or run the same once more with other libraries.
 *
 * @type {Part[]}
 */
export const PARTS = [
  { folder: 'src/ilert', except: [], tests: ['test/ilert/*.test.ts'], statics: true },
  { folder: 'src/client', except: [], tests: ['test/client/*.test.ts'], statics: false },
  {
    folder: 'src/tokens',
    // Judged by tests that start Redis.
    except: ['src/tokens/redis-store.ts', 'src/tokens/redis.ts'],
    tests: ['test/tokens/!(memory-bound|redis-store|session-stores).test.ts'],
    statics: false,
  },
  { folder: 'src/express', except: [], tests: ['test/express/!(away|versions).test.ts'], statics: false },
]

/**
 * What of a part is asked for: Stryker's patterns, or none.
 *
 * @param {Part} part
 * @param {string[]} asked files, folders, or lines as `file:from-to`
 */
export function patternsOf({ folder, except }, asked) {
  const whole = asked.some((path) => path === folder || folder.startsWith(`${path}/`))
  const chosen = whole ? [folder] : asked.filter((path) => path.startsWith(`${folder}/`))
  const patterns = chosen.map((path) => (/\.ts\b/.test(path) ? path : `${path}/**/*.ts`))
  return patterns.length === 0 ? [] : [...patterns, ...except.map((path) => `!${path}`)]
}
