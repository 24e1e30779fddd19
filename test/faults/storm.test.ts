/* Storms over one process whose refresh tokens rotate. With others, and over four processes: storm.slow.test.ts. */
import { type Fleet, startFleet } from './fleet.ts'
import { expectNobodyWaits, expectOneRefresh } from './storms.ts'

let fleet: Fleet
afterEach(() => fleet?.close())

describe('one process', () => {
  it('refreshes once for 200 requests at once with an expired token', async () => {
    fleet = await startFleet()
    await expectOneRefresh(fleet, 200)
  })

  it('refreshes in the background of 200 requests at once whose token is due and still good: none of them waits', async () => {
    fleet = await startFleet()
    await expectNobodyWaits(fleet, 200)
  })
})
