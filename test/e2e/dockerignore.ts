/**
 * Which paths a `.dockerignore` leaves out of an image, as Docker reads it: patterns are relative to the context, `*` and
 * `?` stay within a name, `**` stands for any number of folders, the last pattern that matches decides, `!` takes a path
 * back in, and what is below a folder that is left out is left out with it.
 */
export function dockerIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isIgnored: !line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }))
  return (path) => {
    const parents = path.split('/').map((_, i, names) => names.slice(0, i + 1).join('/'))
    return rules.reduce((is, { isIgnored, pattern }) => (parents.some((p) => pattern.test(p)) ? isIgnored : is), false)
  }
}

/** A pattern for the whole of a path. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/^\/|\/$/g, '').replaceAll(/\*\*\/?|[*?]|[^*?]/g, (part) => {
    if (part.startsWith('**')) return part.endsWith('/') ? '(?:[^/]+/)*' : '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  })
  return new RegExp(`^${source}$`)
}
