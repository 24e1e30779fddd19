import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import jestRunner from 'jest-runner'
import { forgetFailures, hasFailed, isMutant, noteFailure } from './mutant.js'

/** @import { Test } from '@jest/test-result' */

// Its types are those of a CommonJS module, which it is not where it is imported.
const JestRunner = /** @type {typeof jestRunner.default} */ (/** @type {unknown} */ (jestRunner))

/** @typedef {Record<string, [name: string, ms: number][]>} Seen the tests of each file, with the time that each takes */

/**
 * Stryker tells Jest the names of the tests that reach a mutant, and Jest loads every file to look for them. This
 * runner keeps what the first run, without a mutant, has seen, loads only the files of those tests, the quickest
 * first, and stops at the first file that fails.
 */
export default class QuickestFirst extends JestRunner {
  #seen

  /** @param {ConstructorParameters<typeof JestRunner>} args */
  constructor(...args) {
    super(...args)
    this.#seen = join(this._globalConfig.rootDir, 'tests-seen.json')
  }

  /**
   * @override
   * @type {InstanceType<typeof JestRunner>['runTests']}
   */
  async runTests(tests, watcher, options) {
    forgetFailures()
    if (!isMutant()) {
      const stop = this.#note()
      await super.runTests(tests, watcher, options)
      return stop()
    }
    const stop = this.on('test-file-success', ([, result]) => {
      if (result.numFailingTests > 0 || result.testExecError) noteFailure()
    })
    for (const test of this.#thatReach(tests)) {
      if (hasFailed()) break
      await super.runTests([test], watcher, options)
    }
    stop()
  }

  /** Notes the tests of each file, with the time that each takes. Returns what ends it. */
  #note() {
    /** @type {Seen} */
    const seen = {}
    const stop = this.on('test-file-success', ([test, { testResults }]) => {
      seen[test.path] = testResults.map(({ fullName, duration }) => [fullName, duration ?? 0])
    })
    return () => {
      stop()
      writeFileSync(this.#seen, JSON.stringify(seen))
    }
  }

  /**
   * Those files whose tests reach the mutant; all where Stryker does not say which do.
   *
   * @param {Test[]} tests
   */
  #thatReach(tests) {
    /** @type {Seen} */
    const seen = JSON.parse(readFileSync(this.#seen, 'utf8'))
    const pattern = new RegExp(this._globalConfig.testNamePattern || '', 'i')
    return tests
      .map((test) => ({ test, reaching: (seen[test.path] ?? []).filter(([name]) => pattern.test(name)) }))
      .filter(({ reaching }) => reaching.length > 0)
      .map(({ test, reaching }) => ({ test, ms: reaching.reduce((sum, [, ms]) => sum + ms, 0) }))
      .sort((a, b) => a.ms - b.ms)
      .map(({ test }) => test)
  }
}
