import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problemsWith } from './named-tests.ts'

const MODEL = 'docs/SECURITY.md'

it('every row of the threat model names its tests, and each of them is there and runs', async () => {
  expect(await problemsWith(await readFile(MODEL, 'utf8'), MODEL)).toEqual([])
})

it('the threat model has every requirement and section that it promises', async () => {
  const text = await readFile(MODEL, 'utf8')
  const first = text.split('\n').flatMap((line) => /^\| ([^|]+?) +\|/.exec(line)?.[1] ?? [])
  const asvs = ['10.1.1', '10.1.2', '10.2.1', '10.2.2', '10.2.3', '7.2.4', '7.4.1']
  // What RFC 9700 asks of clients.
  const practice = [
    '2.1',
    '2.1.1',
    '2.1.2',
    '2.2.2',
    '2.3',
    '2.6',
    '4.1',
    '4.2',
    '4.3',
    '4.4',
    '4.5',
    '4.6',
    '4.7',
    '4.8',
  ]
  const more = ['4.9', '4.10', '4.11.1', '4.12', '4.13', '4.14', '4.17', 'RFC 6750, 3.1', 'RFC 7636, 4.2 and 7.2']
  expect(first).toEqual(expect.arrayContaining([...asvs, ...practice, ...more]))
})

describe('a row is refused', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-ilert-'))
    await writeFile(
      join(folder, 'some.test.ts'),
      `describe('a group', () => {
        it('runs', () => {})
        it.each([1])('runs with %s', () => {})
        it.skip('is skipped', () => {})
        it.skip.each([1])('is skipped with %s', () => {})
        it.todo('is to do')
        xit('is crossed out', () => {})
      })
      describe.skip('a skipped group', () => {
        describe('in it', () => {
          it('would run', () => {})
        })
      })
      needs('openssl')('where there is a program', () => {
        test(\`runs\`, () => {})
      })
      const helper = () => text('not a test')
      (process.env.CI ? it : it.skip)('runs sometimes', () => {})`,
    )
    await writeFile(join(folder, 'only.test.ts'), `it('runs', () => {})\nit.only('runs alone', () => {})`)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const check = (reference: string) => {
    const table = `| What | Test |\n| --- | --- |\n| 1.1 | ${reference} |\n`
    return problemsWith(
      `# Title\n\n${table}\n| What | Left to |\n| --- | --- |\n| 2.2 | the app |\n`,
      join(folder, 'MODEL.md'),
    )
  }

  it.each([
    ['names no test', 'trust us', 'names no test'],
    ['names a test without its file', '`a group › runs`', 'names no test'],
    ['names a file alone', '[some](some.test.ts)', 'names no test'],
    ['names a file that is not there', '[gone](gone.test.ts): `a group › runs`', 'there is no'],
    ['names a test that is not there', '[some](some.test.ts): `a group › walks`', 'has no test'],
    ['leaves out what a test is in', '[some](some.test.ts): `runs`', 'has no test'],
    ['names a group', '[some](some.test.ts): `a group`', 'has no test'],
    ['names something else that is called', '[some](some.test.ts): `not a test`', 'has no test'],
    ['names a test that runs sometimes', '[some](some.test.ts): `runs sometimes`', 'has no test'],
    ['names a skipped test', '[some](some.test.ts): `a group › is skipped`', 'is skipped'],
    ['names a skipped test of many', '[some](some.test.ts): `a group › is skipped with %s`', 'is skipped'],
    ['names a test to come', '[some](some.test.ts): `a group › is to do`', 'is skipped'],
    ['names a test that is crossed out', '[some](some.test.ts): `a group › is crossed out`', 'is skipped'],
    ['names a test in a skipped group', '[some](some.test.ts): `a skipped group › in it › would run`', 'is skipped'],
    ['names one that is not there beside one that is', '[some](some.test.ts): `a group › runs`, `x`', 'has no test'],
    ['names a test beside an only', '[only](only.test.ts): `runs`', 'is skipped'],
  ])('that %s', async (_, reference, problem) => {
    expect(await check(reference)).toEqual([expect.stringContaining(problem)])
  })

  it('and no other', async () => {
    for (const reference of [
      '[some](some.test.ts): `a group › runs`',
      '[some](some.test.ts): `a group › runs`, `a group › runs with %s`',
      'so it is: [some](some.test.ts): `a group › runs`; [again](some.test.ts): `where there is a program › runs`',
    ]) {
      expect(await check(reference)).toEqual([])
    }
  })
})
