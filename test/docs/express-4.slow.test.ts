/*
 * docs/express-4.md: on Express 4 the process goes on, whatever ilert answers.
 */
import { pageUnderTest } from '../support/pages.ts'

const SAFELY = 'const safely ='
const WITH_NEXT = "app.get('/alerts'"

const code = pageUnderTest('docs/express-4.md', [SAFELY, WITH_NEXT])

test('wrapped handlers pass on what ilert answers, and the process goes on', async () => {
  const folder = await code().withPackage('express', 'express4')
  const statuses = await code().runProgram(
    `
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const { ilert, routes } = await import('BLOCK(${SAFELY})')
        const close = mount(parts, ilert)
        parts.app.use(routes)
        parts.app.use((error, req, res, next) => res.status(error.status).end())
        return close
      },
      async ({ origin, sandbox, headers }) => {
        const status = async () => (await fetch(origin + '/schedules', { headers })).status
        const first = await status()
        sandbox.fault({ path: '/api/schedules', kind: 500 })
        return [first, await status()]
      },
    )`,
    { ILERT_SCOPE: 'profile schedule' },
    folder,
  )
  expect(statuses).toEqual([200, 500])
}, 30_000)

test('handlers that pass errors to next do the same', async () => {
  const folder = await code().withPackage('express', 'express4')
  const statuses = await code().runProgram(
    `
    import { around, mount } from './app.js'
    await around(
      async (parts) => {
        const { ilert, app } = await import('BLOCK(${WITH_NEXT})')
        const close = mount(parts, ilert)
        parts.app.use(app)
        parts.app.use((error, req, res, next) => res.status(error.status).end())
        return close
      },
      async ({ origin, sandbox, headers }) => {
        const status = async () => (await fetch(origin + '/alerts', { headers })).status
        const first = await status()
        sandbox.fault({ path: '/api/alerts', kind: 500 })
        return [first, await status()]
      },
    )`,
    { ILERT_SCOPE: 'profile alert' },
    folder,
  )
  expect(statuses).toEqual([200, 500])
}, 30_000)
