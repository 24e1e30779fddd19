import { execFileSync } from 'node:child_process'

/** How far back to look where nothing has been released. */
const COMMITS = 20

/**
 * @typedef Lines lines of a file, from the first to the last
 * @property {string} file
 * @property {number} from
 * @property {number} to
 */

/** @param {string[]} args */
function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

/** The last release; without one, or in a clone that does not reach that far, some commits back. */
function base() {
  try {
    return git('describe', '--tags', '--abbrev=0', '--match=v[0-9]*')
  } catch {
    return (
      git('rev-list', '--first-parent', `--max-count=${COMMITS + 1}`, 'HEAD')
        .split('\n')
        .at(-1) ?? 'HEAD'
    )
  }
}

/**
 * What has changed since, in the working tree too, the file that changed last first. Undefined where git cannot tell: in
 * an archive, say, which has no history.
 *
 * @param {string[]} paths as git takes them
 */
export function changedLines(paths) {
  try {
    git('rev-parse', 'HEAD')
  } catch {
    return undefined
  }
  const since = base()
  const diff = git('diff', '--unified=0', '--no-color', '--no-ext-diff', '--no-renames', since, '--', ...paths)
  const uncommitted = git('diff', '--name-only', 'HEAD', '--', ...paths)
  const committed = git('log', '--format=', '--name-only', `${since}..HEAD`, '--', ...paths)
  const newest = [...new Set(`${uncommitted}\n${committed}`.split('\n').filter(Boolean))]
  const lines = linesOf(diff).sort((a, b) => newest.indexOf(a.file) - newest.indexOf(b.file))
  return { since, lines }
}

/**
 * The lines that a diff without context adds or changes; what it only takes away is gone.
 *
 * @param {string} diff
 * @returns {Lines[]}
 */
export function linesOf(diff) {
  let file = ''
  return diff.split('\n').flatMap((line) => {
    file = /^\+\+\+ b\/(.*)$/.exec(line)?.[1] ?? file
    const [, start, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
    if (start === undefined || Number(count) === 0) return []
    return [{ file, from: Number(start), to: Number(start) + Number(count) - 1 }]
  })
}

/**
 * As much of it as fits, and what does not.
 *
 * @param {Lines[]} lines
 * @param {number} limit how many lines at most
 */
export function fitting(lines, limit) {
  let left = limit
  /** @type {Lines[]} */
  const taken = []
  /** @type {Lines[]} */
  const leftOut = []
  for (const { file, from, to } of lines) {
    const last = Math.min(to, from + left - 1)
    if (last >= from) taken.push({ file, from, to: last })
    if (last < to) leftOut.push({ file, from: Math.max(from, last + 1), to })
    left -= Math.max(0, last - from + 1)
  }
  return { taken, leftOut }
}
