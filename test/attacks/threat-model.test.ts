import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problemsWith, rowsOf } from './named-tests.ts'

const MODEL = 'docs/SECURITY.md'

it('every row of the threat model names its tests, and each of them is there and runs', async () => {
  expect(await problemsWith(await readFile(MODEL, 'utf8'), MODEL)).toEqual([])
})

it('the threat model has every requirement and section that it promises', async () => {
  const text = await readFile(MODEL, 'utf8')
  // A row begins with its requirement or section: `10.1.1 Tokens …`, `RFC 6750, 3.1: Error codes`.
  const first = rowsOf(text).map(
    ({ heading }) => /^(?:(?:\d+\.)+\d+(?= )|(?:RFC|Update,) .*?(?=: ))/.exec(heading)?.[0],
  )
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
  // What RFC 10017 asks of a backend for a frontend, and the update of RFC 9700 of clients with a secret.
  const backend = ['6.1.2.2', '6.1.2.3', '6.1.3.1', '6.1.3.2', '6.1.3.3', '6.1.3.6', '6.1.4'].map(
    (n) => `RFC 10017, ${n}`,
  )
  const update = ['Update, 2.2', 'Update, 2.3']
  expect(first).toEqual(expect.arrayContaining([...asvs, ...practice, ...more, ...backend, ...update]))
})

it('the threat model can be read and reviewed line by line: no line is long, and no table has long cells', async () => {
  const lines = (await readFile(MODEL, 'utf8')).split('\n')
  const isReference = (line: string) => line.startsWith('- [') && line.includes('.test.ts): `')
  expect(lines.filter((line) => line.length > 120 && !isReference(line))).toEqual([])
  expect(lines.filter((line) => line.length > 250)).toEqual([])
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

  const row = (...lines: string[]) => ['#### 1.1 A rule', '', ...lines, ''].join('\n')
  const check = (text: string) =>
    problemsWith(
      `# Title\n\n## What stops what\n\n### A document\n\n${text}\n## What is left\n\n- **Left.** To the app.\n`,
      join(folder, 'MODEL.md'),
    )
  const checkTests = (...items: string[]) =>
    check(row('It holds.', '', 'Tests:', '', ...items.map((item) => `- ${item}`)))

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
    ['names two tests in one item', '[some](some.test.ts): `a group › runs`, `x`', 'names no test'],
    ['says something beside its test', 'so it is: [some](some.test.ts): `a group › runs`', 'names no test'],
    ['names a test beside an only', '[only](only.test.ts): `runs`', 'is skipped'],
  ])('that %s', async (_, reference, problem) => {
    expect(await checkTests(reference)).toEqual([expect.stringContaining(problem)])
  })

  it.each([
    ['has no list of tests', row('It holds.'), 'names no test'],
    ['has an empty list of tests', row('It holds.', '', 'Tests:'), 'names no test'],
    ['claims nothing', row('Tests:', '', '- [some](some.test.ts): `a group › runs`'), 'claims nothing'],
    ['has its test before the list', row('It holds.', '', '- [some](some.test.ts): `a group › runs`'), 'names no test'],
    [
      'has words in its list',
      row('Yes.', '', 'Tests:', '', '- [some](some.test.ts): `a group › runs`', 'us'),
      'names no',
    ],
    ['is missing from its chapter', 'To be written.\n', 'has no row'],
    ['names one test that is there and one that is not', '', 'has no test'],
  ])('that %s', async (_, text, problem) => {
    const both = checkTests('[some](some.test.ts): `a group › runs`', '[some](some.test.ts): `x`')
    expect(await (text ? check(text) : both)).toEqual([expect.stringContaining(problem)])
  })

  it('also when rows after it and before it are right', async () => {
    const good = row('It holds.', '', 'Tests:', '', '- [some](some.test.ts): `a group › runs`')
    const bad = '#### 2.2 Another rule\n\nIt holds.\n'
    expect(await check(`${good}\n${bad}\n${good}`)).toEqual(['2.2 Another rule: names no test'])
    const chapter = '## How to do it\n\nSo.\n\nTests:\n\n- [some](some.test.ts): `a group › walks`\n'
    expect(await check(`${good}\n${chapter}`)).toEqual([expect.stringMatching(/^How to do it: .* has no test/)])
    const table = '### Other\n\n| What | Test |\n| --- | --- |\n| 1.1 | trust us |\n'
    expect(await check(`${good}\n${table}\n${good}`)).toEqual(['Other: has a table, in which no row is looked for'])
  })

  it('and no other', async () => {
    const runs = '[some](some.test.ts): `a group › runs`'
    expect(await checkTests(runs)).toEqual([])
    expect(await checkTests(runs, '[some](some.test.ts): `a group › runs with %s`')).toEqual([])
    expect(await checkTests(runs, '[again](some.test.ts): `where there is a program › runs`')).toEqual([])
  })
})
