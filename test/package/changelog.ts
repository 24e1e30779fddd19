import semver from 'semver'

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']

interface Section {
  heading: string
  /** Undefined where it is not released yet. */
  release?: { version: string; date: string } | undefined
  /** What changed, by kind. */
  lists: { kind: string; items: number }[]
}

/** Where a changelog departs from https://keepachangelog.com/en/1.1.0/, or does not fit the version of the package. */
export function faultsOf(text: string, version: string): string[] {
  const sections = sectionsOf(text)
  const releases = sections.flatMap(({ release }) => release ?? [])
  return [
    ...(text.startsWith('# Changelog\n') ? [] : ['The first line is not "# Changelog".']),
    ...sections.flatMap(faultsOfSection),
    ...faultsOfOrder(sections, releases),
    ...faultsOfVersion(sections, releases, version),
  ]
}

function sectionsOf(text: string): Section[] {
  return text
    .split(/^(?=## )/m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n')
      const [, version = '', date = ''] =
        /^## \[?([^\s\]]+)\]? - (\d{4}-\d\d-\d\d)(?: \[YANKED\])?$/.exec(heading) ?? []
      const lists = lines
        .join('\n')
        .split(/^(?=### )/m)
        .slice(1)
        .map((list) => ({ kind: /^### (.*)/.exec(list)?.[1] ?? '', items: list.match(/^- /gm)?.length ?? 0 }))
      return { heading, release: semver.valid(version) ? { version, date } : undefined, lists }
    })
}

const isUnreleased = ({ heading }: Section) => /^## (Unreleased|\[Unreleased\])$/.test(heading)

function faultsOfSection(section: Section): string[] {
  const { heading, release, lists } = section
  if (!release && !isUnreleased(section)) {
    return [`"${heading}" is neither "## Unreleased" nor "## 1.2.3 - 2026-01-31".`]
  }
  const name = release?.version ?? 'Unreleased'
  return [
    ...(release && !isDay(release.date) ? [`${name}: there is no day ${release.date}.`] : []),
    ...(release && lists.length === 0 ? [`${name}: nothing is said.`] : []),
    ...lists
      .filter(({ kind }) => !KINDS.includes(kind))
      .map(({ kind }) => `${name}: "### ${kind}" is none of ${KINDS.join(', ')}.`),
    ...lists.filter(({ items }) => items === 0).map(({ kind }) => `${name}: nothing is under "### ${kind}".`),
  ]
}

/** `Date` takes the 30th of February for a day of March. */
function isDay(date: string): boolean {
  const time = Date.parse(date)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date)
}

function faultsOfOrder(sections: Section[], releases: { version: string; date: string }[]): string[] {
  return [
    ...(sections.slice(1).some(isUnreleased) ? ['Unreleased is not the first section.'] : []),
    ...releases.slice(1).flatMap(({ version, date }, i) => {
      const newer = releases[i] as { version: string; date: string }
      return [
        ...(semver.gte(version, newer.version) ? [`${version} comes after ${newer.version}, which is older.`] : []),
        ...(date > newer.date ? [`${version} is dated after ${newer.version}.`] : []),
      ]
    }),
  ]
}

function faultsOfVersion(sections: Section[], [newest]: { version: string }[], version: string): string[] {
  if (newest) {
    return newest.version === version ? [] : [`The newest release is ${newest.version}, package.json has ${version}.`]
  }
  const first = sections.find(isUnreleased)
  if (!first) return ['There is no section for what is about to be released.']
  return first.lists.length > 0 ? [] : ['Unreleased: nothing has been released, and nothing is said here.']
}
