import { readFile } from 'node:fs/promises'
import { faultsOf } from './changelog.ts'

const title = '# Changelog\n\n'
const change = '\n### Fixed\n\n- Something.\n\n'

test('the changelog keeps its form, and has a section for what is here', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  expect(faultsOf(await readFile('CHANGELOG.md', 'utf8'), version)).toEqual([])
})

it.each([
  ['before the first release', `${title}## Unreleased\n${change}`],
  ['at a release', `${title}## 1.2.0 - 2026-11-22\n${change}## 1.1.9 - 2026-11-01\n${change}`],
  ['after a release', `${title}## [Unreleased]\n\n## [1.2.0] - 2026-11-22\n${change}`],
  ['after one that was taken back', `${title}## 1.2.0 - 2026-11-22 [YANKED]\n${change}`],
  ['at a release candidate', `${title}## 1.2.0 - 2026-11-22\n${change}## 1.2.0-rc.1 - 2026-11-22\n${change}`],
])('is well %s', (_, text) => {
  expect(faultsOf(text, '1.2.0')).toEqual([])
})

it.each([
  ['no title', `## Unreleased\n${change}`, 'The first line is not "# Changelog".'],
  ['nothing', title, 'There is no section for what is about to be released.'],
  ['nothing in it', `${title}## Unreleased\n`, 'Unreleased: nothing has been released, and nothing is said here.'],
  [
    'another version',
    `${title}## 1.1.0 - 2026-11-22\n${change}`,
    'The newest release is 1.1.0, package.json has 1.2.0.',
  ],
  ['no date', `${title}## 1.2.0\n${change}`, '"## 1.2.0" is neither "## Unreleased" nor "## 1.2.3 - 2026-01-31".'],
  ['no such day', `${title}## 1.2.0 - 2026-02-30\n${change}`, '1.2.0: there is no day 2026-02-30.'],
  [
    'no such version',
    `${title}## 1.2 - 2026-02-03\n${change}`,
    '"## 1.2 - 2026-02-03" is neither "## Unreleased" nor "## 1.2.3 - 2026-01-31".',
  ],
  [
    'the wrong order',
    `${title}## 1.2.0 - 2026-11-22\n${change}## 1.10.0 - 2026-11-01\n${change}`,
    '1.10.0 comes after 1.2.0, which is older.',
  ],
  [
    'time going backwards',
    `${title}## 1.2.0 - 2026-11-22\n${change}## 1.1.0 - 2026-11-23\n${change}`,
    '1.1.0 is dated after 1.2.0.',
  ],
  [
    'news at the end',
    `${title}## 1.2.0 - 2026-11-22\n${change}## Unreleased\n${change}`,
    'Unreleased is not the first section.',
  ],
  [
    'a heading of its own',
    `${title}## 1.2.0 - 2026-11-22\n\n### Improved\n\n- Something.\n`,
    '1.2.0: "### Improved" is none of Added, Changed, Deprecated, Removed, Fixed, Security.',
  ],
  [
    'an empty list',
    `${title}## 1.2.0 - 2026-11-22\n\n### Added\n\n### Fixed\n\n- Something.\n`,
    '1.2.0: nothing is under "### Added".',
  ],
  ['an empty release', `${title}## 1.2.0 - 2026-11-22\n`, '1.2.0: nothing is said.'],
])('is told of %s', (_, text, fault) => {
  expect(faultsOf(text, '1.2.0')).toContain(fault)
})
