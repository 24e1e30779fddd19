/*
 * docs/testing.md, word for word: each test runner in a folder of its own.
 */
import { readFile } from 'node:fs/promises'
import { offerPackage, Reader, type Source, stepsOf } from '../support/follow.ts'
import { findProgram, needs } from '../support/needs.ts'

let page: string
let source: Source
/** Has the app under test, and no test. */
let newcomer: Reader
let reader: Reader

beforeAll(async () => {
  source = await offerPackage()
  page = await readFile('docs/testing.md', 'utf8')
  newcomer = await Reader.open(source, { CHROMIUM: findProgram('chromium') ?? '' })
  await newcomer.follow(stepsOf(page.split('\n## ')[0] ?? ''))
  await newcomer.follow(stepsOf(page, 'The app under test'))
}, 300_000)

beforeEach(async () => {
  reader = await newcomer.copy()
})

afterEach(() => reader.close())

afterAll(async () => {
  await newcomer?.close()
  await source?.close()
})

test.each([
  ['node:test', /pass 4\n/],
  ['Vitest', /1 passed/],
  ['Jest', /Tests: +1 passed/],
  ['supertest', /pass 2\n/],
  ['What else the sandbox can do', /pass 4\n/],
])(
  '%s',
  async (heading, expected) => {
    expect(await reader.follow(stepsOf(page, heading))).toMatch(expected)
  },
  180_000,
)

needs('chromium')('in Chromium', () => {
  test('Playwright', async () => {
    expect(await reader.follow(stepsOf(page, 'Playwright'))).toMatch(/1 passed/)
  }, 180_000)
})
