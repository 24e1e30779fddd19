/* What must hold between the durations of the protocol, whichever of them is changed. */
import { DEFAULT_TIMEOUT_MS } from '../../src/client/connection.ts'
import { checkLeaseMs } from '../../src/tokens/stores/lease.ts'
import * as timing from '../../src/tokens/timing.ts'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

test('a claim is heeded for as long as a lease may outlive its holder', () => {
  expect(checkLeaseMs(timing.CLAIM_MS)).toBe(timing.CLAIM_MS)
  expect(() => checkLeaseMs(timing.CLAIM_MS + 1)).toThrow('leaseMs')
})

test('a process that waits for the turn of another one polls until its claim has ended', () => {
  expect(timing.POLL_MS * timing.MOST_POLLS).toBeGreaterThanOrEqual(timing.CLAIM_MS)
})

test('whoever asks ilert has its answer, by the default time limit of a call, while its claim is heeded', () => {
  expect(timing.ASK_WITHIN_MS + DEFAULT_TIMEOUT_MS).toBeLessThanOrEqual(timing.CLAIM_MS)
})

test('a record is restored only while its tombstone, had there been one, would still be there', () => {
  expect(timing.RESTORE_WITHIN_MS).toBeLessThan(timing.TOMBSTONE_MS)
})

test('an end is remembered for longer than an old grant is believed, and than clocks differ', () => {
  expect(timing.TOMBSTONE_MS).toBeGreaterThan(timing.STALE_MS)
  expect(timing.TOMBSTONE_MS).toBeGreaterThanOrEqual(timing.MOST_SKEW_MS)
})

test('a record is read in the background before a request must wait for that', () => {
  expect(timing.AGING_MS).toBeLessThan(timing.STALE_MS)
  expect(timing.READ_BACK_OFF_MS).toBeLessThan(timing.STALE_MS - timing.AGING_MS)
})

test('a request waits less for a read than a read may take, and than its token must be good for', () => {
  expect(timing.READ_PATIENCE_MS).toBeLessThan(timing.STORE_TIMEOUT_MS)
  expect(timing.READ_PATIENCE_MS).toBeLessThan(timing.MARGIN_MS)
})

test('a refusal is final only after the interval in which ilert may refuse for another reason', () => {
  expect(timing.REFRESH_INTERVAL_MS).toBeGreaterThan(timing.CLAIM_MS + timing.LAST_BACK_OFF_MS)
})

test('the loser of a refresh looks for longer than the winner needs to find that its tokens were overwritten', () => {
  const [madeSureAfter = 0] = timing.MAKE_SURE_AFTER_MS
  expect(sum(timing.SECOND_LOOKS_MS)).toBeGreaterThan(timing.CLAIM_SETTLES_MS + madeSureAfter)
})
