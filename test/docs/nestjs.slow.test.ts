/*
 * docs/nestjs.md, word for word, in the project that NestJS generates: CommonJS, tested with Jest as it comes.
 */
import { readFile } from 'node:fs/promises'
import { offerPackage, Reader, type Source, stepsOf } from '../support/follow.ts'
import { freePort } from '../support/port.ts'
import { GUARDS } from './nestjs-guards.ts'

let source: Source
let reader: Reader

beforeAll(async () => {
  source = await offerPackage()
  reader = await Reader.open(source, { PORT: String(await freePort()) })
  await reader.follow([
    { run: 'npx -y @nestjs/cli@11 new app --directory . --package-manager npm --skip-git --skip-install' },
    { run: 'npm install --no-audit --no-fund' },
  ])
  await reader.follow(stepsOf(await readFile('docs/nestjs.md', 'utf8')))
}, 900_000)

afterAll(async () => {
  await reader?.close()
  await source?.close()
})

test('the tests of the page pass with `npm test` as it was generated', async () => {
  expect(await reader.follow([{ run: 'npm test 2>&1' }])).toMatch(/Tests: +5 passed, 5 total/)
}, 180_000)

test('the page compiles with `npm run build` as it was generated, declarations included', async () => {
  await reader.follow([{ run: 'npm run build' }])
  expect(await reader.read('dist/auth/ilert-token.strategy.d.ts')).toContain('IlertBearerStrategy')
}, 180_000)

test('the guards answer 401, 403 and 503, and never 500; strategies take options', async () => {
  const spec = 'src/auth/guards.spec.ts'
  const run = 'npm test -- guards --testTimeout 60000 2>&1'
  expect(await reader.follow([{ save: spec, text: GUARDS }, { run }])).toMatch(/Tests: +14 passed, 14 total/)
}, 180_000)
