import fc from 'fast-check'
import { safeReturnTo } from '../../src/express/return-to.ts'

it.each(['/', '/alerts', '/alerts?state=open#top', '/a//b', `/${'a'.repeat(511)}`])(
  'is a path on this site: %s',
  (path) => {
    expect(safeReturnTo(path)).toBe(path)
  },
)

it.each([
  undefined,
  null,
  7,
  ['/alerts'],
  { toString: () => '/alerts' },
  '',
  'alerts',
  '//evil.example',
  '/\\evil.example',
  '/a\\b',
  '/\t/evil.example',
  '/a\nb',
  'https://evil.example/',
  'javascript:alert(1)',
  ' /alerts',
  `/${'a'.repeat(512)}`,
])('is none, and the home page takes its place: %p', (path) => {
  expect(safeReturnTo(path)).toBe('/')
})

it('whatever it is made of, a browser stays on this site', () => {
  const piece = fc.oneof(fc.constantFrom('/', '\\', '\t', '\n', '@', ':', '.', '?', 'evil.example', ' '), fc.string())
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const path = safeReturnTo(pieces.join(''))
      expect(new URL(path, 'https://app.example').origin).toBe('https://app.example')
    }),
  )
})
