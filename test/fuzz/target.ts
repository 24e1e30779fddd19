import fc from 'fast-check'
import { MOST_WORK_MS, tooMuchWork } from './work.ts'

/** How a parser took an input. Each target must meet both. */
export type Branch = 'accepted' | 'rejected'

/** One parser, what it is fed with, and what must hold whatever that is. */
export interface Target {
  readonly name: string
  /** Its share of the inputs: below 1 where one input costs much more than elsewhere. */
  readonly weight: number
  readonly property: (count: (branch: Branch) => void) => fc.IAsyncProperty<[unknown]>
}

/** @param check throws where a property does not hold */
export function target<Input>(
  name: string,
  input: fc.Arbitrary<Input>,
  check: (input: Input) => Branch | Promise<Branch>,
  weight = 1,
): Target {
  return {
    name,
    weight,
    property: (count) =>
      fc.asyncProperty(input as fc.Arbitrary<unknown>, async (one) => {
        const began = performance.now()
        const result = check(one as Input)
        count(typeof result === 'string' ? result : await result)
        if (performance.now() - began > MOST_WORK_MS) await expectLittleWork(() => check(one as Input))
        expectCleanPrototype()
      }),
  }
}

/** A machine that does something else meanwhile is no hang: only work counts, when it is tried again. */
async function expectLittleWork(work: () => unknown): Promise<void> {
  const why = await tooMuchWork(work)
  expectThat(why === undefined, String(why))
}

/** What one input leaves behind there would be in every object from then on. */
function expectCleanPrototype(): void {
  const added = Object.keys(Object.prototype)
  for (const key of added) Reflect.deleteProperty(Object.prototype, key)
  expectThat(added.length === 0, `Object.prototype has got ${added.join(', ')}`)
}

export function expectThat(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what)
}
