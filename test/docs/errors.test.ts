/*
 * docs/errors.md: the handler that it shows, and that its tables name every code there is.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pageUnderTest } from '../support/pages.ts'

const HANDLER = 'ErrorRequestHandler'

const code = pageUnderTest('docs/errors.md', [HANDLER])

test('the handler sends to sign in, says when to try again, and shows messages', async () => {
  const answers = await code().runProgram(`
    import { InsufficientScope, IlertStrategy, NetworkError, ReauthenticationRequired } from 'passport-ilert'
    import { around, mount } from './app.js'
    const { showErrors } = await import('BLOCK(${HANDLER})')
    const errors = {
      over: new ReauthenticationRequired(),
      later: new NetworkError('Later.', { code: 'rate_limited', retryAfterSeconds: 4.2 }),
      scope: new InsufficientScope('Not <granted>.'),
      other: new Error('of the app'),
    }
    await around(
      async (parts) => {
        const close = mount(parts, new IlertStrategy())
        parts.app.get('/fail/:how', (req) => { throw errors[req.params.how] })
        parts.app.use(showErrors)
        parts.app.use((error, req, res, next) => res.status(500).send('app: ' + error.message))
        return close
      },
      async ({ origin }) => {
        const fail = async (how) => {
          const answer = await fetch(origin + '/fail/' + how, { redirect: 'manual' })
          const { headers, status } = answer
          return [status, headers.get('location') ?? headers.get('retry-after') ?? headers.get('content-type'), await answer.text()]
        }
        return [await fail('over'), await fail('later'), await fail('scope'), await fail('other')]
      },
    )`)
  expect(answers).toEqual([
    [302, '/auth/ilert', expect.any(String)],
    [503, '5', 'Later.'],
    [403, 'text/plain; charset=utf-8', 'Not <granted>.'],
    [500, 'text/html; charset=utf-8', 'app: of the app'],
  ])
}, 30_000)

test('the tables name every code of an error and of a warning, and no other', async () => {
  const page = await readFile('docs/errors.md', 'utf8')
  const named = [...page.matchAll(/^\| `(\w+)` /gm)]
    .map(([, name = '']) => name)
    .filter((name) => !/^[A-Z]\w*[a-z]/.test(name))
  expect(named.sort()).toEqual((await codesOfTheSource()).sort())
})

/** The codes that stand in the source: those of errors and of warnings. Those of OAuth are ilert's. */
async function codesOfTheSource(): Promise<string[]> {
  const files = (await readdir('src', { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('sandbox'),
  )
  const source = (await Promise.all(files.map((name) => readFile(join('src', name), 'utf8')))).join('\n')
  const codes = [...source.matchAll(/\bcode(?:\?: NetworkErrorCode)?[:=] '(\w+)'|(?:_REPLACED = |code = )'(\w+)'/g)]
  const ofClasses = ['api_error', 'reauthentication_required', 'insufficient_scope']
  const all = new Set(codes.map(([, first, second]) => first ?? second ?? ''))
  for (const code of ofClasses) all.delete(code)
  return [...all]
}
