// A measurement's outcome, as rows of the table.

import { judge, median, medianInterval, ratios } from './statistics.js'

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {string} ours
 * @property {string} [peer] who it is compared with
 * @property {string} [theirs]
 * @property {{ median: number, low: number, high: number }} [ratio] ours by theirs
 * @property {{ atLeast?: number, atMost?: number }} [target] of the ratio, or of `value`
 * @property {{ median: number, low: number, high: number }} [value] what the target is about where there is no ratio
 * @property {ReturnType<typeof judge>} [verdict]
 */

/**
 * A row that compares: the ratio of each round, ours by theirs.
 *
 * @param {{ what: string, peer: string, ours: readonly number[], theirs: readonly number[],
 *   show: (value: number) => string, target?: { atLeast?: number, atMost?: number } }} o
 * @returns {Row}
 */
export function compared({ what, peer, ours, theirs, show, target }) {
  const ratio = medianInterval(ratios(ours, theirs))
  return {
    what,
    peer,
    ours: show(median(ours)),
    theirs: show(median(theirs)),
    ratio,
    ...(target && { target, verdict: judge(ratio, target) }),
  }
}

/**
 * A row about a number of ours alone.
 *
 * @param {{ what: string, values: readonly number[], show: (value: number) => string,
 *   target?: { atLeast?: number, atMost?: number } }} o
 * @returns {Row}
 */
export function alone({ what, values, show, target }) {
  const value = medianInterval(values)
  return { what, ours: show(value.median), value, ...(target && { target, verdict: judge(value, target) }) }
}

/** Digits that mean something. */
export function digits(/** @type {number} */ value) {
  if (value === 0) return '0'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return String(Number(value.toPrecision(3)))
}
