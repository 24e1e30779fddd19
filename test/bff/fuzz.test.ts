/* The short form. `fuzz.slow.test.ts` sends 10 000. `FUZZ_SEED=$RANDOM` sends others. */
import { fuzz } from './fuzz.ts'

test('500 requests that nobody has thought of: no 5xx, and nothing but what is allowed reaches ilert', async () => {
  const seen = await fuzz(500, Number(process.env.FUZZ_SEED ?? '20261130'))
  for (const status of ['200', '400', '403', '404', '405']) expect(seen[status]).toBeGreaterThan(0)
})
