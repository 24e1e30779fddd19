/*
 * What users and operators read of this package, and of the app to start from, is plain English (CONTRIBUTING.md): none
 * of the messages, pages and log lines has a word of the dialect that they once had.
 */
import { sourceFiles } from './attacks/source.ts'

const DIALECT = /\b(?:away|over|behind|somebody|whoever)\b/i

/** Texts that mean what the word says: a place. */
const MEANT: readonly (readonly [text: string, path: string])[] = []

/** The texts of a file that people read: string literals and pieces of templates with more than one word. */
async function textsIn(folder: string): Promise<{ path: string; text: string }[]> {
  const files = await sourceFiles(folder)
  return files.flatMap(({ path, nodes }) =>
    nodes
      .filter(({ type }) => type === 'StringLiteral' || type === 'TemplateElement')
      .map(({ value, cooked }) => ({ path, text: [value, cooked].find((text) => typeof text === 'string') ?? '' }))
      .filter(({ text }) => /\S\s+\S/.test(text)),
  )
}

const inDialect = async (folder: string) =>
  (await textsIn(folder)).filter(
    ({ path, text }) => DIALECT.test(text) && !MEANT.some(([meant, where]) => text === meant && path.endsWith(where)),
  )

it('there are messages, and a word of the dialect would be found in one', async () => {
  const texts = await textsIn('src')
  expect(texts.length).toBeGreaterThan(300)
  expect(texts.some(({ text }) => text.includes('The sign-in with ilert has ended.'))).toBe(true)
  for (const text of [
    'The store is away.',
    'The token is over',
    'It runs behind.',
    'Somebody has it, whoever it is.',
  ]) {
    expect(text).toMatch(DIALECT)
  }
  expect('overview, passed over').toMatch(DIALECT)
  expect('overview of rooms, aways and behinds').not.toMatch(DIALECT)
})

it('no message has one', async () => {
  expect(await inDialect('src')).toEqual([])
  expect(await inDialect('example-app/src')).toEqual([])
})
