import { jest } from '@jest/globals'
import { after, elapsed, waited, within } from '../../src/tokens/time.ts'

/** A wait that is begun and not over until the test says so. */
function byHand() {
  const waits: { ms: number; then: () => void; stopped: boolean }[] = []
  const wait = (ms: number, then: () => void) => {
    const one = { ms, then, stopped: false }
    waits.push(one)
    return () => {
      one.stopped = true
    }
  }
  return { waits, wait }
}

it('what is called off does not happen', async () => {
  const happened: string[] = []
  after(1, () => happened.push('this'))
  after(1, () => happened.push('not this'))()
  await waited(2, after)
  expect(happened).toEqual(['this'])
})

it('a promise that is settled in time calls its bound off, whichever way it is settled', async () => {
  const { waits, wait } = byHand()
  const late = () => new Error('late')
  await expect(within(Promise.resolve('value'), 50, late, wait)).resolves.toBe('value')
  await expect(within(Promise.reject(new Error('own')), 60, late, wait)).rejects.toThrow('own')
  expect(waits).toMatchObject([
    { ms: 50, stopped: true },
    { ms: 60, stopped: true },
  ])
})

it('one that is not has the error, and nobody hears of what it comes to', async () => {
  const { waits, wait } = byHand()
  let fail = (_: Error) => {}
  const never = new Promise((_, reject) => {
    fail = reject
  })
  const bounded = within(never, 50, () => new Error('late'), wait)
  waits[0]?.then()
  await expect(bounded).rejects.toThrow('late')
  fail(new Error('an unhandled rejection would fail this run'))
})

it('is bounded by real time where nothing else is said, also by more of it than a timer takes', async () => {
  const warned = jest.spyOn(process, 'emitWarning')
  await expect(within(new Promise(() => {}), 5, () => new Error('late'))).rejects.toThrow('late')
  await expect(within(waited(5, after), 2 ** 40, () => new Error('late'))).resolves.toBeUndefined()
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})

it('a wait keeps the process alive for a caller who waits, and not for what nobody waits for', () => {
  const count = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = count()
  const stop = after(60_000, () => {})
  expect(count()).toBe(before)
  stop()
  let settle = () => {}
  void within(new Promise<void>((resolve) => (settle = resolve)), 60_000, () => new Error('late'))
  expect(count()).toBe(before + 1)
  settle()
})

it('time that has passed is never below zero: a clock that has jumped back counts as very long ago', () => {
  expect(elapsed(1000, 1500)).toBe(500)
  expect(elapsed(1000, 1000)).toBe(0)
  expect(elapsed(1000, 999)).toBe(Number.POSITIVE_INFINITY)
})
