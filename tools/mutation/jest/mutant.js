/** Whether a mutant is being judged: in the run before them nothing is changed, and every test must pass. */
export function isMutant() {
  return process.env.__STRYKER_ACTIVE_MUTANT__ !== undefined
}

let noticed = false

/** A test has failed. */
export function noteFailure() {
  noticed = true
}

/** Whether a test has failed since the run began. */
export function hasFailed() {
  return noticed
}

/** A run begins. */
export function forgetFailures() {
  noticed = false
}
