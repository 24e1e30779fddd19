/*
 * Prints what failed in a run of Jest, from its JSON: a line for each file, with the first of its failures, so that a long log
 * can end with the whole of it.
 *
 * node tools/failures.js results.json
 */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Assertion
 * @typedef {{ name: string, message: string, status: string, assertionResults: Assertion[] }} Suite
 */

/** @type {{ testResults: Suite[] }} */
const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))

for (const { name, message, status, assertionResults } of testResults) {
  if (status !== 'failed') continue
  const failed = assertionResults.filter((one) => one.status === 'failed')
  const [first] = failed
  const what = first ? `${failed.length} failed: ${first.fullName}` : 'could not be run'
  console.log(`${relative('.', name)}: ${what}: ${firstLines(first?.failureMessages[0] ?? message)}`)
}

/** @param {string} text */
function firstLines(text) {
  const lines = stripVTControlCharacters(text).split('\n')
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(' ')
    .slice(0, 200)
}
