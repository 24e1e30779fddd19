/* Storms over one process. Over four of them: storm.slow.test.ts. */
import { type Fleet, startFleet } from './fleet.ts'
import { expectNobodyWaits, expectOneRefresh } from './storms.ts'

const MODES = ['reuse', 'add', 'rotate'] as const

let fleet: Fleet
afterEach(() => fleet?.close())

describe('one process', () => {
  it.each(MODES)('refreshes once for 200 requests at once with an expired token (%s)', async (refreshTokens) => {
    fleet = await startFleet({ refreshTokens })
    await expectOneRefresh(fleet, 200)
  })

  it('refreshes behind 200 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await startFleet()
    await expectNobodyWaits(fleet, 200)
  })
})
