/*
 * docs/calling-the-api.md: its code does what it says.
 */
import { pageUnderTest } from '../support/pages.ts'

const LISTS = "routes.get('/all'"
const IF_MATCH = "'If-Match'"
const OWN_PATHS = 'interface ApiGets'
const SCOPES = 'covers('

const code = pageUnderTest('docs/calling-the-api.md', [LISTS, IF_MATCH, OWN_PATHS, SCOPES])

test('the first code reads all pages of a list, and resolves an alert', async () => {
  const [first, all, resolved, unknown] = (await code().runProgram(`
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const { ilert, routes } = await import('BLOCK(${LISTS})')
        const close = mount(parts, ilert)
        parts.app.get('/first', async (req, res) => res.json(await req.ilert.get('/api/alerts', { query: { 'max-results': 10 } })))
        parts.app.use(routes)
        return close
      },
      async ({ origin, headers }) => {
        const read = async (path) => (await fetch(origin + path, { headers })).json()
        const [first, all] = [await read('/first'), await read('/all')]
        const post = async (id) => (await fetch(origin + '/resolve/' + id, { method: 'POST', headers, redirect: 'manual' })).status
        return [first.length, all.length, await post(first.find(({ status }) => status !== 'RESOLVED').id), await post(1)]
      },
    )`)) as number[]
  expect(first).toBeGreaterThan(0)
  expect(all).toBeGreaterThan(first as number)
  expect([resolved, unknown]).toEqual([303, 404])
}, 30_000)

test('If-Match: an incident that another user has changed meanwhile is left alone', async () => {
  const renamed = await code().runProgram(
    `
    import { IlertStrategy } from 'passport-ilert'
    import { around, mount } from './app.js'
    const { rename } = await import('BLOCK(${IF_MATCH})')
    await around(
      async (parts) => {
        const close = mount(parts, new IlertStrategy())
        parts.app.get('/rename', async (req, res) => {
          const [{ id }] = await req.ilert.get('/api/incidents')
          const meanwhile = {
            get: async (...args) => {
              const answer = await req.ilert.get(...args)
              await req.ilert.put('/api/incidents/' + id, { ...answer.body, summary: 'Meanwhile' })
              return answer
            },
            put: (...args) => req.ilert.put(...args),
          }
          res.json([await rename(req.ilert, id, 'First'), await rename(meanwhile, id, 'Second')])
        })
        return close
      },
      async ({ origin, headers }) => (await fetch(origin + '/rename', { headers })).json(),
    )`,
    { ILERT_SCOPE: 'incident:w' },
  )
  expect(renamed).toEqual([true, false])
}, 30_000)

test('a path of the app gives what the app has said', async () => {
  const results = await code().runProgram(`
    const { flows, titleOf } = await import('BLOCK(${OWN_PATHS})')
    const title = titleOf({ priority: 'HIGH', summary: 'Disk full' })
    console.log(JSON.stringify([title, await flows({ get: async (path) => [{ id: 7, name: path }] })]))`)
  expect(results).toEqual(['HIGH: Disk full', [{ id: 7, name: '/api/event-flows' }]])
})

test('the scopes chapter says what comes out', async () => {
  const block = code().blocks[code().blockWith(SCOPES)] as string
  const lines = [...block.matchAll(/^(\w+\(.*\)) \/\/ (.*)$/gm)]
  expect(lines).toHaveLength(4)
  const pairs = lines.map(([, call, value]) => `[${call}, ${value}]`)
  const results = (await code().runProgram(
    `import { covers, formatScope, parseScope, requiredScope } from 'passport-ilert'
     console.log(JSON.stringify([${pairs.join(', ')}]))`,
  )) as [unknown, unknown][]
  for (const [result, promised] of results) expect(result).toEqual(promised)
})
