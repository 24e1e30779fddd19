/* What is made of the repository's own files for a release. */
import { addressOf, problemWithAddress } from '../../tools/release/address.js'
import { publishedManifest, publishedPage } from '../../tools/release/published.js'

const ADDRESS = 'https://github.com/acme/passport-ilert'
const manifest = { repository: { url: `git+${ADDRESS}.git` } }

test('the address of the repository is known, or else there is no release', () => {
  expect(addressOf(manifest)).toBe(ADDRESS)
  expect(problemWithAddress(manifest)).toBe(undefined)
  const unknown = { repository: { url: 'git+https://github.com/OWNER/passport-ilert.git' } }
  expect(problemWithAddress(unknown)).toMatch(
    /^package\.json: repository\.url is still a placeholder, .*OWNER.* Put the/,
  )
})

test('a published manifest has what apps need, and the pages that npm links to', () => {
  const own = {
    private: true,
    workspaces: ['example-app'],
    scripts: { prepare: 'tsc' },
    devDependencies: { jest: '1' },
  }
  const kept = { name: 'passport-ilert', version: '1.0.0', dependencies: { undici: '7' }, ...manifest }
  expect(publishedManifest({ ...own, ...kept })).toEqual({
    ...kept,
    homepage: `${ADDRESS}#readme`,
    bugs: `${ADDRESS}/issues`,
  })
})

test.each([
  ['a file', '[a](docs/a.md)', `[a](${ADDRESS}/blob/HEAD/docs/a.md)`],
  ['a heading of a file', '[a](docs/a.md#b-c)', `[a](${ADDRESS}/blob/HEAD/docs/a.md#b-c)`],
  ['a folder', '[a](docs/decisions/)', `[a](${ADDRESS}/blob/HEAD/docs/decisions/)`],
  ['two in a line', '[a](a.md) [b](b.md)', `[a](${ADDRESS}/blob/HEAD/a.md) [b](${ADDRESS}/blob/HEAD/b.md)`],
])('a link to %s leads to the repository', (_, link, published) => {
  expect(publishedPage(link, ADDRESS, ['LICENSE'])).toBe(published)
})

test.each([
  ['a heading of the page', '[a](#b)'],
  ['another site', '[a](https://example.com/b.md)'],
  ['a file that is published, too', '[a](LICENSE)'],
  ['what looks like a link in code', '```ts\nhandlers[0](request)\n```'],
])('%s is left as it is', (_, link) => {
  expect(publishedPage(`before\n\n${link}\n\nafter`, ADDRESS, ['LICENSE'])).toBe(`before\n\n${link}\n\nafter`)
})
