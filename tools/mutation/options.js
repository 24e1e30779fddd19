import { join, relative } from 'node:path'

/** @import { Part } from './parts.js' */

const here = import.meta.dirname

/**
 * How Stryker changes and judges a part.
 *
 * @param {Part} part
 * @param {{ mutate: string[], folder: string, incremental: boolean }} run
 */
export function optionsOf({ tests, statics }, { mutate, folder, incremental }) {
  return {
    mutate,
    ignoreStatic: !statics,
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    plugins: ['@stryker-mutator/jest-runner', join(here, 'reporter.js')],
    jest: {
      configFile: relative('', join(here, 'jest/jest.config.js')),
      config: { testMatch: tests.map((glob) => `<rootDir>/${glob}`) },
      // The runner of jest/ knows better which files to load.
      enableFindRelatedTests: false,
    },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    // Jest leaves every module that it has loaded behind: after 30 runs of them that is a GiB, and all that runs is slow.
    maxTestRunnerReuse: 30,
    // Real sockets on a machine that does other things too: not so soon.
    timeoutMS: 20_000,
    // TypeScript 7's Stryker cannot read.
    tsconfigFile: 'none.json',
    tempDirName: relative('', join(folder, 'tmp')),
    cleanTempDir: 'always',
    ignorePatterns: ['/build', '/dist', '/docs', '/example-app', '/tools/api', '/tools/mutation/reports'],
    reporters: ['progress-append-only', 'lines', 'html'],
    htmlReporter: { fileName: relative('', join(folder, 'report.html')) },
    incremental,
    incrementalFile: relative('', join(folder, 'incremental.json')),
    allowConsoleColors: false,
    warnings: { slow: false },
  }
}
