import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

test('a million keys take at most 32 MiB more than 10 000 do', async () => {
  const program = ['--expose-gc', '--unhandled-rejections=strict', 'test/tokens/memory-bound.mjs']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program)
  expect(stderr).toBe('')
  const { saved, read, atTenThousand, atTheEnd } = JSON.parse(stdout)
  expect([saved, read]).toEqual([1_000_000, 100_000])
  expect(atTheEnd - atTenThousand).toBeLessThan(32 * 1024 * 1024)
}, 300_000)
