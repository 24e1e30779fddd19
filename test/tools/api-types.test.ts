/* What is made from ilert's OpenAPI document, or copied from it by hand, is what the document says. */
import { readFile, stat } from 'node:fs/promises'
import { LISTS } from '../../src/ilert/lists.ts'
import { requiredScope } from '../../src/ilert/scopes.ts'
import { readDocument, scopedOperations } from '../../tools/document/read.js'
import { typesOf } from '../../tools/document/types.js'
import { describeDocument, ILERT_DOCUMENT } from '../support/needs.ts'

const TYPES = 'src/ilert/api.ts'

describeDocument("beside ilert's OpenAPI document", () => {
  const document = () => readDocument(ILERT_DOCUMENT)

  test('the types are those that `npm run document` makes', async () => {
    expect(await readFile(TYPES, 'utf8')).toBe(typesOf(document(), requiredScope))
  })

  test('no sentence of the document is in the types', async () => {
    const text = await readFile(TYPES, 'utf8')
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
  expect((await stat(TYPES)).size).toBeLessThan(60_000)
})
