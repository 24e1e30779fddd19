/*
 * docs/typescript.md, word for word: a project that compiles in strict mode and signs in.
 */
import { readFile } from 'node:fs/promises'
import { walk } from '../e2e/walk.ts'
import { lastApart, offerPackage, Reader, type Source, stepsOf } from '../support/follow.ts'
import { freePort } from '../support/port.ts'

let source: Source
let reader: Reader
let address: string

beforeAll(async () => {
  source = await offerPackage()
  reader = await Reader.open(source, { PORT: String(await freePort()) })
  const { before, last } = lastApart(stepsOf(await readFile('docs/typescript.md', 'utf8')))
  await reader.follow(before)
  ;({ address } = await reader.start(last))
}, 300_000)

afterAll(async () => {
  await reader?.close()
  await source?.close()
})

test('the project compiles, starts, and shows who has signed in with what is open', async () => {
  const { answer } = await walk(`${address}/auth/ilert`)
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    200,
    { name: 'Mara Lindqvist', open: expect.arrayContaining([expect.stringMatching(/^\d+: ./)]) },
  ])
})

test.each([
  ['a value that a query does not take', `await req.ilert.get('/api/alerts', { query: { states: 7 } })`],
  ['a body that ilert refuses', `await req.ilert.post('/api/alerts', { summary: 7 })`],
  ['a field that the app’s user does not have', 'console.log(req.user?.email)'],
])(
  '%s does not compile',
  async (_, statement) => {
    const server = await reader.read('src/server.ts')
    const wrong = server.replace('res.json({ name', `${statement}\n  res.json({ name`)
    expect(wrong).not.toBe(server)
    const compile = { run: 'npx tsc --noEmit' }
    await expect(reader.follow([{ save: 'src/server.ts', text: wrong }, compile])).rejects.toThrow(/TS2\d+/)
    await reader.follow([{ save: 'src/server.ts', text: server }, compile])
  },
  120_000,
)
