import { appendFileSync } from 'node:fs'

/** @import { Result } from './verdict.js' */

/** Writes each result down as soon as it is there, so that a run which is ended early has judged something. */
class Lines {
  /** @param {Result} result */
  onMutantTested({ fileName, location, mutatorName, replacement, status }) {
    const line = JSON.stringify({ fileName, location, mutatorName, replacement, status })
    appendFileSync(/** @type {string} */ (process.env.MUTATION_RESULTS), `${line}\n`)
  }
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', injectableClass: Lines }]
