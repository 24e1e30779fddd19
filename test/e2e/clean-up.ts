const ends: (() => unknown)[] = []

/** Has something ended, or looked at, after the test: the latest first. */
export function atEnd(end: () => unknown): void {
  ends.push(end)
}

/** For `afterEach`. Ends everything, whatever fails on the way, and then fails with what failed first. */
export async function cleanUp(): Promise<void> {
  const errors: unknown[] = []
  for (const end of ends.splice(0).reverse()) {
    try {
      await end()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
