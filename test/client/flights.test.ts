import { Flights } from '../../src/client/flights.ts'

/** Calls whose end the test decides. */
function calls() {
  const begun: { signal: AbortSignal; end: (result: string) => void; fail: (error: Error) => void }[] = []
  const begin = (signal: AbortSignal) =>
    new Promise<string>((end, fail) => {
      begun.push({ signal, end, fail })
    })
  return { begun, begin }
}

test('equal calls of one owner are one call', async () => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  const seats = [1, 2, 3].map(() => flights.join('mara', '/api/alerts', begin))
  expect(begun.length).toBe(1)
  begun[0]?.end('alerts')
  expect(await Promise.all(seats.map(({ result }) => result))).toEqual(['alerts', 'alerts', 'alerts'])
})

test.each([
  ['of another owner', 'tunde', '/api/alerts'],
  ['of another kind', 'mara', '/api/alerts?x=1'],
])('a call %s is another call', (_, owner, key) => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  flights.join('mara', '/api/alerts', begin)
  flights.join(owner, key, begin)
  expect(begun.length).toBe(2)
})

test('a call ends with the last of those who wait for it, and not before', async () => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  const [first, second] = [flights.join('mara', 'a', begin), flights.join('mara', 'a', begin)]
  first.leave()
  first.leave()
  expect(begun[0]?.signal.aborted).toBe(false)
  second.leave(new Error('gone'))
  expect(begun[0]?.signal.reason).toEqual(new Error('gone'))
  flights.join('mara', 'a', begin)
  expect(begun.length).toBe(2)
})

test('nobody joins a call that was begun before a change of its owner', () => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  const before = flights.join('mara', 'a', begin)
  flights.join('tunde', 'a', begin)
  flights.close('mara')
  flights.join('mara', 'a', begin)
  flights.join('tunde', 'a', begin)
  expect(begun.length).toBe(3)
  // Whoever waits for the older one still gets it, and leaving it does not end the newer one.
  before.leave()
  expect(begun.map(({ signal }) => signal.aborted)).toEqual([true, false, false])
  flights.join('mara', 'a', begin)
  expect(begun.length).toBe(3)
})

test('a failure is told to all, and is nothing to join', async () => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  const seats = [flights.join('mara', 'a', begin), flights.join('mara', 'a', begin)]
  begun[0]?.fail(new Error('away'))
  for (const { result } of seats) await expect(result).rejects.toThrow('away')
  flights.join('mara', 'a', begin)
  expect(begun.length).toBe(2)
})

test('a call whose result is complete is nothing to join, also while it is still passed on', async () => {
  let complete = false
  const flights = new Flights<string>(() => complete)
  const { begun, begin } = calls()
  const seat = flights.join('mara', 'a', begin)
  begun[0]?.end('alerts')
  await seat.result
  flights.join('mara', 'a', begin)
  expect(begun.length).toBe(1)
  complete = true
  flights.join('mara', 'a', begin)
  expect(begun.length).toBe(2)
})

test('a call that stands alone is joined by nobody', () => {
  const flights = new Flights<string>(() => false)
  const { begun, begin } = calls()
  flights.alone(begin)
  flights.alone(begin).leave()
  expect(begun.map(({ signal }) => signal.aborted)).toEqual([false, true])
})
