import fc from 'fast-check'
import { LRUMap } from '../../src/tokens/lru-map.ts'

/** The same in the plainest way: a list of entries, the least recently used first. */
class Model {
  entries: { key: string; value: number; until: number }[] = []
  disposed: number[] = []
  readonly max: number
  readonly maxSize: number
  constructor(max: number, maxSize: number) {
    this.max = max
    this.maxSize = maxSize
  }
  drop(key: string, except?: number) {
    const index = this.entries.findIndex((entry) => entry.key === key)
    if (index < 0) return false
    const { value } = this.entries.splice(index, 1)[0] as { value: number }
    if (value !== except) this.disposed.push(value)
    return true
  }
  live(key: string, now: number) {
    const entry = this.entries.find((entry) => entry.key === key)
    if (!entry || entry.until > now) return entry
    this.drop(key)
    return undefined
  }
  get(key: string, now: number) {
    const entry = this.live(key, now)
    if (entry) this.entries = [...this.entries.filter((each) => each !== entry), entry]
    return entry?.value
  }
  set(key: string, value: number, until: number) {
    this.drop(key, value)
    if (value <= this.maxSize) this.entries.push({ key, value, until })
    const size = () => this.entries.reduce((sum, entry) => sum + entry.value, 0)
    while (this.entries.length > this.max || size() > this.maxSize) this.drop((this.entries[0] as { key: string }).key)
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const step = fc.oneof(
  fc.record({ act: fc.constant('set' as const), key, value: fc.nat(12) }),
  fc.record({ act: fc.constantFrom('get' as const, 'peek' as const, 'has' as const, 'delete' as const), key }),
  fc.record({ act: fc.constant('wait' as const), ms: fc.nat(60) }),
)

it('is at every step what a list would be: order, expiry, size, and what was let go', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      fc.option(fc.integer({ min: 5, max: 30 }), { nil: undefined }),
      (steps, max, ttlMs, maxSize) => {
        let now = 0
        const disposed: number[] = []
        const map = new LRUMap<number>({
          max,
          now: () => now,
          dispose: (value) => disposed.push(value),
          ...(ttlMs !== undefined && { ttlMs }),
          ...(maxSize !== undefined && { maxSize, sizeOf: (_, value) => value }),
        })
        const model = new Model(max, maxSize ?? Number.POSITIVE_INFINITY)
        for (const each of steps) {
          if (each.act === 'wait') now += each.ms
          else if (each.act === 'set') {
            map.set(each.key, each.value)
            model.set(each.key, each.value, now + (ttlMs ?? Number.POSITIVE_INFINITY))
          } else if (each.act === 'get') expect(map.get(each.key)).toBe(model.get(each.key, now))
          else if (each.act === 'peek') expect(map.peek(each.key)).toBe(model.live(each.key, now)?.value)
          else if (each.act === 'has') expect(map.has(each.key)).toBe(model.live(each.key, now) !== undefined)
          else expect(map.delete(each.key)).toBe(model.drop(each.key))
          expect(map.size).toBe(model.entries.length)
          expect(disposed).toEqual(model.disposed)
        }
        const living = model.entries.filter(({ until }) => until > now).map(({ key, value }) => [key, value])
        expect(map.entries()).toEqual(living)
      },
    ),
    { numRuns: 500 },
  )
})

it('pushes out in the order of use however much was used in between', () => {
  const map = new LRUMap<number>({ max: 1000 })
  for (let i = 0; i < 1000; i++) map.set(`${i}`, i)
  for (let round = 0; round < 20; round++) for (let i = 0; i < 1000; i += 2) map.get(`${i}`)
  for (let i = 0; i < 500; i++) map.set(`new ${i}`, i)
  expect(map.entries().map(([key]) => key)).toEqual([
    ...Array.from({ length: 500 }, (_, i) => `${2 * i}`),
    ...Array.from({ length: 500 }, (_, i) => `new ${i}`),
  ])
})

it('lives by a clock that nobody can set back', () => {
  const map = new LRUMap<number>({ max: 1, ttlMs: 60_000 })
  map.set('a', 1)
  const { now } = Date
  try {
    Date.now = () => now() + 3_600_000
    expect(map.has('a')).toBe(true)
  } finally {
    Date.now = now
  }
})
