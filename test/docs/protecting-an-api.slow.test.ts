/*
 * docs/protecting-an-api.md: who is let in, and who is not.
 */
import { pageUnderTest } from '../support/pages.ts'

const FIRST = 'const bearer ='
const OWN_USERS = 'const users = new Map'

const code = pageUnderTest('docs/protecting-an-api.md', [FIRST, OWN_USERS])

/** Answers to requests with a token of the sandbox, at an API that `load` puts into the app, and to one without. */
function ask(load: string, paths: readonly string[]): Promise<unknown> {
  return code().runProgram(`
    import { IlertBearerStrategy, IlertStrategy } from 'passport-ilert'
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const close = mount(parts, new IlertStrategy())
        parts.app.get('/token', async (req, res) => res.send(await req.ilert.accessToken()))
        ${load}
        return close
      },
      async ({ origin, headers }) => {
        const authorization = 'Bearer ' + (await (await fetch(origin + '/token', { headers })).text())
        const answers = []
        for (const path of ${JSON.stringify(paths)}) {
          const answer = await fetch(origin + path, { headers: { authorization } })
          answers.push([answer.status, await answer.text()])
        }
        answers.push([(await fetch(origin + '/whoami')).status])
        return answers
      },
    )`)
}

test('a token of the app is let in, one without the scope of a route is not, and nobody without a token is', async () => {
  const answers = await ask(
    `const { api } = await import('BLOCK(${FIRST})')
     parts.passport.use(new IlertBearerStrategy({ appID: Number(process.env.ILERT_APP_ID) }))
     parts.app.use(api)`,
    ['/whoami', '/board'],
  )
  const [whoami, board, nobody] = answers as [[number, string], [number, string], [number]]
  expect([whoami[0], JSON.parse(whoami[1])]).toEqual([
    200,
    { tenant: expect.any(String), username: 'mara.lindqvist', scope: ['profile'], appID: 1001 },
  ])
  expect([board[0], nobody[0]]).toEqual([403, 401])
}, 30_000)

test('verify makes users of one’s own', async () => {
  const answers = await ask(
    `const { strategy } = await import('BLOCK(${OWN_USERS})')
     parts.passport.use(strategy)
     parts.app.get('/whoami', parts.passport.authenticate('ilert-bearer', { session: false }), (req, res) => res.json(req.user))`,
    ['/whoami'],
  )
  expect(answers).toEqual([[200, '{"id":7,"name":"Mara"}'], [401]])
}, 30_000)
