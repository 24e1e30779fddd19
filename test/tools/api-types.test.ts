/* What is made from ilert's OpenAPI document, or copied from it by hand, is what the document says. */
import { readdir, readFile } from 'node:fs/promises'
import { LISTS } from '../../src/ilert/lists.ts'
import { requiredScope } from '../../src/ilert/scopes.ts'
import { readDocument, scopedOperations } from '../../tools/document/read.js'
import { typesOf } from '../../tools/document/types.js'
import { describeDocument, ILERT_DOCUMENT } from '../support/needs.ts'

/** The types in the repository, by their paths in `src`. */
async function types(): Promise<Record<string, string>> {
  const files = ['ilert/api.ts', ...(await readdir('src/ilert/api')).map((file) => `ilert/api/${file}`)]
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, await readFile(`src/${path}`, 'utf8')])))
}

describeDocument("beside ilert's OpenAPI document", () => {
  const document = () => readDocument(ILERT_DOCUMENT)

  test('the types are those that `npm run document` makes', async () => {
    expect(await types()).toEqual(typesOf(document(), requiredScope))
  })

  test('no sentence of the document is in the types', async () => {
    const text = Object.values(await types()).join('\n')
    const sentences = JSON.stringify(document()).match(/(?<="description":")[^"]{25,}/g) ?? []
    expect(sentences.length).toBeGreaterThan(100)
    expect(sentences.filter((sentence) => text.includes(sentence))).toEqual([])
  })

  test('the page sizes of lists are those of the document', () => {
    const lists = scopedOperations(document(), requiredScope).flatMap(({ method, path, query, maxWithInclude }) => {
      const max = query.find(({ name }) => name === 'max-results')?.schema.maximum
      return method === 'GET' && max !== undefined ? [[path, { max, ...(maxWithInclude && { maxWithInclude }) }]] : []
    })
    expect(lists.length).toBe(19)
    const named = (path: string) => path.replaceAll(/\{[^}]+\}/g, '{id}')
    const known = Object.fromEntries(Object.entries(LISTS).filter(([path]) => requiredScope('GET', path) !== null))
    expect(known).toEqual(Object.fromEntries(lists.map(([path, paging]) => [named(path as string), paging])))
  })
})

test('the types of the whole API have less than 60 kB', async () => {
  const all = Object.values(await types())
  expect(all.length).toBeGreaterThan(10)
  expect(Buffer.byteLength(all.join(''))).toBeLessThan(60_000)
})
