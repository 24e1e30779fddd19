import { readdirSync } from 'node:fs'

/**
 * @typedef Part
 * @property {string} path the folder or file whose code is changed
 * @property {string[]} except its files that are left alone here
 * @property {string[]} tests those that must notice, as Jest's globs
 * @property {boolean} statics whether what runs once, when a file is loaded, is changed too. Each such mutant takes all
 *   the tests, which is cheap only where they are
 */

/**
 * Each file with the tests that are about it, which are quick; all tests of a folder for each change would take hours.
 * Here statics cost little, too.
 */
const BY_THEMSELVES = [
  { path: 'src/client/answers.ts', tests: ['test/client/answers.test.ts'] },
  { path: 'src/client/api-path.ts', tests: ['test/client/api-path.test.ts'] },
  { path: 'src/client/api.ts', tests: ['test/client/{api,secrets}.test.ts'] },
  { path: 'src/client/arguments.ts', tests: ['test/client/arguments.test.ts'] },
  { path: 'src/client/client.ts', tests: ['test/client/{client,secrets,trace}.test.ts'] },
  { path: 'src/client/connection.ts', tests: ['test/client/{client,connection}.test.ts'] },
  { path: 'src/client/exchange.ts', tests: ['test/client/{http,secrets}.test.ts'] },
  { path: 'src/client/http.ts', tests: ['test/client/{http,proxy,secrets}.test.ts'] },
  { path: 'src/client/options.ts', tests: ['test/client/{client,connection,proxy}.test.ts'] },
  { path: 'src/client/trace.ts', tests: ['test/client/trace.test.ts'] },
  { path: 'src/tokens/stores/checks.ts', tests: ['test/tokens/checks.test.ts'] },
  { path: 'src/tokens/grant.ts', tests: ['test/tokens/grant.test.ts'] },
  { path: 'src/tokens/timing.ts', tests: ['test/tokens/timing.test.ts'] },
  { path: 'src/tokens/sealing/sealed-grant.ts', tests: ['test/tokens/{grant,seal}.test.ts'] },
  { path: 'src/tokens/policy.ts', tests: ['test/tokens/policy.test.ts'] },
  { path: 'src/tokens/record.ts', tests: ['test/tokens/{record,manager-restore,manager-session}.test.ts'] },
  { path: 'src/tokens/keeper.ts', tests: ['test/tokens/{keeper,manager-*}.test.ts'] },
  { path: 'src/tokens/manager.ts', tests: ['test/tokens/{manager,manager-*}.test.ts'] },
  { path: 'src/tokens/sealing/keys.ts', tests: ['test/tokens/keys.test.ts'] },
  { path: 'src/tokens/sealing/seal.ts', tests: ['test/tokens/seal.test.ts'] },
  { path: 'src/tokens/stores/memory-store.ts', tests: ['test/tokens/memory-store.test.ts'] },
  { path: 'src/tokens/time.ts', tests: ['test/tokens/time.test.ts'] },
  { path: 'src/tokens/random.ts', tests: ['test/tokens/random.test.ts'] },
  { path: 'src/tokens/vault.ts', tests: ['test/tokens/{manager-session,vault}.test.ts'] },
  { path: 'src/tokens/stores/session-store.ts', tests: ['test/tokens/session-store.test.ts'] },
  { path: 'src/express/options.ts', tests: ['test/express/options.test.ts'] },
  { path: 'src/express/profile.ts', tests: ['test/express/{profile,sign-in}.test.ts'] },
  { path: 'src/express/bearer/token.ts', tests: ['test/express/bearer-token.test.ts'] },
  { path: 'src/express/bearer/cache.ts', tests: ['test/express/bearer-cache.test.ts'] },
  { path: 'src/express/callback.ts', tests: ['test/express/{callback,authorize,hosts,nowhere}.test.ts'] },
  { path: 'src/express/attempts.ts', tests: ['test/express/{attempt,attempts,callback}.test.ts'] },
  { path: 'src/express/app-session-store.ts', tests: ['test/express/{own-store,logout}.test.ts'] },
  { path: 'src/express/attach.ts', tests: ['test/express/{attach,nowhere,require-scope}.test.ts'] },
  { path: 'src/express/bearer/strategy.ts', tests: ['test/express/bearer.test.ts'] },
  { path: 'src/express/bearer/challenge.ts', tests: ['test/express/{bearer,bearer-challenge}.test.ts'] },
  { path: 'src/express/logout.ts', tests: ['test/express/logout.test.ts'] },
  {
    path: 'src/express/request-ilert.ts',
    tests: ['test/express/{request-ilert,api,attach,logout,require-scope}.test.ts'],
  },
  { path: 'src/express/require-scope.ts', tests: ['test/express/require-scope.test.ts'] },
  { path: 'src/express/return-to.ts', tests: ['test/express/return-to.test.ts'] },
  { path: 'src/express/session.ts', tests: ['test/express/{request-ilert,session-entry,logout,attach}.test.ts'] },
  { path: 'src/express/session-entry.ts', tests: ['test/express/{session-entry,attach}.test.ts'] },
  { path: 'src/express/cookies.ts', tests: ['test/express/{attempt,attempts,replay}.test.ts'] },
  { path: 'src/express/lost-session.ts', tests: ['test/express/lost-session.test.ts'] },
  { path: 'src/express/refusal.ts', tests: ['test/express/{refusal,callback}.test.ts'] },
  { path: 'src/express/state.ts', tests: ['test/express/attempt.test.ts'] },
  { path: 'src/express/sign-ins.ts', tests: ['test/express/{sign-ins,replay,twice}.test.ts'] },
  {
    path: 'src/express/sign-in.ts',
    tests: ['test/express/{sign-in,sign-ins,twice,nowhere,own-store,require-scope}.test.ts'],
  },
  {
    path: 'src/express/strategy.ts',
    tests: ['test/express/{authorize,authenticate-options,callback,shown,verify,logout}.test.ts'],
  },
  {
    path: 'src/express/finish.ts',
    tests: ['test/express/{callback,attempt-user,nowhere,require-scope,replay}.test.ts'],
  },
  { path: 'src/express/settings.ts', tests: ['test/express/options.test.ts'] },
  { path: 'src/express/site.ts', tests: ['test/express/{base-path,hosts}.test.ts'] },
  { path: 'src/express/bearer/judge.ts', tests: ['test/express/bearer.test.ts'] },
  { path: 'src/express/verify.ts', tests: ['test/express/verify.test.ts'] },
].map((part) => ({ ...part, except: [], statics: true }))

