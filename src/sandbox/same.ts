import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function same(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}
