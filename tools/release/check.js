/* What only the maintainers can know before a release: fails, and says what to do. */
import { readFileSync } from 'node:fs'
import { problemWithAddress } from './address.js'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const isInChangelog = readFileSync('CHANGELOG.md', 'utf8').includes(`\n## ${manifest.version} - `)
const problems = [
  problemWithAddress(manifest),
  isInChangelog
    ? undefined
    : `CHANGELOG.md: has no "## ${manifest.version} - (date)". Move what is under Unreleased there.`,
].filter((problem) => problem !== undefined)

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
