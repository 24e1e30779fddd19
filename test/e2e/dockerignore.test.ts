/*
 * What the image of the starter template leaves out: `docker build` copies the whole folder, as people have it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXAMPLE_APP } from './app-copy.ts'
import { dockerIgnore } from './dockerignore.ts'

const ignores = async () => dockerIgnore(await readFile(join(EXAMPLE_APP, '.dockerignore'), 'utf8'))

it.each([
  '.env',
  '.env.local',
  '.env.production',
  '.env.production.local',
  '.env~',
  '.envrc',
  '.npmrc',
  'src/.env',
  'deploy/staging/.env.local',
  'packages/a/.npmrc',
  '.git/config',
  'vendor/lib/.git/config',
  'node_modules/express/index.js',
  'packages/a/node_modules/b/index.js',
  'npm-debug.log',
  'dist/server.js',
])('no image has %s', async (path) => {
  expect((await ignores())(path)).toBe(true)
})

it.each([
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'src/server.ts',
  'src/environment.ts',
  'views/desk.ejs',
])('every image has %s', async (path) => {
  expect((await ignores())(path)).toBe(false)
})

// By the rules and examples of Docker's own manual.
it.each<[string, string[], string[]]>([
  ['*/temp*', ['somedir/temporary.txt', 'somedir/temp/a'], ['temporary.txt', 'somedir/subdir/temporary.txt']],
  ['*/*/temp*', ['somedir/subdir/temporary.txt'], ['somedir/temporary.txt']],
  ['temp?', ['tempa', 'tempb/c'], ['temp', 'a/tempb', 'tempab']],
  ['**/*.go', ['a.go', 'a/b/c.go'], ['a.gox', 'go']],
  ['.env', ['.env', '.env/a'], ['a/.env', '.env.local', 'xenv']],
  ['/dist/', ['dist', 'dist/a'], ['a/dist']],
  ['*.md\n!README.md', ['CHANGELOG.md'], ['README.md', 'docs/a.md']],
  ['*.md\n!README*.md\nREADME-secret.md', ['a.md', 'README-secret.md'], ['README.md']],
  ['# *\n\n  a  ', ['a'], ['b', '# b']],
])('%j is read as Docker reads it', (text, ignored, kept) => {
  const isIgnored = dockerIgnore(text)
  expect(ignored.filter((path) => !isIgnored(path))).toEqual([])
  expect(kept.filter((path) => isIgnored(path))).toEqual([])
})
