/* The long form. `FUZZ_SEED=$RANDOM` sends others. */
import { fuzz } from './fuzz.ts'

test('10 000 requests that nobody has thought of: no 5xx, and nothing but what is allowed reaches ilert', async () => {
  const seen = await fuzz(10_000, Number(process.env.FUZZ_SEED ?? '20261130'))
  for (const status of ['200', '400', '403', '404', '405']) expect(seen[status]).toBeGreaterThan(0)
}, 300_000)
