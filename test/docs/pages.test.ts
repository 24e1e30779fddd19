/*
 * What holds for the README and every page of docs/.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Pages } from '../support/pages.ts'

let paths: string[]
const texts = new Map<string, string>()

beforeAll(async () => {
  paths = [
    'README.md',
    ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  ]
  for (const path of paths) texts.set(path, await readFile(path, 'utf8'))
})

const textOf = (path: string) => texts.get(path) ?? ''

test('every block of TypeScript compiles, in strict mode', async () => {
  const pages = await Pages.open(paths)
  expect(pages.blocks.length).toBeGreaterThan(20)
  try {
    await pages.compile()
  } finally {
    await pages.remove()
  }
}, 60_000)

test('every block of code stands at the beginning of a line, where these tests find it', () => {
  expect(paths.filter((path) => /^[ >]+```(?:ts|js|sh)$/m.test(textOf(path)))).toEqual([])
})

test('every page with code is named by a test, which runs that code', async () => {
  const files = (await readdir('test', { recursive: true })).filter((name) => name.endsWith('.test.ts'))
  const tests = (await Promise.all(files.map((name) => readFile(join('test', name), 'utf8')))).join('')
  const withCode = paths.filter((path) => /^```(?:ts|js)$/m.test(textOf(path)))
  expect(withCode.filter((path) => !tests.includes(`'${path}'`))).toEqual([])
})

test('every link leads to a file and a heading that exist', async () => {
  const broken: string[] = []
  for (const path of paths) {
    const text = textOf(path).replaceAll(/^```.*?^```$/gms, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      const exists = existsSync(target) && (!anchor || (await anchorsOf(target)).includes(anchor))
      if (!exists) broken.push(`${path}: ${link}`)
    }
  }
  expect(broken).toEqual([])
})

test('every page is linked from the README, or from a page that is', () => {
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const [, file = ''] of textOf(path).matchAll(/\]\(([^)\s#]+\.md)(?:#[^)]*)?\)/g))
      visit(join(dirname(path), file))
  }
  visit('README.md')
  expect(paths.filter((path) => !seen.has(path))).toEqual([])
})

test('no page has a word that CONTRIBUTING.md replaces by a plainer one', async () => {
  const replaced =
    /\b(?:somebody|anybody|whoever|to the letter|landed|lands|disown)\b|\b(?:is|are|be|being|was) (?:away|over)\b/i
  const found: string[] = []
  for (const path of [...paths, 'CHANGELOG.md']) {
    const prose = (await readFile(path, 'utf8')).replaceAll(/^```.*?^```$|`[^`\n]+`/gms, '')
    for (const line of prose.split('\n')) if (replaced.test(line)) found.push(`${path}: ${line}`)
  }
  expect(found).toEqual([])
})

test('the README has less than 200 lines', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThan(200)
})

/** The anchors of a page's headings, as GitHub makes them. */
async function anchorsOf(path: string): Promise<string[]> {
  const headings = (await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
