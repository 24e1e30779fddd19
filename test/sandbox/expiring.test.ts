import { movableClock } from '../../src/sandbox/clock.ts'
import { Expiring } from '../../src/sandbox/expiring.ts'

test('what has ended is not found, and is swept as new ones come', () => {
  const clock = movableClock({ now: () => 1000 })
  const map = new Expiring<number>(clock)
  map.set('a', 1, 2000)
  map.set('b', 2, 2000)
  clock.advance(999)
  expect(map.get('a')).toBe(1)
  clock.advance(1)
  expect(map.get('a')).toBeUndefined()
  expect(map.size).toBe(2)
  map.set('c', 3, 3000)
  expect(map.size).toBe(1)
})

test('the oldest make room beyond 100 000', () => {
  const map = new Expiring<number>({ now: () => 0 })
  for (let i = 0; i < 100_002; i++) map.set(String(i), i, 1)
  expect(map.size).toBe(100_000)
  expect([map.get('1'), map.get('2')]).toEqual([undefined, 2])
})
