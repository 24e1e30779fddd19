/**
 * @typedef Result one mutant, as Stryker has judged it
 * @property {string} fileName
 * @property {{ start: { line: number } }} location
 * @property {string} mutatorName
 * @property {string} [replacement]
 * @property {string} status
 */

/** How many of each hundred mutants the tests must notice. */
const THRESHOLD = 90

/**
 * Of a few lines there are few mutants. Where tests notice 90 of 100, chance alone takes the score of 40 below 90 in one
 * case of three, below 80 in one of sixty.
 */
const THRESHOLD_OF_A_SAMPLE = 80

/**
 * @param {Result[]} results
 */
export function count(results) {
  /** @param {string} status */
  const of = (status) => results.filter((result) => result.status === status).length
  const [killed, timedOut, survived, uncovered] = [of('Killed'), of('Timeout'), of('Survived'), of('NoCoverage')]
  const valid = killed + timedOut + survived + uncovered
  const noticed = killed + timedOut
  const score = valid === 0 ? 100 : (100 * noticed) / valid
  return { mutants: valid, killed, timedOut, survived, uncovered, score, notJudged: results.length - valid }
}

/** @param {Result[]} results */
export function survivorsOf(results) {
  return results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ fileName, location, mutatorName, replacement, status }) => {
      const untested = status === 'NoCoverage' ? ' (no test comes here)' : ''
      return `${fileName}:${location.start.line} ${mutatorName}: ${oneLine(replacement ?? '')}${untested}`
    })
    .sort()
}

/**
 * Whether the tests notice enough. A single survivor of a sample is forgiven: it may be one that changes nothing.
 *
 * @param {{ survived: number, uncovered: number, score: number }} counts
 * @param {{ sample: boolean }} options
 */
export function isEnough({ survived, uncovered, score }, { sample }) {
  if (sample) return survived + uncovered <= 1 || score >= THRESHOLD_OF_A_SAMPLE
  return score >= THRESHOLD
}

/** @param {string} code */
function oneLine(code) {
  const line = code.replaceAll(/\s+/g, ' ')
  return line.length > 90 ? `${line.slice(0, 89)}…` : line
}
