import { TestEnvironment } from 'jest-environment-node'
import { hasFailed, isMutant, noteFailure } from './mutant.js'

/** Node, where nothing more is run once a test has noticed the mutant: Jest itself goes on to the end of the file. */
export default class BailingEnvironment extends TestEnvironment {
  /** @param {import('@jest/types').Circus.AsyncEvent} event */
  async handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') noteFailure()
    if (event.name === 'test_start' && isMutant() && hasFailed()) event.test.mode = 'skip'
  }
}
