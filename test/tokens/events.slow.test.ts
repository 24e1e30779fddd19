/*
 * What becomes of a listener of TokenManager that throws or rejects, in plain Node: Jest has handlers of its own.
 */
import { once } from 'node:events'
import { startNode } from '../support/node.ts'

const EVENTS = new URL('../../src/tokens/events.ts', import.meta.url).href

const EMIT = `
  const { GrantEvents } = await import('${EVENTS}')
  const events = new GrantEvents()
  const heard = []
  events.on('ended', () => { throw new Error('thrown') })
  events.on('ended', async () => { throw new Error('rejected') })
  events.once('ended', () => { throw new Error('thrown once') })
  events.on('ended', ({ by }) => heard.push('ended by ' + by))
`

test('its error is an uncaught exception or an unhandled rejection; who emits and the other listeners go on', async () => {
  const child = startNode(
    `${EMIT}
    process.on('uncaughtException', (error, origin) => heard.push(origin + ': ' + error.message))
    events.ended('key', { id: 'one' }, 'user')
    heard.push('on')
    setTimeout(() => process.send(heard), 50)`,
    {},
  )
  const [heard] = await once(child, 'message')
  child.kill()
  expect(heard.slice(0, 2)).toEqual(['ended by user', 'on'])
  expect(heard.slice(2).sort()).toEqual([
    'uncaughtException: thrown',
    'uncaughtException: thrown once',
    'unhandledRejection: rejected',
  ])
})
