import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length

/**
 * Random bytes for keys, states and verifiers; each is handed out once. They are drawn in bulk, since OpenSSL's generator
 * costs 3 to 12 us a call, however few it is asked for, and a sign-in asks five times.
 */
export function randomOctets(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const octets = Buffer.from(pool.subarray(used, used + count))
  pool.fill(0, used, used + count)
  used += count
  return octets
}

/** So many random bytes as base64url. */
export function randomText(octets: number): string {
  return randomOctets(octets).toString('base64url')
}
