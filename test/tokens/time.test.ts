import { getEventListeners } from 'node:events'
import { sleep } from '../../src/tokens/time.ts'

it('a wait that is over has left nothing on its signal, which may outlive many of them', async () => {
  const { signal } = new AbortController()
  const wait = sleep(1, signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  await wait
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