const listed = BY_THEMSELVES.map(({ path }) => path)

/**
 * What of a folder has no line above yet: judged by all of its tests.
 *
 * @param {string} path
 * @param {string[]} leftOut files that are not judged at all
 * @param {string[]} tests
 * @returns {Part[]}
 */
function rest(path, leftOut, tests) {
  const except = [...leftOut, ...listed]
  const isThere = readdirSync(path).some((file) => !except.includes(`${path}/${file}`))
  return isThere ? [{ path, except, tests, statics: false }] : []
}

/**
 * The code that is tested by mutation. Left out are tests that start processes, which Stryker would leave behind, measure
 * memory, or run the same once more with other libraries.
 *
 * @type {Part[]}
 */
export const PARTS = [
  { path: 'src/ilert', except: [], tests: ['test/ilert/*.test.ts'], statics: true },
  ...BY_THEMSELVES,
  ...rest('src/client', [], ['test/client/*.test.ts']),
  ...rest(
    'src/tokens',
    // Judged by tests that start Redis and PostgreSQL; and the last has nothing but types.
    ['lease', 'redis-store', 'redis', 'postgres-store', 'postgres-client', 'postgres-table', 'postgres', 'store'].map(
      (name) => `src/tokens/stores/${name}.ts`,
    ),
    ['test/tokens/!(*.slow|stores).test.ts'],
  ),
  ...rest('src/express', [], ['test/express/!(*.slow).test.ts']),
]

/**
 * What of a part is asked for: Stryker's patterns, or none.
 *
 * @param {Part} part
 * @param {string[]} asked files, folders, or lines as `file:from-to`
 */
export function patternsOf({ path, except }, asked) {
  const whole = asked.some((wanted) => wanted === path || path.startsWith(`${wanted}/`))
  const pieces = asked.filter((wanted) => wanted.startsWith(`${path}/`) || wanted.startsWith(`${path}:`))
  const chosen = (whole ? [path] : pieces).filter((wanted) => !except.includes(wanted.replace(/:.*/, '')))
  if (chosen.length === 0) return []
  const patterns = chosen.map((wanted) => (/\.ts\b/.test(wanted) ? wanted : `${wanted}/**/*.ts`))
  return [...patterns, ...except.map((file) => `!${file}`)]
}
