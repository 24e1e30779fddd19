import { type After, afterReading, patient, type Turn } from '../../src/client/patience.ts'

/** Timers and turns that end when the test says so. */
function byHand() {
  const waiting: { ms: number | 'turn'; then: () => void }[] = []
  const begin = (ms: number | 'turn', then: () => void) => {
    const one = { ms, then }
    waiting.push(one)
    return () => void waiting.splice(waiting.indexOf(one), 1)
  }
  const timer: After = begin
  const turn: Turn = (then) => begin('turn', then)
  /** Ends the only wait there is, and says what it was. */
  const pass = () => {
    expect(waiting).toHaveLength(1)
    const [{ ms, then }] = waiting.splice(0, 1) as [(typeof waiting)[0]]
    then()
    return ms
  }
  return { wait: patient(timer, turn), waiting, pass }
}

it.each([
  [10_000, 9000, 1000],
  [400, 360, 40],
  [60_000, 59_000, 1000],
])('of %d ms the last part begins when the rest has passed, however late that is', (ms, rest, last) => {
  const { wait, pass, waiting } = byHand()
  let over = false
  wait(ms, () => {
    over = true
  })
  expect(pass()).toBe(rest)
  expect(pass()).toBe(last)
  for (let turns = 0; turns < 32; turns++) {
    expect(over).toBe(false)
    expect(pass()).toBe('turn')
  }
  expect(over).toBe(true)
  expect(waiting).toEqual([])
})

it.each([0, 1, 2, 20, 33])('what is called off after %d of its parts does not happen', (parts) => {
  const { wait, pass, waiting } = byHand()
  const stop = wait(1000, () => {
    throw new Error('called off')
  })
  for (let n = 0; n < parts; n++) pass()
  stop()
  expect(waiting).toEqual([])
})

it('what waits for a reading of the sockets does so for a whole turn of the event loop, wherever that is now', async () => {
  const order: string[] = []
  const both = new Promise<void>((resolve) => {
    afterReading(() => resolve(void order.push('read')))
    setImmediate(() => order.push('the rest of this turn'))
  })
  await both
  expect(order).toEqual(['the rest of this turn', 'read'])
})
