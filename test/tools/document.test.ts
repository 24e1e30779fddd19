/* The script's reading of ilert's OpenAPI document, which everything that is made from it builds on. */
import { requiredScope } from '../../src/ilert/scopes.ts'
import { type Operation, readDocument, referenced, schemasNeeded, scopedOperations } from '../../tools/document/read.js'
import { describeDocument, ILERT_DOCUMENT } from '../support/needs.ts'

describeDocument("ilert's OpenAPI document", () => {
  let document: unknown
  let operations: Operation[]
  beforeAll(() => {
    document = readDocument(ILERT_DOCUMENT)
    operations = scopedOperations(document, requiredScope)
  })
  const find = (method: string, path: string) => operations.find((one) => one.method === method && one.path === path)

  test('has 147 operations that a scope opens, 63 of them reading', () => {
    expect(operations.length).toBe(147)
    expect(operations.filter(({ method }) => method === 'GET').length).toBe(63)
    expect(operations.filter(({ path }) => path.startsWith('/api/heartbeat-monitors'))).toEqual([])
  })

  test("gives each list's own page size, also where only its prose does", () => {
    const pageSize = (path: string) => {
      const { query = [], maxWithInclude } = find('GET', path) ?? {}
      const { maximum, default: otherwise } = query.find(({ name }) => name === 'max-results')?.schema ?? {}
      return [maximum, otherwise, maxWithInclude]
    }
    expect(pageSize('/api/schedules')).toEqual([20, 20, undefined])
    expect(pageSize('/api/status-pages')).toEqual([50, 25, undefined])
    expect(pageSize('/api/on-calls')).toEqual([250, 50, undefined])
    expect(pageSize('/api/services')).toEqual([100, 10, 25])
    expect(pageSize('/api/metrics')).toEqual([100, 10, 25])
  })

  test("says which status is success, where ilert's clients know better, too", () => {
    expect(find('POST', '/api/teams')?.status).toBe(201)
    expect(find('POST', '/api/incidents')?.status).toBe(200)
    expect(find('PUT', '/api/services/{id}/private-subscribers')?.status).toBe(204)
  })

  test('finds the headers that an answer has', () => {
    expect(find('POST', '/api/users')?.location).toBe(true)
    expect(find('GET', '/api/incidents/{id}')?.etag).toBe(true)
    expect(operations.filter(({ etag }) => etag).length).toBe(1)
  })

  test('finds every schema that others are made of', () => {
    const answer = find('GET', '/api/alerts')?.answer?.items
    expect(answer && referenced(answer)).toBe('Alert')
    const names = schemasNeeded(document, answer ? [answer] : [])
    expect(names).toEqual(expect.arrayContaining(['Alert', 'AlertSource', 'EscalationRule', 'TeamRel', 'TimeZone']))
    expect(names).not.toContain('Connector')
  })
})
