/* The table of RFC 10017's requirements in docs/bff.md names tests that are there, and run. */
import { readFile } from 'node:fs/promises'
import { problemsWith } from '../attacks/named-tests.ts'

const PAGE = 'docs/bff.md'
const REFERENCE = /\[[^\]]+\]\([^)\s]+\.test\.ts\): `[^`]+`/g

/** The rows of the table: the section, what it asks for, and how it is met. */
async function rows(): Promise<[section: string, asks: string, met: string][]> {
  const text = await readFile(PAGE, 'utf8')
  const lines = text.split('\n').filter((line) => /^\| 6\.1\./.test(line))
  return lines.map(
    (line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 4) as [string, string, string],
  )
}

test('each row names a test that is there and runs, or says whose it is instead', async () => {
  const without: string[] = []
  for (const [section, asks, met] of await rows()) {
    const tests = met.match(REFERENCE) ?? []
    if (tests.length === 0) without.push(`${section} ${met.split(/[:;,]/, 1)[0]}`)
    const row = `#### ${section}\n\n${asks}\n\nTests:\n\n${tests.map((one) => `- ${one}\n`).join('')}`
    if (tests.length > 0) expect(await problemsWith(row, PAGE)).toEqual([])
  }
  expect(without).toEqual([
    '6.1.3.2 not with a step-up',
    "6.1.3.4 the app's",
    '6.1.3.7 ilert offers neither',
    "6.1.4.1 the app's",
  ])
})

test('every section with a requirement has a row', async () => {
  const sections = new Set((await rows()).map(([section]) => section))
  for (const n of [1, 2, 3, 4, 5, 6, 7])
    expect([...sections].filter((one) => one.startsWith(`6.1.3.${n}`))).not.toEqual([])
  for (const section of ['6.1.1', '6.1.2.1', '6.1.2.2', '6.1.2.3', '6.1.4']) expect(sections).toContain(section)
})
