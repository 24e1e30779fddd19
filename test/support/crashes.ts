/** Has every test of a file fail that leaves an exception or a rejection which nobody handles. `close` runs after each, before. */
export function failOnCrashes(close: () => Promise<unknown>): void {
  const crashes: unknown[] = []
  const onCrash = (error: unknown) => crashes.push(error)
  beforeAll(() => {
    process.on('unhandledRejection', onCrash)
    process.on('uncaughtException', onCrash)
  })
  afterAll(() => {
    process.off('unhandledRejection', onCrash)
    process.off('uncaughtException', onCrash)
  })
  afterEach(async () => {
    await close()
    // Rejections that nobody handles are reported once the queue of promises is empty.
    await new Promise((resolve) => setImmediate(resolve))
    expect(crashes.splice(0)).toEqual([])
  })
}
